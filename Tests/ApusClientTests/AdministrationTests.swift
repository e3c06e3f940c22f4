import Foundation
import RPCWire
import SMSModel
import Testing

@testable import ApusClient

@Suite struct AdministrationTests {
    private static let key = RPCWire.KeyDescription(
        id: "abcdefgh", tenant: "shop", scopes: ["messages:send", "later:scope"], note: "n", createdAt: 1000,
        expiresAt: 0, revokedAt: 2000)

    @Test func optOutsGoByTheThousand() async throws {
        let numbers = (0..<2500).map { "+1415555\(1000 + $0)" }
        try await withGateway(script: { _ in .message(SuppressResponse(changed: 7)) }) { client, record, _ in
            let added = try await client.suppress(numbers, reason: "STOP")
            #expect(added == 21)
            #expect(record.calls.map(\.method) == [.suppress, .suppress, .suppress])
            let removed = try await client.unsuppress(Array(numbers.prefix(1000)))
            #expect(removed == 7)
            #expect(record.calls.last?.method == .unsuppress && record.calls.count == 4)
            let none = try await client.suppress([])
            #expect(none == 0)
            #expect(record.calls.count == 4)
        }
    }

    @Test func whatIsThereIsTold() async throws {
        try await withGateway(script: { call in
            switch call.method {
            case .keyList: .message(KeyListResponse(keys: [Self.key], cursor: call.number == 1 ? [7] : []))
            case .usage: .message(UsageResponse(tenants: [.init(name: "shop")]))
            case .configShow: .message(ConfigShowResponse(generation: 7, document: "{}"))
            default: .error(GatewayError(.notFound, "no"))
            }
        }) { client, _, _ in
            let page = try await client.keys()
            #expect(page.cursor == KeyCursor(bytes: [7]))
            #expect(try await client.keys(after: page.cursor).cursor == nil)
            let key = try #require(page.keys.first)
            #expect(key.scopes == [.send, KeyScope(rawValue: "later:scope")])
            #expect(key.createdAt == Date(milliseconds: 1000) && key.revokedAt == Date(milliseconds: 2000))
            #expect(key.expiresAt == nil && key.lastUsedAt == nil)
            let usage = try await client.usage()
            #expect(usage.segmentsPerDay == nil && usage.costPerMonth == nil && usage.waitingMaximum == nil)
            let configuration = try await client.configuration()
            #expect(configuration == GatewayConfiguration(generation: 7, document: "{}"))
        }
    }

    @Test func providersAreTested() async throws {
        try await withGateway(script: { _ in
            .message(ProviderTestResponse(result: .refused, code: "20003", detail: "Authenticate"))
        }) { client, record, _ in
            let test = try await client.testProvider("eu")
            #expect(test.result == .refused && test.code == "20003" && test.detail == "Authenticate")
            #expect(record.calls.map(\.method) == [.providerTest])
        }
    }

    /// A key whose answer was lost would be one that nobody knows of; a change may have been made.
    @Test func whatMayHaveBeenDoneIsNotRepeated() async throws {
        let lost = GatewayError(.unavailable, "no room", retryAfterMilliseconds: 1)
        try await withGateway(script: { _ in .error(lost) }) { client, record, _ in
            await #expect(throws: ApusError.self) { _ = try await client.createKey(tenant: "shop") }
            await #expect(throws: ApusError.self) { _ = try await client.apply("{}") }
            await #expect(throws: ApusError.self) { _ = try await client.rollBack(to: 1) }
            #expect(record.calls.map(\.method) == [.keyCreate, .configApply, .configRollback])
        }
        try await withGateway(script: { call in
            call.number < 3 ? .error(lost) : .message(KeyRevokeResponse(key: Self.key))
        }) { client, record, _ in
            let revoked = try await client.revokeKey("abcdefgh")
            #expect(revoked.id == "abcdefgh")
            #expect(record.calls.count == 3)
        }
    }

    @Test func whatCannotBeMeantIsRefusedAtOnce() async throws {
        try await withGateway(script: { _ in .nothing }) { client, record, _ in
            await #expect(throws: ApusError.self) { _ = try await client.createKey(tenant: "t", lifetime: .zero) }
            await #expect(throws: ApusError.self) { _ = try await client.audit(limit: 0) }
            await #expect(throws: ApusError.self) { _ = try await client.generations(limit: 0) }
            await #expect(throws: ApusError.self) { _ = try await client.suppressions(limit: 0) }
            await #expect(throws: ApusError.self) { _ = try await client.keys(limit: 0) }
            #expect(record.calls.isEmpty)
        }
    }
}
