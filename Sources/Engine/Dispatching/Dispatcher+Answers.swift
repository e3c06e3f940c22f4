internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// The consequences of a provider's answer, or of the lack of one.
extension Dispatcher {
    /// The rows that a decision about an answer needs.
    struct AnswerNeeds {
        /// The message's content.
        var content = false
        /// Whether its batch has been canceled while the provider had it.
        var batch = false
    }

    /// The rows that were needed, as the store has them.
    struct AnswerRows {
        /// nil where it wasn't needed or isn't there.
        var content: MessageContent?
        var isBatchCanceled = false
    }

    func needs(_ outcome: Outcome, _ flight: InFlight) -> AnswerNeeds {
        var needs = AnswerNeeds()
        switch outcome {
        case .accepted: return needs
        case .rejected(.optedOut, _, _): needs.content = true
        case .throttled(_, .sender): needs.content = flight.sender == nil
        default: break
        }
        needs.batch = flight.stored.batch != nil
        return needs
    }

    /// A provider has answered for a message that was in flight.
    /// - Parameter stored: the flight's; gets the step that is decided.
    /// - Returns: the opt-out that the answer tells of.
    mutating func answered(
        _ answer: AttemptAnswer, _ flight: InFlight, _ stored: inout StoredLifecycle, _ rows: AnswerRows, now: Int64
    ) -> CarrierOptOut? {
        pool.update(flight.provider) { $0.answered(answer.outcome, to: flight.submitted, now: now) }
        let provider = pool.states[flight.provider].number
        // What a receipt has said before the answer is what it really costs.
        if case .accepted = answer.outcome, let price = flight.price, !stored.lifecycle.isPriced {
            stored.lifecycle.priced(price, at: now, provider: provider)
        }
        var optOut: CarrierOptOut?
        if case .rejected(.optedOut, let code, _) = answer.outcome, let content = rows.content {
            optOut = CarrierOptOut(content, provider: provider, code: code, at: now)
        }
        let after = stored.lifecycle.answered(
            attempt: answer.attempt, answer.outcome, at: now, provider: provider, onUnknown: flight.onUnknown)
        let entry = flight.routesEpoch == pool.routesEpoch ? flight.message : flight.message.unrouted
        let due = learnOfSender(answer.outcome, flight, rows.content, now: now)
        follow(after, &stored, entry, isBatchCanceled: rows.isBatchCanceled, senderDue: due, now: now)
        return optOut
    }

    /// Settles a message that was being submitted when the gateway stopped: it may have been sent.
    /// - Parameter stored: gets the step that is decided.
    mutating func possiblySent(
        _ message: RecoveredMessage, _ stored: inout StoredLifecycle, isBatchCanceled: Bool, now: Int64
    ) {
        let after = stored.lifecycle.interrupted(at: now, onUnknown: message.onUnknown)
        follow(after, &stored, message.entry, isBatchCanceled: isBatchCanceled, now: now)
    }

    /// Does what an outcome asks: a retry later, at once, or none.
    private mutating func follow(
        _ after: MessageLifecycle.AfterOutcome, _ stored: inout StoredLifecycle, _ entry: QueuedEntry,
        isBatchCanceled: Bool, senderDue: Int64? = nil, now: Int64
    ) {
        var due = now
        switch after {
        case .nothing: return
        case .tryAnother(let code, let message):
            let trouble = AttemptTrouble(stored.lifecycle)
            guard pool.alternative(to: entry.flow.candidates, trouble, now: now) != .none else {
                stored.lifecycle.gaveUp(at: now, code: code, message: "\(message); no other provider serves it")
                return
            }
        case .waitForSender:
            if !isBetterElsewhere(stored.lifecycle, entry, counted: false, now: now) { due = senderDue ?? now }
        case .retry(let counted, let retryAfter):
            let attempts = stored.lifecycle.countedAttempts
            if counted, retry.isExhausted(attempts: attempts) {
                stored.lifecycle.gaveUp(
                    at: now, code: "ATTEMPTS_EXHAUSTED", message: "no provider took it in \(attempts) attempts")
                return
            }
            if retryAfter != 0, !isBetterElsewhere(stored.lifecycle, entry, counted: counted, now: now) {
                due += retry.delay(
                    afterAttempt: counted ? attempts : stored.lifecycle.attempts,
                    retryAfter: retryAfter.map { Int64(clamping: $0) }, using: &random)
            }
        }
        guard !isBatchCanceled else {
            _ = stored.lifecycle.canceled(at: now)
            return
        }
        // It was surely not taken, and is routed again in its turn.
        stored.lifecycle.retry(at: due)
        open.requeued(entry.unrouted, due: due, now: now)
    }

    /// Whether another provider can be tried at once.
    private mutating func isBetterElsewhere(
        _ lifecycle: MessageLifecycle, _ entry: QueuedEntry, counted: Bool, now: Int64
    ) -> Bool {
        let trouble = AttemptTrouble(lifecycle)
        let provider = lifecycle.lastProvider
        if counted {
            return pool.alternative(to: entry.flow.candidates, trouble, failed: provider, now: now) == .now
        }
        return pool.hasRoomElsewhere(entry.flow.candidates, than: provider, trouble, now: now)
    }
}
