internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

private let names = ["a", "b", "c"]
private let germany = "+4915112345678"

private func bounds(_ inFlight: Int = 1000, adapts: Bool = false, price: Int64 = 0) -> ProviderLimits {
    var limits = ProviderLimits()
    limits.inFlight = inFlight
    limits.adapts = adapts
    limits.price = price
    return limits
}

private func route(_ name: String, _ providers: [UInt8], _ configure: (inout Route) -> Void = { _ in }) -> Route {
    var route = Route(name: name, providers: providers)
    configure(&route)
    return route
}

extension WriterDriver {
    fileprivate func explain(_ message: TestMessage = TestMessage()) throws -> MessageExplanation {
        let answer = Answer<MessageExplanation>()
        inbox.commands.append(.explain(MessageDrafts([message])) { answer.tell($0) })
        run()
        return try #require(answer.value)
    }

    /// What the one who asks is told.
    fileprivate func told(
        _ message: TestMessage = TestMessage(), seesAll: Bool = false
    ) throws -> SendExplanation {
        let explanation = try explain(message)
        var response = SendExplanation(.refused)
        response.sendAt = message.sendAt
        response.add(explanation, MessageDrafts([message]).drafts[0], now: now, seesAll: seesAll)
        return response
    }

    fileprivate func reason(of id: MessageID) throws -> String? {
        var reason: String?
        let history = try store.lifecycle(of: id)?.lifecycle.history
        history?.forEach(from: 0) { if $0.kind == .submitting { reason = history?.detail(of: $0) } }
        return reason
    }

    fileprivate func setQuota(_ quota: TenantQuota) {
        var tenants = WriterTenants()
        tenants.quotas = [.first: quota]
        inbox.commands.append(.configure(tenants))
        run()
    }

    fileprivate func usage() throws -> TenantUsage {
        let answer = Answer<[TenantUsage]>()
        inbox.commands.append(.usage([.first]) { answer.tell($0.map { $0.map(\.used) }) })
        run()
        return try #require(answer.value)[0]
    }
}

/// What is told of a message that nobody sends.
@Suite struct ExplainTests {
    private func driver(_ routes: [Route]?, inFlight: Int = 1000, adapts: Bool = false) throws -> WriterDriver {
        try WriterDriver(limits: bounds(inFlight, adapts: adapts, price: 7500), names: names, routes: routes)
    }

    @Test func everyRouteUpToTheOneSaysWhy() throws {
        let now = WriterDriver.startTime
        let minute = Int(now / 60_000 % 1440)
        var later = TimeWindow()
        later.from = (minute + 2) % 1440
        later.to = later.from + 1
        let driver = try driver([
            route("germany", [2]) { $0.destinations = [.prefix(Array("49".utf8))] },
            route("other tenant", [2]) { $0.tenants = [.second] },
            route("acme", [2]) { $0.senders = ["ACME"] },
            route("urgent", [2]) { $0.priorities = [.urgent] },
            route("later", [2]) { [later] in $0.windows = [RouteWindow(later)] },
            route("rest", [1, 3]), route("never seen", [2]),
        ])
        let told = try driver.told(seesAll: true)
        #expect(told.routes.map(\.name) == ["germany", "other tenant", "acme", "urgent", "later", "rest"])
        #expect(
            told.routes.map(\.verdict) == [
                "OTHER_DESTINATION", "OTHER_TENANT", "OTHER_SENDER", "OTHER_PRIORITY", "OTHER_TIME", "MATCHES",
            ])
        #expect(told.routes[1].text == "is for other tenants" && told.policy == "ORDER")
        #expect(told.outcome == .now && told.provider == "a" && told.reason == "route rest, ORDER: a; not c")
        #expect(told.providers.map(\.name) == ["a", "c"] && told.providers.map(\.isChosen) == [true, false])
        #expect(told.providers.map(\.verdict) == ["HAS_ROOM", "HAS_ROOM"])
        // A tenant isn't shown what is for others.
        #expect(try driver.told().routes.map(\.name) == ["germany", "acme", "urgent", "later", "rest"])
        // Routes are as they are when the message is due.
        let scheduled = try driver.told(TestMessage { $0.sendAt = now + 120_000 })
        #expect(scheduled.routes.last?.name == "later" && scheduled.provider == "b")
        #expect(scheduled.outcome == .later && scheduled.reason == "it is not due yet; route later, ORDER: b")
        // And the dispatcher's have not moved on meanwhile.
        _ = try driver.accept()
        #expect(driver.providers[0].seen.count == 1)
    }

    /// What was told comes true, word by word.
    @Test(arguments: [RouteSettings.Policy.order, .leastCost, .fastest])
    func theTimelineSaysTheSame(_ policy: RouteSettings.Policy) throws {
        let driver = try driver([route("all", [2, 1, 3]) { $0.policy = policy }], inFlight: 2)
        var prices: [ConfiguredProvider] = []
        for (place, provider) in driver.providers.enumerated() {
            prices.append(
                ConfiguredProvider(
                    provider: provider, number: UInt8(place + 1), limits: bounds(2, price: [9000, 7500, 5000][place])))
        }
        driver.inbox.commands.append(.configureProviders(prices, routes: driver.routes))
        driver.pause(.provider("b"))
        driver.run()
        // First one has room, then another, then none.
        for _ in 0..<2 {
            let told = try driver.told(TestMessage { $0.segments = 3 })
            #expect(told.outcome == .now && told.price == 3 * told.segmentPrice)
            let id = try driver.accept(TestMessage { $0.segments = 3 })
            #expect(try driver.reason(of: id)?.hasPrefix("route all, \(policy.rawValue): ") == true)
            if policy != .fastest { #expect(try driver.reason(of: id) == told.reason) }
        }
        let told = try driver.told()
        #expect(told.outcome == .later && told.provider.isEmpty && told.price == 0)
        #expect(
            told.reason == "route all, \(policy.rawValue): none has room; not b is paused, a is full, c is full")
        #expect(told.providers.map(\.verdict) == ["PAUSED", "FULL", "FULL"])
        // Urgent ones have a slot of their own.
        #expect(try driver.told(TestMessage { $0.priority = .urgent }).outcome == .now)
    }

    @Test func theOnlyProviderNeedsNoRoute() throws {
        let driver = try WriterDriver(limits: bounds(price: 7500))
        var told = try driver.told(TestMessage { $0.segments = 2 })
        #expect(told.outcome == .now && told.reason == "only provider" && told.routes.map(\.name) == [""])
        #expect(told.segmentPrice == 7500 && told.price == 15_000)
        driver.pause(.provider("scripted"))
        told = try driver.told()
        #expect(told.outcome == .later && told.reason == "ORDER: none has room; not scripted is paused")
    }

    @Test func whoFailsIsToldOf() throws {
        let driver = try driver([route("all", [1, 2])], adapts: true)
        for _ in 0..<5 {
            _ = try driver.accept()
            driver.inbox.answers.append(driver.providers[0].answers { _ in .unavailable(code: "DOWN") })
            driver.run()
            driver.inbox.answers.append(
                driver.providers[1].answers { _ in .accepted(providerID: "p", receipts: true) })
            driver.run()
        }
        let told = try driver.told()
        #expect(told.providers.map(\.verdict) == ["FAILING", "HAS_ROOM"] && told.provider == "b")
        // Asking is no probe: the next message is told the same.
        let id = try driver.accept()
        #expect(try driver.reason(of: id) == told.reason)
    }

    /// One that has only ever failed has no latency that could be told.
    @Test func theFastestOfThoseThatFail() throws {
        let driver = try driver([route("all", [1, 2]) { $0.policy = .fastest }], adapts: true)
        for _ in 0..<2 {
            _ = try driver.accept()
            for provider in driver.providers {
                driver.inbox.answers.append(provider.answers { _ in .unavailable(code: "DOWN") })
            }
            driver.run()
        }
        let told = try driver.told()
        #expect(told.outcome == .now && told.providers.map(\.latencyMilliseconds) == [0, 0])
        #expect(told.reason.contains("that has only failed recently"))
    }

    @Test func withoutARouteItWaits() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = [.prefix(Array("49".utf8))] }])
        let told = try driver.told()
        #expect(told.outcome == .later && told.reason == "no route is for it" && told.policy.isEmpty)
        #expect(told.routes.map(\.verdict) == ["OTHER_DESTINATION"] && told.providers.isEmpty)
    }

    @Test func aRouteThatRefusesSaysWhy() throws {
        let driver = try driver([route("premium", []) { $0.rejection = "no premium numbers" }])
        let told = try driver.told()
        #expect(told.outcome == .refused && told.policy.isEmpty && told.providers.isEmpty)
        #expect(told.refusals == [.init(description: "route premium refuses it: no premium numbers")])
        #expect(told.reason == "route premium refuses it: no premium numbers")
    }

    @Test func whatIsPausedHoldsIt() throws {
        let driver = try driver([route("all", [1])])
        driver.pause(.everything)
        driver.pause(.tenant(.first))
        let told = try driver.told()
        #expect(told.outcome == .later && told.provider == "a")
        #expect(told.reason == "everything is paused; the tenant is paused; route all, ORDER: a")
        // Others are not told of it.
        driver.pause(.everything, false)
        #expect(try driver.told(TestMessage { $0.tenant = .second }).outcome == .now)
        driver.inbox.commands.append(.drain)
        #expect(try driver.explain().holds == ["the tenant is paused", "the gateway is stopping"])
    }

    // MARK: Limits

    /// Asking takes nothing, and says exactly what accepting says, up to the last segment.
    @Test func quotasAreToldOfAndNotTaken() throws {
        let driver = try driver([route("all", [1])])
        driver.setQuota(TenantQuota(segmentsPerDay: 5, costPerMonth: 100, waitingMessages: 4))
        let message = TestMessage {
            $0.segments = 2
            $0.reserve = 30
        }
        for _ in 0..<50 { #expect(try driver.explain(message).overQuota.isEmpty) }
        #expect(try driver.usage() == TenantUsage())
        #expect(driver.providers.allSatisfy { $0.seen.isEmpty } && driver.report.waitingNormal == 0)
        for _ in 0..<2 { _ = try driver.accept(message) }
        // Four of five segments and 60 of 100 are used, two messages wait.
        func kind(_ segments: UInt8, _ reserve: Int64) throws -> (told: [AcceptResult.Kind], met: AcceptResult.Kind?) {
            let message = TestMessage {
                $0.segments = segments
                $0.reserve = reserve
            }
            let told = try driver.explain(message).overQuota
            guard !told.isEmpty else { return (told, nil) }
            let answer = driver.submit([message])
            driver.run()
            return (told, answer.value?.results[0].kind)
        }
        #expect(try kind(1, 40).told.isEmpty)
        #expect(try kind(2, 40) == ([.overSegments], .overSegments))
        #expect(try kind(1, 41) == ([.overCost], .overCost))
        #expect(try kind(2, 41) == ([.overCost, .overSegments], .overCost))
        driver.setQuota(TenantQuota(waitingMessages: 2))
        #expect(try kind(1, 0) == ([.overWaiting], .overWaiting))
        driver.setQuota(TenantQuota(waitingMessages: 3))
        #expect(try kind(1, 0).told.isEmpty)
        try driver.check()
    }

    @Test func aQuotaThatIsMetSaysWhenThereIsRoom() throws {
        let driver = try driver([route("all", [1])])
        driver.setQuota(TenantQuota(segmentsPerDay: 1))
        _ = try driver.accept()
        let told = try driver.told()
        #expect(told.outcome == .refused && told.refusals.map(\.limit) == ["segments_per_day"])
        // 2027-01-15T08:00Z.
        #expect(told.refusals[0].retryAfter == 16 * 3_600_000)
        #expect(told.reason.hasPrefix("the tenant's quota of 1 segments a day has no room left"))
        // It says where it would go all the same.
        #expect(told.provider == "a" && told.routes.map(\.verdict) == ["MATCHES"])
        driver.advance(16 * 3_600_000)
        #expect(try driver.told().outcome == .now)
    }

    @Test func aStoreInTroubleIsToldOf() throws {
        let driver = try driver([route("all", [1])])
        driver.store.failsAt = .commit
        _ = driver.submit([TestMessage()])
        driver.turn()
        let told = try driver.told()
        #expect(told.outcome == .refused && told.refusals.count == 1 && told.refusals[0].retryAfter == 1000)
        #expect(told.reason.hasPrefix("nothing can be stored now: ") && told.provider == "a")
        driver.store.failsAt = nil
        driver.advance(2000)
        #expect(try driver.told().outcome == .now)
    }

    @Test func nothingIsRecorded() throws {
        let driver = try driver([route("all", [1])])
        let before = driver.report
        for to in [germany, "+14155550100"] { _ = try driver.explain(TestMessage { $0.to = to }) }
        let after = driver.report
        #expect(after.waitingNormal == 0 && after.inFlight == 0 && after.waitingLater == 0)
        #expect(after.providers.map(\.submitted) == before.providers.map(\.submitted))
        #expect(after.operations == before.operations)
        var found = 0
        _ = try driver.store.recover(from: nil, limit: 10, now: driver.now) { _ in found += 1 }
        #expect(found == 0)
        try driver.check()
    }
}
