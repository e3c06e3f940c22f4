internal import ConfigurationModel
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// Cancelling, pausing, draining.
@Suite struct WriterCommandTests {
    @Test func cancelingIds() throws {
        let driver = try WriterDriver()
        let underWay = try driver.accept()
        driver.pause(.everything)
        driver.run()
        let waiting = try driver.accept()
        let other = try driver.accept(TestMessage { $0.tenant = .second })
        let ids = [waiting, underWay, other, MessageID(rawValue: 9), waiting]
        let verdicts = try driver.cancelNow(ids)
        #expect(
            verdicts == [
                MessageCancelResult(id: waiting, outcome: .canceled, state: .canceled),
                MessageCancelResult(id: underWay, outcome: .tooLate, state: .submitting),
                MessageCancelResult(id: other),
                MessageCancelResult(id: MessageID(rawValue: 9)),
                MessageCancelResult(id: waiting, outcome: .canceled, state: .canceled),
            ])
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen == [underWay, other])
        driver.answerAll()
        #expect(try driver.cancelNow([waiting, underWay]).map(\.isCanceled) == [true, false])
        #expect(try driver.state(of: underWay) == .sent)
        try driver.check()
    }

    @Test func pausingAndResumingIsInTheAuditLog() throws {
        let driver = try WriterDriver()
        _ = driver.bulk([0], of: "spring sale")
        driver.run()
        let batch = try #require(try driver.store.batch(tenant: .first, .name("spring sale")))
        driver.now += 5
        driver.pause(.everything)
        driver.pause(.provider("scripted"))
        driver.pause(.batch(.name("spring sale")))
        driver.pause(.tenant(.second))
        driver.pause(.everything)
        driver.pause(.everything, false)
        // What changes nothing is no act: what is paused already, and what is not there.
        driver.pause(.provider("nobody"))
        driver.pause(.batch(.name("nobody")))
        driver.run()
        let entries = try driver.store.administration.audit(before: nil, limit: 100).reversed()
        #expect(entries.map(\.verb) == ["pause", "pause", "pause", "pause", "resume"])
        #expect(
            entries.map(\.subject) == [
                "everything", "provider scripted", "batch \(batch.id)", "tenant 2", "everything",
            ])
        #expect(entries.first?.before == "[]" && entries.first?.after == #"["everything"]"#)
        #expect(entries.last?.after == #"["provider scripted","tenant 2","batch \#(batch.id)"]"#)
        #expect(entries.allSatisfy { $0.context == AuditContext(actor: "key abc", peer: "10.0.0.7:5", at: driver.now) })
    }

    @Test func aPauseThatIsNotDurableIsNotInTheAuditLog() throws {
        let driver = try WriterDriver()
        driver.store.failsAt = .commit
        let failed = driver.pause(.everything)
        driver.turn()
        #expect(failed.error?.code == .unavailable)
        driver.store.failsAt = nil
        driver.advance(2000)
        #expect(try driver.store.administration.audit(before: nil, limit: 100).isEmpty)
        driver.pause(.everything)
        driver.run()
        #expect(try driver.store.administration.audit(before: nil, limit: 100).map(\.verb) == ["pause"])
    }

    @Test func aMessageThatWaitsForItsRetryCanBeCanceled() throws {
        let driver = try WriterDriver()
        let id = try driver.accept()
        driver.answerAll(.throttled(retryAfterMilliseconds: nil))
        #expect(try driver.cancelNow([id])[0].isCanceled)
        driver.advance(600_000)
        #expect(driver.seen.count == 1)
        #expect(try driver.events(of: id) == [.submitting, .throttled, .canceled])
    }

    @Test func canceledInTheRoundThatWouldHaveClaimedIt() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let id = try driver.accept()
        let answer = driver.cancel([id])
        driver.pause(.everything, false)
        driver.run()
        #expect(answer.value?[0].isCanceled == true)
        #expect(driver.seen.isEmpty)
        #expect(try driver.state(of: id) == .canceled)
    }

    @Test func cancelingABatch() throws {
        var limits = ProviderLimits()
        limits.inFlight = 10
        let driver = try WriterDriver(limits: limits)
        let accepted = driver.bulk(Array(0..<1300), of: "b")
        let scheduled = driver.bulk(Array(1300..<1310), of: "b") { _ in TestMessage { $0.sendAt = start + 99_999 } }
        driver.run()
        let apart = try driver.accept()
        let count = driver.cancelBatch("b")
        driver.run()
        #expect(count.value == BatchCancelCount(canceled: 1301, tooLate: 9))
        #expect(count.count == 1)
        driver.answerAll()
        driver.answerAll()
        driver.advance(200_000)
        #expect(driver.seen.count == 10)
        #expect(driver.seen.contains(apart))
        #expect(driver.report.waitingBulk + driver.report.waitingLater == 0)
        let late = driver.bulk([5000], of: "b")
        driver.run()
        #expect(late.error?.code == .failedPrecondition)
        let again = driver.cancelBatch("b")
        let strange = driver.cancelBatch("b", tenant: .second)
        driver.run()
        #expect(again.value == BatchCancelCount(canceled: 1301, tooLate: 9))
        #expect(strange.error?.code == .notFound)
        #expect(accepted.value?.results.count == 1300)
        #expect(scheduled.value?.results.count == 10)
        try driver.check()
    }

    @Test func nothingOfABatchGoesOutOnceItIsBeingCanceled() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        _ = driver.bulk(Array(0..<2000), of: "b")
        driver.run()
        let count = driver.cancelBatch("b")
        // There is room for all of them from now on, and the cancellation takes some rounds.
        driver.pause(.everything, false)
        driver.turn()
        #expect(count.count == 0)
        driver.run()
        #expect(count.value == BatchCancelCount(canceled: 2000, tooLate: 0))
        #expect(driver.seen.isEmpty)
        try driver.check()
    }

    @Test func aCancellationCutShortGoesOnAfterARestart() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let accepted = driver.bulk(Array(0..<2500), of: "b")
        driver.run()
        let count = driver.cancelBatch("b")
        driver.turn()
        #expect(count.count == 0)
        try driver.restart()
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen.isEmpty)
        for result in try #require(accepted.value).results { #expect(try driver.state(of: result.id) == .canceled) }
        try driver.check()
    }

    // MARK: Pausing

    @Test func everythingAProviderOrABatchCanBePausedOverARestart() throws {
        let driver = try WriterDriver()
        let batch = driver.bulk([0, 1, 2], of: "b")
        driver.run()
        driver.pause(.batch(.name("b")))
        driver.run()
        let before = driver.seen.count
        let more = driver.bulk([3, 4], of: "b")
        let apart = try driver.accept()
        #expect(driver.seen.count == before + 1)
        #expect(driver.seen.last == apart)
        let id = try #require(batch.value?.batch)
        try driver.restart()
        #expect(driver.report.paused == ["batch \(id)"])
        #expect(driver.seen.isEmpty)

        let names = driver.pause(.provider("scripted"))
        driver.pause(.batch(.id(id)), false)
        driver.run()
        #expect(names.value == ["provider scripted", "batch \(id)"])
        #expect(driver.seen.isEmpty)
        driver.pause(.everything)
        driver.pause(.provider("scripted"), false)
        driver.run()
        #expect(driver.report.paused == ["everything"])
        #expect(!driver.report.isDispatching)
        try driver.restart()
        #expect(driver.report.paused == ["everything"])
        driver.pause(.everything, false)
        driver.run()
        #expect(Set(driver.seen).isSuperset(of: try #require(more.value).results.map(\.id)))
        #expect(driver.report.isDispatching)
    }

    @Test func whatIsNotThereCannotBePaused() throws {
        let driver = try WriterDriver()
        let provider = driver.pause(.provider("nobody"))
        let batch = driver.pause(.batch(.name("none")))
        driver.run()
        #expect(provider.error?.code == .notFound)
        #expect(batch.error?.code == .notFound)
        #expect(driver.report.paused.isEmpty)
    }

    @Test func aSecondProviderGoesOnWhileTheFirstIsPaused() throws {
        let driver = try WriterDriver(names: ["one", "two"], routes: [Route(name: "all", providers: [1, 2])])
        _ = try driver.accept()
        driver.pause(.provider("one"))
        let second = try driver.accept()
        #expect(driver.providers[0].seen.count == 1)
        #expect(driver.providers[1].seen.map(\.id) == [second])
        #expect(driver.report.providers.map(\.paused) == [true, false])
    }

    // MARK: Draining

    @Test func drainingClaimsNothingMore() throws {
        let driver = try WriterDriver()
        let first = try driver.accept()
        driver.inbox.commands.append(.drain)
        driver.run()
        #expect(driver.drained == ["scripted"])
        #expect(driver.report.isDraining)
        let second = try driver.accept()
        driver.answerAll(.returned)
        driver.advance(10_000)
        #expect(driver.seen == [first])
        #expect(driver.report.inFlight == 0)
        #expect(try driver.state(of: first) == .queued)
        #expect(try driver.state(of: second) == .queued)
        try driver.restart()
        #expect(Set(driver.seen) == [first, second])
    }

    // MARK: Restarts

    @Test func whatWasBeingSubmittedMayHaveBeenSent() throws {
        let driver = try WriterDriver()
        let held = try driver.accept()
        let resent = try driver.accept(TestMessage { $0.onUnknown = .resend })
        driver.now += 100
        try driver.restart()
        #expect(try driver.state(of: held) == .unknown)
        #expect(try driver.events(of: held) == [.submitting, .interrupted])
        #expect(try driver.state(of: resent) == .queued)
        driver.advance(60_000)
        #expect(driver.provider.seen.map(\.id) == [resent])
        #expect(driver.provider.seen.map(\.attempt) == [2])
        driver.receive(held)
        #expect(try driver.state(of: held) == .delivered)
        try driver.check()
    }

    @Test func manyThatWereBeingSubmittedAreAllSettledBeforeTheirReceipts() throws {
        var limits = ProviderLimits()
        limits.inFlight = 2000
        let driver = try WriterDriver(limits: limits)
        let accepted = driver.bulk(Array(0..<1500), of: "b")
        driver.run()
        let ids = try #require(accepted.value).results.map(\.id)
        #expect(driver.seen.count == 1500)
        // The receipts come in before the first round.
        driver.report(ids.map { Receipt(id: $0, attempt: 1, status: .delivered) })
        let reports = driver.inbox.carriers
        try driver.restartQuietly()
        driver.inbox.carriers = reports
        driver.run()
        for id in ids { #expect(try driver.state(of: id) == .delivered) }
        try driver.check()
    }

    @Test func aRestartAfterDaysFindsWhatWaits() throws {
        let driver = try WriterDriver()
        driver.pause(.everything)
        let old = try driver.accept()
        let hour: Int64 = 3_600_000
        for _ in 0..<50 {
            driver.now += hour
            _ = try driver.accept(TestMessage { $0.expiresAt = driver.now + 1000 })
        }
        try driver.restart()
        driver.pause(.everything, false)
        driver.run()
        #expect(driver.seen.contains(old))
    }
}

extension WriterDriver {
    func cancelNow(_ ids: [MessageID]) throws -> [MessageCancelResult] {
        let answer = cancel(ids)
        run()
        return try #require(answer.value)
    }
}
