package import ConfigurationModel
package import SMSModel

/// A caller: what was found about an identity, and whether it still holds.
///
/// Sendable unchecked: it belongs to one event loop, and is touched on it alone.
package final class Principal: @unchecked Sendable {
    let identity: Identity
    package private(set) var tenant: Tenant
    package private(set) var scopes: Scopes
    private let directory: TenantDirectory
    /// The directory's epoch when it was asked.
    private var epoch: UInt64
    /// When it is asked again at the latest: something expires, or a key's use is to be noted.
    private var holdsUntil: Int64

    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: nil if the identity opens nothing.
    init?(_ identity: Identity, in directory: TenantDirectory, now: Int64) {
        // Read first: a change that comes meanwhile is looked at again.
        epoch = directory.epoch
        guard let grant = directory.grant(to: identity, now: now) else { return nil }
        self.identity = identity
        self.directory = directory
        tenant = grant.tenant
        scopes = grant.scopes
        holdsUntil = Self.note(grant, in: directory, now: now)
    }

    /// Whether it may still call; brought up to date where that has to be looked up.
    ///
    /// - Parameters:
    ///   - epoch: the directory's.
    ///   - now: milliseconds since the Unix epoch.
    @inline(__always)
    func isGood(epoch: UInt64, now: Int64) -> Bool {
        (epoch == self.epoch && now < holdsUntil) || isGoodByDirectory(now: now)
    }

    private func isGoodByDirectory(now: Int64) -> Bool {
        let epoch = directory.epoch
        guard let grant = directory.grant(to: identity, now: now) else { return false }
        self.epoch = epoch
        tenant = grant.tenant
        scopes = grant.scopes
        holdsUntil = Self.note(grant, in: directory, now: now)
        return true
    }

    private static func note(_ grant: Grant, in directory: TenantDirectory, now: Int64) -> Int64 {
        guard let key = grant.key else { return grant.expiresAt }
        directory.noteUse(of: key, at: now)
        return min(grant.expiresAt, now + Int64(Limits.keyUseSeconds) * 1000)
    }

    /// The caller's name in the audit log.
    package var actor: String { identity.description }

    /// - Throws: PERMISSION_DENIED naming what lacks.
    @inline(__always)
    package func require(_ needed: Scopes) throws(GatewayError) {
        guard scopes.isSuperset(of: needed) else { throw .lacks(needed.subtracting(scopes)) }
    }
}

extension GatewayError {
    /// The same for every reason, so that nothing can be guessed from it.
    package static let unauthenticated = GatewayError(
        .unauthenticated, "the credential is missing or not valid", notProcessed: true)

    fileprivate static func lacks(_ scopes: Scopes) -> GatewayError {
        GatewayError(
            .permissionDenied, "the credential lacks the scope \(scopes.names.joined(separator: " and "))",
            notProcessed: true)
    }
}
