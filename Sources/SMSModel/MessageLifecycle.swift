/// The legal moves of a message, from its first claim to its last receipt: a value without IO, clock or
/// randomness. Store, dispatcher and receipts all go through it.
///
/// A message that is only waiting has no lifecycle of its own yet: accepted, queued and scheduled are
/// told by the message itself. ``init(id:waiting:)`` starts one at the first event that must be kept.
package struct MessageLifecycle: Hashable, Sendable {
    package let id: MessageID
    package private(set) var state: MessageState
    /// Attempts made so far: the number of the last.
    package private(set) var attempts: Int
    /// What time means for this state, in milliseconds since the Unix epoch. Queued: not before it.
    /// Sent and unknown: settled from then on, if no receipt comes. Otherwise 0, also where it is sent and no receipt
    /// is expected.
    package private(set) var due: Int64
    package private(set) var history: History
    /// The price of all its segments at the provider that took it; nil while what was reserved for it stands.
    package private(set) var price: Money?

    /// - Parameter waiting: `.queued` or `.scheduled`.
    package init(id: MessageID, waiting: MessageState) {
        self.id = id
        state = waiting
        attempts = 0
        due = 0
        history = History(id: id)
    }

    /// Takes over a stored lifecycle.
    package init(id: MessageID, state: MessageState, due: Int64, history: History) {
        self.id = id
        self.state = state
        self.due = due
        self.history = history
        var attempts = 0
        var price: Money?
        history.forEach(from: Int64(id.milliseconds)) { event in
            attempts = max(attempts, event.attempt)
            if event.kind == .priced { price = Money(history.detail(of: event)) }
        }
        self.attempts = attempts
        self.price = price
    }

    /// A moment in a message's life.
    package struct Mark: Sendable {
        package let accountedState: AccountedState
        fileprivate let historyBytes: Int

        /// A moment before all events.
        package init(beginning accountedState: AccountedState) {
            self.accountedState = accountedState
            historyBytes = 0
        }

        fileprivate init(accountedState: AccountedState, historyBytes: Int) {
            self.accountedState = accountedState
            self.historyBytes = historyBytes
        }
    }

    /// Now.
    package var mark: Mark { Mark(accountedState: accountedState, historyBytes: history.bytes.count) }

    /// What has happened since, in order. Where the history has been shortened meanwhile, only the last of it.
    package func events(since mark: Mark) -> [History.Event] {
        var events: [History.Event] = []
        history.forEach(from: Int64(id.milliseconds)) { events.append($0) }
        if history.bytes.count < mark.historyBytes { return events.suffix(1) }
        return events.filter { $0.detail.upperBound > mark.historyBytes }
    }

    /// The ids that providers have given since.
    package func providerIDs(since mark: Mark) -> [(provider: UInt8, id: ArraySlice<UInt8>)] {
        history.providerIDs(fromByte: mark.historyBytes)
    }

    /// Nothing more is expected: a final state, one whose receipt is overdue, or sent where no receipt is expected.
    package func isSettled(at now: Int64) -> Bool {
        state.isFinal || isSentForGood || isReceiptOverdue(at: now)
    }

    /// It is sent, and no receipt is expected: its provider sends none, or an operator has said that it was sent. One
    /// that comes all the same applies.
    package var isSentForGood: Bool { state == .sent && due == 0 }

    package func isReceiptOverdue(at now: Int64) -> Bool {
        (state == .sent || state == .unknown) && due > 0 && now >= due
    }

    /// The provider's slot is held: the next attempt begins.
    /// - Returns: false if the message is not waiting (any more).
    package mutating func claimed(at now: Int64, provider: UInt8, reason: String) -> Bool {
        guard state == .queued || state == .scheduled else { return false }
        attempts += 1
        enter(.submitting, .submitting, at: now, attempt: attempts, provider: provider, detail: reason)
        return true
    }

    /// The provider is about to be told as having taken the last attempt, or found to have it: that is what it costs,
    /// instead of what was reserved. Where another attempt may have been taken too, what was reserved stands.
    package mutating func priced(_ price: Money, at now: Int64, provider: UInt8) {
        guard self.price != price, attempts > 0, !mayHaveBeenSent(before: attempts) else { return }
        self.price = price
        enter(state, .priced, at: now, attempt: attempts, provider: provider, detail: price.description)
    }

    /// Whether somebody has said already what the last attempt costs.
    package var isPriced: Bool {
        var isPriced = false
        history.forEach(from: 0) { if $0.kind == .priced, $0.attempt == attempts { isPriced = true } }
        return isPriced
    }

    /// What a provider's answer asks of the dispatcher.
    package enum AfterOutcome: Hashable, Sendable {
        /// The message waits for a receipt or is settled: nothing to do.
        case nothing
        /// Surely not taken: back to the queue, once `retry(at:)` has been told when.
        case retry(counted: Bool, retryAfterMilliseconds: UInt64?)
        /// Surely not taken: back to the queue until its sender may be asked again.
        case waitForSender
        /// Refused for this sender or route only: another provider may try.
        case tryAnother(code: String, message: String)
    }

    /// The provider answered the attempt. An answer to an attempt that is not the one under way is ignored.
    package mutating func answered(
        attempt: Int, _ outcome: Outcome, at now: Int64, provider: UInt8, onUnknown: OnUnknown
    ) -> AfterOutcome {
        guard attempt == attempts, attempts > 0 else { return .nothing }
        // A receipt came before the answer: its state stands, the answer completes the timeline.
        guard state == .submitting else {
            if case .accepted(let providerID, let receipts, let parts) = outcome {
                accepted(providerID, receipts: receipts, parts, at: now, attempt: attempt, provider: provider)
            }
            return .nothing
        }
        if case .accepted(let providerID, let receipts, let parts) = outcome {
            accepted(providerID, receipts: receipts, parts, at: now, attempt: attempt, provider: provider)
            return .nothing
        }
        let after = notAccepted(outcome, attempt: attempt, at: now, provider: provider, onUnknown: onUnknown)
        return withdrawn(at: now) ? .nothing : after
    }

    private mutating func accepted(
        _ providerID: String, receipts: Bool, _ parts: AcceptedParts?, at now: Int64, attempt: Int, provider: UInt8
    ) {
        let wasSubmitting = state == .submitting
        enter(
            wasSubmitting ? .sent : state, .sent, at: now, attempt: attempt, provider: provider, detail: providerID)
        if wasSubmitting { due = receipts ? now + Limits.receiptDeadlineMilliseconds : 0 }
        // A part that was delivered before the answer has confirmed the attempt.
        guard parts != nil || !wasSubmitting else { return }
        partsKnown(parts, at: now, attempt: attempt, provider: provider)
    }

    /// An answer that doesn't say that the provider has the message.
    private mutating func notAccepted(
        _ outcome: Outcome, attempt: Int, at now: Int64, provider: UInt8, onUnknown: OnUnknown
    ) -> AfterOutcome {
        switch outcome {
        case .accepted: return .nothing
        case .rejected(let scope, let code, let message):
            let detail = "\(code): \(message)"
            // Whatever this provider says: another has it.
            guard scope.isFinal, !isProvenTaken else {
                enter(.queued, .rejected, at: now, attempt: attempt, provider: provider, detail: detail)
                return .tryAnother(code: code, message: message)
            }
            end(as: .failed, .rejected, at: now, attempt: attempt, provider: provider, detail: detail)
            return .nothing
        case .throttled(let retryAfter, let scope):
            enter(.queued, .throttled, at: now, attempt: attempt, provider: provider, detail: scope.text)
            return scope == .sender
                ? .waitForSender : .retry(counted: false, retryAfterMilliseconds: retryAfter)
        case .unavailable(let code):
            enter(.queued, .unavailable, at: now, attempt: attempt, provider: provider, detail: code)
            return .retry(counted: true, retryAfterMilliseconds: nil)
        case .returned:
            enter(.queued, .returned, at: now, attempt: attempt, provider: provider)
            return .retry(counted: false, retryAfterMilliseconds: 0)
        case .unknown(let code):
            return unknown(.outcomeUnknown, attempt: attempt, code, at: now, provider: provider, onUnknown: onUnknown)
        }
    }

    /// The gateway stopped while the provider had the message: it may have been taken.
    package mutating func interrupted(at now: Int64, onUnknown: OnUnknown) -> AfterOutcome {
        guard state == .submitting else { return .nothing }
        let after = unknown(
            .interrupted, attempt: attempts, "the gateway stopped before the answer", at: now, provider: lastProvider,
            onUnknown: onUnknown)
        return withdrawn(at: now) ? .nothing : after
    }

    /// The message comes from a backup: what became of it since is not known, so it must not be sent on its own
    /// account, whatever it says of unknown outcomes.
    /// - Returns: false if it was settled.
    package mutating func restored(at now: Int64) -> Bool {
        guard !isSettled(at: now) else { return false }
        enter(
            .unknown, .restored, at: now, attempt: attempts, provider: lastProvider,
            detail: "not settled when the backup was made")
        due = now + Limits.receiptDeadlineMilliseconds
        return true
    }

    private mutating func unknown(
        _ event: EventKind, attempt: Int, _ detail: String, at now: Int64, provider: UInt8, onUnknown: OnUnknown
    ) -> AfterOutcome {
        switch onUnknown {
        case .hold:
            enter(.unknown, event, at: now, attempt: attempt, provider: provider, detail: detail)
            due = now + Limits.receiptDeadlineMilliseconds
            return .nothing
        case .resend:
            enter(.queued, event, at: now, attempt: attempt, provider: provider, detail: detail)
            return .retry(counted: true, retryAfterMilliseconds: nil)
        }
    }

    /// Whether the provider has answered the last attempt.
    package var isAnswered: Bool {
        var answered = false
        history.forEach(from: 0) { event in
            switch event.kind {
            case .submitting: answered = false
            case .sent, .rejected, .throttled, .unavailable, .outcomeUnknown, .returned, .interrupted: answered = true
            default: break
            }
        }
        return answered
    }

    /// When the retry that ``answered(attempt:_:at:provider:onUnknown:)`` asked for is due.
    package mutating func retry(at time: Int64) {
        if state == .queued { due = time }
    }

    /// Attempts that count against the retry policy's bound: all but throttled, returned and pending ones.
    package var countedAttempts: Int {
        var count = 0
        history.forEach(from: 0) { event in
            switch event.kind {
            case .unavailable, .outcomeUnknown, .interrupted: count += 1
            default: break
            }
        }
        return count
    }

    /// No provider will be tried (again).
    /// - Returns: false if the message is not waiting (any more).
    @discardableResult
    package mutating func gaveUp(at now: Int64, code: String, message: String) -> Bool {
        guard state == .queued || state == .scheduled else { return false }
        end(as: .failed, .failed, at: now, detail: "\(code): \(message)")
        return true
    }

    /// The validity is over.
    /// - Returns: false if the message is not waiting (any more): an attempt under way goes on.
    package mutating func expired(at now: Int64) -> Bool {
        guard state == .queued || state == .scheduled else { return false }
        end(as: .expired, .expired, at: now)
        return true
    }

    /// What canceling a message has come to.
    package enum CancelOutcome: Hashable, Sendable {
        /// No provider has it, and none will.
        case canceled
        /// It isn't sent again, but an attempt before may have been taken.
        case mayHaveBeenSent
        /// Too late: an attempt is under way, or the last one was taken or may have been.
        case tooLate
    }

    /// Its sender doesn't want it to be sent (again). Repeats change nothing, and come to the same.
    package mutating func canceled(at now: Int64) -> CancelOutcome {
        if state == .queued || state == .scheduled { end(as: .canceled, .canceled, at: now) }
        return switch state {
        case .canceled: .canceled
        case .unknown where isCanceled: .mayHaveBeenSent
        default: .tooLate
        }
    }

    /// Whether it was canceled while it waited.
    var isCanceled: Bool {
        var isCanceled = false
        history.forEach(from: 0) { if $0.kind == .canceled { isCanceled = true } }
        return isCanceled
    }

    /// Ends a message that isn't sent (again). Where a provider may have taken an attempt before, nobody can say that it
    /// surely wasn't sent: then it is UNKNOWN, as any message is whose answer was lost.
    /// - Parameter attempt: the one that a provider has just refused; 0 = none is under way.
    private mutating func end(
        as final: MessageState, _ event: EventKind, at now: Int64, attempt: Int = 0, provider: UInt8 = 0,
        detail: String = ""
    ) {
        let due = attemptStates.doubtDue(without: attempt == 0 ? nil : attempt)
        enter(
            due == nil ? final : .unknown, event, at: now, attempt: attempt, provider: provider, detail: detail,
            due: due)
    }

    /// The number of the provider that had it last; 0 = none.
    package var lastProvider: UInt8 {
        var provider: UInt8 = 0
        history.forEach(from: 0) { if $0.provider != 0 { provider = $0.provider } }
        return provider
    }

    mutating func enter(
        _ next: MessageState, _ event: EventKind, at now: Int64, attempt: Int = 0, provider: UInt8 = 0,
        detail: String = "", due: Int64? = nil
    ) {
        assert(event.states(after: state).contains(next), "\(event) does not lead from \(state) to \(next)")
        if next != state { self.due = 0 }
        if let due { self.due = due }
        state = next
        history.append(event, state: next, at: now, attempt: attempt, provider: provider, detail: detail)
    }
}
