internal import Cryptography
internal import SMSModel

/// An API key as its holder sees it: `apus_` and at least 32 characters of `A-Za-z0-9-_`.
package enum APIKey {
    package static let prefix = "apus_"
    package static let minimumCharacters = 32
    /// Far above what ``make(random:)`` gives out.
    package static let maximumBytes = 256

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// A key with six bits of each random byte, of which there must be at least 32: 192 bits of entropy or more.
    package static func make(random: UnsafeRawBufferPointer) -> String {
        precondition(random.count >= minimumCharacters, "an API key takes at least \(minimumCharacters) random bytes")
        return prefix + String(decoding: random.map { alphabet[Int($0 & 63)] }, as: UTF8.self)
    }

    package static func isWellFormed(_ credential: UnsafeRawBufferPointer) -> Bool {
        let characters = credential.dropFirst(prefix.utf8.count)
        return credential.starts(with: prefix.utf8) && characters.count >= minimumCharacters
            && credential.count <= maximumBytes && characters.allSatisfy(alphabet.contains)
    }

    /// What tells a key from others without being a secret: the first characters after `apus_`.
    package struct ID: Hashable, Sendable, CustomStringConvertible {
        /// The characters' bytes.
        private let bytes: UInt64

        private init(_ characters: some Collection<UInt8>) {
            bytes = characters.reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// nil if it is not the id of a key.
        package init?(_ text: String) {
            guard text.utf8.count == Limits.keyIDCharacters, text.utf8.allSatisfy(alphabet.contains) else { return nil }
            self.init(text.utf8)
        }

        /// nil if the credential is no key.
        package init?(of credential: UnsafeRawBufferPointer) {
            guard isWellFormed(credential) else { return nil }
            self.init(credential[prefix.utf8.count...].prefix(Limits.keyIDCharacters))
        }

        package var description: String { withUnsafeBytes(of: bytes.bigEndian) { String(decoding: $0, as: UTF8.self) } }
    }
}

/// An API key as the gateway keeps it: a salted SHA-256, which is enough for a secret that no one can guess.
package struct StoredKey: Sendable {
    package static let saltBytes = 16
    package static let hashBytes = 32

    /// Salt and hash, in place: there is one of these for each key of each tenant.
    private let bytes: InlineArray<48, UInt8>

    /// Random, different for each key.
    package var salt: [UInt8] { withSalt { Array($0) } }
    package var hash: [UInt8] { withHash { Array($0) } }

    /// A key read back from where it was kept. nil if the sizes are not those of a key.
    package init?(salt: [UInt8], hash: [UInt8]) {
        guard salt.count == Self.saltBytes, hash.count == Self.hashBytes else { return nil }
        bytes = InlineArray { $0 < Self.saltBytes ? salt[$0] : hash[$0 - Self.saltBytes] }
    }

    /// A new key's form to keep. The salt must have 16 bytes.
    package init(credential: UnsafeRawBufferPointer, salt: [UInt8]) {
        precondition(salt.count == Self.saltBytes, "a salt has \(Self.saltBytes) bytes")
        let hash = salt.withUnsafeBytes { salt in SHA256Digest(salt, credential).withBytes { Array($0) } }
        bytes = InlineArray { $0 < Self.saltBytes ? salt[$0] : hash[$0 - Self.saltBytes] }
    }

    /// Whether a caller's credential is this key, in a time that does not depend on where they differ.
    package func matches(_ credential: UnsafeRawBufferPointer) -> Bool {
        guard APIKey.isWellFormed(credential) else { return false }
        let given = withSalt { SHA256Digest($0, credential) }
        return given.withBytes { given in
            withHash { ConstantTime.areEqual($0, given) }
        }
    }

    private func withSalt<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
        withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0.prefix(Self.saltBytes))) }
    }

    private func withHash<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
        withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0.dropFirst(Self.saltBytes))) }
    }
}
