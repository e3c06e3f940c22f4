internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Messages of which nobody knows whether they were sent.
@Suite struct UnknownTests {
    /// Accepted, handed over, and the answer lost.
    private func lost(_ driver: WriterDriver, _ message: TestMessage = TestMessage()) throws -> MessageID {
        let id = try driver.accept(message)
        driver.answerAll(.unknown(code: "LOST"))
        #expect(try driver.state(of: id) == .unknown)
        return id
    }

    @Test func sentAgainItIsHandedOverAgain() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        driver.now += 1000
        #expect(try driver.actNow(.resend, [id]) == [UnknownResult(id: id, isDone: true, state: .queued)])
        #expect(driver.seen == [id, id])
        #expect(driver.provider.seen.map(\.attempt) == [1, 2])
        driver.answerAll()
        #expect(try driver.events(of: id) == [.submitting, .outcomeUnknown, .resent, .submitting, .sent])
        #expect(try driver.state(of: id) == .sent)
        driver.receive(id, attempt: 2)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func aLateReceiptOfTheEarlierAttemptAppliesToWhatWaits() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        driver.pause(.everything)
        _ = try driver.actNow(.resend, [id])
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        driver.pause(.everything, false)
        driver.advance(60_000)
        #expect(driver.seen == [id], "it is not handed over any more")
        try driver.check()
    }

    @Test func aLateReceiptOfTheEarlierAttemptAppliesToWhatIsInFlight() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        _ = try driver.actNow(.resend, [id])
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        driver.answerAll()
        driver.receive(id, attempt: 2, .undelivered(code: "X"))
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func sentAgainItOutlivesARestart() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        // Later ones have gone their way, so that nothing waits below them.
        for _ in 0..<3 { _ = try driver.accept() }
        driver.answerAll()
        driver.advance(30_000)
        driver.pause(.everything)
        _ = try driver.actNow(.resend, [id])
        try driver.restart()
        #expect(driver.seen.isEmpty)
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen == [id])
        #expect(driver.provider.seen.map(\.attempt) == [2])
        try driver.check()
    }

    @Test func sentAgainItCanBeCanceled() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        driver.pause(.everything)
        _ = try driver.actNow(.resend, [id])
        #expect(try driver.cancelNow([id])[0].outcome == .mayHaveBeenSent)
        driver.pause(.everything, false)
        driver.advance(60_000)
        #expect(driver.seen == [id])
        try driver.check()
    }

    @Test func whatCannotBeSentAgainStaysAsItIs() throws {
        let driver = try WriterDriver()
        let sent = try driver.accept()
        driver.answerAll()
        let brief = try lost(driver, TestMessage { $0.expiresAt = driver.now + 5000 })
        let empty = try lost(driver, TestMessage { $0.body = "" })
        let bulk = driver.bulk([0], of: "b")
        driver.run()
        driver.answerAll(.unknown(code: "LOST"))
        let batched = try #require(bulk.value).results[0].id
        _ = driver.cancelBatch("b")
        driver.run()
        let good = try lost(driver)
        driver.pause(.everything)
        let waiting = try driver.accept()
        driver.now += 10_000
        let verdicts = try driver.actNow(.resend, [sent, brief, empty, batched, waiting, good, good])
        #expect(verdicts.map(\.isDone) == [false, false, false, false, false, true, false])
        #expect(verdicts.map(\.state) == [.sent, .unknown, .unknown, .unknown, .queued, .queued, .queued])
        #expect(verdicts[0].reason == "it is SENT, not UNKNOWN")
        #expect(verdicts[1].reason.contains("validity"))
        #expect(verdicts[2].reason.contains("body"))
        #expect(verdicts[3].reason.contains("batch"))
        #expect(verdicts.allSatisfy { $0.reason.utf8.count < 64 })
        try driver.check()
    }

    @Test func onlyOnesOwnUnlessItIsAnAdministrator() throws {
        let driver = try WriterDriver()
        let own = try lost(driver)
        let other = try lost(driver, TestMessage { $0.tenant = .second })
        driver.pause(.everything)
        let waiting = try driver.accept(TestMessage { $0.tenant = .second })
        let nobody = MessageID(rawValue: 9)
        let wishes: [UnknownRequest] = [.resend, .settle(.failed)]
        for wish in wishes {
            let verdicts = try driver.actNow(wish, [other, waiting, nobody])
            #expect(verdicts.map(\.state) == [nil, nil, nil])
            #expect(verdicts.allSatisfy { !$0.isDone && $0.reason == "there is no such message" })
        }
        #expect(try driver.state(of: other) == .unknown)
        #expect(try driver.actNow(.settle(.sent), [own, other], of: nil).map(\.isDone) == [true, true])
        try driver.check()
    }

    @Test(arguments: MessageLifecycle.settlements)
    func settledItStaysSoUntilAReceipt(_ state: MessageState) throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        let verdicts = try driver.actNow(.settle(state), [id])
        #expect(verdicts == [UnknownResult(id: id, isDone: true, state: state)])
        #expect(try driver.events(of: id).last == .settled)
        driver.advance(60_000)
        #expect(driver.seen == [id])
        let again = try driver.actNow(.settle(.failed), [id])
        #expect(!again[0].isDone && again[0].state == state)
        // A receipt is applied to what it is now, not to what it was.
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        let events = try driver.events(of: id)
        #expect(events.contains(.settled))
        try driver.check()
    }

    @Test func whatOperatorsDoIsInTheTimelineAndInTheAuditLog() throws {
        let driver = try WriterDriver()
        let ids = try (0..<3).map { _ in try lost(driver) }
        driver.pause(.everything)
        _ = try driver.actNow(.resend, [ids[0], MessageID(rawValue: 9)], note: "they asked")
        _ = try driver.actNow(.settle(.delivered), [ids[1], ids[2]])
        // What changes nothing is no act.
        _ = try driver.actNow(.settle(.delivered), [ids[1]])
        let entries = try driver.store.administration.audit(before: nil, limit: 100).reversed().suffix(2)
        #expect(entries.map(\.verb) == ["unknown.resend", "unknown.settle"])
        #expect(entries.map(\.subject) == ["message \(ids[0])", "2 messages"])
        #expect(entries.first?.after == #"{"messages":["\#(ids[0])"]}"#)
        #expect(entries.last?.after == #"{"messages":["\#(ids[1])","\#(ids[2])"],"state":"DELIVERED"}"#)
        #expect(
            entries.first?.context
                == AuditContext(actor: "key abc", peer: "10.0.0.7:5", at: driver.now, note: "they asked"))
        let lifecycle = try #require(try driver.store.lifecycle(of: ids[0])).lifecycle
        var detail = ""
        lifecycle.history.forEach(from: 0) { if $0.kind == .resent { detail = lifecycle.history.detail(of: $0) } }
        #expect(detail == "key abc: they asked")
    }

    @Test func whatIsNotDurableDidNotHappen() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        driver.store.failsAt = .commit
        let answers = [driver.act(.resend, [id]), driver.act(.settle(.failed), [id])]
        let reconciled = driver.reconcile(id, attempt: 1)
        driver.turn()
        #expect(answers.allSatisfy { $0.error?.code == .unavailable })
        #expect(reconciled.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.advance(60_000)
        #expect(try driver.state(of: id) == .unknown)
        #expect(driver.seen == [id])
        #expect(try driver.store.administration.audit(before: nil, limit: 100).isEmpty)
        #expect(try driver.actNow(.resend, [id])[0].isDone)
        try driver.check()
    }

    // MARK: A provider that was asked

    @Test func reconciledItIsSentUnderTheProvidersID() throws {
        let driver = try WriterDriver()
        let id = try lost(driver)
        let answer = driver.reconcile(id, attempt: 1)
        driver.run()
        #expect(answer.value == .sent)
        #expect(try driver.state(of: id) == .sent)
        #expect(try driver.events(of: id) == [.submitting, .outcomeUnknown, .sent])
        let number = try driver.store.providerIndex(name: "scripted", kind: driver.provider.kind)
        #expect(try driver.store.find(providerID: "SM1", provider: number) == id)
        driver.receive(id)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func whatHasGoneOnIsNotReconciled() throws {
        let driver = try WriterDriver()
        let resent = try lost(driver)
        _ = try driver.actNow(.resend, [resent])
        driver.answerAll(.unknown(code: "LOST"))
        let settled = try lost(driver)
        _ = try driver.actNow(.settle(.failed), [settled])
        let answers = [
            driver.reconcile(resent, attempt: 1), driver.reconcile(settled, attempt: 1),
            driver.reconcile(MessageID(rawValue: 9), attempt: 1),
        ]
        driver.run()
        #expect(answers.map(\.value) == [.superseded, .superseded, .superseded])
        #expect(try driver.state(of: resent) == .unknown)
        #expect(try driver.state(of: settled) == .failed)
        try driver.check()
    }
}

extension WriterDriver {
    func act(
        _ wish: UnknownRequest, _ ids: [MessageID], of tenant: TenantID? = .first, note: String = ""
    ) -> Answer<[UnknownResult]> {
        let answer = Answer<[UnknownResult]>()
        let context = AuditContext(actor: "key abc", peer: "10.0.0.7:5", at: now, note: note)
        inbox.commands.append(.actOnUnknown(wish, ids, tenant, by: context) { answer.tell($0) })
        return answer
    }

    func actNow(
        _ wish: UnknownRequest, _ ids: [MessageID], of tenant: TenantID? = .first, note: String = ""
    ) throws -> [UnknownResult] {
        let answer = act(wish, ids, of: tenant, note: note)
        run()
        return try #require(answer.value)
    }

    func reconcile(_ id: MessageID, attempt: Int) -> Answer<ReconcileResult> {
        let answer = Answer<ReconcileResult>()
        inbox.commands.append(.reconcile(id, attempt: attempt, providerID: "SM1") { answer.tell($0) })
        return answer
    }
}
