internal import Admission
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import Glibc
internal import JSON
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Access
@testable internal import GatewayCore

/// Changes of tenants, keys and the configuration on a writer's thread, over a real store.
@Suite(.timeLimit(.minutes(2))) struct ConfigurationServiceTests {
    private let directory = TemporaryDirectory()

    @Test func theTenantOfTheFileIsMadeOnce() async throws {
        let first = try TestGateway(in: directory)
        #expect(first.state.generation == 1)
        #expect(first.state.numbers == ["dev": TenantID(rawValue: 1)])
        #expect(try await first.show().document == #"{"tenants":{"dev":{}}}"#)
        first.stop()
        let second = try TestGateway(in: directory)
        #expect(second.state.generation == 1)
        #expect(second.state.configuration == first.state.configuration)
        #expect(try await second.audit().map(\.context.actor) == ["apusd"])
        second.stop()
    }

    /// A document is read only for those who may apply it, and not by the thread that brings it.
    @Test func aDocumentIsReadElsewhere() async throws {
        let parts = try TestGateway(in: directory)
        let refused = await parts.refusal {
            let _: ConfigurationResult = try await parts.ask {
                parts.gateway.configuration.apply(
                    "{", isPartial: true, .init(), for: try parts.caller("dev", [.send, .read]), $0)
            }
        }
        #expect(refused?.code == .permissionDenied)
        let (threads, told) = AsyncStream<UInt>.makeStream()
        let caller = try parts.caller()
        // It is answered by the thread that has read it.
        parts.gateway.configuration.apply("{", isPartial: true, .init(), for: caller) { _ in told.yield(pthread_self())
        }
        let own = pthread_self()
        #expect(await threads.first { _ in true } != own)
        #expect(await parts.refusal { _ = try await parts.apply("{") }?.code == .invalidArgument)
        parts.stop()
    }

    @Test func aListOfOptOutsHasABound() async throws {
        let parts = try TestGateway(in: directory)
        let first: UInt64 = 4_915_100_000_000
        parts.suppressions.add((0..<UInt64(Limits.suppressionsOfTenant) - 1).map { first + $0 }, of: .first)
        func suppress(_ numbers: [String]) async throws -> Int {
            try await parts.ask { parts.gateway.configuration.suppress(numbers, for: try parts.caller(), $0) }
        }
        let two = ["+14155550100", "+14155550101"]
        let refused = await parts.refusal { _ = try await suppress(two) }
        #expect(refused?.code == .resourceExhausted && refused?.notProcessed == true)
        #expect(refused?.quota?.maximum == UInt64(Limits.suppressionsOfTenant))
        #expect(try await suppress([two[0]]) == 1)
        #expect(await parts.refusal { _ = try await suppress([two[1]]) }?.code == .resourceExhausted)
        // What is on it already, and what goes, is no matter of room.
        #expect(try await suppress([two[0]]) == 0)
        let removed: Int = try await parts.ask {
            parts.gateway.configuration.unsuppress([two[0]], for: try parts.caller(), $0)
        }
        #expect(removed == 1)
        #expect(try await suppress([two[1]]) == 1)
        parts.stop()
    }

    @Test func generationsFollowEachOther() async throws {
        let parts = try TestGateway(in: directory)
        let made = try await parts.apply(#"{"tenants":{"shop":{"weight":5}}}"#, ifGeneration: 1)
        #expect(made.generation == 2)
        #expect(
            made.changes == [ConfigurationChange(kind: "tenant", name: "shop", before: nil, after: #"{"weight":5}"#)])
        // What is so already makes none; a dry run neither.
        #expect(try await parts.apply(#"{"tenants":{"shop":{"weight":5}}}"#) == .init(generation: 2, changes: []))
        let tried = try await parts.apply(#"{"tenants":{"dev":{"weight":3}}}"#, partial: false, dryRun: true)
        #expect(tried.generation == 2 && tried.changes.map(\.name) == ["dev", "shop"])
        #expect(tried.changes[1].after == nil)
        let stale = await parts.refusal {
            _ = try await parts.apply(#"{"tenants":{"shop":null}}"#, ifGeneration: 1)
        }
        #expect(stale?.code == .aborted && stale?.notProcessed == true)
        #expect(try await parts.apply(#"{"tenants":{"shop":null}}"#, ifGeneration: 2).generation == 3)

        #expect(try await parts.rollBack(2).generation == 4)
        #expect(try await parts.show().document == #"{"tenants":{"dev":{},"shop":{"weight":5}}}"#)
        #expect(try await parts.show(3).document == #"{"tenants":{"dev":{}}}"#)
        #expect(try await parts.show(1).document == #"{"tenants":{"dev":{}}}"#)
        let history: [ConfigurationGeneration] = try await parts.ask {
            parts.gateway.configuration.history(limit: 2, for: try parts.caller(), $0)
        }
        #expect(history.map(\.record.number) == [4, 3])
        #expect(history[0].record.context.note == "because" && history[0].changes.map(\.name) == ["shop"])
        #expect(
            try await parts.audit().map(\.verb) == ["config.rollback", "config.apply", "config.apply", "config.apply"])

        // The event loops know it.
        #expect(parts.tenants.published.byName.keys.sorted() == ["dev", "shop"])
        #expect(parts.tenants.published.byCertificate.mapValues(\.name) == ["own": "dev"])
        // The same name is the same tenant.
        #expect(parts.tenants.tenant(named: "shop")?.id == .second)
        #expect(parts.tenants.tenant(named: "shop")?.generation == 4)
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
        let parts = try TestGateway(in: directory)
        let refusal = try #require(await parts.refusal { _ = try await parts.apply(document) })
        #expect(refusal.code == code)
        #expect(refusal.violations.first?.field == field, "\(refusal)")
        #expect(try await parts.show().generation == 1)
        #expect(parts.tenants.tenant(named: "dev")?.generation == 1)
        parts.stop()
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let parts = try TestGateway(in: directory)
        #expect(await parts.refusal { _ = try await parts.show(2) }?.code == .notFound)
        let object = await parts.refusal { _ = try await parts.show(kind: "tenants", name: "shop") }
        #expect(object?.code == .notFound)
        #expect(await parts.refusal { _ = try await parts.rollBack(2) }?.code == .notFound)
        let kind = await parts.refusal { _ = try await parts.show(kind: "tenant") }
        #expect(kind?.violations.map(\.field) == ["kind"])
        parts.stop()
    }

    private static let issuer = """
        {"tenants":{"dev":{"issuers":[{"issuer":"i","algorithm":"HS256","keys":[
        {"secret":"0123456789abcdefghijABCDEFGHIJ0123456789-_A"}]}]}}}
        """

    @Test func secretsAreSealedAndNeverTold() async throws {
        let parts = try TestGateway(in: directory)
        _ = try await parts.apply(Self.issuer)
        let sealed = "sealed:A_-9876543210JIHGFEDCBAjihgfedcba9876543210"
        let document = try await parts.show().document
        #expect(document.contains(sealed) && !document.contains("0123456789abc"))
        #expect(
            parts.tenants.tenant(named: "dev")?.verifiers[0].issuer.keys[0].material
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
        let parts = try TestGateway(in: directory, seals: false)
        let refusal = await parts.refusal { _ = try await parts.apply(Self.issuer) }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.message.contains("master-key-file") == true)
        #expect(try await parts.apply(#"{"tenants":{"shop":{}}}"#).generation == 2)
        parts.stop()
    }

    @Test func keysAreMadeAndRevoked() async throws {
        let parts = try TestGateway(in: directory)
        func create(
            of tenant: String = "dev", _ scopes: [String] = []
        ) async throws -> (key: KeySummary, secret: String) {
            try await parts.ask {
                parts.gateway.configuration.createKey(
                    of: tenant, scopes: scopes, note: "checkout", lifetime: 1000, for: try parts.caller(), $0)
            }
        }
        func revoke(_ id: String) async throws -> KeySummary {
            try await parts.ask { parts.gateway.configuration.revokeKey(id, for: try parts.caller(), $0) }
        }
        let made = try await create()
        #expect(made.secret.hasPrefix("apus_" + made.key.id) && made.secret.utf8.count == 5 + 32)
        #expect(made.key.id.count == 8 && !made.key.id.hasPrefix("-"))
        #expect(made.key.scopes.names == ["messages:send", "messages:read", "messages:cancel"])
        #expect(made.key.expiresAt == made.key.createdAt + 1000)
        let id = try #require(APIKey.ID(made.key.id))
        let known = try #require(parts.tenants.key(id))
        #expect(Array(made.secret.utf8).withUnsafeBytes { known.stored.matches($0) } && !known.isRevoked)
        let wrong = await parts.refusal {
            _ = try await create(["admin", "all"])
        }
        #expect(wrong?.violations.map(\.field) == ["scopes[1]"])
        #expect(await parts.refusal { _ = try await create(of: "no") }?.code == .notFound)

        let gone = try await revoke(made.key.id)
        let revokedAt = try #require(gone.revokedAt)
        #expect(revokedAt >= gone.createdAt)
        #expect(parts.tenants.key(id)?.isRevoked == true)
        #expect(try await revoke(made.key.id) == gone)
        #expect(await parts.refusal { _ = try await revoke("zzzzzzzz") }?.code == .notFound)
        parts.gateway.configuration.storeLastUses([(made.key.id, revokedAt + 7)])
        // A rollback has no power over keys.
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        _ = try await parts.rollBack(1)
        let list: KeyPage = try await parts.ask {
            parts.gateway.configuration.listKeys(for: try parts.caller(), $0)
        }
        #expect(list.keys.map(\.revokedAt) == [revokedAt] && list.keys[0].lastUsedAt == revokedAt + 7)
        let audit = try await parts.audit()
        #expect(
            audit.map(\.verb) == ["config.rollback", "config.apply", "key.revoke", "key.create", "config.apply"])
        #expect(!audit.contains { $0.after.contains(made.secret) || $0.before.contains(made.secret) })
        #expect(
            audit[3].subject == "key \(made.key.id)" && audit[3].context.actor == "key abcdefgh"
                && audit[3].context.peer == "unix")
        parts.stop()
    }

    /// In the audit log a change is a canonical document of the configuration.
    @Test func whatWasChangedIsADocument() async throws {
        let parts = try TestGateway(in: directory)
        _ = try await parts.apply(#"{"tenants":{"b.c":{"weight":2},"a":{},"B":{}}}"#)
        _ = try await parts.apply(#"{"tenants":{"b.c":{"weight":3},"B":null}}"#)
        let audit = try await parts.audit()
        #expect(audit[1].before == "" && audit[1].after == #"{"tenants":{"B":{},"a":{},"b.c":{"weight":2}}}"#)
        #expect(audit[0].before == #"{"tenants":{"B":{},"b.c":{"weight":2}}}"#)
        #expect(audit[0].after == #"{"tenants":{"b.c":{"weight":3}}}"#)
        for text in [audit[0].before, audit[0].after, audit[1].after] { #expect(try JSONValue(text).text == text) }
        parts.stop()
    }

    @Test func keysArePaged() async throws {
        let parts = try TestGateway(in: directory)
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        var made: [String] = []
        for number in 0..<5 {
            let tenant = number == 2 ? "shop" : "dev"
            let (key, _): (KeySummary, String) = try await parts.ask {
                parts.gateway.configuration.createKey(of: tenant, for: try parts.caller(), $0)
            }
            made.append(key.id)
        }
        func list(of tenant: String = "", limit: Int? = nil, cursor: [UInt8] = []) async throws -> KeyPage {
            try await parts.ask {
                parts.gateway.configuration.listKeys(
                    of: tenant, limit: limit, cursor: cursor, for: try parts.caller(), $0)
            }
        }
        var found: [String] = []
        var sizes: [Int] = []
        var cursor: [UInt8] = []
        repeat {
            let page = try await list(limit: 2, cursor: cursor)
            found += page.keys.map(\.id)
            sizes.append(page.keys.count)
            cursor = page.cursor
        } while !cursor.isEmpty
        #expect(found.sorted() == made.sorted() && sizes == [2, 2, 1])
        let shop = try await list(of: "shop")
        #expect(shop.keys.map(\.id) == [made[2]] && shop.keys[0].tenant == "shop" && shop.cursor.isEmpty)
        // One that is gone still has a name.
        _ = try await parts.apply(#"{"tenants":{"shop":null}}"#)
        #expect(try await list(of: "shop").keys.map(\.tenant) == ["shop"])
        let create = await parts.refusal {
            let _: (KeySummary, String) = try await parts.ask {
                parts.gateway.configuration.createKey(of: "shop", for: try parts.caller(), $0)
            }
        }
        #expect(create?.code == .notFound)
        #expect(await parts.refusal { _ = try await list(of: "no") }?.code == .notFound)
        let wrong = await parts.refusal { _ = try await list(cursor: [2]) }
        #expect(wrong?.violations.map(\.field) == ["cursor"])
        parts.stop()
    }

    @Test func optOutsAreKept() async throws {
        let parts = try TestGateway(in: directory)
        func set(_ numbers: [String], _ isAdded: Bool) async throws -> Int {
            try await parts.ask {
                let (service, caller) = (parts.gateway.configuration, try parts.caller())
                if isAdded {
                    service.suppress(numbers, reason: "STOP", for: caller, $0)
                } else {
                    service.unsuppress(numbers, reason: "STOP", for: caller, $0)
                }
            }
        }
        func list(_ number: String = "", limit: Int? = nil, cursor: [UInt8] = []) async throws -> SuppressionPage {
            try await parts.ask {
                parts.gateway.configuration.suppressions(
                    number: number, limit: limit, cursor: cursor, for: try parts.caller(), $0)
            }
        }
        let all: [UInt64] = [14155550100, 14155550101, 14155550102, 447400123456]
        var suppressed: [UInt64] { all.filter { parts.suppressions.contains($0, of: .first) } }
        #expect(try await set(["+14155550100", "+14155550101", "+447400123456"], true) == 3)
        #expect(try await set(["+14155550100", "+14155550102"], true) == 1)
        #expect(suppressed == all)
        let first = try await list(limit: 3)
        #expect(first.entries.map(\.number) == ["+14155550100", "+14155550101", "+14155550102"])
        #expect(first.total == 4 && first.entries[0].reason == "STOP")
        let second = try await list(limit: 3, cursor: first.cursor)
        #expect(second.entries.map(\.number) == ["+447400123456"] && second.cursor.isEmpty)
        #expect(try await list("+14155550102").entries.count == 1)
        #expect(try await list("+14155550109").entries.isEmpty)
        #expect(try await set(["+14155550100", "+14155550109"], false) == 1)
        #expect(suppressed == [14155550101, 14155550102, 447400123456])
        let wrong = await parts.refusal { _ = try await set(["+14155550103", "1", "+1"], true) }
        #expect(wrong?.violations.map(\.field) == ["numbers[1]", "numbers[2]"])
        #expect(suppressed.count == 3)
        let cursor = await parts.refusal { _ = try await list(cursor: [2]) }
        #expect(cursor?.violations.map(\.field) == ["cursor"])
        parts.stop()
        // At the next start they are there.
        let again = try TestGateway(in: directory)
        #expect(Set(again.state.suppressions.map(\.number)) == [14155550101, 14155550102, 447400123456])
        again.stop()
    }

    @Test func aTenantOfWhichMessagesWaitStays() async throws {
        let parts = try TestGateway(in: directory)
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        let drafts = MessageDrafts([TestMessage { $0.tenant = .second }])
        let _: AcceptedBurst = try await parts.ask {
            parts.writer.submit(SubmitBurst(drafts: drafts, reply: $0), index: .normal)
        }
        let usage: [TenantUsageSummary] = try await parts.ask {
            parts.gateway.configuration.usage(of: .all, for: try parts.caller(), $0)
        }
        #expect(usage.map(\.tenant) == ["dev", "shop"] && usage.map(\.used.waitingMessages) == [0, 1])
        let refusal = await parts.refusal { _ = try await parts.apply(#"{"tenants":{"shop":null}}"#) }
        #expect(refusal?.code == .failedPrecondition)
        #expect(refusal?.message.contains("1 messages of tenant shop wait") == true)
        parts.stop()
    }
}
