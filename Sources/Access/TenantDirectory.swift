package import ConfigurationModel
internal import JSON
package import SMSModel
internal import Synchronization

/// The rights of everybody as of the newest generation, for all event loops.
///
/// Anyone who keeps what was found here looks at the ``epoch`` before using it again: it rises with every change. A
/// look-up takes a lock, which nobody holds for longer than a few accesses to dictionaries.
package final class TenantDirectory: Sendable {
    private let defaults: TenantDefaults
    /// Held by the one who publishes: each generation goes on from the one before.
    private let publishing = Mutex(())
    private let state = Mutex(State())
    private let currentEpoch = Atomic<UInt64>(1)

    private struct State {
        var tenants = PublishedTenants()
        var keys: [APIKey.ID: KnownKey] = [:]
        /// Keys used since they were last asked for.
        var used: [KnownKey] = []
    }

    package init(defaults: TenantDefaults = TenantDefaults()) {
        self.defaults = defaults
    }

    /// One relaxed load: it is raised while the lock is held, so that anyone who sees a new one also finds what is new.
    package var epoch: UInt64 {
        @inline(__always) get { currentEpoch.load(ordering: .relaxed) }
    }

    // MARK: Changes

    /// Replaces all tenants at once.
    /// - Parameter segmentPrice: at the dearest provider.
    package func publish(
        _ tenants: [TenantEntry], generation: UInt32, segmentPrice: Money = Money(millionths: 0)
    ) {
        publishing.withLock { _ in
            // What takes long is done outside of the lock: making the new ones, and ending those of before.
            let former = published
            let next = PublishedTenants(
                tenants, generation: generation, defaults: defaults, segmentPrice: segmentPrice, former: former)
            state.withLock {
                $0.tenants = next
                raiseEpoch()
            }
        }
    }

    /// A key that is new, or has changed: it is revoked, say. A record that is none of a key is left out.
    package func put(_ record: KeyRecord) {
        guard let key = KnownKey(record) else { return }
        let former = state.withLock {
            raiseEpoch()
            return $0.keys.updateValue(key, forKey: key.id)
        }
        if let lastUse = former?.takeLastUse(), lastUse > 0 { noteUse(of: key, at: lastUse) }
    }

    private func raiseEpoch() { currentEpoch.add(1, ordering: .relaxed) }

    // MARK: Looking up

    package func tenant(named name: String) -> Tenant? { published.byName[name] }

    package func tenant(id: TenantID) -> Tenant? { published.byID[id] }

    var published: PublishedTenants { state.withLock { $0.tenants } }

    func key(_ id: APIKey.ID) -> KnownKey? { state.withLock { $0.keys[id] } }

    /// What an identity may do now; nil if nothing, for whatever reason.
    ///
    /// - Parameter now: milliseconds since the Unix epoch.
    func grant(to identity: Identity, now: Int64) -> Grant? {
        let found: Grant?
        switch identity {
        case .certificate(let name):
            found = published.byCertificate[name].map { Grant(tenant: $0, scopes: .messages) }
        case .uid(let uid):
            found = published.byUID[uid].map { Grant(tenant: $0, scopes: .messages) }
        case .key(let id):
            let (key, tenants) = state.withLock { ($0.keys[id], $0.tenants) }
            guard let key, !key.isRevoked, let tenant = tenants.byID[key.tenant] else { return nil }
            found = Grant(tenant: tenant, scopes: key.scopes, expiresAt: key.expiresAt, key: key)
        case .token(let token):
            guard let tenant = tenant(id: token.tenant), let scopes = token.scopes(by: tenant.verifiers.map(\.issuer))
            else { return nil }
            found = Grant(tenant: tenant, scopes: scopes, expiresAt: token.expiresAt)
        }
        guard let found, found.tenant.isEnabled, now < found.expiresAt else { return nil }
        return found
    }

    // MARK: Use of keys

    func noteUse(of key: KnownKey, at now: Int64) {
        if key.noteUse(at: now) { state.withLock { $0.used.append(key) } }
    }

    /// Keys used since this was last asked, and when, in milliseconds since the Unix epoch, to about
    /// ``Limits/keyUseSeconds``.
    package func takeLastUses() -> [(id: String, at: Int64)] {
        let used = state.withLock { state in
            defer { state.used = [] }
            return state.used
        }
        return used.compactMap { key in
            let at = key.takeLastUse()
            return at > 0 ? (key.id.description, at) : nil
        }
    }
}
