internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage
internal import Testing

@testable internal import Engine

private let senderIsFull = Outcome.throttled(retryAfterMilliseconds: nil, scope: .sender)
private let accepted = Outcome.accepted(providerID: "p", receipts: true)

private func limits(_ inFlight: Int = 1000) -> ProviderLimits {
    var limits = ProviderLimits()
    limits.inFlight = inFlight
    limits.adapts = true
    return limits
}

extension WriterDriver {
    /// Answers all that the providers have: a sender's at one of them with "no more of this sender".
    fileprivate func answerAll(full sender: String, at name: String) {
        for provider in providers {
            inbox.answers.append(
                provider.answers { item in
                    provider.name == name && provider.sender(of: item.id) == sender ? senderIsFull : accepted
                })
        }
        run()
    }

    fileprivate func detail(of id: MessageID, _ kind: EventKind) throws -> String? {
        var detail: String?
        let history = try store.lifecycle(of: id)?.lifecycle.history
        history?.forEach(from: 0) { if $0.kind == kind { detail = history?.detail(of: $0) } }
        return detail
    }

    fileprivate func accept(from sender: String, tenant: TenantID = .first) throws -> MessageID {
        try accept(
            TestMessage {
                $0.sender = sender
                $0.tenant = tenant
            })
    }

    fileprivate func hands(of name: String) -> [MessageID] {
        providers.first { $0.name == name }?.seen.map(\.id) ?? []
    }
}

/// A provider that takes no more of one sender.
@Suite struct ThrottledSenderTests {
    /// What a round of which nothing is durable has learnt of a sender's pace, or used of it, is undone: it is learnt and
    /// used again.
    @Test func aFailedRoundLeavesThePaceAsItWas() throws {
        let driver = try WriterDriver(limits: limits())
        let key = ThrottledSenders.Key(provider: 1, sender: "full")
        func pace() -> SenderPace? { driver.core.dispatcher.open.senders.pace(of: key) }
        func failsFirst(_ what: String, _ prepare: () -> Void) {
            let before = pace()
            prepare()
            driver.store.failsAt = .commit
            driver.turn()
            #expect(pace() == before, "\(what)")
            driver.store.failsAt = nil
            driver.advance(1000)
            #expect(pace() != before, "\(what), once the store writes again")
        }
        let id = try driver.accept(from: "full")
        failsFirst("it is throttled") {
            driver.inbox.answers.append(driver.provider.answers { _ in senderIsFull })
        }
        let next = try #require(pace()).nextTime
        #expect(next > driver.now)
        driver.advance(next - 1 - driver.now)
        #expect(driver.seen == [id])
        failsFirst("a message is handed over") { driver.now = next }
        #expect(driver.seen == [id, id])
        failsFirst("a message is taken") {
            driver.inbox.answers.append(driver.provider.answers { _ in accepted })
        }
        #expect(try driver.state(of: id) == .sent)
        try driver.check()
    }

    @Test func onlyThatSendersMessagesWait() throws {
        let driver = try WriterDriver(limits: limits())
        let first = try driver.accept(from: "full")
        driver.answerAll(full: "full", at: "scripted")
        #expect(try driver.state(of: first) == .queued)
        #expect(try driver.detail(of: first, .throttled) == ThrottleScope.sender.text)
        // A hundred more of it, and others' behind them.
        driver.submit((0..<100).map { _ in TestMessage { $0.sender = "full" } })
        driver.submit((0..<100).map { _ in TestMessage { $0.sender = "other" } })
        driver.submit(
            (0..<100).map { _ in
                TestMessage {
                    $0.sender = "third"
                    $0.tenant = .second
                }
            })
        driver.run()
        while driver.provider.seen.count < 201 { driver.answerAll(full: "full", at: "scripted") }
        #expect(driver.now == WriterDriver.startTime)
        #expect(driver.seen.filter { driver.provider.sender(of: $0) == "full" } == [first])
        #expect(driver.core.dispatcher.open.senders.count == 100)
        #expect(driver.report.waitingLater == 101)
        // Nothing of them is looked at meanwhile.
        #expect(driver.wait ?? 0 >= 900)
        // The provider's own bounds have not moved.
        #expect(driver.report.providers[0].rate == 0)
        #expect(driver.report.providers[0].circuit == .closed)
    }

    @Test func theyGoAtThePaceOfTheProviderAndNoAttemptCounts() throws {
        var options = WriterOptions()
        options.maximumAttempts = 1
        let driver = try WriterDriver(limits: limits(), options: options)
        var ids = [try driver.accept(from: "full")]
        driver.answerAll(full: "full", at: "scripted")
        for _ in 0..<20 { ids.append(try driver.accept(from: "full")) }
        driver.advance(999)
        #expect(driver.seen.count == 1)
        driver.advance(1)
        // One is tried, and it is too early.
        #expect(driver.seen == [ids[0], ids[0]])
        driver.answerAll(full: "full", at: "scripted")
        driver.advance(1900)
        #expect(driver.seen.count == 2)
        // Now it takes them, in the order of their coming.
        for _ in 0..<300 where driver.seen.count < 23 {
            driver.advance(100)
            driver.answerAll(full: "none", at: "scripted")
        }
        #expect(Array(driver.seen.dropFirst(2)) == ids)
        for id in ids { #expect(try driver.state(of: id) == .sent) }
        #expect(driver.core.dispatcher.open.senders.count == 0)
        try driver.check()
    }

    @Test func theRetryTimeOfTheAnswerIsKept() throws {
        let driver = try WriterDriver(limits: limits())
        let id = try driver.accept(from: "full")
        driver.answerAll(.throttled(retryAfterMilliseconds: 30_000, scope: .sender))
        let second = try driver.accept(from: "full")
        driver.advance(29_999)
        #expect(driver.seen == [id])
        driver.advance(1100)
        #expect(Set(driver.seen) == [id, second])
    }

    @Test func anotherProviderOfTheRouteTakesThem() throws {
        let driver = try WriterDriver(
            limits: limits(), names: ["a", "b"], routes: [Route(name: "all", providers: [1, 2])])
        let first = try driver.accept(from: "full")
        driver.answerAll(full: "full", at: "a")
        #expect(driver.hands(of: "a") == [first])
        #expect(driver.hands(of: "b") == [first])
        let second = try driver.accept(from: "full")
        #expect(driver.hands(of: "b") == [first, second])
        let reason = try driver.detail(of: second, .submitting)
        #expect(reason == "route all, ORDER: b; not a throttles its sender")
        // Full there too, so that nobody takes it.
        driver.answerAll(full: "full", at: "b")
        let third = try driver.accept(from: "full")
        let other = try driver.accept(from: "other")
        #expect(driver.hands(of: "a") == [first, other])
        #expect(!driver.hands(of: "b").contains(third))
        // All three wait: the first two came back from the other.
        #expect(driver.core.dispatcher.open.senders.count == 3)
    }

    /// What waits for the other to have room waits for that, and goes back once the other is down.
    @Test func theyWaitForTheOtherWhileItIsUp() throws {
        let driver = try WriterDriver(
            limits: limits(2), names: ["a", "b"], routes: [Route(name: "all", providers: [1, 2])])
        let first = try driver.accept(from: "full")
        driver.inbox.answers.append(
            driver.providers[0].answers { _ in .throttled(retryAfterMilliseconds: 5000, scope: .sender) })
        driver.run()
        #expect(driver.hands(of: "b") == [first])
        // One slot of two is for URGENT.
        let waiting = try (0..<3).map { _ in try driver.accept(from: "full") }
        #expect(driver.core.dispatcher.open.senders.count == 0)
        #expect(driver.wait ?? .max > 0)
        driver.answerAll(full: "none", at: "a")
        #expect(driver.hands(of: "b") == [first, waiting[0]])
        driver.pause(.provider("b"))
        driver.run()
        #expect(driver.core.dispatcher.open.senders.count == 2)
        driver.advance(7000)
        #expect(driver.hands(of: "a").count >= 2)
    }

    @Test func explainSaysWhatIsThrottled() throws {
        let driver = try WriterDriver(
            limits: limits(), names: ["a", "b"], routes: [Route(name: "all", providers: [1, 2])])
        _ = try driver.accept(from: "full")
        driver.answerAll(full: "full", at: "a")
        for (sender, verdict) in [("full", ProviderAvailability.throttlesSender), ("other", .hasRoom)] {
            let answer = Answer<MessageExplanation>()
            let message = TestMessage { $0.sender = sender }
            driver.inbox.commands.append(.explain(MessageDrafts([message])) { answer.tell($0) })
            driver.run()
            #expect(answer.value?.routing.candidates.first?.contender.verdict == verdict)
        }
    }

    @Test func validityEndsWhileTheyWait() throws {
        let driver = try WriterDriver(limits: limits())
        _ = try driver.accept(from: "full")
        driver.answerAll(.throttled(retryAfterMilliseconds: 3_600_000, scope: .sender))
        let id = try driver.accept(
            TestMessage {
                $0.sender = "full"
                $0.expiresAt = driver.now + 60_000
            })
        driver.advance(59_000)
        #expect(try driver.state(of: id) == .queued)
        driver.advance(2000)
        #expect(try driver.state(of: id) == .expired)
        #expect(driver.core.dispatcher.open.senders.count == 0)
        try driver.check()
    }

    @Test func aCanceledOneDoesNotGo() throws {
        let driver = try WriterDriver(limits: limits())
        let first = try driver.accept(from: "full")
        driver.answerAll(full: "full", at: "scripted")
        let second = try driver.accept(from: "full")
        _ = driver.cancel([second])
        driver.run()
        #expect(try driver.state(of: second) == .canceled)
        for _ in 0..<10 {
            driver.advance(1000)
            driver.answerAll(full: "none", at: "scripted")
        }
        #expect(driver.seen == [first, first])
        try driver.check()
    }

    @Test func aRoundThatFailsLosesNothing() throws {
        let driver = try WriterDriver(limits: limits())
        _ = try driver.accept(from: "full")
        driver.answerAll(full: "full", at: "scripted")
        let ids = try (0..<5).map { _ in try driver.accept(from: "full") }
        #expect(driver.core.dispatcher.open.senders.count == 5)
        try driver.restart()
        // Nothing is known of the sender any more.
        #expect(Set(driver.seen).isSuperset(of: ids))
    }

    @Test func theTableIsBounded() {
        var senders = ThrottledSenders(capacity: 2)
        func key(_ number: Int) -> ThrottledSenders.Key { .init(provider: 1, sender: "s\(number)") }
        for number in 0..<3 {
            #expect(senders.throttled(key(number), retryAfter: 0, sentAt: 0, now: 10) == 1010)
        }
        #expect(senders.contains(key(0)) && senders.contains(key(1)) && !senders.contains(key(2)))
        // Those that nobody has asked for long make room.
        _ = senders.throttled(key(2), retryAfter: 0, sentAt: 0, now: 1010 + 2 * SenderPace.longestInterval)
        #expect(!senders.contains(key(0)) && senders.contains(key(2)))
    }

    @Test func aRoundTakesBackOnlySoMany() {
        var senders = ThrottledSenders()
        let key = ThrottledSenders.Key(provider: 1, sender: "s")
        _ = senders.throttled(key, retryAfter: 0, sentAt: 0, now: 0)
        for number in UInt64(1)...100 {
            let priority: Priority = number == 100 ? .urgent : .bulk
            let message = QueuedMessage(id: MessageID(rawValue: number), expiresAt: .max)
            let flow = FlowKey(candidates: 0, priority: priority, tenant: .first)
            senders.setAside(QueuedEntry(message: message, flow: flow), [key])
        }
        #expect(senders.due == 1000)
        #expect(senders.takeDue(now: 999, limit: 10).isEmpty)
        // After a long while some are made up for, URGENT first.
        let taken = senders.takeDue(now: 60_000, limit: 10)
        #expect(taken.map(\.message.id.rawValue) == [100] + Array(1...9))
        #expect(senders.count == 90 && senders.count(.bulk) == 90 && senders.count(.urgent, of: .first) == 0)
        #expect(senders.lowestID == MessageID(rawValue: 10))
    }
}

/// What is set aside, by itself.
@Suite struct SetAsideTests {
    private let key = ThrottledSenders.Key(provider: 1, sender: "full")

    private func entry(_ number: Int, expiresAt: Int64 = start + 1000) -> QueuedEntry {
        QueuedEntry(
            message: QueuedMessage(id: MessageID(rawValue: UInt64(number)), expiresAt: expiresAt),
            flow: FlowKey(candidates: 0, priority: .normal, tenant: .first))
    }

    private func senders(_ count: Int) -> ThrottledSenders {
        var senders = ThrottledSenders()
        _ = senders.throttled(key, retryAfter: 100, sentAt: start, now: start)
        for number in 1...count { senders.setAside(entry(number), [key]) }
        return senders
    }

    /// A canceled batch must not hold up those behind it.
    @Test func whatHasLeftIsPassedOver() {
        var senders = senders(5000)
        for number in 1..<5000 { senders.cancel(MessageID(rawValue: UInt64(number))) }
        senders.cancel(MessageID(rawValue: 99_999))
        #expect(senders.count == 1 && senders.count(.normal) == 1)
        #expect(senders.lowestID.map { $0.rawValue <= 5000 } == true)
        #expect(senders.takeDue(now: start + 60_000, limit: 256).map(\.message.id.rawValue) == [5000])
        #expect(senders.count == 0 && senders.takeAll().isEmpty)
    }

    @Test func expiryIsBounded() {
        var senders = senders(300)
        var times = start + 1000
        var over: [QueuedEntry] = []
        for round in 1...3 {
            over += senders.takeExpired(now: times, limit: 128)
            #expect(over.count == min(300, round * 128))
            times += 50
        }
        #expect(senders.count == 0 && senders.takeExpired(now: times, limit: 128).isEmpty)
    }

    @Test func allLeaveByAge() {
        var senders = senders(3)
        senders.cancel(MessageID(rawValue: 2))
        #expect(senders.takeAll().map(\.message.id.rawValue) == [1, 3])
        #expect(senders.count == 0 && senders.contains(key))
    }
}
