internal import Access
internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import GatewayCore

/// What is asked and done without a socket: by whom, and of whose messages.
@Suite(.timeLimit(.minutes(1))) struct OperationsTests {
    private let directory = TemporaryDirectory()

    /// A gateway with the tenants dev and shop, and a message of dev's that waits.
    private func gateway() async throws -> (TestGateway, MessageID) {
        let gateway = try TestGateway(in: directory)
        _ = try await gateway.apply(#"{"tenants":{"shop":{}}}"#)
        let _: [String] = try await gateway.ask {
            gateway.gateway.operations.setPaused(true, .everything, for: try gateway.caller(), $0)
        }
        return (gateway, try await gateway.accept(Sending(gateway)))
    }

    private func shop(_ gateway: TestGateway, _ scopes: Scopes = .messages) throws -> Caller {
        try gateway.caller("shop", scopes, id: "hijklmno")
    }

    @Test func whoLacksTheScopeIsRefused() async throws {
        let (parts, id) = try await gateway()
        let (queries, operations) = (parts.gateway.queries, parts.gateway.operations)
        let configuration = parts.gateway.configuration
        /// What a caller with all scopes but one is refused.
        func refused<Answer: Sendable>(
            without scope: Scopes, _ location: SourceLocation = #_sourceLocation,
            _ call: (Caller, @escaping Reply<Answer>) -> Void
        ) async throws {
            let caller = try parts.caller("dev", .all.subtracting(scope), id: "hijklmno")
            let refusal = await parts.refusal { let _: Answer = try await parts.ask { call(caller, $0) } }
            #expect(refusal?.code == .permissionDenied, sourceLocation: location)
            #expect(refusal?.message.contains(scope.names[0]) == true, sourceLocation: location)
        }
        try await refused(without: .read) { queries.status(.messages([id]), for: $0, $1) }
        try await refused(without: .read) { queries.list(MessageFilter(), limit: nil, for: $0, $1) }
        try await refused(without: .read) { queries.statistics(for: $0, $1) }
        try await refused(without: .read) { queries.unresolved(of: .one(""), limit: nil, for: $0, $1) }
        try await refused(without: .read) { queries.inbound(of: .one(""), limit: nil, for: $0, $1) }
        try await refused(without: .read) { queries.explain(SubmitRequest(), for: $0, $1) }
        try await refused(without: .read) { configuration.suppressions(for: $0, $1) }
        try await refused(without: .read) { configuration.usage(of: .one(""), for: $0, $1) }
        try await refused(without: .cancel) { operations.cancel([id], for: $0, $1) }
        try await refused(without: .cancel) { operations.cancel(.name("b"), for: $0, $1) }
        try await refused(without: .cancel) { operations.resend([id], for: $0, $1) }
        try await refused(without: .cancel) { operations.settle([id], as: .delivered, for: $0, $1) }
        try await refused(without: .cancel) { operations.setPaused(true, .batch(.name("b")), for: $0, $1) }
        try await refused(without: .cancel) { configuration.suppress(["+14155550100"], for: $0, $1) }
        try await refused(without: .cancel) { configuration.unsuppress(["+14155550100"], for: $0, $1) }
        for subject in [Operations.PauseSubject.everything, .provider("sandbox"), .tenant("dev")] {
            try await refused(without: .admin) { operations.setPaused(false, subject, for: $0, $1) }
        }
        try await refused(without: .admin) { operations.testProvider("sandbox", for: $0, $1) }
        try await refused(without: .admin) { queries.inbound(of: .all, limit: nil, for: $0, $1) }
        try await refused(without: .admin) { queries.unresolved(of: .one("shop"), limit: nil, for: $0, $1) }
        try await refused(without: .admin) { configuration.usage(of: .all, for: $0, $1) }
        try await refused(without: .admin) { configuration.suppressions(of: "shop", for: $0, $1) }
        try await refused(without: .admin) { configuration.show(for: $0, $1) }
        try await refused(without: .admin) { configuration.apply("{}", isPartial: true, .init(), for: $0, $1) }
        try await refused(without: .admin) { configuration.rollBack(to: 1, for: $0, $1) }
        try await refused(without: .admin) { configuration.history(for: $0, $1) }
        try await refused(without: .admin) { configuration.audit(for: $0, $1) }
        try await refused(without: .admin) { configuration.listKeys(for: $0, $1) }
        try await refused(without: .admin) { configuration.createKey(of: "dev", for: $0, $1) }
        try await refused(without: .admin) { configuration.revokeKey("abcdefgh", for: $0, $1) }
        // Nothing has happened.
        #expect(try await parts.show().generation == 2)
        #expect(parts.writer.report.paused == ["everything"])
        parts.stop()
    }

    @Test func aTenantSeesAndCancelsItsOwn() async throws {
        let (parts, id) = try await gateway()
        let (queries, operations) = (parts.gateway.queries, parts.gateway.operations)
        let theirs: MessagePage = try await parts.ask {
            queries.list(MessageFilter(), limit: nil, for: try shop(parts), $0)
        }
        #expect(theirs.messages.isEmpty)
        let none: CancelResult = try await parts.ask { operations.cancel([id], for: try shop(parts), $0) }
        #expect(none.notFound == 1 && none.canceled == 0 && none.results.map(\.state) == [nil])
        // An administrator too: only what it asks for by name is another's.
        let admin: CancelResult = try await parts.ask {
            operations.cancel([id], for: try shop(parts, .all), $0)
        }
        #expect(admin.notFound == 1)
        let mine: CancelResult = try await parts.ask { operations.cancel([id], for: try parts.caller(), $0) }
        #expect(mine.canceled == 1 && mine.results.map(\.state) == [.canceled])
        let again: CancelResult = try await parts.ask { operations.cancel([id], for: try parts.caller(), $0) }
        #expect(again.canceled == 1)
        parts.stop()
    }

    @Test func statisticsAreOnesOwn() async throws {
        let (parts, _) = try await gateway()
        let queries = parts.gateway.queries
        let theirs: GatewayStatistics = try await parts.ask { queries.statistics(for: try shop(parts), $0) }
        #expect(theirs.waitingNormal == 0 && theirs.states.isEmpty && theirs.uptimeMilliseconds == 0)
        #expect(theirs.paused == ["everything"] && theirs.providers.isEmpty)
        let mine: GatewayStatistics = try await parts.ask {
            queries.statistics(for: try parts.caller("dev", .messages, id: "hijklmno"), $0)
        }
        #expect(mine.waitingNormal == 1 && mine.states.map(\.count) == [1])
        let all: GatewayStatistics = try await parts.ask { queries.statistics(for: try parts.caller(), $0) }
        #expect(all.waitingNormal == 1 && all.providers.map(\.name) == ["sandbox"] && all.commits > 0)
        parts.stop()
    }

    @Test func whoIsTooLateIsTold() async throws {
        let (parts, id) = try await gateway()
        let late = Caller(
            try parts.principal(), asker: Asker(0), deadline: parts.clock.now() - 1000, peer: "unix")
        let refusal = await parts.refusal {
            let _: StatusResult = try await parts.ask {
                parts.gateway.queries.status(.messages([id]), for: late, $0)
            }
        }
        #expect(refusal?.code == .deadlineExceeded)
        parts.stop()
    }

    @Test func pausesAreRecorded() async throws {
        let (parts, _) = try await gateway()
        func pause(_ isPaused: Bool, _ subject: Operations.PauseSubject) async throws -> [String] {
            try await parts.ask {
                parts.gateway.operations.setPaused(isPaused, subject, for: try parts.caller(), $0)
            }
        }
        #expect(try await pause(true, .tenant("shop")) == ["everything", "tenant shop"])
        #expect(try await pause(false, .everything) == ["tenant shop"])
        for unknown in [Operations.PauseSubject.tenant("no"), .provider("no"), .batch(.name("no"))] {
            #expect(await parts.refusal { _ = try await pause(true, unknown) }?.code == .notFound)
        }
        let audit = try await parts.audit()
        #expect(audit.prefix(3).map(\.verb) == ["resume", "pause", "pause"])
        #expect(
            audit[0].context.actor == "key abcdefgh" && audit[0].context.peer == "unix"
                && audit[0].subject == "everything")
        parts.stop()
    }

    @Test func batchesAreFoundByNameAndTenant() async throws {
        let (parts, _) = try await gateway()
        let refusal = await parts.refusal {
            let _: CancelResult = try await parts.ask {
                parts.gateway.operations.cancel(.name("no"), for: try parts.caller(), $0)
            }
        }
        #expect(refusal?.code == .notFound)
        parts.stop()
    }

    @Test func theExplanationTakesNothing() async throws {
        let (parts, _) = try await gateway()
        let bytes = Bytes()
        let explanation: SendExplanation = try await parts.ask {
            parts.gateway.queries.explain(bytes.request(), for: try parts.caller(), $0)
        }
        #expect(explanation.outcome == .later && explanation.reason.contains("everything is paused"))
        #expect(explanation.segments == 1 && explanation.generation == 2)
        var wrong = bytes.request()
        wrong.to = bytes("1")
        let refused: SendExplanation = try await parts.ask {
            parts.gateway.queries.explain(wrong, for: try parts.caller(), $0)
        }
        #expect(refused.outcome == .refused && refused.refusals.map(\.field) == ["to"])
        #expect(parts.writer.report.waitingNormal == 1)
        parts.stop()
    }

    @Test func theGatewaySaysHowItIs() async throws {
        let (parts, _) = try await gateway()
        let health = await withCheckedContinuation { told in parts.gateway.monitor.health { told.resume(returning: $0) }
        }
        #expect(health.isAccepting && !health.isDispatching)
        #expect(
            health.checks.map(\.name) == [
                "store", "dispatch", "providers", "routes", "waiting", "webhooks", "retention",
            ])
        #expect(health.checks.map(\.isGood) == [true, false, true, true, true, true, true])
        #expect(health.checks[1].detail == "paused: everything")
        parts.stop()
    }
}
