internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

extension WriterDriver {
    /// What a carrier posts, in the next round. Providers' numbers are 1 and up in the order of their names.
    @discardableResult
    func post(_ events: [CarrierEvent], of provider: UInt8 = 1) -> Answer<Bool> {
        let answer = Answer<Bool>()
        let name = provider >= 1 && Int(provider) <= names.count ? names[Int(provider) - 1] : "strange"
        inbox.carriers.append(
            CarrierBurst(events: events, provider: provider, name: name) { error in
                answer.tell(error.map { .failure($0) } ?? .success(true))
            })
        return answer
    }

    /// A receipt, and rounds until it is done with.
    @discardableResult
    func receipt(
        _ id: String?, _ status: ReceiptStatus? = .delivered, attempt: CorrelationToken? = nil, of provider: UInt8 = 1
    ) -> Answer<Bool> {
        let answer = post(
            [.receipt(CarrierReceipt(attempt: attempt, providerID: id, status: status))], of: provider)
        run()
        return answer
    }

    /// Accepts a message that the first provider takes under this id.
    func send(as providerID: String) throws -> MessageID {
        let id = try accept()
        answerAll(.accepted(providerID: providerID, receipts: true))
        return id
    }
}

/// Which message a carrier's receipt is for.
@Suite struct CarrierReceiptTests {
    @Test func aReceiptIsMatchedByTheProvidersID() throws {
        let driver = try WriterDriver()
        let first = try driver.send(as: "SM1")
        let second = try driver.send(as: "SM2")
        #expect(driver.receipt("SM2").value == true)
        #expect(driver.receipt("SM1", .undelivered(code: "30005")).value == true)
        #expect(try driver.state(of: first) == .undelivered)
        #expect(try driver.state(of: second) == .delivered)
        try driver.check()
    }

    @Test func aReceiptIsMatchedByItsToken() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.receipt(nil, attempt: CorrelationToken(id: id, attempt: 1))
        // Before the answer, which then only tells the id.
        #expect(try driver.state(of: id) == .delivered)
        #expect(driver.report.inFlight == 1)
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.events(of: id) == [.submitting, .delivered, .sent])
        #expect(driver.report.inFlight == 0)
        try driver.check()
    }

    @Test func aReceiptAfterARestartIsMatchedToo() throws {
        let driver = try WriterDriver()
        let first = try driver.send(as: "SM1")
        let second = try driver.send(as: "SM2")
        try driver.restart()
        driver.receipt("SM1")
        driver.receipt("SM2", attempt: CorrelationToken(id: second, attempt: 1))
        #expect(try driver.state(of: first) == .delivered)
        #expect(try driver.state(of: second) == .delivered)
        try driver.check()
    }

    /// What was handed over when the gateway was killed is known by its token, though its answer is lost.
    @Test func aReceiptOfAnAttemptWhoseAnswerIsLostSettlesIt() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        try driver.restartQuietly()
        driver.receipt("SM1", attempt: CorrelationToken(id: id, attempt: 1))
        #expect(try driver.state(of: id) == .delivered)
        #expect(try driver.events(of: id) == [.submitting, .interrupted, .identified, .delivered])
        try driver.check()
    }

    @Test func anAttemptThatNeverWasSettlesNothing() throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        for attempt in [-1, 0, 2, .max] {
            #expect(driver.receipt("SM1", attempt: CorrelationToken(id: id, attempt: attempt)).value == true)
        }
        driver.receipt(nil, attempt: CorrelationToken(id: MessageID(rawValue: 77), attempt: 1))
        #expect(try driver.events(of: id) == [.submitting, .sent])
        #expect(try driver.store.carriers.unmatchedReceipts().isEmpty)
        try driver.check()
    }

    @Test func anotherProvidersWordSettlesNothing() throws {
        let driver = try WriterDriver(names: ["a", "b"], routes: nil)
        let id = try driver.accept()
        let index = driver.providers[0].seen.isEmpty ? 1 : 0
        driver.inbox.answers.append(
            driver.providers[index].answers { _ in .accepted(providerID: "SM1", receipts: true) })
        driver.run()
        let other = UInt8(2 - index)
        driver.receipt(nil, attempt: CorrelationToken(id: id, attempt: 1), of: other)
        driver.receipt("SM1", of: other)
        #expect(try driver.state(of: id) == .sent)
        driver.receipt("SM1", of: UInt8(index + 1))
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// A message's token next to another one's id: one of the two is wrong.
    @Test func anIDThatIsBoundToOneMessageSettlesNoOther() throws {
        let driver = try WriterDriver()
        let first = try driver.send(as: "SM1")
        let second = try driver.send(as: "SM2")
        driver.receipt("SM1", attempt: CorrelationToken(id: second, attempt: 1))
        #expect(try driver.state(of: first) == .sent)
        #expect(try driver.state(of: second) == .sent)
        // Carriers that send in parts have more ids than they told.
        driver.receipt("SM2-part-2", attempt: CorrelationToken(id: second, attempt: 1))
        #expect(try driver.state(of: second) == .delivered)
        try driver.check()
    }

    @Test func theLastAttemptWithTheIDIsMeant() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.unavailable(code: "503"))
        driver.advance(60_000)
        driver.answerAll(.accepted(providerID: "SM2", receipts: true))
        driver.receipt("SM2", .undelivered(code: "30005"))
        var attempts: [Int] = []
        try #require(try driver.store.lifecycle(of: id)).lifecycle.history.forEach(from: 0) {
            if $0.kind == .undelivered { attempts.append($0.attempt) }
        }
        #expect(attempts == [2])
    }

    @Test func repeatsAndDisorderDoNoHarm() throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        driver.receipt("SM1")
        driver.receipt("SM1")
        driver.receipt("SM1", .undelivered(code: "30005"))
        #expect(try driver.state(of: id) == .delivered)
        #expect(try driver.events(of: id) == [.submitting, .sent, .delivered, .receiptIgnored, .receiptIgnored])
        try driver.check()
    }

    @Test func progressChangesNothing() throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        for status in [nil, ReceiptStatus.taken] {
            #expect(driver.receipt("SM1", status).value == true)
            #expect(driver.receipt("unknown", status).value == true)
        }
        #expect(try driver.events(of: id) == [.submitting, .sent])
        #expect(try driver.store.carriers.unmatchedReceipts().isEmpty)
    }

    // MARK: Failing

    @Test(arguments: [FailingStore.Point.begin, .record, .commit, .committed])
    func aCarrierIsAnsweredOnceItIsDurable(_ point: FailingStore.Point) throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        driver.store.failsAt = point
        if point == .committed { driver.store.error = .partial("some") }
        let answer = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        #expect(answer.count == 0)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.count == 1)
        #expect(answer.value == true)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func aCarrierIsToldToPostAgainWhileTheStoreRefuses() throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        driver.store.failsAt = .begin
        let answer = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        driver.now += 1000
        driver.turn()
        #expect(answer.count == 1)
        #expect(answer.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.count == 1)
        #expect(try driver.state(of: id) == .sent)
        driver.receipt("SM1")
        #expect(try driver.state(of: id) == .delivered)
    }

    @Test func aCarrierIsToldAtOnceIfOnlyARestartHelps() throws {
        let driver = try WriterDriver()
        _ = try driver.send(as: "SM1")
        driver.store.failsAt = .commit
        driver.store.error = .failed("the disk is gone")
        let first = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        let second = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        #expect([first.count, second.count] == [1, 1])
        #expect(first.error?.code == .unavailable && second.error?.code == .unavailable)
    }

    @Test func whoWaitsAtTheEndIsToldToPostAgain() throws {
        let driver = try WriterDriver()
        _ = try driver.send(as: "SM1")
        driver.store.failsAt = .commit
        let answer = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        driver.stop()
        #expect(answer.error?.code == .unavailable)
    }
}
