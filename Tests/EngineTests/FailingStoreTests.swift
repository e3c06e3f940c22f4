internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// A store that does not write: nobody is told what did not happen, nothing is lost, nothing is sent twice.
@Suite struct FailingStoreTests {
    private func limits(inFlight: Int) -> ProviderLimits {
        var limits = ProviderLimits()
        limits.inFlight = inFlight
        return limits
    }

    @Test(arguments: FailingStore.Point.clean)
    func callersAreRefusedOnceAndMayRepeat(_ point: FailingStore.Point) throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let before = driver.submit([TestMessage { $0.body = "before" }])
        driver.run()
        driver.pause(.everything, false)
        driver.turn()
        let waiting = try #require(before.value).results[0].id
        driver.answerAll(.throttled(retryAfterMilliseconds: 3_600_000))

        driver.store.failsAt = point
        let urgent = driver.submit(
            [
                TestMessage {
                    $0.key = "u"
                    $0.priority = .urgent
                }
            ], index: .urgent)
        let normal = driver.submit([TestMessage { $0.key = "n" }, TestMessage()])
        let bulk = driver.bulk(Array(0..<1000), of: "b")
        let cancel = driver.cancel([waiting])
        let cancelBatch = driver.cancelBatch("b")
        let pause = driver.pause(.provider("scripted"))
        for _ in 0..<3 { driver.turn() }
        #expect(urgent.error?.code == .unavailable)
        #expect(normal.error?.code == .unavailable)
        #expect(bulk.error?.code == .unavailable)
        #expect(cancel.error?.code == .unavailable)
        #expect(cancelBatch.error?.code == .unavailable)
        #expect(pause.error?.code == .unavailable)
        #expect([urgent.count, normal.count, bulk.count] == [1, 1, 1])
        #expect([cancel.count, cancelBatch.count, pause.count] == [1, 1, 1])
        #expect(urgent.error?.notProcessed == true)
        #expect(urgent.error?.retryAfterMilliseconds ?? 0 > 0)
        #expect(driver.seen == [waiting])
        #expect(driver.report.paused.isEmpty)
        #expect(driver.report.trouble != nil)

        driver.store.failsAt = nil
        // Refused at once until it has been tried again.
        let early = driver.submit([TestMessage { $0.key = "n" }])
        driver.turn()
        #expect(early.error?.code == .unavailable)
        driver.advance(1000)
        #expect(driver.report.trouble == nil)
        #expect(try driver.state(of: waiting) == .queued)
        #expect(driver.seen == [waiting])
        #expect(driver.report.isDispatching)
        let repeated = driver.submit([TestMessage { $0.key = "n" }, TestMessage { $0.key = "u" }])
        driver.run()
        #expect(repeated.value?.results.map(\.kind) == [.accepted, .accepted])
        let again = driver.bulk(Array(0..<1000), of: "b")
        driver.run()
        #expect(again.value?.results.count == 1000)
        #expect(Set(driver.seen).count == driver.seen.count)
        try driver.check()
    }

    /// All that a round was to record is there, but its caller only knows that it failed.
    @Test func aRoundThatFailsInPartIsReadBack() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 10))
        let first = driver.submit((0..<9).map { number in TestMessage { $0.key = "\(number)" } })
        driver.run()
        let sent = try #require(first.value).results.map(\.id)
        #expect(driver.seen == sent)

        driver.store.failsAt = .committed
        driver.store.error = .partial("no room")
        let refused = driver.submit([TestMessage { $0.key = "new" }])
        driver.answerAll()
        #expect(refused.error?.code == .unavailable)
        #expect(refused.error?.notProcessed == false)
        #expect(driver.seen == sent, "what was claimed is not handed over")
        driver.store.failsAt = nil
        driver.advance(1000)
        // The answers count once, the slots are free, and the message that was claimed goes out by a later attempt.
        for id in sent { #expect(try driver.events(of: id) == [.submitting, .sent]) }
        let again = driver.submit([TestMessage { $0.key = "new" }])
        driver.run()
        let result = try #require(again.value).results[0]
        #expect(result.kind == .duplicate)
        #expect(driver.seen == sent + [result.id])
        #expect(try driver.events(of: result.id) == [.submitting, .returned, .submitting])
        #expect(driver.report.inFlight == 1)
        try driver.check()
    }

    /// Every slot taken, all answered and all taken again in the round that fails.
    @Test(arguments: [FailingStore.Point.commit, .record])
    func answersAreAppliedAgainAndSlotsAreNotLost(_ point: FailingStore.Point) throws {
        let driver = try WriterDriver(limits: limits(inFlight: 10))
        let accepted = driver.bulk(Array(0..<30), of: "b")
        driver.run()
        let ids = try #require(accepted.value).results.map(\.id)
        #expect(driver.report.inFlight == 9)
        driver.store.failsAt = point
        driver.answerAll()
        #expect(driver.seen.count == 9)
        #expect(driver.report.inFlight == 9)
        #expect(driver.report.providers[0].submitted == 9)
        #expect(driver.report.providers[0].accepted == 0)
        driver.advance(500)
        #expect(driver.seen.count == 9)
        driver.store.failsAt = nil
        driver.advance(1000)
        // The answers have been applied, and the next messages have taken the slots.
        #expect(driver.seen.count == 18)
        #expect(driver.report.inFlight == 9)
        #expect(driver.report.providers[0].accepted == 9)
        for id in ids[0..<9] { #expect(try driver.state(of: id) == .sent) }
        while driver.seen.count < 30 { driver.answerAll() }
        driver.answerAll()
        #expect(driver.report.inFlight == 0)
        #expect(Set(driver.seen) == Set(ids))
        #expect(driver.seen.count == 30)
        try driver.check()
    }

    /// An answer that sends the message out again in the same round.
    @Test func aReturnedMessageClaimedAgainInARoundThatFails() throws {
        let driver = try WriterDriver(limits: limits(inFlight: 1))
        let id = try driver.accept()
        driver.store.failsAt = .commit
        driver.answerAll(.returned)
        #expect(driver.seen == [id])
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(driver.provider.seen.map(\.attempt) == [1, 2])
        driver.answerAll()
        #expect(try driver.state(of: id) == .sent)
        #expect(try driver.events(of: id) == [.submitting, .returned, .submitting, .sent])
        try driver.check()
    }

    @Test func receiptsOfARoundThatFailsCountOnce() throws {
        let driver = try WriterDriver()
        let early = try driver.accept()
        let late = try driver.accept()
        driver.inbox.answers.append([
            AttemptAnswer(id: late, attempt: 1, outcome: .accepted(providerID: "p", receipts: true))
        ])
        driver.run()
        driver.store.failsAt = .commit
        // Two for the same message in one round: it becomes as it was before both.
        let receipt = Receipt(id: early, attempt: 1, status: .delivered)
        driver.report([receipt, receipt])
        driver.receive(late)
        #expect(try driver.state(of: early) == .submitting)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(try driver.events(of: early) == [.submitting, .delivered, .receiptIgnored])
        #expect(try driver.events(of: late) == [.submitting, .sent, .delivered])
        try driver.check()
    }

    @Test func aCancellationOfABatchGoesOn() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let accepted = driver.bulk(Array(0..<2000), of: "b")
        driver.run()
        let count = driver.cancelBatch("b")
        driver.turn()
        driver.store.failsAt = .commit
        driver.turn()
        #expect(count.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.pause(.everything, false)
        driver.advance(2000)
        driver.pause(.everything, false)
        driver.run()
        #expect(count.count == 1)
        #expect(driver.seen.isEmpty)
        for result in try #require(accepted.value).results { #expect(try driver.state(of: result.id) == .canceled) }
        try driver.check()
    }

    @Test func pausesAreWhatTheStoreHolds() throws {
        let driver = try WriterDriver()
        let accepted = driver.bulk([0, 1], of: "b")
        driver.pause(.provider("scripted"))
        driver.run()
        let batch = try #require(accepted.value?.batch)
        driver.pause(.batch(.name("b")))
        driver.run()
        let before = driver.report.paused
        #expect(before == ["provider scripted", "batch \(batch)"])
        driver.store.failsAt = .commit
        driver.pause(.everything)
        driver.pause(.provider("scripted"), false)
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.report.paused == before)
        driver.store.failsAt = nil
        driver.advance(1000)
        #expect(driver.report.paused == before)
        #expect(driver.seen.isEmpty)
        driver.pause(.provider("scripted"), false)
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.seen.count == 2)
    }

    @Test func drainingIsNotForgotten() throws {
        for point in [FailingStore.Point.begin, .commit] {
            let driver = try WriterDriver()
            driver.store.failsAt = point
            driver.inbox.commands.append(.drain)
            driver.turn()
            #expect(driver.drained == ["scripted"])
            driver.store.failsAt = nil
            driver.advance(1000)
            _ = try driver.accept()
            #expect(driver.seen.isEmpty)
        }
    }

    @Test func afterAFailureThatIsNoLackOfRoomNothingIsAcceptedBeforeARestart() throws {
        let driver = try WriterDriver()
        let sent = try driver.accept()
        driver.store.failsAt = .commit
        driver.store.error = .failed("the disk is gone")
        let tried = driver.submit([TestMessage()])
        driver.run()
        // The write may yet be found on the disk.
        #expect(tried.error?.notProcessed == false)
        driver.store.failsAt = nil
        driver.advance(3_600_000)
        let later = driver.submit([TestMessage()])
        driver.run()
        #expect(later.error?.code == .unavailable)
        #expect(later.error?.notProcessed == true)
        #expect(driver.report.trouble?.contains("the disk is gone") == true)
        #expect(!driver.report.isDispatching)
        try driver.restart()
        #expect(driver.report.trouble == nil)
        #expect(try driver.state(of: sent) == .unknown)
        _ = try driver.accept()
    }

    // MARK: Idempotency

    @Test func duplicatesShareTheirCommitsResult() throws {
        let driver = try WriterDriver()
        let message = TestMessage { $0.key = "k" }
        driver.store.failsAt = .commit
        let first = driver.submit([message])
        let second = driver.submit([message, message])
        driver.run()
        #expect(first.error?.code == .unavailable)
        #expect(second.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.advance(1000)

        let third = driver.submit([message])
        let fourth = driver.submit([
            message,
            TestMessage {
                $0.key = "k"
                $0.body = "other"
            },
        ])
        let urgent = driver.submit([message], index: .urgent)
        driver.turn()
        driver.run()
        let results = try [third, fourth, urgent].flatMap { try #require($0.value).results }
        #expect(results.count { $0.kind == .accepted } == 1)
        #expect(results.count { $0.kind == .duplicate } == 2)
        #expect(results.count { $0.kind == .conflict } == 1)
        #expect(Set(results.filter { $0.kind != .conflict }.map(\.id)).count == 1)
        #expect(driver.seen.count == 1)
    }

    // MARK: Bulk

    @Test func aBulkBurstIsAnsweredOnceItsLastSliceIsDurable() throws {
        let driver = try WriterDriver()
        let answer = driver.bulk(Array(0..<3000), of: "b")
        driver.run()
        #expect(answer.count == 1)
        let results = try #require(answer.value).results
        #expect(results.map(\.kind) == Array(repeating: .accepted, count: 3000))
        #expect(results.map(\.id) == results.map(\.id).sorted())
        let again = driver.bulk(Array(2990..<3010), of: "b")
        let empty = driver.bulk([], of: "empty")
        driver.run()
        #expect(again.value?.results.prefix(10).map(\.id) == Array(results.suffix(10).map(\.id)))
        #expect(
            again.value?.results.map(\.kind) == Array(repeating: .duplicate, count: 10)
                + Array(repeating: .accepted, count: 10))
        #expect(empty.value?.results.isEmpty == true)
        #expect(Set(driver.seen).count == 1000 - 1)
    }

    @Test func aBulkBurstThatFailsHalfWayIsCompletedByItsRepeat() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        driver.run()
        for fails in [1, 2, 3, 5] {
            let name = "b\(fails)"
            let first = driver.bulk(Array(0..<5000), of: name)
            for _ in 1..<fails { driver.turn() }
            driver.store.failsAt = .commit
            driver.turn()
            driver.store.failsAt = nil
            #expect(first.count <= 1)
            driver.advance(2000)
            #expect(first.count == 1)
            let second = driver.bulk(Array(0..<5000), of: name)
            driver.run()
            let results = try #require(second.value).results
            #expect(results.count == 5000)
            #expect(Set(results.map(\.id)).count == 5000)
            #expect(results.allSatisfy { $0.kind != .conflict })
        }
        driver.pause(.everything, false)
        driver.run()
        while driver.report.inFlight > 0 { driver.answerAll() }
        #expect(driver.seen.count == 4 * 5000)
        #expect(Set(driver.seen).count == 4 * 5000)
        try driver.check()
    }
}
