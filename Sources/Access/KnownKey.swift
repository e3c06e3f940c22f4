internal import ConfigurationModel
internal import SMSModel
internal import Synchronization

/// An API key of the directory, and when it was used.
final class KnownKey: Sendable {
    let id: APIKey.ID
    let tenant: TenantID
    let scopes: Scopes
    let stored: StoredKey
    let isRevoked: Bool
    /// Milliseconds since the Unix epoch; the largest number = never.
    let expiresAt: Int64
    /// Milliseconds since the Unix epoch; 0 = not since it was asked for.
    private let lastUse = Atomic<Int64>(0)

    /// nil if the record is none of a key.
    init?(_ record: KeyRecord) {
        guard let id = APIKey.ID(record.id), let stored = StoredKey(salt: record.salt, hash: record.hash) else {
            return nil
        }
        self.id = id
        self.stored = stored
        tenant = record.tenant
        scopes = Scopes(rawValue: record.scopes)
        isRevoked = record.revokedAt != nil
        expiresAt = record.expiresAt ?? .max
    }

    /// - Returns: whether it is the first use since it was asked for.
    func noteUse(at now: Int64) -> Bool { lastUse.exchange(now, ordering: .relaxed) == 0 }

    func takeLastUse() -> Int64 { lastUse.exchange(0, ordering: .relaxed) }
}
