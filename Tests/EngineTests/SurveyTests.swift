internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Engine

/// What waits for whom, and which routes have no provider that takes messages.
@Suite struct SurveyTests {
    private static let adapting = {
        var limits = ProviderLimits()
        limits.adapts = true
        return limits
    }()

    private func driver(_ names: [String] = ["a"], _ routes: [Route]? = nil) throws -> WriterDriver {
        try WriterDriver(limits: Self.adapting, names: names, routes: routes)
    }

    private func survey(_ driver: WriterDriver) throws -> WaitingSurvey {
        let told = Mutex<[WaitingSurvey]>([])
        driver.inbox.surveys.append { survey in told.withLock { $0.append(survey) } }
        let commits = driver.report.commits
        driver.turn()
        #expect(driver.report.commits == commits, "asking writes nothing")
        return try #require(told.withLock { $0.first })
    }

    /// Has a provider fail until its circuit opens, with a message of NORMAL each time.
    private func openCircuit(_ driver: WriterDriver, _ count: Int = 5, sendAt: Int64 = 0) throws -> [MessageID] {
        let ids = try (0..<count).map { _ in try driver.accept() }
        driver.answerAll(.unavailable(code: "REFUSED"))
        return ids
    }

    @Test func whatWaitsForTheOnlyProviderThatFailsIsTold() throws {
        let driver = try driver()
        let ids = try openCircuit(driver)
        let later = try driver.accept()
        let survey = try survey(driver)
        let provider = try #require(survey.providers.first)
        #expect(provider.condition == .failing && provider.conditionSince == driver.now)
        #expect(provider.lastError?.failure.code == "REFUSED" && provider.lastError?.at == driver.now)
        // Those that back off wait for it too.
        #expect(provider.waiting == UInt64(ids.count) + 1 && provider.waitingOnly == provider.waiting)
        #expect(provider.oldestWaiting == Int64(ids[0].milliseconds))
        #expect(survey.oldest == Int64(ids[0].milliseconds) && survey.oldestBulk == nil)
        #expect(later > ids[4])
        #expect(survey.failingRoutes.map(\.name) == [""])
        #expect(survey.failingRoutes[0].reasons[0].contains("last error REFUSED: "))
    }

    /// A probe that fails doesn't begin the time again; one that succeeds ends it.
    @Test func theTimeSinceWhenItFailsOutlivesProbes() throws {
        let driver = try driver()
        _ = try openCircuit(driver)
        let since = driver.now
        for _ in 0..<3 {
            driver.advance(5000)
            driver.answerAll(.unavailable(code: "STILL"))
        }
        var provider = try #require(try survey(driver).providers.first)
        #expect(provider.conditionSince == since && provider.lastError?.failure.code == "STILL")
        for _ in 0..<20 {
            driver.advance(10_000)
            driver.answerAll()
        }
        provider = try #require(try survey(driver).providers.first)
        #expect(provider.condition == .ready && provider.conditionSince == nil && provider.waiting == 0)
        // The error is told on: it may come again.
        #expect(provider.lastError?.failure.code == "STILL")
        #expect(try survey(driver).failingRoutes.isEmpty)
    }

    @Test func aRouteFailsIfAllOfItsProvidersDo() throws {
        let driver = try driver(["a", "b"], [Route(name: "both", providers: [1, 2])])
        driver.setLink(.down(reason: "the bind was refused"), of: 0)
        driver.run()
        #expect(try survey(driver).failingRoutes.isEmpty)
        driver.pause(.provider("b"))
        driver.run()
        let route = try #require(try survey(driver).failingRoutes.first)
        #expect(route.name == "both")
        #expect(route.reasons[0].hasPrefix("a is not connected since 20"))
        #expect(route.reasons[0].hasSuffix("(the bind was refused)"))
        #expect(route.reasons[1] == "b is paused by an operator")
        let id = try driver.accept()
        let survey = try survey(driver)
        // Either may be handed it: it waits for both, and for none alone.
        #expect(survey.providers.map(\.waiting) == [1, 1] && survey.providers.map(\.waitingOnly) == [0, 0])
        #expect(survey.providers.map(\.condition) == [.disconnected, .paused])
        #expect(survey.oldest == Int64(id.milliseconds))
        driver.setLink(.up, of: 0)
        driver.run()
        #expect(try self.survey(driver).failingRoutes.isEmpty)
    }

    @Test func messagesWithoutARouteAreCounted() throws {
        var route = Route(name: "to DE", providers: [1])
        route.destinations = [.country(try #require(Countries.all.number(of: "DE")))]
        let driver = try driver(["a"], [route])
        _ = try driver.accept()
        let survey = try survey(driver)
        #expect(survey.withoutRoute == 1 && survey.providers[0].waiting == 0 && survey.failingRoutes.isEmpty)
    }

    /// A message waits since its send time, and not since it was accepted.
    @Test func aScheduledMessageWaitsSinceItsTime() throws {
        let driver = try driver()
        driver.setLink(.down(reason: "down"))
        let due = driver.now + 3_600_000
        _ = try driver.accept(TestMessage { $0.sendAt = due })
        #expect(try survey(driver).oldest == nil)
        driver.advance(3_600_000 + 1000)
        #expect(try survey(driver).oldest == due)
        #expect(try survey(driver).providers[0].oldestWaiting == due)
    }

    @Test func whatAnOperatorHoldsBackIsNotOverdue() throws {
        let driver = try driver()
        driver.setLink(.down(reason: "down"))
        _ = try driver.accept()
        _ = try driver.accept(TestMessage { $0.priority = .bulk })
        var now = try survey(driver)
        #expect(now.oldest != nil && now.oldestBulk != nil)
        driver.pause(.tenant(.first))
        driver.run()
        now = try survey(driver)
        #expect(now.oldest == nil && now.oldestBulk == nil && now.providers[0].waiting == 0)
        driver.pause(.tenant(.first), false)
        driver.pause(.everything)
        driver.run()
        #expect(try survey(driver).oldest == nil)
    }

    /// A survey reads a few messages of each flow and no more; what it says is then no later than the truth.
    @Test func manyMessagesCostNoMore() throws {
        let driver = try driver()
        driver.setLink(.down(reason: "down"))
        let due = driver.now + 60_000
        for _ in 0..<Limits.surveyedMessagesOfFlow * 2 { _ = try driver.accept(TestMessage { $0.sendAt = due }) }
        driver.advance(61_000)
        let survey = try survey(driver)
        #expect(survey.oldest == due)
        #expect(survey.providers[0].waiting == UInt64(Limits.surveyedMessagesOfFlow * 2))
    }

    @Test func itIsAnsweredWhileTheStoreDoesNotWrite() throws {
        let driver = try driver()
        driver.store.failsAt = .commit
        _ = driver.submit([TestMessage()])
        driver.turn()
        #expect(try survey(driver).providers.count == 1)
    }

    /// A failed round takes the error and the circuit back.
    @Test func aFailedRoundHasTaughtNothing() throws {
        let driver = try driver()
        for _ in 0..<5 { _ = try driver.accept() }
        driver.store.failsAt = .commit
        driver.inbox.answers.append(driver.provider.answers { _ in .unavailable(code: "REFUSED") })
        driver.turn()
        let provider = try #require(try survey(driver).providers.first)
        #expect(provider.condition == .ready && provider.lastError == nil)
    }

    @Test func aPausedBatchIsNotOverdue() throws {
        let driver = try driver()
        driver.setLink(.down(reason: "down"))
        _ = driver.bulk([0, 1], of: "b")
        driver.run()
        #expect(try survey(driver).oldestBulk != nil)
        driver.pause(.batch(.name("b")))
        driver.run()
        #expect(try survey(driver).oldestBulk == nil)
    }

    /// What an operator has sent again waits since then.
    @Test func aMessageThatIsSentAgainWaitsSinceThen() throws {
        let driver = try driver()
        let id = try driver.accept()
        driver.answerAll(.unknown(code: "TIMEOUT"))
        driver.advance(3_600_000)
        driver.setLink(.down(reason: "down"))
        let again = driver.now
        let answer = Answer<[UnknownResult]>()
        let context = AuditContext(actor: "key abc", at: driver.now)
        driver.inbox.commands.append(.actOnUnknown(.resend, [id], nil, by: context) { answer.tell($0) })
        driver.run()
        #expect(answer.value?.count == 1)
        #expect(try survey(driver).oldest == again)
    }
}
