package import ConfigurationModel
internal import Engine
internal import Providers
package import SMSModel
package import Storage

/// What a store holds of tenants when the gateway starts.
package struct AdministrationState: Sendable {
    package private(set) var generation: UInt32 = 0
    /// Its secrets are sealed.
    package private(set) var configuration = DynamicConfiguration()
    /// The numbers of all tenants that ever were.
    package private(set) var numbers: [String: TenantID] = [:]
    /// The numbers of all providers that ever were, those of the configuration among them.
    package private(set) var providerNumbers: [String: UInt8] = [:]
    /// See ``MessageStore/receiptKey()``.
    package private(set) var receiptKey: [UInt8] = []
    package private(set) var keys: [KeyRecord] = []
    package private(set) var suppressions: [(tenant: TenantID, number: UInt64)] = []

    /// Reads it, and makes the tenant that the daemon's file names, if there is none of that name.
    ///
    /// - Parameter store: in no round.
    package init(_ store: any MessageStore, fileTenant: String, now: Int64) throws(StoreError) {
        try store.begin()
        do throws(StoreError) {
            try read(store.administration)
            try ensure(fileTenant, in: store.administration, now: now)
            _ = try store.providerIndex(name: SandboxProvider.builtInName, kind: ProviderSettings.Kind.sandbox.rawValue)
            for (name, settings) in configuration.providers.sorted(by: { $0.key < $1.key }) {
                _ = try store.providerIndex(name: name, kind: settings.kind.rawValue)
            }
            providerNumbers = try store.providerNumbers()
            receiptKey = try store.receiptKey()
            try store.commit()
        } catch {
            store.rollback()
            throw error
        }
    }

    private mutating func read(_ store: any AdministrationStore) throws(StoreError) {
        generation = try store.generation()
        let objects = try store.configuration()
        do throws(ConfigurationError) {
            configuration = try DynamicConfiguration(objects)
        } catch {
            throw .damaged(
                "generation \(generation) of the configuration: "
                    + error.violations.map { "\($0.field) \($0.description)" }.joined(separator: "; "))
        }
        for tenant in try store.tenants() { numbers[tenant.name] = tenant.id }
        keys = try store.keys()
        var found: [(tenant: TenantID, number: UInt64)] = []
        try store.suppressedNumbers { found.append(($0, $1)) }
        suppressions = found
    }

    private mutating func ensure(
        _ name: String, in store: any AdministrationStore, now: Int64
    ) throws(StoreError) {
        numbers[name] = try store.tenantID(name: name, now: now)
        guard configuration.tenants[name] == nil else { return }
        var next = configuration
        next.tenants[name] = TenantSettings()
        let context = AuditContext(actor: "apusd", at: now, note: "tenant of the configuration file")
        let changes = configuration.changes(to: next)
        generation = try store.apply(changes, by: context)
        try store.append(AuditRecord(changes, by: context, verb: .apply, generation: generation))
        configuration = next
    }
}
