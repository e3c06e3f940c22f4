internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Receipts that come before the answer which tells what they are for.
@Suite struct ParkingTests {
    private func unmatched(_ driver: WriterDriver) throws -> [String] {
        try driver.store.carriers.unmatchedReceipts().map(\.providerID)
    }

    @Test func aReceiptBeforeTheAnswerWaitsForIt() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        #expect(driver.receipt("SM1", .undelivered(code: "30005")).value == true)
        #expect(try unmatched(driver) == ["SM1"])
        #expect(try driver.state(of: id) == .submitting)
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.state(of: id) == .undelivered)
        #expect(try driver.events(of: id) == [.submitting, .sent, .undelivered])
        // It goes with the next round.
        _ = try driver.accept()
        #expect(try unmatched(driver).isEmpty)
        try driver.check()
    }

    @Test func theSameReceiptIsParkedOnceAndAllOfAnIDAreApplied() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        for status in [ReceiptStatus.undelivered(code: "30005"), .delivered, .delivered, .undelivered(code: "30005")] {
            #expect(driver.receipt("SM1", status).value == true)
        }
        #expect(try unmatched(driver) == ["SM1", "SM1"])
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.events(of: id) == [.submitting, .sent, .undelivered, .delivered])
        try driver.check()
    }

    @Test func anotherProvidersAnswerIsNotTheirs() throws {
        let driver = try WriterDriver()
        _ = try driver.accept()
        driver.receipt("SM1", of: 1)
        driver.receipt("SM2", of: 2)
        driver.answerAll(.accepted(providerID: "SM2", receipts: true))
        #expect(try unmatched(driver) == ["SM1", "SM2"])
    }

    @Test func aLookUpThatTellsTheIDMatchesToo() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.unknown(code: "timeout"))
        driver.receipt("SM1")
        let answer = Answer<ReconcileResult>()
        driver.inbox.commands.append(.reconcile(id, attempt: 1, providerID: "SM1") { answer.tell($0) })
        driver.run()
        #expect(answer.value == .sent)
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    @Test func whatIsParkedOutlivesARestart() throws {
        let driver = try WriterDriver()
        driver.receipt("SM1")
        try driver.restart()
        let id = try driver.accept()
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.state(of: id) == .delivered)
        try driver.check()
    }

    /// The control file's part of a round is committed before the message's: a crash in between loses no receipt.
    @Test func afterARestartItIsLookedForOnceMore() throws {
        let driver = try WriterDriver()
        let id = try driver.send(as: "SM1")
        try driver.store.onCarriers { (store) throws(StoreError) in
            for number in 1...100 {
                try store.addUnmatched(
                    UnmatchedReceipt(
                        id: Int64(number), at: start, provider: 1, providerID: "SM\(101 - number)", status: .delivered))
            }
        }
        try driver.restart()
        #expect(try driver.state(of: id) == .delivered)
        _ = try driver.accept()
        #expect(try unmatched(driver).count == 99)
        try driver.check()
    }

    @Test(arguments: FailingStore.Point.allCases.filter { ![.accept, .checkpoint].contains($0) })
    func aFailedRoundLosesNothing(_ point: FailingStore.Point) throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        let other = try driver.accept()
        // Parked in a round that fails.
        driver.store.failsAt = point == .record ? .commit : point
        if point == .committed { driver.store.error = .partial("some") }
        let answer = driver.post([.receipt(CarrierReceipt(providerID: "SM1", status: .delivered))])
        driver.turn()
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(answer.value == true)
        #expect(try unmatched(driver) == ["SM1"])
        // Matched in one that fails.
        driver.store.failsAt = point
        driver.inbox.answers.append(
            driver.provider.answers { .accepted(providerID: $0.id == id ? "SM1" : "SM2", receipts: true) })
        driver.turn()
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(try driver.state(of: id) == .delivered)
        #expect(try driver.state(of: other) == .sent)
        try driver.check()
    }

    @Test func itIsLetGoOfAfterItsTime() throws {
        let driver = try WriterDriver()
        driver.receipt("SM1")
        driver.advance(1)
        driver.receipt("SM2")
        driver.advance(Limits.unmatchedReceiptMilliseconds - 2)
        #expect(try unmatched(driver) == ["SM1", "SM2"])
        driver.advance(1)
        #expect(try unmatched(driver) == ["SM2"])
        let id = try driver.accept()
        driver.answerAll(.accepted(providerID: "SM1", receipts: true))
        #expect(try driver.state(of: id) == .sent)
        driver.advance(1)
        #expect(try unmatched(driver).isEmpty)
        try driver.check()
    }

    @Test func theOldestMakesRoom() throws {
        let driver = try WriterDriver()
        driver.post(
            (1...Limits.unmatchedReceipts).map { .receipt(CarrierReceipt(providerID: "SM\($0)", status: .delivered)) })
        driver.run()
        #expect(try unmatched(driver).count == Limits.unmatchedReceipts)
        #expect(try unmatched(driver).first == "SM1")
        driver.receipt("SM\(Limits.unmatchedReceipts + 1)")
        let left = try unmatched(driver)
        #expect(left.count == Limits.unmatchedReceipts)
        #expect(left.first == "SM2" && left.last == "SM\(Limits.unmatchedReceipts + 1)")
        try driver.check()
    }

    @Test func anIDIsAsLongAsIsKept() throws {
        let driver = try WriterDriver()
        let long = String(repeating: "x", count: Limits.providerIDBytes)
        driver.receipt(long)
        driver.receipt(long + "x")
        driver.receipt("")
        driver.receipt(nil)
        #expect(try unmatched(driver) == [long])
        let id = try driver.accept()
        driver.answerAll(.accepted(providerID: long, receipts: true))
        #expect(try driver.state(of: id) == .delivered)
    }

    // MARK: In memory

    private typealias Key = UnmatchedReceipts.Key

    @Test func whatIsTakenOutMakesRoom() {
        var unmatched = UnmatchedReceipts(most: 2)
        let keys = (0..<100).map { Key(provider: 1, providerID: "\($0)") }
        for (number, key) in keys.enumerated() {
            let (new, gone) = unmatched.add(key, .delivered, at: Int64(number))
            #expect(new?.id == Int64(number + 1) && gone == nil)
            #expect(unmatched.take(key).map(\.id) == [Int64(number + 1)])
            #expect(unmatched.isEmpty && unmatched.oldestAt == nil)
        }
        _ = unmatched.add(keys[0], .delivered, at: 200)
        _ = unmatched.add(keys[1], .delivered, at: 201)
        #expect(unmatched.add(keys[2], .delivered, at: 202).gone == 101)
        #expect(!unmatched.contains(keys[0]) && unmatched.contains(keys[1]))
        #expect(unmatched.oldestAt == 201)
        #expect(unmatched.takeOldest(until: 202, limit: 1).map(\.providerID) == ["1"])
        #expect(unmatched.takeOldest(until: 201, limit: 9).isEmpty)
        #expect(unmatched.count == 1)
    }
}
