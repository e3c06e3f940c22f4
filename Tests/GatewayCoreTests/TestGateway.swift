internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import HTTPTransport
internal import Logging
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing
internal import TimeZones

@testable internal import Access
@testable internal import GatewayCore

/// A gateway without doors: a real store, a writer on its thread, and a provider that a test answers for.
struct TestGateway {
    let gateway: Gateway
    let state: AdministrationState
    let writer: Writer
    let reader: StoreReader
    let clock: GatewayClock
    let tenants = TenantDirectory()
    let suppressions = SuppressionList()
    let registry: ProviderRegistry
    let provider = ScriptedProvider(name: "sandbox")
    private let client = HTTPClient()

    /// - Parameters:
    ///   - seals: there is a master key: what it seals is the secret, turned around.
    ///   - hasSandbox: there is one that is built in.
    init(in directory: TemporaryDirectory, seals: Bool = true, hasSandbox: Bool = true) throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        clock = GatewayClock(log: log)
        let store = try SQLiteMessageStore(directory: directory.path, now: clock.now()) { _ in }
        state = try AdministrationState(store, fileTenant: "dev", now: clock.now())
        reader = StoreReader(reader: try SQLiteStatusReader(store.catalog))
        let seal: @Sendable (String, String) throws -> String = { secret, _ in "sealed:" + String(secret.reversed()) }
        let sealing = SecretSealing(
            seal: seals ? seal : nil, open: { sealed, _ in String(sealed.dropFirst("sealed:".count).reversed()) })
        let fileTenant = FileTenant(name: "dev", certificates: ["own"])
        let factory = ProviderFactory(
            client: client, receiptKey: state.receiptKey, publicURL: "https://sms.example.com", now: { 0 })
        let builtIn = ConfiguredProvider(provider: provider, number: state.providerNumbers["sandbox"] ?? 0)
        registry = ProviderRegistry(
            factory: factory, builtIn: hasSandbox ? builtIn : nil, zones: TimeZoneDatabase(environment: [:]), log: log)
        let entries = state.configuration.entries(state.numbers, fileTenant, sealing)
        writer = try Writer(
            store: store, providers: hasSandbox ? [builtIn] : [], tenants: WriterTenants(entries),
            suppressions: suppressions, options: WriterOptions(), clock: clock, log: GatewayLog(log))
        tenants.publish(entries, generation: state.generation)
        let configuration = ConfigurationService(
            state, tenants: WriterTenants(entries), fileTenant: fileTenant, sealing: sealing, providers: registry,
            writer: writer, reader: reader, clock: clock, directory: tenants, suppressions: suppressions)
        gateway = Gateway(
            writer: writer, reader: reader, clock: clock, log: GatewayLog(log), suppressions: suppressions,
            configuration: configuration, tenants: tenants, providers: registry)
        registry.start(reportingTo: writer)
        writer.start()
    }

    func stop() {
        registry.stop()
        writer.stop()
        reader.stop()
        client.stop()
    }

    /// Somebody with a key of the tenant.
    /// - Parameter id: of the key.
    func principal(_ tenant: String = "dev", _ scopes: Scopes = .all, id: String = "abcdefgh") throws -> Principal {
        let owner = try #require(tenants.tenant(named: tenant))
        tenants.put(
            KeyRecord(
                id: id, tenant: owner.id, scopes: scopes.rawValue,
                salt: Array(repeating: 0, count: StoredKey.saltBytes),
                hash: Array(repeating: 0, count: StoredKey.hashBytes), note: "", createdAt: 0))
        let key = try #require(APIKey.ID(id))
        return try #require(Principal(.key(key), in: tenants, now: clock.now()))
    }

    func caller(_ tenant: String = "dev", _ scopes: Scopes = .all, id: String = "abcdefgh") throws -> Caller {
        Caller(try principal(tenant, scopes, id: id), asker: Asker(0), peer: "unix")
    }

    /// Waits for the answer of a call that is begun.
    func ask<Answer: Sendable>(_ begin: (@escaping Reply<Answer>) throws -> Void) async throws -> Answer {
        let (answers, told) = AsyncStream<Result<Answer, GatewayError>>.makeStream()
        try begin {
            told.yield($0)
            told.finish()
        }
        var found: Result<Answer, GatewayError>?
        for await answer in answers {
            #expect(found == nil, "answered twice")
            found = answer
        }
        return try #require(found).get()
    }

    /// Why the body's call was refused; nil if it was not.
    func refusal(_ body: () async throws -> Void) async -> GatewayError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? GatewayError
        }
    }

    // MARK: Calls that tests make often

    func apply(
        _ document: String, partial: Bool = true, dryRun: Bool = false, ifGeneration: UInt32 = 0
    ) async throws -> ConfigurationResult {
        let terms = ConfigurationService.ChangeTerms(isDryRun: dryRun, ifGeneration: ifGeneration)
        return try await ask {
            gateway.configuration.apply(
                document, isPartial: partial, terms, note: "because", for: try caller(), $0)
        }
    }

    func rollBack(_ generation: UInt32) async throws -> ConfigurationResult {
        try await ask {
            gateway.configuration.rollBack(to: generation, note: "because", for: try caller(), $0)
        }
    }

    func show(
        _ generation: UInt32 = 0, kind: String = "", name: String = ""
    ) async throws -> (generation: UInt32, document: String) {
        try await ask {
            gateway.configuration.show(generation: generation, kind: kind, name: name, for: try caller(), $0)
        }
    }

    func audit() async throws -> [AuditRecord] {
        try await ask { gateway.configuration.audit(for: try caller(), $0) }
    }
}
