import SMSModel
import Testing

private let start: Int64 = 1_800_000_000_000
private let id = MessageID(milliseconds: UInt64(start))
private let deadline = Limits.receiptDeadlineMilliseconds

/// What receipts prove of attempts whose answers were lost, and what follows for those after them.
@Suite struct ProofLifecycleTests {
    private enum Step {
        case claim, accepted, lost, lostAndHeld, unavailable, throttled, returned, rejected
    }

    private func life(_ steps: Step...) -> MessageLifecycle {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        for step in steps { _ = take(step, &lifecycle) }
        return lifecycle
    }

    @discardableResult
    private func take(_ step: Step, _ lifecycle: inout MessageLifecycle) -> MessageLifecycle.AfterOutcome? {
        func answer(_ outcome: Outcome, _ onUnknown: OnUnknown = .resend) -> MessageLifecycle.AfterOutcome {
            let attempt = lifecycle.attempts
            return lifecycle.answered(
                attempt: attempt, outcome, at: start + Int64(attempt), provider: UInt8(attempt), onUnknown: onUnknown)
        }
        switch step {
        case .claim:
            let number = lifecycle.attempts + 1
            _ = lifecycle.claimed(at: start + Int64(number), provider: UInt8(number), reason: "first with room")
            return nil
        case .accepted: return answer(.accepted(providerID: "SM\(lifecycle.attempts)", receipts: true))
        case .lost: return answer(.unknown(code: "HTTP_500"))
        case .lostAndHeld: return answer(.unknown(code: "HTTP_500"), .hold)
        case .unavailable: return answer(.unavailable(code: "DOWN"))
        case .throttled: return answer(.throttled(retryAfterMilliseconds: nil))
        case .returned: return answer(.returned)
        case .rejected: return answer(.rejected(.recipient, code: "R", message: "no"))
        }
    }

    private func receive(
        _ lifecycle: inout MessageLifecycle, _ status: ReceiptStatus, attempt: Int = 1, _ ids: String...
    ) {
        lifecycle.receiptReceived(
            Receipt(id: id, attempt: attempt, status: status, providerIDs: ids), at: start + 1000)
        #expect(lifecycle.fault == nil, "\(lifecycle.fault ?? "")")
    }

    private func rows(_ lifecycle: MessageLifecycle) -> [String] {
        var rows: [String] = []
        lifecycle.history.forEach(from: start) {
            let detail = lifecycle.history.detail(of: $0)
            rows.append("\($0.kind) \($0.state) #\($0.attempt)" + (detail.isEmpty ? "" : " \(detail)"))
        }
        return rows
    }

    /// What surely was not delivered is not asked about again: the first attempt's receipt is what is awaited.
    @Test func theAttemptThatIsOpenIsAwaited() {
        var lifecycle = life(.claim, .lost, .claim)
        receive(&lifecycle, .taken, attempt: 1, "SM1")
        take(.accepted, &lifecycle)
        #expect(lifecycle.awaitedReceipt?.attempt == 2)
        receive(&lifecycle, .undelivered(code: "30003"), attempt: 2, "SM2")
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.awaitedReceipt?.attempt == 1 && lifecycle.awaitedProviderID == "SM1")
    }

    // MARK: Proof of one attempt

    @Test func whatTheCarrierSaysIsOnItsWayIsSent() {
        for lifecycle in [life(.claim), life(.claim, .lostAndHeld), life(.claim, .lost)] {
            var lifecycle = lifecycle
            receive(&lifecycle, .taken, "SM1")
            #expect(lifecycle.state == .sent)
            #expect(lifecycle.due == start + 1000 + deadline)
            #expect(rows(lifecycle).last == "identified sent #1 SM1")
            #expect(lifecycle.attempt(providerID: "SM1", provider: 1) == 1)
            #expect(lifecycle.unresolvedAttempt == nil)
            let before = lifecycle
            receive(&lifecycle, .taken, "SM1")
            #expect(lifecycle == before, "a repeat is no news")
            let isClaimed = lifecycle.claimed(at: start + 2000, provider: 1, reason: "")
            #expect(!isClaimed)
            receive(&lifecycle, .delivered, "SM1")
            #expect(lifecycle.state == .delivered)
        }
    }

    @Test func theAnswerAfterItTellsNoMore() {
        for (step, last) in [(Step.accepted, "sent sent #1 SM1"), (.lost, "identified sent #1 SM1")] {
            var lifecycle = life(.claim)
            receive(&lifecycle, .taken, "SM1")
            #expect(take(step, &lifecycle) == .nothing)
            #expect(lifecycle.state == .sent)
            #expect(rows(lifecycle).last == last)
        }
    }

    @Test func whatWasSurelyNotTakenIsNot() {
        for step in [Step.unavailable, .throttled, .returned] {
            var lifecycle = life(.claim, step)
            receive(&lifecycle, .taken, "SM1")
            #expect(lifecycle.state == .queued)
            #expect(rows(lifecycle).last == "identified queued #1 SM1", "its id is kept")
            receive(&lifecycle, .undelivered(code: "X"), "SM1")
            #expect(lifecycle.state == .queued)
            take(.claim, &lifecycle)
            #expect(lifecycle.state == .submitting)
            #expect(lifecycle.fault == nil)
        }
    }

    @Test func aFinalStateKeepsTheID() {
        var lifecycle = life(.claim, .unavailable)
        _ = lifecycle.expired(at: start + 500)
        receive(&lifecycle, .taken, "SM1")
        #expect(lifecycle.state == .expired)
        #expect(lifecycle.attempt(providerID: "SM1", provider: 1) == 1)
        receive(&lifecycle, .delivered, "SM1")
        #expect(lifecycle.state == .delivered)
    }

    /// Stored data have messages that expired while an answer was open: they stay as they are.
    @Test func whatExpiredWhileAnAnswerWasOpenIsReadAsEver() {
        let lost = life(.claim, .lost)
        var history = lost.history
        history.append(.expired, state: .expired, at: start + 500)
        var lifecycle = MessageLifecycle(id: lost.id, state: .expired, due: 0, history: history)
        #expect(lifecycle.fault == nil)
        #expect(lifecycle.accountedState == .init(.expired, .reserved))
        receive(&lifecycle, .taken, "SM1")
        #expect(lifecycle.state == .expired)
        receive(&lifecycle, .delivered, "SM1")
        #expect(lifecycle.state == .delivered && lifecycle.fault == nil)
    }

    @Test func theIDOfAnyReceiptIsKept() {
        var lifecycle = life(.claim)
        receive(&lifecycle, .undelivered(code: "30005"), "SM1")
        #expect(lifecycle.attempt(providerID: "SM1", provider: 1) == 1)
        #expect(lifecycle.state == .undelivered)
        #expect(rows(lifecycle).suffix(2) == ["identified submitting #1 SM1", "undelivered undelivered #1 30005"])
    }

    // MARK: Proof while another attempt is under way

    @Test func theOneUnderWayCannotBeUndone() {
        var lifecycle = life(.claim, .lost, .claim)
        receive(&lifecycle, .taken, "SM1")
        #expect(lifecycle.state == .submitting)
        #expect(rows(lifecycle).last == "identified submitting #1 SM1")
        take(.accepted, &lifecycle)
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.fault == nil)
    }

    /// The second attempt comes to nothing: it is not tried for a third time.
    @Test(arguments: 0..<6)
    func thenNothingIsSentAgain(_ number: Int) {
        let step = [Step.unavailable, .throttled, .returned, .rejected, .lost, .lostAndHeld][number]
        var lifecycle = life(.claim, .lost, .claim)
        receive(&lifecycle, .taken, "SM1")
        #expect(take(step, &lifecycle) == .nothing)
        #expect(lifecycle.state == .sent)
        #expect(rows(lifecycle).last == "identified sent #1 SM1")
        #expect(lifecycle.due > start + deadline)
        #expect(lifecycle.fault == nil)

        // It has failed by then: so has the message, unless the second may have been taken.
        var failed = life(.claim, .lost, .claim)
        receive(&failed, .undelivered(code: "30005"), "SM1")
        #expect(failed.state == .submitting)
        #expect(take(step, &failed) == .nothing)
        #expect(failed.state == (number < 4 ? .undelivered : .unknown))
        #expect(rows(failed).contains { $0.hasSuffix("#1 30005") })
        #expect(failed.fault == nil)
    }

    @Test func anInterruptionIsNoReasonToSendAgainEither() {
        var lifecycle = life(.claim, .lost, .claim)
        receive(&lifecycle, .taken, "SM1")
        let after = lifecycle.interrupted(at: start + 2000, onUnknown: .resend)
        #expect(after == .nothing)
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.fault == nil)
    }

    @Test func anOperatorMaySendAgainAllTheSame() {
        var lifecycle = life(.claim, .lost, .claim, .accepted)
        receive(&lifecycle, .undelivered(code: "30005"), attempt: 2)
        #expect(lifecycle.state == .unknown)
        let isResent = lifecycle.resend(at: start + 2000, detail: "key abc")
        #expect(isResent)
        take(.claim, &lifecycle)
        #expect(take(.throttled, &lifecycle) == .retry(counted: false, retryAfterMilliseconds: nil))
        #expect(lifecycle.state == .queued)
        #expect(lifecycle.fault == nil)
    }

    // MARK: A failed second attempt

    private var secondFailed: MessageLifecycle {
        var lifecycle = life(.claim, .lost, .claim, .accepted)
        receive(&lifecycle, .undelivered(code: "30005"), attempt: 2, "SM2")
        return lifecycle
    }

    @Test func nobodyKnowsOfTheFirst() throws {
        let lifecycle = secondFailed
        #expect(lifecycle.state == .unknown)
        #expect(rows(lifecycle).last == "attemptUndelivered unknown #2 30005")
        // As long as the first is awaited.
        #expect(lifecycle.due == start + 1 + deadline)
        #expect(lifecycle.isReceiptOverdue(at: start + 1 + deadline))
        let doubt = try #require(lifecycle.unresolvedAttempt)
        #expect(doubt == UnresolvedAttempt(id: id, attempt: 1, provider: 1, begun: start + 1, ended: start + 1))
    }

    @Test func theFirstDecides() {
        var delivered = secondFailed
        receive(&delivered, .delivered, attempt: 1)
        #expect(delivered.state == .delivered)
        var failed = secondFailed
        receive(&failed, .undelivered(code: "30003"), attempt: 1)
        #expect(failed.state == .undelivered)
        var taken = secondFailed
        receive(&taken, .taken, attempt: 1, "SM1")
        #expect(taken.state == .sent)
        receive(&taken, .undelivered(code: "30003"), attempt: 1)
        #expect(taken.state == .undelivered)
    }

    @Test func aLookUpThatFindsNothingEndsIt() {
        var lifecycle = secondFailed
        for attempt in [2, 3, 0] {
            let isEnd = lifecycle.notFound(attempt: attempt, at: start + 5000)
            #expect(!isEnd)
        }
        let isEnd = lifecycle.notFound(attempt: 1, at: start + 5000)
        #expect(isEnd)
        #expect(lifecycle.state == .undelivered)
        #expect(
            rows(lifecycle).suffix(2) == [
                "attemptUndelivered unknown #1 NOT_FOUND", "undelivered undelivered #2 30005",
            ])
        #expect(lifecycle.fault == nil)
        receive(&lifecycle, .delivered, attempt: 1)
        #expect(lifecycle.state == .delivered, "a receipt still applies")
    }

    @Test func byItselfALookUpThatFindsNothingProvesNothing() {
        var lifecycle = life(.claim, .lostAndHeld)
        let before = lifecycle
        let isEnd = lifecycle.notFound(attempt: 1, at: start + 5000)
        #expect(!isEnd)
        #expect(lifecycle == before)
    }

    @Test func oneOfSeveralLostIsAskedAboutAfterTheOther() {
        var lifecycle = life(.claim, .lost, .claim, .lost, .claim, .accepted)
        receive(&lifecycle, .undelivered(code: "30005"), attempt: 3)
        #expect(lifecycle.unresolvedAttempt?.attempt == 2)
        _ = lifecycle.notFound(attempt: 2, at: start + 5000)
        #expect(lifecycle.state == .unknown)
        #expect(lifecycle.unresolvedAttempt?.attempt == 1)
        _ = lifecycle.notFound(attempt: 1, at: start + 6000)
        #expect(lifecycle.state == .undelivered)
        #expect(rows(lifecycle).last == "undelivered undelivered #3 30005")
        #expect(lifecycle.fault == nil)
    }

    @Test func whatALookUpFindsIsTheAttemptThatWasAskedAbout() {
        var lifecycle = secondFailed
        let isFound = lifecycle.reconciled(attempt: 1, providerID: "SM1", at: start + 5000)
        #expect(isFound)
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.attempt(providerID: "SM1", provider: 1) == 1)
        #expect(lifecycle.fault == nil)
    }
}
