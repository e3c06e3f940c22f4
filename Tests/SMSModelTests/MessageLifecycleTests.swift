import GatewayTestKit
import SMSModel
import Testing

private let id = MessageID(milliseconds: 1_800_000_000_000)
private let start: Int64 = 1_800_000_000_000
private let deadline = Limits.receiptDeadlineMilliseconds

/// Everything that can happen to a message.
enum LifecycleEvent: CaseIterable, Sendable {
    case claimed, accepted, acceptedWithoutReceipts, rejectedRecipient, rejectedContent, rejectedSender, rejectedRoute
    case throttled, unavailable, returned, unknownHold, unknownResend, interruptedHold, interruptedResend
    case gaveUp, expired, canceled, delivered, undelivered
    case resent, settledSent, settledDelivered, settledUndelivered, settledFailed, settledExpired, reconciled

    /// Applies the event to the last attempt.
    func apply(to lifecycle: inout MessageLifecycle, attempt: Int? = nil, at now: Int64 = start + 10) {
        let attempt = attempt ?? lifecycle.attempts
        func answer(_ outcome: Outcome, _ onUnknown: OnUnknown = .hold) {
            _ = lifecycle.answered(attempt: attempt, outcome, at: now, provider: 1, onUnknown: onUnknown)
        }
        switch self {
        case .claimed: _ = lifecycle.claimed(at: now, provider: 1, reason: "only provider")
        case .accepted: answer(.accepted(providerID: "p", receipts: true))
        case .acceptedWithoutReceipts: answer(.accepted(providerID: "p", receipts: false))
        case .rejectedRecipient: answer(.rejected(.recipient, code: "R", message: "m"))
        case .rejectedContent: answer(.rejected(.content, code: "R", message: "m"))
        case .rejectedSender: answer(.rejected(.sender, code: "R", message: "m"))
        case .rejectedRoute: answer(.rejected(.route, code: "R", message: "m"))
        case .throttled: answer(.throttled(retryAfterMilliseconds: nil))
        case .unavailable: answer(.unavailable(code: "U"))
        case .returned: answer(.returned)
        case .unknownHold: answer(.unknown(code: "X"))
        case .unknownResend: answer(.unknown(code: "X"), .resend)
        case .interruptedHold: _ = lifecycle.interrupted(at: now, onUnknown: .hold)
        case .interruptedResend: _ = lifecycle.interrupted(at: now, onUnknown: .resend)
        case .gaveUp: lifecycle.gaveUp(at: now, code: "G", message: "m")
        case .expired: _ = lifecycle.expired(at: now)
        case .canceled: _ = lifecycle.canceled(at: now)
        case .delivered: _ = lifecycle.receiptReceived(attempt: attempt, .delivered, at: now)
        case .undelivered: _ = lifecycle.receiptReceived(attempt: attempt, .undelivered(code: "C"), at: now)
        case .resent: _ = lifecycle.resend(at: now, detail: "key abc")
        case .settledSent: _ = lifecycle.settledByOperator(as: .sent, at: now, detail: "key abc")
        case .settledDelivered: _ = lifecycle.settledByOperator(as: .delivered, at: now, detail: "key abc")
        case .settledUndelivered: _ = lifecycle.settledByOperator(as: .undelivered, at: now, detail: "key abc")
        case .settledFailed: _ = lifecycle.settledByOperator(as: .failed, at: now, detail: "key abc")
        case .settledExpired: _ = lifecycle.settledByOperator(as: .expired, at: now, detail: "key abc")
        case .reconciled: _ = lifecycle.reconciled(providerID: "p", at: now)
        }
    }

    /// The state that follows, where it is another one.
    func next(from state: MessageState) -> MessageState? {
        let waits = state == .queued || state == .scheduled
        switch self {
        case .claimed: return waits ? .submitting : nil
        case .accepted, .acceptedWithoutReceipts: return state == .submitting ? .sent : nil
        case .rejectedRecipient, .rejectedContent: return state == .submitting ? .failed : nil
        case .rejectedSender, .rejectedRoute, .throttled, .unavailable, .returned, .unknownResend, .interruptedResend:
            return state == .submitting ? .queued : nil
        case .unknownHold, .interruptedHold: return state == .submitting ? .unknown : nil
        case .gaveUp: return waits ? .failed : nil
        case .expired: return waits ? .expired : nil
        case .canceled: return waits ? .canceled : nil
        // The table's states with an attempt are these; the others have no attempt that a receipt could be for.
        case .delivered:
            return [.submitting, .sent, .unknown, .undelivered, .failed].contains(state) ? .delivered : nil
        case .undelivered: return [.submitting, .sent, .unknown].contains(state) ? .undelivered : nil
        case .resent: return state == .unknown ? .queued : nil
        case .settledSent, .reconciled: return state == .unknown ? .sent : nil
        case .settledDelivered: return state == .unknown ? .delivered : nil
        case .settledUndelivered: return state == .unknown ? .undelivered : nil
        case .settledFailed: return state == .unknown ? .failed : nil
        case .settledExpired: return nil
        }
    }
}

/// A message in a state, by the shortest way.
private func life(in state: MessageState) -> MessageLifecycle {
    var lifecycle = MessageLifecycle(id: id, waiting: state == .scheduled ? .scheduled : .queued)
    let way: [LifecycleEvent] =
        switch state {
        case .submitting: [.claimed]
        case .sent: [.claimed, .accepted]
        case .unknown: [.claimed, .unknownHold]
        case .delivered: [.claimed, .accepted, .delivered]
        case .undelivered: [.claimed, .accepted, .undelivered]
        case .failed: [.claimed, .rejectedRecipient]
        case .expired: [.expired]
        case .canceled: [.canceled]
        default: []
        }
    for event in way { event.apply(to: &lifecycle, at: start + 1) }
    return lifecycle
}

private func kinds(_ lifecycle: MessageLifecycle) -> [EventKind] {
    var kinds: [EventKind] = []
    lifecycle.history.forEach(from: start) { kinds.append($0.kind) }
    return kinds
}

private func taken(over lifecycle: MessageLifecycle) -> MessageLifecycle {
    let history = lifecycle.history.bytes.withUnsafeBytes { History(id: lifecycle.id, packed: $0) }
    return MessageLifecycle(id: lifecycle.id, state: lifecycle.state, due: lifecycle.due, history: history)
}

@Suite struct MessageLifecycleTests {
    @Test(arguments: MessageState.allCases.filter { $0 != .accepted }, LifecycleEvent.allCases)
    func everyEventInEveryState(_ state: MessageState, _ event: LifecycleEvent) {
        let before = life(in: state)
        #expect(before.state == state)
        var after = before
        event.apply(to: &after)
        #expect(after.state == event.next(from: state) ?? state)
        #expect(after.attempts == before.attempts + (event == .claimed && after.state != state ? 1 : 0))
        if after.state != state { #expect(kinds(after).count == kinds(before).count + 1) }
        #expect(taken(over: after) == after)
    }

    @Test func answersTellTheDispatcherWhatToDo() {
        func after(_ outcome: Outcome, _ onUnknown: OnUnknown = .hold) -> MessageLifecycle.AfterOutcome {
            var lifecycle = life(in: .submitting)
            return lifecycle.answered(attempt: 1, outcome, at: start, provider: 1, onUnknown: onUnknown)
        }
        #expect(after(.accepted(providerID: "p", receipts: true)) == .nothing)
        #expect(after(.rejected(.recipient, code: "c", message: "m")) == .nothing)
        #expect(after(.rejected(.route, code: "c", message: "m")) == .tryAnother(code: "c", message: "m"))
        #expect(
            after(.throttled(retryAfterMilliseconds: 7)) == .retry(counted: false, retryAfterMilliseconds: 7))
        #expect(
            after(.throttled(retryAfterMilliseconds: 7, scope: .account))
                == .retry(counted: false, retryAfterMilliseconds: 7))
        #expect(after(.throttled(retryAfterMilliseconds: 7, scope: .sender)) == .waitForSender)
        #expect(after(.unavailable(code: "c")) == .retry(counted: true, retryAfterMilliseconds: nil))
        #expect(after(.returned) == .retry(counted: false, retryAfterMilliseconds: 0))
        #expect(after(.unknown(code: "c")) == .nothing)
        #expect(after(.unknown(code: "c"), .resend) == .retry(counted: true, retryAfterMilliseconds: nil))
    }

    @Test func attemptsAreNumberedAndOnlySomeCount() {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        let answers: [LifecycleEvent] = [.throttled, .unavailable, .returned, .unknownResend, .throttled, .unavailable]
        for (number, answer) in answers.enumerated() {
            LifecycleEvent.claimed.apply(to: &lifecycle)
            #expect(lifecycle.attempts == number + 1)
            answer.apply(to: &lifecycle)
        }
        #expect(lifecycle.countedAttempts == 3)
        #expect(taken(over: lifecycle).countedAttempts == 3)
        #expect(taken(over: lifecycle).attempts == 6)
    }

    @Test func anAnswerToAnotherAttemptIsIgnored() {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.unavailable.apply(to: &lifecycle)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        let before = lifecycle
        for attempt in [0, 1, 3, -1, .max] {
            LifecycleEvent.accepted.apply(to: &lifecycle, attempt: attempt)
            LifecycleEvent.rejectedRecipient.apply(to: &lifecycle, attempt: attempt)
            #expect(lifecycle == before, "attempt \(attempt)")
        }
    }

    @Test func retryWaitsOnlyWhileQueued() {
        var lifecycle = life(in: .submitting)
        lifecycle.retry(at: 5)
        #expect(lifecycle.due == 0)
        LifecycleEvent.throttled.apply(to: &lifecycle)
        lifecycle.retry(at: start + 500)
        #expect(lifecycle.due == start + 500)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        #expect(lifecycle.due == 0)
    }

    // MARK: Receipts

    @Test func aReceiptBeforeTheAnswerStands() {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.delivered.apply(to: &lifecycle)
        LifecycleEvent.accepted.apply(to: &lifecycle)
        #expect(lifecycle.state == .delivered)
        #expect(kinds(lifecycle) == [.submitting, .delivered, .sent])
        #expect(lifecycle.isSettled(at: start))
        // A lost answer changes nothing either.
        var other = deliveredEarly
        LifecycleEvent.unknownHold.apply(to: &other)
        #expect(other == deliveredEarly)
    }

    private var deliveredEarly: MessageLifecycle {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.delivered.apply(to: &lifecycle)
        return lifecycle
    }

    @Test func repeatedAndLateReceiptsChangeNothing() {
        var lifecycle = life(in: .delivered)
        let again = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 20)
        #expect(!again)
        let late = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "C"), at: start + 30)
        #expect(!late)
        #expect(lifecycle.state == .delivered)
        #expect(kinds(lifecycle).suffix(2) == [.receiptIgnored, .receiptIgnored])

        lifecycle = life(in: .undelivered)
        let repeated = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "C"), at: start + 20)
        #expect(!repeated)
        let better = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 30)
        #expect(better)
        #expect(lifecycle.state == .delivered)
    }

    @Test func receiptsOfAttemptsThatWereNotMadeAreRefused() {
        var lifecycle = life(in: .sent)
        let before = lifecycle
        for attempt in [0, -1, 2, .max] {
            let unknown = lifecycle.receiptReceived(attempt: attempt, .delivered, at: start)
            #expect(!unknown)
        }
        #expect(lifecycle == before)
    }

    /// Two attempts that may both have been taken.
    private var resent: MessageLifecycle {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.unknownResend.apply(to: &lifecycle)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        LifecycleEvent.accepted.apply(to: &lifecycle)
        return lifecycle
    }

    @Test(arguments: [[1, 2], [2, 1]])
    func undeliveredOnlyOnceEveryOpenAttemptIs(_ order: [Int]) {
        var lifecycle = resent
        // Nobody knows of the first, the provider has the second.
        let left: MessageState = order[0] == 1 ? .sent : .unknown
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: order[0])
        #expect(lifecycle.state == left)
        // A repeat for the same attempt is not the other one's word.
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: order[0])
        #expect(lifecycle.state == left)
        #expect(lifecycle.due > 0)
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: order[1])
        #expect(lifecycle.state == .undelivered)
    }

    @Test(arguments: [1, 2])
    func deliveredWinsWhicheverAttemptItIsFor(_ attempt: Int) {
        var lifecycle = resent
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: 3 - attempt)
        LifecycleEvent.delivered.apply(to: &lifecycle, attempt: attempt)
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: attempt)
        #expect(lifecycle.state == .delivered)
    }

    @Test func anAttemptSurelyNotTakenIsNotOpen() {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.unavailable.apply(to: &lifecycle)
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: 1)
        #expect(lifecycle.state == .queued)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        LifecycleEvent.accepted.apply(to: &lifecycle)
        LifecycleEvent.undelivered.apply(to: &lifecycle, attempt: 2)
        #expect(lifecycle.state == .undelivered)
    }

    @Test func aReceiptForAnEarlierAttemptSettlesAMessageThatWaits() {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.unknownResend.apply(to: &lifecycle)
        LifecycleEvent.delivered.apply(to: &lifecycle, attempt: 1)
        #expect(lifecycle.state == .delivered)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        #expect(lifecycle.state == .delivered)
    }

    // MARK: Settled by time

    @Test(arguments: [MessageState.sent, .unknown])
    func settledAtTheReceiptDeadline(_ state: MessageState) {
        let lifecycle = life(in: state)
        #expect(lifecycle.due == start + 1 + deadline)
        #expect(!lifecycle.isSettled(at: start + deadline))
        #expect(lifecycle.isSettled(at: start + 1 + deadline))
        #expect(lifecycle.isReceiptOverdue(at: start + 1 + deadline))
    }

    @Test func settledAtOnceWhereNoReceiptsCome() {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.acceptedWithoutReceipts.apply(to: &lifecycle, at: start + 5)
        #expect(lifecycle.isSettled(at: start + 5))
        #expect(lifecycle.isSentForGood && lifecycle.accountedState.isSentForGood)
        // None is expected, so none is overdue.
        #expect(!lifecycle.isReceiptOverdue(at: .max))
        #expect(lifecycle.fault == nil)
        LifecycleEvent.delivered.apply(to: &lifecycle)
        #expect(lifecycle.state == .delivered)
        #expect(!lifecycle.isSentForGood && !lifecycle.isReceiptOverdue(at: .max))
    }

    @Test func anOperatorsWordThatItWasSentIsTheLast() {
        var lifecycle = life(in: .unknown)
        #expect(!lifecycle.isSentForGood)
        let isDone = lifecycle.settledByOperator(as: .sent, at: start + 9, detail: "ops")
        #expect(isDone)
        #expect(lifecycle.isSentForGood && lifecycle.isSettled(at: start + 9))
        #expect(!lifecycle.isReceiptOverdue(at: .max))
    }

    @Test(arguments: [MessageState.queued, .scheduled, .submitting])
    func whatWaitsIsNeverSettledByTime(_ state: MessageState) {
        #expect(!life(in: state).isSettled(at: .max))
    }

    @Test(arguments: [MessageState.delivered, .undelivered, .failed, .expired, .canceled])
    func finalStatesAreSettledAtOnce(_ state: MessageState) {
        #expect(life(in: state).isSettled(at: 0))
        #expect(!life(in: state).isReceiptOverdue(at: .max))
    }

    @Test func cancelTellsWhetherItIsCanceled() {
        for state in MessageState.allCases where state != .accepted {
            var lifecycle = life(in: state)
            let outcome = lifecycle.canceled(at: start)
            let isCanceled = [.queued, .scheduled, .canceled].contains(state)
            #expect(outcome == (isCanceled ? .canceled : .tooLate), "\(state)")
        }
    }

    // MARK: What may have been taken

    /// It waits to be sent again, and its first attempt may have been taken.
    private var resending: MessageLifecycle {
        var lifecycle = life(in: .submitting)
        LifecycleEvent.unknownResend.apply(to: &lifecycle)
        return lifecycle
    }

    @Test(arguments: [[LifecycleEvent.expired], [.canceled], [.gaveUp], [.claimed, .rejectedRecipient]])
    func whatMayHaveBeenTakenIsUnknownWhateverEndsIt(_ way: [LifecycleEvent]) {
        var lifecycle = resending
        for event in way { event.apply(to: &lifecycle, at: start + 500) }
        #expect(lifecycle.state == .unknown)
        #expect(lifecycle.accountedState == .unknown)
        // Its receipt is awaited as long as after any lost answer.
        #expect(lifecycle.due == start + 10 + deadline)
        #expect(lifecycle.unresolvedAttempt?.attempt == 1)
        #expect(lifecycle.fault == nil)
        for (status, state) in [
            (ReceiptStatus.delivered, MessageState.delivered), (.undelivered(code: "C"), .undelivered),
        ] {
            var received = lifecycle
            let isChanged = received.receiptReceived(attempt: 1, status, at: start + 600)
            #expect(isChanged && received.state == state)
        }
    }

    @Test func cancelSaysThatItMayHaveBeenSentAndEndsIt() {
        var lifecycle = resending
        let outcomes = (0..<2).map { _ in lifecycle.canceled(at: start + 500) }
        #expect(outcomes == [.mayHaveBeenSent, .mayHaveBeenSent])
        #expect(kinds(lifecycle) == [.submitting, .outcomeUnknown, .canceled])
        let isResent = lifecycle.resend(at: start + 600, detail: "key abc")
        #expect(!isResent, "who canceled it does not want it to be sent")
        LifecycleEvent.settledFailed.apply(to: &lifecycle)
        #expect(lifecycle.state == .failed)
        let late = lifecycle.canceled(at: start + 700)
        #expect(late == .tooLate)
    }

    @Test func whatWaitedInABackupMayHaveBeenTakenSince() {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.restored(at: start + 10)
        LifecycleEvent.resent.apply(to: &lifecycle)
        let outcome = lifecycle.canceled(at: start + 20)
        #expect(outcome == .mayHaveBeenSent && lifecycle.state == .unknown)
        #expect(lifecycle.unresolvedAttempt == nil, "nobody can be asked about it")
        #expect(lifecycle.fault == nil)
    }

    // MARK: Random walks

    /// What a state may be overwritten by: a higher rank.
    private func rank(_ state: MessageState) -> Int {
        switch state {
        case .delivered: 5
        case .undelivered: 4
        case .failed: 3
        case .expired: 2
        case .canceled: 1
        default: 0
        }
    }

    @Test(arguments: 1...20)
    func randomLivesKeepTheirRules(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var lifecycle = MessageLifecycle(id: id, waiting: Bool.random(using: &generator) ? .queued : .scheduled)
            var now = start
            for _ in 0..<Int.random(in: 5...60, using: &generator) {
                let before = lifecycle
                let event = LifecycleEvent.allCases.randomElement(using: &generator)!
                let last = lifecycle.attempts
                let isOfLast = Int.random(in: 0..<3, using: &generator) > 0
                let attempt = isOfLast ? last : Int.random(in: 0...(last + 1), using: &generator)
                event.apply(to: &lifecycle, attempt: attempt, at: now)
                let fault = self.fault(of: event, before, lifecycle)
                try #require(fault == nil)
                now += Int64.random(in: -5...2000, using: &generator)
            }
        }
    }

    /// The rule that a step has broken, if any.
    private func fault(
        of event: LifecycleEvent, _ before: MessageLifecycle, _ after: MessageLifecycle
    ) -> String? {
        if rank(after.state) < rank(before.state) { return "\(after.state) overwrote \(before.state)" }
        let isClaim = event == .claimed && before.state != after.state
        if after.attempts != before.attempts + (isClaim ? 1 : 0) { return "attempts after \(event)" }
        if taken(over: after) != after { return "not the same once read back, after \(event)" }
        var at = start
        var fault: String?
        after.history.forEach(from: start) { event in
            if event.at < at { fault = "time goes back" }
            if event.attempt > after.attempts { fault = "an attempt that was not made" }
            at = event.at
        }
        return fault
    }

    @Test func aMessageThatIsThrottledAllWeekStaysSmallAndWhole() {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        LifecycleEvent.claimed.apply(to: &lifecycle)
        LifecycleEvent.unavailable.apply(to: &lifecycle)
        for round in 2...1500 {
            let now = start + Int64(round) * 60_000
            LifecycleEvent.claimed.apply(to: &lifecycle, at: now)
            #expect(lifecycle.attempts == round)
            // What another process would make of it, every now and then.
            if round % 250 == 0 { lifecycle = taken(over: lifecycle) }
            #expect(lifecycle.attempts == round)
            LifecycleEvent.throttled.apply(to: &lifecycle, at: now + 10)
        }
        LifecycleEvent.claimed.apply(to: &lifecycle, at: start + 90_000_000)
        LifecycleEvent.accepted.apply(to: &lifecycle, at: start + 90_000_001)
        let restored = taken(over: lifecycle)
        #expect(restored == lifecycle)
        #expect(restored.attempts == 1501)
        #expect(restored.countedAttempts == 1)
        #expect(lifecycle.history.bytes.count < History.packedBytes + 600)
        var last: History.Event?
        lifecycle.history.forEach(from: start) { last = $0 }
        #expect(last?.kind == .sent)
        #expect(last?.at == start + 90_000_001)
        LifecycleEvent.delivered.apply(to: &lifecycle)
        #expect(lifecycle.state == .delivered)
    }

    @Test func receiptsRepeatedForEverDoNotGrowTheRow() {
        var lifecycle = life(in: .delivered)
        for _ in 0..<2500 { LifecycleEvent.delivered.apply(to: &lifecycle) }
        #expect(lifecycle.history.bytes.count < History.packedBytes + 600)
        #expect(lifecycle.state == .delivered)
    }
}
