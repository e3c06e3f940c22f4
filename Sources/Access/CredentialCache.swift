internal import Cryptography
internal import SMSModel

/// Credentials that were found good, and whose they are: one that comes with every request is not checked each time.
/// What it allows by now is the holder's to say.
package struct CredentialCache<Holder> {
    private struct Entry {
        let credential: [UInt8]
        let holder: Holder
    }

    /// The entries by a keyed hash (SipHash, with a key of this process): what collides can't be searched for.
    private var recent: [Int: Entry] = [:]
    /// What was not used since ``recent`` was last full. The two take turns, so that what is used stays.
    private var older: [Int: Entry] = [:]
    private let half: Int

    package init(capacity: Int = Limits.cachedCredentials) {
        half = max(1, capacity / 2)
    }

    package mutating func holder(of credential: UnsafeRawBufferPointer) -> Holder? {
        let hash = Self.hash(credential)
        if let entry = recent[hash] { return Self.matches(entry, credential) ? entry.holder : nil }
        guard let entry = older[hash], Self.matches(entry, credential) else { return nil }
        insert(entry, hash)
        return entry.holder
    }

    package mutating func insert(_ holder: Holder, of credential: UnsafeRawBufferPointer) {
        insert(Entry(credential: Array(credential), holder: holder), Self.hash(credential))
    }

    package mutating func remove(_ credential: UnsafeRawBufferPointer) {
        let hash = Self.hash(credential)
        recent[hash] = nil
        older[hash] = nil
    }

    private mutating func insert(_ entry: Entry, _ hash: Int) {
        if recent.count >= half {
            older = recent
            recent = [:]
        }
        recent[hash] = entry
    }

    private static func hash(_ credential: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: credential)
        return hasher.finalize()
    }

    /// In a time that does not depend on where they differ.
    private static func matches(_ entry: Entry, _ credential: UnsafeRawBufferPointer) -> Bool {
        entry.credential.withUnsafeBytes { ConstantTime.areEqual($0, credential) }
    }
}
