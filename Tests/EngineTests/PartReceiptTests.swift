internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Messages that a carrier takes in several parts, with receipts for each.
@Suite struct PartReceiptTests {
    private static func taken(_ ids: String..., refusal: String? = nil) -> Outcome {
        .accepted(
            providerID: ids[0], receipts: true,
            parts: AcceptedParts(furtherIDs: Array(ids.dropFirst()), refusal: refusal))
    }

    private func send(_ driver: WriterDriver, _ outcome: Outcome = taken("a", "b", "c")) throws -> MessageID {
        let id = try driver.accept(TestMessage { $0.segments = 3 })
        driver.answerAll(outcome)
        return id
    }

    private func receive(
        _ driver: WriterDriver, _ id: String, _ status: ReceiptStatus = .delivered, part: ReceiptPart? = nil,
        parent: String? = nil, attempt: CorrelationToken? = nil
    ) {
        let receipt = CarrierReceipt(
            attempt: attempt, providerID: parent ?? id, status: status, part: part, partID: parent == nil ? nil : id)
        driver.post([.receipt(receipt)])
        driver.run()
    }

    private func status(_ driver: WriterDriver, _ id: MessageID) throws -> MessageStatus {
        let reader = try SQLiteStatusReader(directory: driver.directory.path)
        return try #require(try reader.status(of: id, tenant: .first, now: driver.now, timeline: true))
    }

    private func found(_ driver: WriterDriver, _ providerID: String) throws -> [MessageID] {
        let reader = try SQLiteStatusReader(directory: driver.directory.path)
        return try reader.statuses(providerID: providerID, tenant: .first, now: driver.now, limit: 10).map(\.id)
    }

    @Test(arguments: [false, true]) func everyPartFindsIt(_ isRestarted: Bool) throws {
        let driver = try WriterDriver()
        let id = try send(driver)
        if isRestarted { try driver.restart() }
        for part in ["a", "b", "c"] { #expect(try found(driver, part) == [id]) }
        #expect(try status(driver, id).providerID == "a")
        for part in ["c", "b", "b"] { receive(driver, part) }
        #expect(try driver.state(of: id) == .sent)
        if isRestarted { try driver.restart() }
        receive(driver, "a")
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// Two of three failed, and one was delivered.
    @Test func oneDeliveredPartIsNotTheMessage() throws {
        let driver = try WriterDriver()
        let id = try send(driver)
        receive(driver, "a", .undelivered(code: "5"))
        receive(driver, "b", .delivered)
        receive(driver, "c", .undelivered(code: "6"))
        #expect(try driver.state(of: id) == .undelivered)
        #expect(try status(driver, id).error?.code == "5")
        try driver.check()
    }

    @Test func receiptsBeforeTheAnswerWaitForTheirPart() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.segments = 3 })
        for part in ["c", "b"] { receive(driver, part) }
        #expect(try driver.store.carriers.unmatchedReceipts().map(\.providerID) == ["c", "b"])
        driver.answerAll(Self.taken("a", "b", "c"))
        #expect(try driver.state(of: id) == .sent)
        _ = try driver.accept()
        #expect(try driver.store.carriers.unmatchedReceipts().isEmpty)
        receive(driver, "a")
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// The token makes them known before any id is; the message's segments say how many parts there are.
    @Test func receiptsOfALostAnswerAreCounted() throws {
        let driver = try WriterDriver()
        let id = try driver.accept(TestMessage { $0.segments = 3 })
        let token = CorrelationToken(id: id, attempt: 1)
        receive(driver, "b", part: .id("b"), attempt: token)
        #expect(try driver.state(of: id) == .sent)
        driver.answerAll(.unknown(code: "LOST"))
        for part in ["b", "c"] { receive(driver, part, part: .id(part), attempt: token) }
        #expect(try driver.state(of: id) == .sent)
        for part in ["b", "c"] { #expect(try found(driver, part) == [id]) }
        receive(driver, "a", part: .id("a"), attempt: token)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func numberedPartsAreFoundByTheirParent() throws {
        let driver = try WriterDriver()
        let id = try send(driver, .accepted(providerID: "a", receipts: true))
        receive(driver, "b", part: .number(2, of: 2), parent: "a")
        #expect(try driver.state(of: id) == .sent)
        #expect(try found(driver, "b") == [id])
        receive(driver, "a", part: .number(1, of: 2), parent: "a")
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// An unmatched receipt knows no part's number, so that a part's delivery could be taken for the message's.
    @Test func aNumberedPartIsParkedOnlyIfItFailed() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        receive(driver, "b", part: .number(2, of: 2), parent: "a")
        #expect(try driver.store.carriers.unmatchedReceipts().isEmpty)
        receive(driver, "b", .undelivered(code: "7"), part: .number(2, of: 2), parent: "a")
        receive(driver, "b", .delivered, part: .number(1, of: 2), parent: "a")
        driver.answerAll(.accepted(providerID: "a", receipts: true))
        #expect(try driver.state(of: id) == .undelivered)
        try driver.check()
    }

    @Test func whatWasTakenInPartIsNotSentAgain() throws {
        let driver = try WriterDriver()
        let id = try send(driver, Self.taken("a", "b", refusal: "9"))
        #expect(try driver.state(of: id) == .undelivered)
        let status = try status(driver, id)
        #expect(status.error?.code == "9" && status.providerID == "a")
        driver.advance(60_000)
        #expect(driver.seen == [id])
        try driver.check()
    }

    @Test func aLostReceiptLeavesItOverdue() throws {
        let driver = try WriterDriver()
        let id = try send(driver)
        for part in ["a", "b"] { receive(driver, part) }
        driver.now += Limits.receiptDeadlineMilliseconds
        let status = try status(driver, id)
        #expect(status.state == .sent && status.settled && status.receiptOverdue)
    }
}
