internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Messages that are sent no more while an attempt's answer is open: nobody may say that they were surely not sent.
@Suite struct DoubtfulEndTests {
    private func driver(attempts: Int = 50) throws -> WriterDriver {
        var options = WriterOptions()
        options.maximumAttempts = attempts
        return try WriterDriver(options: options)
    }

    /// It waits to be sent again, and its first attempt may have been taken.
    private func resending(
        _ driver: WriterDriver, _ change: (inout TestMessage) -> Void = { _ in }
    ) throws -> MessageID {
        var message = TestMessage { $0.onUnknown = .resend }
        change(&message)
        let id = try driver.accept(message)
        driver.answerAll(.unknown(code: "LOST"))
        return id
    }

    private func lifecycle(_ driver: WriterDriver, _ id: MessageID) throws -> MessageLifecycle {
        try #require(try driver.store.lifecycle(of: id)).lifecycle
    }

    /// It is UNKNOWN, is never handed over again, is charged as before, and its provider is asked about it.
    private func expectUnknown(_ driver: WriterDriver, _ id: MessageID, _ events: [EventKind], attempts: Int = 1) throws
    {
        #expect(try driver.state(of: id) == .unknown)
        #expect(try driver.events(of: id) == events)
        #expect(try driver.store.usage(of: .first, now: driver.now).segmentsToday == 1)
        #expect(driver.takeUnresolved().map(\.attempt) == [1])
        #expect(driver.report.waitingNormal + driver.report.waitingLater == 0)
        driver.advance(60_000)
        try driver.restart()
        driver.advance(60_000)
        #expect(driver.seen.isEmpty)
        #expect(try lifecycle(driver, id).attempts == attempts)
        // The late receipt still settles it.
        driver.receive(id, .undelivered(code: "C"))
        #expect(try driver.state(of: id) == .undelivered)
        try driver.check()
    }

    @Test func canceled() throws {
        let driver = try driver()
        let id = try resending(driver)
        #expect(try driver.state(of: id) == .queued)
        let result = MessageCancelResult(id: id, outcome: .mayHaveBeenSent, state: .unknown)
        #expect(try driver.cancelNow([id, id]) == [result, result])
        #expect(try driver.cancelNow([id]) == [result], "the same each time")
        let resent = try driver.actNow(.resend, [id])
        #expect(!resent[0].isDone && resent[0].reason.contains("canceled"))
        try expectUnknown(driver, id, [.submitting, .outcomeUnknown, .canceled])
    }

    @Test func canceledWithItsBatch() throws {
        let driver = try driver()
        let bulk = driver.bulk([0, 1], of: "b") { index in TestMessage { $0.onUnknown = index == 0 ? .resend : .hold } }
        driver.run()
        driver.answerAll(.unknown(code: "LOST"))
        let later = driver.bulk([2], of: "b") { _ in TestMessage { $0.sendAt = start + 60_000 } }
        driver.run()
        for _ in 0..<2 {
            let count = driver.cancelBatch("b")
            driver.run()
            #expect(count.value == BatchCancelCount(canceled: 1, tooLate: 1, mayHaveBeenSent: 1))
        }
        let ids = try #require(bulk.value).results.map(\.id)
        #expect(try ids.map { try driver.events(of: $0).last } == [.canceled, .outcomeUnknown])
        #expect(try ids.map { try driver.state(of: $0) } == [.unknown, .unknown])
        #expect(try driver.state(of: #require(later.value).results[0].id) == .canceled)
        driver.advance(120_000)
        #expect(driver.seen == ids)
        try driver.check()
    }

    @Test func canceledWithItsBatchWhileItIsSubmitted() throws {
        let driver = try driver()
        let bulk = driver.bulk([0], of: "b") { _ in TestMessage { $0.onUnknown = .resend } }
        driver.run()
        let count = driver.cancelBatch("b")
        driver.run()
        #expect(count.value == BatchCancelCount(tooLate: 1))
        driver.answerAll(.unknown(code: "LOST"))
        try expectUnknown(
            driver, try #require(bulk.value).results[0].id, [.submitting, .outcomeUnknown, .canceled])
    }

    @Test func expired() throws {
        let driver = try driver()
        let id = try resending(driver) { $0.expiresAt = start + 5000 }
        driver.pause(.everything)
        driver.advance(6000)
        try expectUnknown(driver, id, [.submitting, .outcomeUnknown, .expired])
    }

    @Test func triedAsOftenAsItIs() throws {
        let driver = try driver(attempts: 1)
        let id = try resending(driver)
        try expectUnknown(driver, id, [.submitting, .outcomeUnknown, .failed])
    }

    @Test func refusedForGoodAtTheNextAttempt() throws {
        let driver = try driver()
        let id = try resending(driver)
        driver.advance(60_000)
        #expect(driver.seen == [id, id])
        driver.answerAll(.rejected(.recipient, code: "R", message: "no"))
        try expectUnknown(
            driver, id, [.submitting, .outcomeUnknown, .submitting, .rejected], attempts: 2)
    }

    /// The contrary: what was surely not taken ends as ever.
    @Test func whatWasSurelyNotTakenIsSurelyNotSent() throws {
        let driver = try driver()
        let ids = try (0..<2).map { _ in
            let id = try driver.accept(TestMessage { $0.expiresAt = start + 5000 })
            driver.answerAll(.unavailable(code: "DOWN"))
            return id
        }
        driver.pause(.everything)
        #expect(
            try driver.cancelNow([ids[0]]) == [MessageCancelResult(id: ids[0], outcome: .canceled, state: .canceled)])
        driver.advance(6000)
        #expect(try driver.state(of: ids[1]) == .expired)
        #expect(try driver.store.usage(of: .first, now: driver.now).segmentsToday == 0)
        #expect(driver.takeUnresolved().isEmpty)
        try driver.check()
    }
}
