internal import Access
internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayCore
internal import GatewayTestKit
internal import HTTPTransport
internal import Logging
internal import Providers
internal import RPCWire
internal import SMSModel
internal import Storage
internal import Synchronization
internal import Testing
internal import TimeZones

@testable internal import RPCGateway

/// Administrative acts on a writer's thread, over a real store.
@Suite(.timeLimit(.minutes(2))) struct AdministrationTests {
    private let directory = TemporaryDirectory()

    /// What others were told, in order.
    private final class Audience: AdministrationAudience {
        struct Told: Sendable {
            var generations: [UInt32] = []
            var tenants: [TenantEntry] = []
            var keys: [KeyRecord] = []
            var suppressed: Set<UInt64> = []
        }

        private let content = Mutex(Told())
        var told: Told { content.withLock { $0 } }

        func publish(_ tenants: [TenantEntry], generation: UInt32, segmentPrice: Money) {
            content.withLock { told in
                told.generations.append(generation)
                told.tenants = tenants.sorted { $0.name < $1.name }
            }
        }

        func put(_ key: KeyRecord) { content.withLock { $0.keys.append(key) } }
        func suppress(_ numbers: [UInt64], of tenant: TenantID) {
            content.withLock { $0.suppressed.formUnion(numbers) }
        }
        func unsuppress(_ numbers: [UInt64], of tenant: TenantID) {
            content.withLock { $0.suppressed.subtract(numbers) }
        }
    }

    /// Everything of a gateway that administration needs.
    private struct Parts {
        let administration: Administration
        let audience = Audience()
        let registry: ProviderRegistry
        let client = HTTPClient()
        let writer: Writer
        let reader: StoreReader
        let clock: GatewayClock
        let state: AdministrationState

        /// - Parameters:
        ///   - seals: there is a master key: what it seals is the secret, turned around.
        ///   - hasSandbox: there is one that is built in.
        init(in directory: TemporaryDirectory, seals: Bool = true, hasSandbox: Bool = true) throws {
            let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            clock = GatewayClock(log: log)
            let store = try SQLiteMessageStore(directory: directory.path, now: clock.now()) { _ in }
            state = try AdministrationState(store, fileTenant: "dev", now: clock.now())
            reader = StoreReader(reader: try SQLiteStatusReader(store.catalog))
            writer = try Writer(
                store: store, providers: [], suppressions: SuppressionList(), options: WriterOptions(), clock: clock,
                log: GatewayLog(log))
            let seal: @Sendable (String, String) throws -> String = { secret, _ in "sealed:" + String(secret.reversed())
            }
            let sealing = SecretSealing(
                seal: seals ? seal : nil,
                open: { sealed, _ in String(sealed.dropFirst("sealed:".count).reversed()) })
            let fileTenant = FileTenant(name: "dev", certificates: ["own"])
            let factory = ProviderFactory(
                client: client, receiptKey: state.receiptKey, publicURL: "https://sms.example.com", now: { 0 })
            registry = ProviderRegistry(
                factory: factory,
                builtIn: hasSandbox
                    ? PooledProvider(
                        provider: ScriptedProvider(name: "sandbox"), number: state.providerNumbers["sandbox"] ?? 0)
                    : nil,
                zones: TimeZoneDatabase(environment: [:]), log: log)
            administration = Administration(
                state, tenants: WriterTenants(state.configuration.entries(state.numbers, fileTenant, sealing)),
                fileTenant: fileTenant, sealing: sealing, providers: registry, writer: writer, reader: reader,
                audience: audience)
            registry.start(events: writer)
            writer.start()
        }

        func stop() {
            registry.stop()
            writer.stop()
            reader.stop()
            client.stop()
        }

        let act = Act(actor: "key abcdefgh", peer: "unix", at: 5, note: "because")

        func ask<Answer: Sendable>(
            _ begin: (@escaping @Sendable (Result<Answer, GatewayError>) -> Void) -> Void
        ) async throws -> Answer {
            let result: Result<Answer, GatewayError> = await withCheckedContinuation { continuation in
                begin { continuation.resume(returning: $0) }
            }
            return try result.get()
        }

        func apply(
            _ document: String, partial: Bool = true, dryRun: Bool = false, ifGeneration: UInt32 = 0
        ) async throws -> ConfigApplyResponse {
            let request = ConfigApplyRequest(
                document: document, isPartial: partial, isDryRun: dryRun, ifGeneration: ifGeneration)
            return try await ask { administration.apply(request, by: act, $0) }
        }

        func rollBack(_ generation: UInt32) async throws -> ConfigApplyResponse {
            try await ask {
                administration.rollBack(ConfigRollbackRequest(toGeneration: generation), by: act, $0)
            }
        }

        func show(_ request: ConfigShowRequest = ConfigShowRequest()) async throws -> ConfigShowResponse {
            try await ask { administration.show(request, asker: .any, $0) }
        }

        func audit() async throws -> [AuditResponse.Entry] {
            let response: AuditResponse = try await ask { administration.audit(AuditRequest(), asker: .any, $0) }
            return response.entries
        }

        func refusal(_ body: () async throws -> Void) async -> GatewayError? {
            do {
                try await body()
                return nil
            } catch {
                return error as? GatewayError
            }
        }
    }

    @Test func theTenantOfTheFileIsMadeOnce() async throws {
        let first = try Parts(in: directory)
        #expect(first.state.generation == 1)
        #expect(first.state.numbers == ["dev": TenantID(rawValue: 1)])
        #expect(try await first.show().document == #"{"tenants":{"dev":{}}}"#)
        first.stop()
        let second = try Parts(in: directory)
        #expect(second.state.generation == 1)
        #expect(second.state.configuration == first.state.configuration)
        #expect(try await second.audit().map(\.actor) == ["apusd"])
        second.stop()
    }

    @Test func generationsFollowEachOther() async throws {
        let parts = try Parts(in: directory)
        let made = try await parts.apply(#"{"tenants":{"shop":{"weight":5}}}"#, ifGeneration: 1)
        #expect(made.generation == 2)
        #expect(
            made.changes == [ConfigChange(kind: "tenants", name: "shop", before: "", after: #"{"weight":5}"#)])
        // What is so already makes none; a dry run neither.
        #expect(try await parts.apply(#"{"tenants":{"shop":{"weight":5}}}"#) == .init(generation: 2, changes: []))
        let tried = try await parts.apply(#"{"tenants":{"dev":{"weight":3}}}"#, partial: false, dryRun: true)
        #expect(tried.generation == 2 && tried.changes.map(\.name) == ["dev", "shop"])
        #expect(tried.changes[1].after.isEmpty)
        let stale = await parts.refusal {
            _ = try await parts.apply(#"{"tenants":{"shop":null}}"#, ifGeneration: 1)
        }
        #expect(stale?.code == .aborted && stale?.notProcessed == true)
        #expect(try await parts.apply(#"{"tenants":{"shop":null}}"#, ifGeneration: 2).generation == 3)

        #expect(try await parts.rollBack(2).generation == 4)
        #expect(try await parts.show().document == #"{"tenants":{"dev":{},"shop":{"weight":5}}}"#)
        #expect(try await parts.show(ConfigShowRequest(generation: 3)).document == #"{"tenants":{"dev":{}}}"#)
        #expect(try await parts.show(ConfigShowRequest(generation: 1)).document == #"{"tenants":{"dev":{}}}"#)
        let history: ConfigHistoryResponse = try await parts.ask {
            parts.administration.history(ConfigHistoryRequest(limit: 2), asker: .any, $0)
        }
        #expect(history.generations.map(\.number) == [4, 3])
        #expect(history.generations[0].note == "because" && history.generations[0].changes.map(\.name) == ["shop"])
        #expect(
            try await parts.audit().map(\.verb) == ["config.rollback", "config.apply", "config.apply", "config.apply"])

        #expect(parts.audience.told.generations == [2, 3, 4])
        #expect(parts.audience.told.tenants.map(\.name) == ["dev", "shop"])
        #expect(parts.audience.told.tenants.map(\.settings.certificates) == [["own"], []])
        // The same name is the same tenant.
        #expect(parts.audience.told.tenants.map(\.id.rawValue) == [1, 2])
        parts.stop()
    }

    @Test(
        arguments: [
            (
                #"{"providers":{"a":{"kind":"sandbox"}},"routes":{"r":{"destinations":["DE","XX"],"providers":["a"]}}}"#,
                "routes.r.destinations[1]", StatusCode.invalidArgument
            ),
            ("{", "document", StatusCode.invalidArgument), (#"{"tenant":{}}"#, "tenant", .invalidArgument),
            (#"{"tenants":{"shop":{"weight":0}}}"#, "tenants.shop.weight", .invalidArgument),
            (
                #"{"tenants":{"shop":{"retention":{"record_days":1}}}}"#, "tenants.shop.retention.record_days",
                .invalidArgument
            ),
            (
                #"{"tenants":{"shop":{"retention":{"record_days":2,"body_days":3}}}}"#,
                "tenants.shop.retention.body_days", .invalidArgument
            ),
            (#"{"tenants":{"dev":null}}"#, nil, .failedPrecondition),
        ] as [(String, String?, StatusCode)])
    func whatIsWrongIsNamed(_ document: String, _ field: String?, _ code: StatusCode) async throws {
        let parts = try Parts(in: directory)
        let refusal = try #require(await parts.refusal { _ = try await parts.apply(document) })
        #expect(refusal.code == code)
        #expect(refusal.violations.first?.field == field, "\(refusal)")
        #expect(try await parts.show().generation == 1)
        #expect(parts.audience.told.generations.isEmpty)
        parts.stop()
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let parts = try Parts(in: directory)
        for request in [ConfigShowRequest(generation: 2), ConfigShowRequest(kind: "tenants", name: "shop")] {
            #expect(await parts.refusal { _ = try await parts.show(request) }?.code == .notFound)
        }
        #expect(await parts.refusal { _ = try await parts.rollBack(2) }?.code == .notFound)
        let kind = await parts.refusal { _ = try await parts.show(ConfigShowRequest(kind: "tenant")) }
        #expect(kind?.violations.map(\.field) == ["kind"])
        parts.stop()
    }

    private static let issuer = """
        {"tenants":{"dev":{"issuers":[{"issuer":"i","algorithm":"HS256","keys":[
        {"secret":"0123456789abcdefghijABCDEFGHIJ0123456789-_A"}]}]}}}
        """

    @Test func secretsAreSealedAndNeverTold() async throws {
        let parts = try Parts(in: directory)
        _ = try await parts.apply(Self.issuer)
        let sealed = "sealed:A_-9876543210JIHGFEDCBAjihgfedcba9876543210"
        let document = try await parts.show().document
        #expect(document.contains(sealed) && !document.contains("0123456789abc"))
        #expect(
            parts.audience.told.tenants[0].settings.issuers[0].keys[0].material
                == "0123456789abcdefghijABCDEFGHIJ0123456789-_A")
        // Applied as it was shown, or as it was given, it is the same.
        #expect(try await parts.apply(document, partial: false).changes.isEmpty)
        #expect(try await parts.apply(Self.issuer).changes.isEmpty)
        let entry = try #require(try await parts.audit().first)
        #expect(!entry.after.contains("sealed") && !entry.after.contains("0123456789abc"))
        #expect(entry.after.contains(#""algorithm":"HS256""#))
        parts.stop()
    }

    @Test func withoutAMasterKeyThereAreNoSecrets() async throws {
        let parts = try Parts(in: directory, seals: false)
        let refusal = await parts.refusal { _ = try await parts.apply(Self.issuer) }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.message.contains("master-key-file") == true)
        #expect(try await parts.apply(#"{"tenants":{"shop":{}}}"#).generation == 2)
        parts.stop()
    }

    @Test func keysAreMadeAndRevoked() async throws {
        let parts = try Parts(in: directory)
        func create(_ request: KeyCreateRequest) async throws -> KeyCreateResponse {
            try await parts.ask { parts.administration.createKey(request, by: parts.act, $0) }
        }
        func revoke(_ id: String) async throws -> KeyDescription {
            let response: KeyRevokeResponse = try await parts.ask {
                parts.administration.revokeKey(KeyRevokeRequest(id: id), by: parts.act, $0)
            }
            return response.key
        }
        let made = try await create(KeyCreateRequest(tenant: "dev", note: "checkout", lifetime: 1000))
        #expect(made.secret.hasPrefix("apus_" + made.key.id) && made.secret.utf8.count == 5 + 32)
        #expect(made.key.id.count == 8 && !made.key.id.hasPrefix("-"))
        #expect(made.key.scopes == ["messages:send", "messages:read", "messages:cancel"])
        #expect(made.key.expiresAt == made.key.createdAt + 1000)
        let record = try #require(parts.audience.told.keys.first)
        let stored = try #require(StoredKey(salt: record.salt, hash: record.hash))
        #expect(Array(made.secret.utf8).withUnsafeBytes { stored.matches($0) })
        let wrong = await parts.refusal {
            _ = try await create(KeyCreateRequest(tenant: "dev", scopes: ["admin", "all"]))
        }
        #expect(wrong?.violations.map(\.field) == ["scopes[1]"])
        #expect(await parts.refusal { _ = try await create(KeyCreateRequest(tenant: "no")) }?.code == .notFound)

        let gone = try await revoke(made.key.id)
        #expect(gone.revokedAt >= gone.createdAt)
        #expect(parts.audience.told.keys.map(\.revokedAt) == [nil, gone.revokedAt])
        #expect(try await revoke(made.key.id) == gone)
        #expect(await parts.refusal { _ = try await revoke("zzzzzzzz") }?.code == .notFound)
        parts.administration.storeLastUses([(made.key.id, gone.revokedAt + 7)])
        // A rollback has no power over keys.
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        _ = try await parts.rollBack(1)
        let list: KeyListResponse = try await parts.ask {
            parts.administration.listKeys(KeyListRequest(), asker: .any, $0)
        }
        #expect(list.keys.map(\.revokedAt) == [gone.revokedAt] && list.keys[0].lastUsedAt == gone.revokedAt + 7)
        let audit = try await parts.audit()
        #expect(
            audit.map(\.verb) == ["config.rollback", "config.apply", "key.revoke", "key.create", "config.apply"])
        #expect(!audit.contains { $0.after.contains(made.secret) || $0.before.contains(made.secret) })
        #expect(audit[3].subject == "key \(made.key.id)" && audit[3].actor == "key abcdefgh" && audit[3].peer == "unix")
        parts.stop()
    }

    /// In the audit log a change is a canonical document of the configuration.
    @Test func whatWasChangedIsADocument() async throws {
        let parts = try Parts(in: directory)
        _ = try await parts.apply(#"{"tenants":{"b.c":{"weight":2},"a":{},"B":{}}}"#)
        _ = try await parts.apply(#"{"tenants":{"b.c":{"weight":3},"B":null}}"#)
        let audit = try await parts.audit()
        #expect(audit[1].before == "" && audit[1].after == #"{"tenants":{"B":{},"a":{},"b.c":{"weight":2}}}"#)
        #expect(audit[0].before == #"{"tenants":{"B":{},"b.c":{"weight":2}}}"#)
        #expect(audit[0].after == #"{"tenants":{"b.c":{"weight":3}}}"#)
        for text in [audit[0].before, audit[0].after, audit[1].after] { #expect(try JSON(text).text == text) }
        parts.stop()
    }

    @Test func keysArePaged() async throws {
        let parts = try Parts(in: directory)
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        var made: [String] = []
        for number in 0..<5 {
            let tenant = number == 2 ? "shop" : "dev"
            let response: KeyCreateResponse = try await parts.ask {
                parts.administration.createKey(KeyCreateRequest(tenant: tenant), by: parts.act, $0)
            }
            made.append(response.key.id)
        }
        func list(_ request: KeyListRequest) async throws -> KeyListResponse {
            try await parts.ask { parts.administration.listKeys(request, asker: .any, $0) }
        }
        var found: [String] = []
        var sizes: [Int] = []
        var cursor: [UInt8] = []
        repeat {
            let page = try await list(KeyListRequest(limit: 2, cursor: cursor))
            found += page.keys.map(\.id)
            sizes.append(page.keys.count)
            cursor = page.cursor
        } while !cursor.isEmpty
        #expect(found.sorted() == made.sorted() && sizes == [2, 2, 1])
        let shop = try await list(KeyListRequest(tenant: "shop"))
        #expect(shop.keys.map(\.id) == [made[2]] && shop.keys[0].tenant == "shop" && shop.cursor.isEmpty)
        // One that is gone still has a name.
        _ = try await parts.apply(#"{"tenants":{"shop":null}}"#)
        #expect(try await list(KeyListRequest(tenant: "shop")).keys.map(\.tenant) == ["shop"])
        let create = await parts.refusal {
            let _: KeyCreateResponse = try await parts.ask {
                parts.administration.createKey(KeyCreateRequest(tenant: "shop"), by: parts.act, $0)
            }
        }
        #expect(create?.code == .notFound)
        #expect(await parts.refusal { _ = try await list(KeyListRequest(tenant: "no")) }?.code == .notFound)
        let wrong = await parts.refusal { _ = try await list(KeyListRequest(cursor: [2])) }
        #expect(wrong?.violations.map(\.field) == ["cursor"])
        parts.stop()
    }

    @Test func optOutsAreKept() async throws {
        let parts = try Parts(in: directory)
        let tenant = (id: TenantID(rawValue: 1), name: "dev")
        func set(_ numbers: [String], _ isAdded: Bool) async throws -> UInt32 {
            let response: SuppressResponse = try await parts.ask {
                parts.administration.setSuppressed(
                    SuppressRequest(numbers: numbers, reason: "STOP"), isAdded, of: tenant, by: parts.act, $0)
            }
            return response.changed
        }
        func list(_ request: SuppressionsRequest) async throws -> SuppressionsResponse {
            try await parts.ask { parts.administration.listSuppressed(request, of: tenant.id, asker: .any, $0) }
        }
        #expect(try await set(["+14155550100", "+14155550101", "+447400123456"], true) == 3)
        #expect(try await set(["+14155550100", "+14155550102"], true) == 1)
        #expect(parts.audience.told.suppressed.count == 4)
        let first = try await list(SuppressionsRequest(limit: 3))
        #expect(first.entries.map(\.number) == ["+14155550100", "+14155550101", "+14155550102"])
        #expect(first.total == 4 && first.entries[0].reason == "STOP")
        let second = try await list(SuppressionsRequest(limit: 3, cursor: first.cursor))
        #expect(second.entries.map(\.number) == ["+447400123456"] && second.cursor.isEmpty)
        #expect(try await list(SuppressionsRequest(number: "+14155550102")).entries.count == 1)
        #expect(try await list(SuppressionsRequest(number: "+14155550109")).entries.isEmpty)
        #expect(try await set(["+14155550100", "+14155550109"], false) == 1)
        #expect(parts.audience.told.suppressed == [14155550101, 14155550102, 447400123456])
        let wrong = await parts.refusal { _ = try await set(["+14155550103", "1", "+1"], true) }
        #expect(wrong?.violations.map(\.field) == ["numbers[1]", "numbers[2]"])
        #expect(parts.audience.told.suppressed.count == 3)
        let cursor = await parts.refusal { _ = try await list(SuppressionsRequest(cursor: [2])) }
        #expect(cursor?.violations.map(\.field) == ["cursor"])
        parts.stop()
        // At the next start they are there.
        let again = try Parts(in: directory)
        #expect(Set(again.state.suppressions.map(\.number)) == [14155550101, 14155550102, 447400123456])
        again.stop()
    }

    @Test func aTenantOfWhichMessagesWaitStays() async throws {
        let parts = try Parts(in: directory)
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        let drafts = DraftBatch([TestMessage { $0.tenant = .second }])
        let _: AcceptedBurst = try await parts.ask {
            parts.writer.submit(SubmitBurst(drafts: drafts, reply: $0), lane: .normal)
        }
        let usage: UsageResponse = try await parts.ask { parts.administration.usage(of: nil, $0) }
        #expect(usage.tenants.map(\.name) == ["dev", "shop"] && usage.tenants.map(\.waitingMessages) == [0, 1])
        let refusal = await parts.refusal { _ = try await parts.apply(#"{"tenants":{"shop":null}}"#) }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.message.contains("1 messages of tenant shop wait") == true)
        parts.stop()
    }
}

extension Asker {
    fileprivate static let any = Asker(0)
}
