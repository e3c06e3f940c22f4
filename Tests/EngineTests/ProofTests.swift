internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// What carriers say of messages whose answers were lost: it is used, wherever the message is by then.
@Suite struct ProofTests {
    private let retry: Int64 = 60_000

    private func driver() throws -> WriterDriver {
        var options = WriterOptions()
        options.retryBase = 10_000
        return try WriterDriver(options: options)
    }

    /// Accepted, handed over, and the answer lost.
    private func lose(_ driver: WriterDriver, _ onUnknown: OnUnknown = .resend) throws -> MessageID {
        let id = try driver.accept(TestMessage { $0.onUnknown = onUnknown })
        driver.answerAll(.unknown(code: "HTTP_500"))
        return id
    }

    private func prove(_ driver: WriterDriver, _ id: MessageID, attempt: Int = 1, _ sid: String? = "SM1") {
        driver.receipt(sid, .taken, attempt: CorrelationToken(id: id, attempt: attempt))
    }

    private func status(_ driver: WriterDriver, _ id: MessageID) throws -> MessageStatus {
        let reader = try SQLiteStatusReader(directory: driver.directory.path)
        return try #require(try reader.status(of: id, tenant: .first, now: driver.now, timeline: true))
    }

    /// It is sent, found by its id, and not sent again.
    private func checkSentOnce(_ driver: WriterDriver, _ id: MessageID) throws {
        #expect(try driver.state(of: id) == .sent)
        let status = try status(driver, id)
        #expect(status.providerID == "SM1" && status.error == nil)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == id)
        driver.advance(3_600_000)
        #expect(driver.seen.filter { $0 == id }.count == 1)
        driver.receipt("SM1")
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test(arguments: [OnUnknown.hold, .resend])
    func heldOrWaitingItIsSent(_ onUnknown: OnUnknown) throws {
        let driver = try driver()
        let id = try lose(driver, onUnknown)
        prove(driver, id)
        try checkSentOnce(driver, id)
    }

    @Test func inTheQueueItIsTakenOut() throws {
        let driver = try driver()
        let id = try lose(driver)
        driver.pause(.everything)
        driver.advance(retry)
        prove(driver, id)
        driver.pause(.everything, false)
        try checkSentOnce(driver, id)
    }

    @Test func inAPausedBatchItIsTakenOut() throws {
        let driver = try driver()
        let answer = driver.bulk([0], of: "b") { _ in TestMessage { $0.onUnknown = .resend } }
        driver.run()
        let id = try #require(answer.value).results[0].id
        driver.answerAll(.unknown(code: "HTTP_500"))
        driver.pause(.batch(.name("b")))
        driver.advance(retry)
        prove(driver, id)
        driver.pause(.batch(.name("b")), false)
        try checkSentOnce(driver, id)
    }

    @Test func whatAnOperatorSentAgainIsTakenOutToo() throws {
        let driver = try driver()
        let id = try lose(driver, .hold)
        driver.pause(.everything)
        #expect(try driver.actNow(.resend, [id])[0].isDone)
        prove(driver, id)
        driver.pause(.everything, false)
        try checkSentOnce(driver, id)
    }

    @Test func afterARestartItIsTakenOutToo() throws {
        let driver = try driver()
        let id = try lose(driver)
        try driver.restartQuietly()
        prove(driver, id)
        driver.advance(3_600_000)
        #expect(driver.seen.isEmpty)
        #expect(try driver.state(of: id) == .sent)
        try driver.check()
    }

    @Test func beforeTheAnswerItIsSent() throws {
        for outcome in [Outcome.accepted(providerID: "SM1", receipts: true), .unknown(code: "HTTP_500")] {
            let driver = try driver()
            let id = try driver.accept(TestMessage { $0.onUnknown = .resend })
            prove(driver, id)
            #expect(try driver.state(of: id) == .sent)
            driver.answerAll(outcome)
            #expect(driver.report.inFlight == 0)
            try checkSentOnce(driver, id)
        }
    }

    @Test func aSecondAttemptUnderWayCannotBeUndone() throws {
        let driver = try driver()
        let id = try lose(driver)
        driver.advance(retry)
        #expect(driver.seen == [id, id])
        prove(driver, id)
        #expect(try driver.state(of: id) == .submitting)
        let rows = try status(driver, id).timeline.suffix(1)
        #expect(rows.map(\.event) == [.identified] && rows.map(\.attempt) == [1] && rows.map(\.detail) == ["SM1"])
        // It comes to nothing, and is not tried for a third time.
        driver.answerAll(.unavailable(code: "DOWN"))
        #expect(try driver.state(of: id) == .sent)
        #expect(try status(driver, id).providerID == "SM1")
        driver.advance(3_600_000)
        #expect(driver.seen == [id, id])
        try driver.check()
    }

    @Test(arguments: [FailingStore.Point.begin, .record, .commit, .committed])
    func aRoundThatFailsProvesItAllTheSame(_ point: FailingStore.Point) throws {
        let driver = try driver()
        let id = try lose(driver)
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("some") }
        driver.post(
            [
                .receipt(
                    CarrierReceipt(
                        attempt: CorrelationToken(id: id, attempt: 1), providerID: "SM1", status: .taken))
            ])
        driver.turn()
        driver.store.failsAt = nil
        driver.advance(1000)
        try checkSentOnce(driver, id)
    }

    @Test func proofOfAnotherProviderOrMessageIsNone() throws {
        let driver = try driver()
        let other = try driver.send(as: "SM1")
        let id = try lose(driver)
        prove(driver, id)
        driver.receipt(nil, .taken, attempt: CorrelationToken(id: id, attempt: 1), of: 2)
        driver.receipt("SM2", .taken)
        #expect(try driver.state(of: id) == .queued)
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == other)
        #expect(try driver.store.carriers.unmatchedReceipts().isEmpty)
        driver.advance(retry)
        #expect(driver.seen.filter { $0 == id }.count == 2)
        try driver.check()
    }

    @Test func aReceiptParkedByItsIDIsApplied() throws {
        let driver = try driver()
        let id = try lose(driver, .hold)
        driver.receipt("SM1", .undelivered(code: "30005"))
        #expect(try driver.state(of: id) == .unknown)
        prove(driver, id)
        #expect(try driver.state(of: id) == .undelivered)
        #expect(try status(driver, id).error?.code == "30005")
        try driver.check()
    }

    // MARK: What is shown

    @Test func theCodeOfAReceiptBeforeTheAnswerIsKept() throws {
        for isToken in [true, false] {
            let driver = try driver()
            let id = try driver.accept()
            driver.receipt(
                "SM1", .undelivered(code: "30005"), attempt: isToken ? CorrelationToken(id: id, attempt: 1) : nil)
            driver.answerAll(.accepted(providerID: "SM1", receipts: true))
            let status = try status(driver, id)
            #expect(status.state == .undelivered && status.error?.code == "30005" && status.providerID == "SM1")
        }
    }

    // MARK: A failed second attempt

    private func failSecond(_ driver: WriterDriver) throws -> MessageID {
        let id = try lose(driver)
        driver.advance(retry)
        driver.answerAll(.accepted(providerID: "SM2", receipts: true))
        _ = driver.takeUnresolved()
        driver.receipt("SM2", .undelivered(code: "30005"))
        return id
    }

    @Test func itsCodeIsShownAndTheFirstIsAskedAbout() throws {
        let driver = try driver()
        let id = try failSecond(driver)
        let status = try status(driver, id)
        #expect(status.state == .unknown && status.error?.code == "30005")
        #expect(driver.takeUnresolved().map(\.attempt) == [1])
        // Listed with those of which nobody knows.
        let reader = try SQLiteStatusReader(directory: driver.directory.path)
        let page = try reader.unknown(UnknownQuery(provider: "scripted"), tenant: .first, now: driver.now)
        #expect(page.messages.map(\.status.id) == [id])
        // After a restart too.
        #expect(
            try reader.unresolvedAttempts(since: start, cursor: nil, now: driver.now).unresolved.map(\.attempt) == [1])
        driver.now = start + 2 * retry + Limits.receiptDeadlineMilliseconds
        #expect(try self.status(driver, id).settled)
        try driver.check()
    }

    @Test func ofWhichTheProviderKnowsNothingIsUndelivered() throws {
        let driver = try driver()
        let id = try failSecond(driver)
        driver.inbox.commands.append(.attemptNotFound(id, attempt: 2) { _ in })
        driver.run()
        #expect(try driver.state(of: id) == .unknown)
        driver.inbox.commands.append(.attemptNotFound(id, attempt: 1) { _ in })
        driver.run()
        let status = try status(driver, id)
        #expect(status.state == .undelivered && status.error?.code == "30005")
        #expect(driver.seen == [id, id])
        try driver.check()
    }

    @Test(arguments: [ReceiptStatus.taken, .delivered, .undelivered(code: "30003")])
    func whatTheProviderKnowsCounts(_ status: ReceiptStatus) throws {
        let driver = try driver()
        let id = try failSecond(driver)
        let answer = Answer<ReconcileResult>()
        driver.inbox.commands.append(
            .reconcile(id, attempt: 1, providerID: "SM1", status: status) { answer.tell($0) })
        driver.run()
        #expect(answer.value == .sent)
        let expected: MessageState =
            switch status {
            case .taken: .sent
            case .delivered: .delivered
            case .undelivered: .undelivered
            }
        let found = try self.status(driver, id)
        #expect(found.state == expected && found.providerID == "SM1")
        if expected == .undelivered { #expect(found.error?.code == "30003") }
        #expect(try driver.store.find(providerID: "SM1", provider: 1) == id)
        try driver.check()
    }
}
