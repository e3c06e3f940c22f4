internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Providers whose links to their carriers are down.
@Suite struct LinkTests {
    private let down = LinkState.down(reason: "the bind was refused")

    /// Both in their order, the second when the first takes nothing.
    private func pair() throws -> WriterDriver {
        try WriterDriver(names: ["a", "b"], routes: [Route(name: "both", providers: [1, 2])])
    }

    @Test func whileALinkIsDownMessagesWaitAndNoAttemptIsMade() throws {
        let driver = try WriterDriver()
        driver.setLink(down)
        driver.run()
        let urgent = try driver.accept(TestMessage { $0.priority = .urgent })
        let normal = try driver.accept()
        driver.advance(60_000)
        #expect(driver.seen.isEmpty)
        #expect(try driver.state(of: urgent) == .queued && driver.state(of: normal) == .queued)
        #expect(try driver.events(of: normal).isEmpty)
        #expect(driver.report.providers.map(\.condition) == [.disconnected])
        #expect(driver.report.providers[0].conditionDetail == "the bind was refused")
        driver.setLink(.up)
        driver.run()
        #expect(driver.seen == [urgent, normal])
        #expect(driver.report.providers.map(\.condition) == [.ready])
        driver.answerAll()
        #expect(try driver.events(of: normal) == [.submitting, .sent])
        try driver.check()
    }

    @Test func otherProvidersTakeItsMessages() throws {
        let driver = try pair()
        driver.setLink(down, of: 0)
        let id = try driver.accept()
        #expect(driver.providers[0].seen.isEmpty && driver.providers[1].seen.map(\.id) == [id])
        #expect(driver.report.providers.map(\.condition) == [.disconnected, .ready])
        var reason: String?
        let history = try #require(try driver.store.lifecycle(of: id)?.lifecycle.history)
        history.forEach(from: 0) { if $0.kind == .submitting { reason = history.detail(of: $0) } }
        #expect(reason == "route both, ORDER: b; not a is not connected")
    }

    @Test func explainSaysWhyItWaits() throws {
        let driver = try WriterDriver()
        driver.setLink(down)
        let answer = Answer<MessageExplanation>()
        driver.inbox.commands.append(.explain(MessageDrafts([TestMessage()])) { answer.tell($0) })
        driver.run()
        let routing = try #require(answer.value?.routing)
        #expect(routing.candidates.map(\.contender.verdict) == [.isDisconnected])
        #expect(routing.chosen == nil)
        #expect(ProviderAvailability.isDisconnected.name == "DISCONNECTED")
    }

    /// A link that goes down between the claim and the hand-over: the provider gives the message back.
    @Test func whatWasClaimedJustBeforeIsReturnedAndNotCounted() throws {
        var options = WriterOptions()
        options.maximumAttempts = 1
        let driver = try WriterDriver(options: options)
        let id = try driver.accept()
        driver.setLink(down)
        driver.answerAll(.returned)
        driver.advance(60_000)
        #expect(try driver.state(of: id) == .queued)
        #expect(driver.seen == [id])
        driver.setLink(.up)
        driver.run()
        driver.answerAll()
        #expect(try driver.state(of: id) == .sent)
        try driver.check()
    }

    @Test func itsLinkIsKnownFromTheStart() throws {
        let provider = ScriptedProvider()
        provider.setLink(down)
        var pool = ProviderPool([ConfiguredProvider(provider: provider, number: 1)], now: 0)
        #expect(pool.states.map(\.condition) == [.disconnected])
        provider.setLink(.up)
        let changed = pool.takeLinks(now: 1)
        #expect(changed.map(\.number) == [1] && pool.states.map(\.condition) == [.ready])
        let unchanged = pool.takeLinks(now: 2)
        #expect(unchanged.isEmpty)
    }

    /// What needs no writing is done while the store is in trouble too.
    @Test func aLinkIsLookedAtWhileTheStoreDoesNotWrite() throws {
        let driver = try WriterDriver()
        driver.store.failsAt = .commit
        _ = driver.submit([TestMessage()])
        driver.turn()
        driver.setLink(down)
        driver.turn()
        #expect(driver.report.providers.map(\.condition) == [.disconnected])
        driver.store.failsAt = nil
        driver.advance(1000)
        _ = try driver.accept()
        #expect(driver.seen.isEmpty)
    }
}
