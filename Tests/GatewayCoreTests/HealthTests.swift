internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import GatewayCore

/// When the gateway counts as degraded, and what it says then.
@Suite(.timeLimit(.minutes(1))) struct HealthTests {
    private let directory = TemporaryDirectory()
    private static let now: Int64 = 1_800_000_000_000

    private func health(
        _ bounds: HealthBounds = HealthBounds(), idleReason: String? = nil, lackingURL: [String] = [],
        _ change: (inout WaitingSurvey) -> Void = { _ in }
    ) -> GatewayHealth {
        var survey = WaitingSurvey()
        change(&survey)
        return GatewayHealth(
            WriterReport(), survey, idleReason: idleReason, lackingURL: lackingURL, bounds, now: Self.now)
    }

    private func bad(_ health: GatewayHealth) -> [String] { health.checks.filter { !$0.isGood }.map(\.name) }

    @Test func nothingIsWrong() {
        let health = health()
        #expect(health.isAccepting && health.isDispatching && !health.isDegraded && bad(health).isEmpty)
        #expect(health.now == Self.now)
        #expect(!health.checks.contains { $0.isWarning })
    }

    @Test func aRouteWithoutAProviderThatTakesMessagesDegradesIt() {
        let health = health { $0.failingRoutes = [.init(name: "eu", reasons: ["a is failing", "b is paused"])] }
        #expect(health.isAccepting && health.isDispatching && health.isDegraded)
        #expect(bad(health) == ["routes"])
        let routes = health.checks.first { $0.name == "routes" }
        #expect(routes?.detail == "route eu: none takes messages: a is failing; b is paused")
    }

    /// One provider of several that fails is worth a look, and no more.
    @Test func oneProviderThatFailsIsAWarning() {
        let health = health { survey in
            var provider = ProviderStatistics(name: "a", kind: "twilio")
            provider.condition = .failing
            provider.conditionSince = Self.now - 1000
            var disabled = ProviderStatistics(name: "b", kind: "twilio")
            disabled.condition = .disabled
            survey.providers = [provider, disabled]
        }
        #expect(!health.isDegraded && bad(health).isEmpty)
        let providers = health.checks.first { $0.name == "providers" }
        #expect(providers?.isWarning == true)
        #expect(providers?.detail.hasPrefix("a is failing: its circuit is open since 2027-01-15T07:59:59Z") == true)
        #expect(providers?.detail.contains("b is") == false, "what is disabled is so on purpose")
    }

    /// A message that waits for as long as it may does no harm; a millisecond more does.
    @Test(arguments: [(false, Int64(300_000)), (true, 300_001)])
    func messagesThatWaitTooLongDegradeIt(isDegraded: Bool, waited: Int64) {
        let health = health { $0.oldest = Self.now - waited }
        #expect(health.isDegraded == isDegraded)
        #expect(bad(health) == (isDegraded ? ["waiting"] : []))
    }

    @Test func bulkHasABoundOfItsOwn() {
        #expect(!health { $0.oldestBulk = Self.now - 300_001 }.isDegraded)
        let late = health { $0.oldestBulk = Self.now - 4 * 3_600_000 - 1 }
        #expect(late.isDegraded)
        #expect(late.checks.first { $0.name == "waiting" }?.detail.hasSuffix("longer than 14400 s") == true)
        var none = HealthBounds()
        none.waiting = nil
        none.bulkWaiting = nil
        #expect(!health(none) { ($0.oldest, $0.oldestBulk) = (0, 0) }.isDegraded)
    }

    /// Without any provider it doesn't dispatch, which is worse.
    @Test func withoutProvidersItIsNotDegradedButIdle() {
        let health = health(idleReason: "no provider is configured") {
            $0.failingRoutes = [.init(name: "", reasons: [])]
        }
        #expect(!health.isDispatching && !health.isDegraded)
        #expect(bad(health) == ["providers"])
    }

    @Test func aMissingPublicURLIsAWarning() {
        let check = health(lackingURL: ["eu", "us"]).checks.first { $0.name == "webhooks" }
        #expect(check?.isGood == true && check?.isWarning == true)
        #expect(check?.detail == "webhooks.public-url is not set: nothing comes in for eu, us")
    }

    @Test func theGatewaySaysItOfItself() async throws {
        let parts = try TestGateway(in: directory)
        parts.provider.setLink(.down(reason: "the bind was refused"))
        _ = try await parts.accept(Sending(parts))
        let health = await withCheckedContinuation { told in parts.gateway.monitor.health { told.resume(returning: $0) }
        }
        #expect(health.isDegraded && health.isDispatching)
        #expect(health.providers.map(\.condition) == [.disconnected] && health.providers[0].waiting == 1)
        // Those who cannot wait are told what was found then.
        #expect(parts.gateway.monitor.latestHealth.isDegraded)
        let statistics: GatewayStatistics = try await parts.ask {
            parts.gateway.queries.statistics(for: try parts.caller(), $0)
        }
        #expect(statistics.providers[0].waitingOnly == 1 && statistics.waitingNormal == 1)
        parts.stop()
    }

    /// Only an administrator is told which key has paused everything.
    @Test func aStatusSaysWhyAMessageWaits() async throws {
        let parts = try TestGateway(in: directory)
        let _: [String] = try await parts.ask {
            parts.gateway.operations.setPaused(true, .everything, for: try parts.caller(), $0)
        }
        let id = try await parts.accept(Sending(parts))
        let told: StatusResult = try await parts.ask {
            parts.gateway.queries.status(.messages([id]), for: try parts.caller(), $0)
        }
        let reason = try #require(told.messages[0].waiting)
        #expect(reason.kind == .paused && reason.detail.hasPrefix("everything is paused by key abcdefgh since 20"))
        let tenant: StatusResult = try await parts.ask {
            parts.gateway.queries.status(
                .messages([id]), for: try parts.caller("dev", .messages, id: "hijklmno"), $0)
        }
        #expect(tenant.messages[0].waiting?.detail.hasPrefix("everything is paused by an operator since") == true)
        parts.stop()
    }

    @Test(arguments: [(Limits.waitReasons, true), (Limits.waitReasons + 1, false)])
    func ofManyMessagesItIsNotSaid(count: Int, isSaid: Bool) async throws {
        let parts = try TestGateway(in: directory)
        parts.provider.setLink(.down(reason: "down"))
        var ids: [MessageID] = []
        for _ in 0..<count { ids.append(try await parts.accept(Sending(parts))) }
        let told: StatusResult = try await parts.ask { [ids] in
            parts.gateway.queries.status(.messages(ids), for: try parts.caller(), $0)
        }
        #expect(told.messages.count == count)
        #expect(told.messages.allSatisfy { ($0.waiting != nil) == isSaid })
        parts.stop()
    }
}
