internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

private let names = ["a", "b", "c"]

private func bounds(_ inFlight: Int = 1000, adapts: Bool = false) -> ProviderLimits {
    var limits = ProviderLimits()
    limits.inFlight = inFlight
    limits.adapts = adapts
    return limits
}

private func route(_ name: String, _ providers: [UInt8], _ configure: (inout Route) -> Void = { _ in }) -> Route {
    var route = Route(name: name, providers: providers)
    configure(&route)
    return route
}

private let german = [Destination.prefix(Array("49".utf8))]

private func window(_ days: [String], _ from: Int, _ to: Int) -> TimeWindow {
    var window = TimeWindow()
    window.days = Weekdays(days.map { Weekdays(rawValue: 1 << UInt8(Weekdays.names.firstIndex(of: $0) ?? 7)) })
    window.from = from
    window.to = to
    return window
}

extension WriterDriver {
    fileprivate func seen(by name: String) -> [MessageID] {
        providers.first { $0.name == name }?.seen.map(\.id) ?? []
    }

    fileprivate func answer(_ name: String, _ outcome: Outcome = .accepted(providerID: "p", receipts: true)) {
        guard let provider = providers.first(where: { $0.name == name }) else { return }
        inbox.answers.append(provider.answers { _ in outcome })
        run()
    }

    fileprivate func reason(of id: MessageID) throws -> String? {
        var reason: String?
        let history = try store.lifecycle(of: id)?.lifecycle.history
        history?.forEach(from: 0) { if $0.kind == .submitting { reason = history?.detail(of: $0) } }
        return reason
    }

    fileprivate func failure(of id: MessageID) throws -> String? {
        guard let lifecycle = try store.lifecycle(of: id)?.lifecycle, lifecycle.state == .failed else { return nil }
        var detail: String?
        lifecycle.history.forEach(from: 0) { detail = lifecycle.history.detail(of: $0) }
        return detail
    }

    fileprivate func configure(_ names: [String], routes: [Route]?, limits: ProviderLimits = bounds()) {
        let pooled = names.enumerated().compactMap { place, name in
            providers.first { $0.name == name }.map {
                ConfiguredProvider(provider: $0, number: UInt8(place + 1), limits: limits)
            }
        }
        inbox.commands.append(.configureProviders(pooled, routes: routes))
        run()
    }
}

/// Messages on their way over routes and several providers.
@Suite struct RoutedDispatchTests {
    private let elsewhere = "+14155550100"
    private let germany = "+4915112345678"

    private func driver(_ routes: [Route]?, inFlight: Int = 1000, adapts: Bool = false) throws -> WriterDriver {
        try WriterDriver(limits: bounds(inFlight, adapts: adapts), names: names, routes: routes)
    }

    private func message(_ to: String) -> TestMessage { TestMessage { $0.to = to } }

    @Test func eachGoesByItsRoute() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = german }, route("rest", [1, 3])])
        let first = try driver.accept(message(germany))
        let second = try driver.accept(message(elsewhere))
        #expect(driver.seen(by: "b") == [first] && driver.seen(by: "a") == [second])
        #expect(try driver.reason(of: first) == "route germany, ORDER: b")
        #expect(try driver.reason(of: second) == "route rest, ORDER: a; not c")
        try driver.check()
    }

    @Test func withoutARouteItWaitsAndExpires() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = german }])
        let now = driver.now
        let id = try driver.accept(
            TestMessage {
                $0.to = elsewhere
                $0.expiresAt = now + 10_000
            })
        #expect(driver.providers.allSatisfy { $0.seen.isEmpty })
        #expect(driver.wait ?? .max > 0)
        driver.advance(11_000)
        #expect(try driver.state(of: id) == .expired)
    }

    /// What one provider refuses for its sender or route goes to the next, once to each.
    @Test func aRefusedRouteIsTriedElsewhere() throws {
        let driver = try driver([route("all", [1, 2, 3])])
        let id = try driver.accept()
        driver.answer("a", .rejected(.route, code: "R1", message: "no"))
        #expect(driver.seen(by: "b") == [id])
        #expect(try driver.reason(of: id) == "route all, ORDER: b; not a refused it, c")
        driver.answer("b", .rejected(.sender, code: "R2", message: "no"))
        #expect(driver.seen(by: "c") == [id])
        driver.answer("c", .rejected(.route, code: "R3", message: "never"))
        #expect(try driver.state(of: id) == .failed)
        #expect(driver.seen(by: "a") == [id])
        try driver.check()
    }

    @Test func aRefusedRecipientIsNotTriedElsewhere() throws {
        let driver = try driver([route("all", [1, 2, 3])])
        let id = try driver.accept()
        driver.answer("a", .rejected(.recipient, code: "21211", message: "no number"))
        #expect(try driver.state(of: id) == .failed)
        #expect(driver.seen(by: "b").isEmpty)
    }

    /// It is tried at once with each that is up, and only then after a while.
    @Test func whatCannotBeReachedIsTriedElsewhereAtOnce() throws {
        let driver = try driver([route("all", [1, 2])])
        let id = try driver.accept()
        driver.answer("a", .unavailable(code: "DOWN"))
        #expect(driver.seen(by: "b") == [id])
        #expect(try driver.reason(of: id) == "route all, ORDER: b; not a could not be reached")
        driver.answer("b", .unavailable(code: "DOWN"))
        #expect(driver.seen(by: "a") == [id])
        driver.advance(2000)
        #expect(driver.seen(by: "a") == [id, id])
        driver.answer("a", .unavailable(code: "DOWN"))
        #expect(driver.seen(by: "b") == [id, id])
    }

    @Test func anUnknownOutcomeIsNotTriedElsewhere() throws {
        let driver = try driver([route("all", [1, 2])])
        let id = try driver.accept()
        driver.answer("a", .unknown(code: "TIMEOUT"))
        driver.advance(600_000)
        #expect(try driver.state(of: id) == .unknown && driver.seen(by: "b").isEmpty)
    }

    @Test func throttledItGoesOnElsewhere() throws {
        let driver = try driver([route("all", [1, 2])])
        let id = try driver.accept()
        driver.answer("a", .throttled(retryAfterMilliseconds: 5000))
        #expect(
            driver.seen(by: "a") == [id] && driver.seen(by: "b").isEmpty == false || driver.seen(by: "a").count == 2)
    }

    @Test func aBusyProviderHoldsUpNobodyElse() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = german }, route("rest", [1])], inFlight: 2)
        var waiting: [MessageID] = []
        for _ in 0..<50 { waiting.append(try driver.accept(message(germany))) }
        #expect(driver.seen(by: "b").count == 1)
        let other = try driver.accept(message(elsewhere))
        #expect(driver.seen(by: "a") == [other])
        #expect(driver.wait ?? .max > 0)
        while driver.seen(by: "b").count < 50 { driver.answer("b") }
        #expect(driver.seen(by: "b") == waiting)
    }

    /// What waits moves with the routes: to another provider, and when one is taken away.
    @Test func whatWaitsIsRoutedAnew() throws {
        let driver = try driver([route("all", [1])], inFlight: 2)
        var ids: [MessageID] = []
        for number in 0..<20 { ids.append(try driver.accept(message(number % 2 == 0 ? germany : elsewhere))) }
        #expect(driver.seen(by: "a") == [ids[0]])
        driver.configure(names, routes: [route("germany", [2]) { $0.destinations = german }, route("rest", [3])])
        #expect(driver.seen(by: "b") == stride(from: 2, to: 20, by: 2).map { ids[$0] })
        #expect(driver.seen(by: "c") == stride(from: 1, to: 20, by: 2).map { ids[$0] })
        #expect(driver.report.waitingNormal == 0)
        try driver.check()
    }

    /// Numbers of sets are given again once nothing waits under them: what is aside meanwhile must not go by them.
    @Test func whatIsAsideIsRoutedAnewToo() throws {
        let old = [route("germany", [1]) { $0.destinations = german }, route("rest", [1])]
        let driver = try driver(old)
        driver.pause(.everything)
        driver.run()
        let batch = driver.bulk([0], of: "b") { _ in message(germany) }
        driver.run()
        driver.pause(.batch(.name("b")))
        driver.pause(.everything, false)
        driver.run()
        let held = try #require(batch.value).results[0].id
        let flying = try driver.accept(message(germany))
        #expect(driver.seen(by: "a") == [flying])
        // Time for the numbers of before to be free, and enough routes of the first provider to use them all.
        driver.configure(names, routes: old)
        for _ in 0..<3 {
            driver.advance(2000)
            _ = try driver.accept(message(elsewhere))
        }
        let others = (0...9).map { digit in
            route("\(digit)", [1]) { $0.destinations = [.prefix(Array("1415555010\(digit)".utf8))] }
        }
        driver.configure(names, routes: others + [route("germany", [3]) { $0.destinations = german }])
        for digit in 0...9 { _ = try driver.accept(message("+1415555010\(digit)")) }
        for _ in 0..<3 {
            driver.advance(2000)
            for digit in 0...9 { _ = try driver.accept(message("+1415555010\(digit)")) }
        }
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.seen(by: "c") == [held])
        driver.inbox.answers.append([
            AttemptAnswer(id: flying, attempt: 1, outcome: .rejected(.route, code: "R1", message: "no"))
        ])
        driver.run()
        #expect(driver.seen(by: "c") == [held, flying])
        try driver.check()
    }

    @Test func aProviderThatIsTakenAwayAnswersForWhatItHas() throws {
        let driver = try driver([route("all", [1, 2])], inFlight: 2)
        let first = try driver.accept()
        driver.configure(["-", "b"], routes: [route("all", [2])])
        #expect(driver.drained == ["a"] && driver.ended == ["c"])
        let second = try driver.accept()
        #expect(driver.seen(by: "b") == [second])
        driver.answer("a")
        #expect(driver.ended == ["c", "a"])
        #expect(try driver.state(of: first) == .sent)
        driver.configure(["-", "-"], routes: [])
        #expect(driver.drained == ["a", "b"])
    }

    @Test func aProviderThatIsOffTakesNothing() throws {
        let driver = try driver([route("all", [1, 2])])
        var off = bounds()
        off.isEnabled = false
        driver.configure(names, routes: [route("all", [1, 2])], limits: off)
        let id = try driver.accept()
        #expect(driver.providers.allSatisfy { $0.seen.isEmpty })
        driver.configure(names, routes: [route("all", [1, 2])])
        #expect(driver.seen(by: "a") == [id])
    }

    /// Five failures in a row are enough; then the others have it all, and after a while it is tried again.
    @Test func whoFailsIsLeftAloneForAWhile() throws {
        let driver = try driver([route("all", [1, 2])], adapts: true)
        for _ in 0..<5 {
            _ = try driver.accept()
            driver.answer("a", .unavailable(code: "DOWN"))
            driver.answer("b")
        }
        let seen = driver.seen(by: "a").count
        let id = try driver.accept()
        #expect(driver.seen(by: "a").count == seen && driver.seen(by: "b").last == id)
        #expect(try driver.reason(of: id) == "route all, ORDER: b; not a is failing")
        driver.advance(1000)
        let probe = try driver.accept()
        #expect(driver.seen(by: "a").last == probe)
        // One probe at a time.
        let next = try driver.accept()
        #expect(driver.seen(by: "b").last == next)
        for _ in 0..<3 {
            driver.answer("a")
            _ = try driver.accept()
        }
        #expect(driver.seen(by: "a").count == seen + 4)
    }

    @Test func withoutOverflowABusyFirstIsWaitedFor() throws {
        let driver = try driver([route("all", [1, 2]) { $0.overflows = false }], inFlight: 2)
        let first = try driver.accept()
        let second = try driver.accept()
        #expect(driver.seen(by: "a") == [first] && driver.seen(by: "b").isEmpty)
        // Urgent ones have a slot of their own.
        let urgent = try driver.accept(TestMessage { $0.priority = .urgent })
        #expect(driver.seen(by: "a") == [first, urgent])
        driver.answer("a")
        #expect(driver.seen(by: "a") == [first, urgent, second])
        driver.pause(.provider("a"))
        driver.run()
        let third = try driver.accept()
        #expect(driver.seen(by: "b") == [third])
    }

    @Test func routesOpenAndCloseWithTheTime() throws {
        // The driver's clock starts at some minute of some day: the window is the minute after next.
        let now = WriterDriver.startTime
        let minute = Int(now / 60_000 % 1440)
        let begin = (minute + 2) % 1440
        let window = window(Weekdays.names, begin, begin == 1439 ? 1440 : begin + 1)
        let driver = try driver([route("then", [2]) { $0.windows = [RouteWindow(window)] }, route("else", [1])])
        _ = try driver.accept()
        #expect(driver.seen(by: "a").count == 1)
        driver.pause(.provider("a"))
        driver.run()
        let id = try driver.accept()
        driver.advance(60_000)
        #expect(driver.seen(by: "b").isEmpty)
        // What waits for a moves when the other route opens.
        driver.advance(60_000)
        #expect(driver.seen(by: "b") == [id])
    }

    @Test func aPauseIsOfAName() throws {
        let driver = try driver([route("all", [3])])
        driver.pause(.provider("c"))
        driver.run()
        driver.names = ["a", "b"]
        driver.routes = [route("all", [1])]
        try driver.restart()
        let c = ScriptedProvider(name: "c")
        let pooled = ConfiguredProvider(provider: c, number: 3, limits: bounds())
        driver.inbox.commands.append(.configureProviders([pooled], routes: [route("all", [3])]))
        driver.run()
        let id = try driver.accept()
        #expect(c.seen.isEmpty)
        driver.pause(.provider("c"), false)
        driver.run()
        #expect(c.seen.map(\.id) == [id])
    }

    @Test func aRouteThatComesLaterTakesWhatWaited() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = german }])
        let id = try driver.accept(message(elsewhere))
        driver.configure(names, routes: [route("germany", [2]) { $0.destinations = german }])
        #expect(driver.wait ?? .max > 0 && driver.providers.allSatisfy { $0.seen.isEmpty })
        driver.configure(names, routes: [route("all", [1])])
        #expect(driver.seen(by: "a") == [id])
    }

    // MARK: Routes that refuse

    private let refusing = route("premium", []) {
        $0.destinations = german
        $0.rejection = "no premium numbers"
    }
    private let refusal = "ROUTE_REFUSES: route premium refuses it: no premium numbers"

    @Test func aRouteThatRefusesFailsItsMessages() throws {
        let driver = try driver([refusing, route("rest", [1])])
        let refused = try driver.accept(message(germany))
        let sent = try driver.accept(message(elsewhere))
        #expect(try driver.failure(of: refused) == refusal)
        #expect(try driver.store.lifecycle(of: refused)?.lifecycle.attempts == 0)
        #expect(driver.seen(by: "a") == [sent])
        try driver.check()
    }

    @Test func aRouteThatRefusesAllNeedsNoProvider() throws {
        let driver = try driver([route("closed", []) { $0.rejection = "we have moved" }])
        driver.configure([], routes: [route("closed", []) { $0.rejection = "we have moved" }])
        let id = try driver.accept()
        #expect(try driver.failure(of: id) == "ROUTE_REFUSES: route closed refuses it: we have moved")
        #expect(driver.report.waitingNormal == 0)
    }

    /// Whether or not any provider has room, and without the others going round and round.
    @Test func aRefusalWaitsForNoProvider() throws {
        let driver = try driver([refusing, route("rest", [1, 2, 3])])
        for name in names { driver.pause(.provider(name)) }
        driver.run()
        let later = driver.now + 60_000
        let waiting = try driver.accept(message(elsewhere))
        let due = try driver.accept(
            TestMessage {
                $0.to = elsewhere
                $0.sendAt = later
            })
        let refusedLater = try driver.accept(
            TestMessage {
                $0.to = germany
                $0.sendAt = later
            })
        let refused = try driver.accept(message(germany))
        #expect(try driver.failure(of: refused) == refusal)
        #expect(try driver.state(of: refusedLater) == .scheduled)
        driver.advance(60_000)
        #expect(try driver.failure(of: refusedLater) == refusal)
        #expect(driver.wait ?? .max > 0 && driver.report.waitingNormal == 2)
        // What waits in the store is routed in its turn.
        try driver.restart()
        #expect(driver.wait ?? .max > 0 && driver.report.waitingNormal == 2)
        for name in names { driver.pause(.provider(name), false) }
        driver.run()
        #expect(driver.seen(by: "a") == [waiting, due])
        try driver.check()
    }

    @Test func aRefusalMeetsWhatWaitsAlready() throws {
        let driver = try driver([route("rest", [1])])
        driver.pause(.provider("a"))
        driver.run()
        let (refused, other) = (try driver.accept(message(germany)), try driver.accept(message(elsewhere)))
        driver.configure(names, routes: [refusing, route("rest", [1])])
        #expect(try driver.failure(of: refused) == refusal)
        #expect(try driver.state(of: other) == .queued)
        // A pause of everything holds refusals too.
        driver.pause(.everything)
        driver.run()
        let held = try driver.accept(message(germany))
        #expect(try driver.state(of: held) == .queued)
        driver.configure(names, routes: [route("rest", [2])])
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen(by: "b") == [other, held])
    }

    @Test func afterARestartAllIsRoutedAgain() throws {
        let driver = try driver([route("germany", [2]) { $0.destinations = german }, route("rest", [1])], inFlight: 2)
        driver.pause(.everything)
        driver.run()
        var ids: [MessageID] = []
        for number in 0..<9 { ids.append(try driver.accept(message(number % 3 == 0 ? germany : elsewhere))) }
        try driver.restart()
        driver.pause(.everything, false)
        driver.run()
        while driver.seen(by: "a").count + driver.seen(by: "b").count < 9 {
            driver.answer("a")
            driver.answer("b")
        }
        #expect(driver.seen(by: "b") == [ids[0], ids[3], ids[6]])
        #expect(driver.seen(by: "a") == [1, 2, 4, 5, 7, 8].map { ids[$0] })
        try driver.check()
    }
}
