internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import GatewayCore

/// What a tenant's key and an administrator's may see and do of their own, of another tenant's, and of all.
@Suite(.timeLimit(.minutes(1))) struct AcrossTenantsTests {
    private let directory = TemporaryDirectory()

    /// What came of a call, as far as the table goes.
    private enum Outcome: Equatable {
        case done(_ messages: Int)
        case refused(StatusCode)
    }

    /// A call and what it must give for each selection: the caller's own, the other tenant's, everyone's.
    private struct Line {
        var name: String
        var call: (Caller, TenantSelection) async throws -> Int
        var tenant: [Outcome]
        var admin: [Outcome]
    }

    /// A gateway on which nothing is sent, with a message of dev's and one of shop's.
    private func gateway() async throws -> (parts: TestGateway, dev: MessageID, shop: MessageID) {
        let parts = try TestGateway(in: directory)
        _ = try await parts.apply(#"{"tenants":{"shop":{}}}"#)
        let _: [String] = try await parts.ask {
            parts.gateway.operations.setPaused(true, .everything, for: try parts.caller(), $0)
        }
        let sending = Sending(parts)
        func accept(_ sender: Principal) async throws -> MessageID {
            let token = try sending.send("+447400123456", "the text", from: sender) {
                $0.reference = sending.bytes("order-1")
            }
            return try #require(try await sending.answers(sending.log.answers.accepted.count + 1).accepted[token]?.id)
        }
        let dev = try await accept(try parts.principal())
        return (parts, dev, try await accept(try parts.principal("shop", .messages, id: "hijklmno")))
    }

    private func lines(_ parts: TestGateway, _ dev: MessageID, _ shop: MessageID) -> [Line] {
        let (queries, operations) = (parts.gateway.queries, parts.gateway.operations)
        let configuration = parts.gateway.configuration
        let denied = Outcome.refused(.permissionDenied)
        /// What a tenant gets: the same of every method.
        func own(_ count: Int) -> [Outcome] { [.done(count), denied, denied] }
        func status(_ query: StatusQuery) -> (Caller, TenantSelection) async throws -> Int {
            { caller, selection in
                let result: StatusResult = try await parts.ask { queries.status(query, of: selection, for: caller, $0) }
                return result.messages.count
            }
        }
        func list(_ change: @escaping (inout MessageFilter) -> Void) -> (Caller, TenantSelection) async throws -> Int {
            { caller, selection in
                var filter = MessageFilter()
                change(&filter)
                let page: MessagePage = try await parts.ask {
                    queries.list(filter, of: selection, limit: nil, for: caller, $0)
                }
                return page.messages.count
            }
        }
        // The tenant is shop, the administrator dev; the other is the other of the two.
        return [
            Line(
                name: "status of ids", call: status(.messages([dev, shop])), tenant: own(1),
                admin: [.done(1), .done(1), .done(2)]),
            Line(
                name: "status of a batch", call: status(.batch(.name("b"))),
                tenant: [.refused(.notFound), denied, denied],
                admin: [.refused(.notFound), .refused(.notFound), .refused(.invalidArgument)]),
            Line(
                name: "status of a batch's id", call: status(.batch(.id(MessageID(rawValue: 7)))),
                tenant: [.refused(.notFound), denied, denied],
                admin: [.refused(.notFound), .refused(.notFound), .refused(.notFound)]),
            Line(
                name: "status of a reference", call: status(.reference("order-1")), tenant: own(1),
                admin: [.done(1), .done(1), .refused(.invalidArgument)]),
            Line(
                name: "status of a provider's id", call: status(.providerID("p")), tenant: own(0),
                admin: [.done(0), .done(0), .done(0)]),
            Line(name: "list", call: list { _ in }, tenant: own(1), admin: [.done(1), .done(1), .done(2)]),
            Line(
                name: "list by reference", call: list { $0.reference = "order-1" }, tenant: own(1),
                admin: [.done(1), .done(1), .done(2)]),
            Line(
                name: "list of a batch", call: list { $0.batch = .name("b") },
                tenant: [.refused(.notFound), denied, denied],
                admin: [.refused(.notFound), .refused(.notFound), .refused(.invalidArgument)]),
            Line(
                name: "batches",
                call: { caller, selection in
                    let page: BatchPage = try await parts.ask {
                        queries.batches(of: selection, limit: nil, for: caller, $0)
                    }
                    return page.batches.count
                }, tenant: own(0), admin: [.done(0), .done(0), .done(0)]),
            Line(
                name: "statistics",
                call: { caller, selection in
                    let answer: GatewayStatistics = try await parts.ask {
                        queries.statistics(of: selection, for: caller, $0)
                    }
                    return Int(answer.states.reduce(0) { $0 + $1.count })
                }, tenant: own(1), admin: [.done(1), .done(1), .done(2)]),
            Line(
                name: "unresolved",
                call: { caller, selection in
                    let page: UnresolvedPage = try await parts.ask {
                        queries.unresolved(of: selection, limit: nil, for: caller, $0)
                    }
                    return page.messages.count
                }, tenant: own(0), admin: [.done(0), .done(0), .done(0)]),
            Line(
                name: "inbound",
                call: { caller, selection in
                    let page: InboundPage = try await parts.ask {
                        queries.inbound(of: selection, limit: nil, for: caller, $0)
                    }
                    return page.messages.count
                }, tenant: own(0), admin: [.done(0), .done(0), .done(0)]),
            Line(
                name: "usage",
                call: { caller, selection in
                    let usage: [TenantUsageSummary] = try await parts.ask {
                        configuration.usage(of: selection, for: caller, $0)
                    }
                    return usage.count
                }, tenant: own(1), admin: [.done(1), .done(1), .done(2)]),
            Line(
                name: "cancel a batch",
                call: { caller, selection in
                    let result: CancelResult = try await parts.ask {
                        operations.cancel(.name("b"), of: selection, for: caller, $0)
                    }
                    return Int(result.canceled)
                }, tenant: [.refused(.notFound), denied, denied],
                admin: [.refused(.notFound), .refused(.notFound), .refused(.invalidArgument)]),
            // Last, and each once: what is canceled stays so, and is counted again.
            Line(
                name: "cancel",
                call: { caller, selection in
                    let result: CancelResult = try await parts.ask {
                        operations.cancel([dev, shop], of: selection, for: caller, $0)
                    }
                    return Int(result.canceled)
                }, tenant: own(1), admin: [.done(1), .done(1), .done(2)]),
        ]
    }

    @Test func whoMaySeeWhat() async throws {
        let (parts, dev, shop) = try await gateway()
        for line in lines(parts, dev, shop) {
            let callers = [
                (try parts.caller("shop", .messages, id: "hijklmno"), "dev", line.tenant),
                (try parts.caller(), "shop", line.admin),
            ]
            for (caller, other, expected) in callers {
                for (selection, expected) in zip([.own, .one(other), .all] as [TenantSelection], expected) {
                    var outcome = Outcome.done(0)
                    do {
                        outcome = .done(try await line.call(caller, selection))
                    } catch let error as GatewayError {
                        outcome = .refused(error.code)
                    }
                    #expect(outcome == expected, "\(line.name) by \(caller.tenant.name), \(selection)")
                }
                // One's own by its name is one's own.
                if expected[0] != .refused(.notFound) {
                    _ = try await line.call(caller, .one(caller.tenant.name))
                }
            }
        }
        // A tenant that isn't there is told to administrators alone.
        let admin = try parts.caller()
        let unknown = await parts.refusal { _ = try await lines(parts, dev, shop)[0].call(admin, .one("nobody")) }
        #expect(unknown?.code == .notFound)
        let tenant = try parts.caller("shop", .messages, id: "hijklmno")
        let hidden = await parts.refusal { _ = try await lines(parts, dev, shop)[0].call(tenant, .one("nobody")) }
        #expect(hidden?.code == .permissionDenied)
        parts.stop()
    }

    @Test func aTenantIsToldOfAsItIsToldItself() async throws {
        let (parts, _, _) = try await gateway()
        let queries = parts.gateway.queries
        func statistics(_ selection: TenantSelection, _ caller: Caller) async throws -> GatewayStatistics {
            try await parts.ask { queries.statistics(of: selection, for: caller, $0) }
        }
        let theirs = try await statistics(.own, try parts.caller("shop", .messages, id: "hijklmno"))
        #expect(try await statistics(.one("shop"), try parts.caller()) == theirs)
        #expect(theirs.waitingNormal == 1 && theirs.providers.isEmpty)
        let all = try await statistics(.all, try parts.caller())
        #expect(all.waitingNormal == 2 && !all.providers.isEmpty && all.states.map(\.count) == [2])
        parts.stop()
    }

    @Test func textsNeedTheirScope() async throws {
        let (parts, _, shop) = try await gateway()
        let queries = parts.gateway.queries
        func body(_ scopes: Scopes) async throws -> MessageBody? {
            let result: StatusResult = try await parts.ask {
                queries.status(.messages([shop]), for: try parts.caller("shop", scopes, id: "hijklmno"), $0)
            }
            return result.messages.first?.body
        }
        #expect(try await body([.read, .text]) == .shown("the text"))
        #expect(try await body(.messages) == .withheld)
        let admin = try parts.caller("dev", .all.subtracting(.text), id: "hijklmno")
        let theirs: StatusResult = try await parts.ask {
            queries.status(.messages([shop]), of: .all, for: admin, $0)
        }
        #expect(theirs.messages.map(\.body) == [.withheld] && theirs.messages.map(\.tenant) == ["shop"])
        parts.stop()
    }

    // MARK: Audit

    @Test func readingOthersMessagesIsEnteredOnceAMinute() async throws {
        let (parts, dev, shop) = try await gateway()
        let queries = parts.gateway.queries
        func read(_ selection: TenantSelection, as id: String = "abcdefgh") async throws {
            let _: StatusResult = try await parts.ask {
                queries.status(
                    .messages([dev, shop]), of: selection, for: try parts.caller("dev", .all, id: id), $0)
            }
        }
        func entries() async throws -> [String] {
            try await parts.audit().filter { $0.verb == "messages.read" }.map { "\($0.context.actor) \($0.subject)" }
        }
        try await read(.own)
        try await read(.one("dev"))
        let _: GatewayStatistics = try await parts.ask {
            queries.statistics(of: .all, for: try parts.caller(), $0)
        }
        #expect(try await entries() == [])
        for _ in 0..<5 { try await read(.one("shop")) }
        #expect(try await entries() == ["key abcdefgh tenant shop"])
        try await read(.all)
        try await read(.one("shop"), as: "stuvwxyz")
        let page: MessagePage = try await parts.ask {
            queries.list(MessageFilter(), of: .all, limit: nil, for: try parts.caller(), $0)
        }
        #expect(page.messages.count == 2)
        #expect(
            try await entries() == [
                "key stuvwxyz tenant shop", "key abcdefgh every tenant", "key abcdefgh tenant shop",
            ])
        parts.stop()
    }

    @Test func cancelingOthersMessagesIsAnAdministrativeAct() async throws {
        let (parts, dev, shop) = try await gateway()
        func cancel(_ ids: [MessageID], _ selection: TenantSelection) async throws -> CancelResult {
            try await parts.ask {
                parts.gateway.operations.cancel(ids, of: selection, for: try parts.caller(), $0)
            }
        }
        func entries() async throws -> [AuditRecord] {
            try await parts.audit().filter { $0.verb == "messages.cancel" }
        }
        #expect(try await cancel([dev], .one("shop")).notFound == 1)
        #expect(try await cancel([dev], .own).canceled == 1)
        #expect(try await entries().isEmpty)
        #expect(try await cancel([dev, shop], .one("shop")).canceled == 1)
        let entry = try #require(try await entries().first)
        #expect(entry.subject == "tenant shop" && entry.after == #"{"messages":["\#(shop)"]}"#)
        #expect(entry.context.actor == "key abcdefgh" && entry.context.peer == "unix")
        parts.stop()
    }
}
