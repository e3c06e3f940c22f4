/// What carriers say of attempts by receipts.
///
/// The rule: a message is DELIVERED if any attempt is, SENT while any is confirmed and neither delivered nor failed, and
/// UNDELIVERED only if every attempt that may have been taken has failed. Where the others have failed and nobody knows
/// of one, it is UNKNOWN. An attempt of several parts is delivered when every part is, and has failed as soon as one has.
/// Once a receipt proves that an attempt was taken, nothing is sent again on its own account.
extension MessageLifecycle {
    /// A receipt for one attempt. Repeats and late comers change nothing, and are told in the timeline, but for those
    /// which only say that the message is on its way.
    /// - Parameters:
    ///   - segments: the message's parts as the gateway counts them: what counts until the provider's answer is known.
    /// - Returns: false if the state did not change.
    @discardableResult
    package mutating func receiptReceived(_ receipt: Receipt, segments: Int = 1, at now: Int64) -> Bool {
        let attempt = receipt.attempt
        guard attempt >= 1, attempt <= attempts else { return false }
        switch receipt.status {
        case .taken: return taken(attempt, receipt.providerIDs, at: now)
        case .delivered:
            identify(attempt, receipt.providerIDs, at: now)
            return delivered(attempt, role(of: receipt, segments: segments), at: now)
        case .undelivered(let code):
            identify(attempt, receipt.providerIDs, at: now)
            // A delivery is believed before a failure, of a part as of the whole.
            if case .part(let part, _) = role(of: receipt, segments: segments),
                deliveredParts(of: attempt).contains(part)
            {
                return ignored(attempt, "delivered", at: now)
            }
            return undelivered(attempt, code, at: now)
        }
    }

    /// The same for the whole message.
    package mutating func receiptReceived(attempt: Int, _ status: ReceiptStatus, at now: Int64) -> Bool {
        receiptReceived(Receipt(id: id, attempt: attempt, status: status), at: now)
    }

    // MARK: Taken

    private mutating func taken(_ attempt: Int, _ providerIDs: [String], at now: Int64) -> Bool {
        let before = state
        let new = providerIDs.filter { isNew($0, attempt) }
        let known = attemptStates[attempt]
        let isProof = known.map { $0.isOpen && !$0.isConfirmed } ?? false
        guard isProof || !new.isEmpty else { return false }
        enterProven(attempt, .identified, detail: new.first ?? "", at: now)
        for id in new.dropFirst() { enter(attempt, .identified, detail: id, at: now) }
        return state != before
    }

    /// Keeps ids that a receipt named, so that the message is found by them.
    private mutating func identify(_ attempt: Int, _ providerIDs: [String], at now: Int64) {
        for id in providerIDs where isNew(id, attempt) { enter(attempt, .identified, detail: id, at: now) }
    }

    /// Past the history's bound no more ids are kept than the provider gave.
    private func isNew(_ providerID: String, _ attempt: Int) -> Bool {
        guard !providerID.isEmpty, history.bytes.count < History.packedBytes,
            let provider = provider(ofAttempt: attempt)
        else { return false }
        return self.attempt(providerID: providerID, provider: provider) == nil
    }

    /// Records an event that proves that an attempt was taken: a message that waits to be sent again does so no more.
    private mutating func enterProven(_ attempt: Int, _ event: EventKind, detail: String, at now: Int64) {
        let isOpen = attemptStates[attempt]?.isOpen ?? false
        let isSent: Bool
        switch state {
        case .queued, .scheduled, .unknown: isSent = isOpen
        // A later attempt is under way: that can't be undone.
        case .submitting: isSent = isOpen && attempt == attempts
        default: isSent = false
        }
        enter(
            attempt, event, isSent ? .sent : state, detail: detail, at: now,
            due: isSent ? now + Limits.receiptDeadlineMilliseconds : nil)
    }

    private mutating func enter(
        _ attempt: Int, _ event: EventKind, _ next: MessageState? = nil, detail: String, at now: Int64,
        due: Int64? = nil
    ) {
        enter(
            next ?? state, event, at: now, attempt: attempt, provider: provider(ofAttempt: attempt) ?? lastProvider,
            detail: detail, due: due)
    }

    /// Whether a receipt has proven that some attempt was taken: then nothing is sent again on its own account.
    var isProvenTaken: Bool { attemptStates.attempts.contains { $0.isProven } }

    /// The last attempt has come to nothing, or nobody knows of it. If an earlier one was proven to be taken meanwhile,
    /// the message does not wait for another.
    /// - Returns: false if nothing is proven.
    mutating func withdrawn(at now: Int64) -> Bool {
        let states = attemptStates
        guard state == .queued || state == .unknown, states.attempts.contains(where: \.isProven) else {
            return false
        }
        let (next, due) = states.state
        if next == .sent, let sent = states.open.last(where: \.isConfirmed) {
            enter(
                sent.number, .identified, .sent, detail: firstID(ofAttempt: sent.number) ?? "", at: now,
                due: now + Limits.receiptDeadlineMilliseconds)
        } else if let closed = states.closed.last, next != state {
            let event: EventKind = next == .undelivered ? .undelivered : .attemptUndelivered
            enter(closed.number, event, next, detail: text(closed.closedBy), at: now, due: due)
        }
        return true
    }

    private func firstID(ofAttempt attempt: Int) -> String? {
        var first: String?
        history.forEach(from: 0) { event in
            if first == nil, event.attempt == attempt, event.namesProviderID { first = history.detail(of: event) }
        }
        return first
    }

    private func text(_ range: Range<Int>?) -> String {
        range.map { String(decoding: history.bytes[$0], as: UTF8.self) } ?? ""
    }

    // MARK: Delivered

    private mutating func delivered(_ attempt: Int, _ role: ReceiptRole, at now: Int64) -> Bool {
        let before = state
        guard state != .delivered else { return ignored(attempt, "delivered", at: now) }
        switch role {
        case .whole: enter(attempt, .delivered, .delivered, detail: "", at: now)
        case .noPart: return ignored(attempt, "delivered", at: now)
        case .part(let part, let whole):
            let known = deliveredParts(of: attempt)
            guard !known.contains(part), whole.isGiven || history.bytes.count < History.packedBytes
            else { return ignored(attempt, "delivered", at: now) }
            enterProven(attempt, .partDelivered, detail: part, at: now)
            if whole.isComplete(known + [part]) { enter(attempt, .delivered, .delivered, detail: "", at: now) }
        }
        return state != before
    }

    // MARK: Parts

    private func role(of receipt: Receipt, segments: Int) -> ReceiptRole {
        let ids = givenIDs(ofAttempt: receipt.attempt)
        if case .number(let number, let count)? = receipt.part, count > 1 || ids.count > 1 {
            return .part("\(number) of \(count)", .numbers(of: count, atLeast: max(count, ids.count)))
        }
        if ids.count > 1 {
            var name = receipt.providerIDs.first
            if case .id(let id)? = receipt.part { name = id }
            return name.flatMap { ids.contains($0) ? .part($0, .ids(ids)) : nil } ?? .noPart
        }
        if ids.isEmpty, segments > 1, case .id(let id)? = receipt.part { return .part(id, .any(segments)) }
        return .whole
    }

    /// The ids in the provider's answer to an attempt: one, or one for each part.
    private func givenIDs(ofAttempt attempt: Int) -> [String] { details(of: .sent, attempt: attempt) }

    private func deliveredParts(of attempt: Int) -> [String] { details(of: .partDelivered, attempt: attempt) }

    /// Each once, in their order.
    private func details(of kind: EventKind, attempt: Int) -> [String] {
        var details: [String] = []
        history.forEach(from: 0) { event in
            guard event.kind == kind, event.attempt == attempt, !event.detail.isEmpty else { return }
            let detail = text(event.detail)
            if !details.contains(detail) { details.append(detail) }
        }
        return details
    }

    /// Whether the provider's answer to an attempt has told the message's ids.
    package func isIdentified(attempt: Int) -> Bool {
        var isIdentified = false
        history.forEach(from: 0) { event in
            if event.kind == .sent, event.attempt == attempt { isIdentified = true }
        }
        return isIdentified
    }

    /// The answer has told the parts that the provider took, once its first id is in the history.
    mutating func partsKnown(_ parts: AcceptedParts?, at now: Int64, attempt: Int, provider: UInt8) {
        var ids = givenIDs(ofAttempt: attempt)
        for id in parts?.furtherIDs ?? [] where !ids.contains(id) {
            enter(state, .sent, at: now, attempt: attempt, provider: provider, detail: id)
            ids.append(id)
        }
        if let code = parts?.refusal {
            _ = undelivered(attempt, code, at: now)
        } else if state != .delivered, !ids.isEmpty, ReceiptRole.Whole.ids(ids).isComplete(deliveredParts(of: attempt))
        {
            enter(.delivered, .delivered, at: now, attempt: attempt, provider: provider)
        }
    }

    // MARK: Undelivered

    private mutating func undelivered(_ attempt: Int, _ code: String, at now: Int64) -> Bool {
        let before = state
        var states = attemptStates
        guard state != .delivered, state != .undelivered, states[attempt]?.isOpen ?? false
        else { return ignored(attempt, code, at: now) }
        states.close(attempt, with: 0..<0)
        let (next, due) = states.state
        if next == .undelivered {
            enter(attempt, .undelivered, .undelivered, detail: code, at: now)
        } else if state.isFinal {
            return ignored(attempt, code, at: now)
        } else if state == .submitting, attempt != attempts {
            enter(attempt, .attemptUndelivered, detail: code, at: now)
        } else {
            // One that is sent already goes on waiting for its receipt as long as it would.
            let deadline = before == .sent ? nil : now + Limits.receiptDeadlineMilliseconds
            enter(
                attempt, .attemptUndelivered, next, detail: code, at: now, due: next == .unknown ? due : deadline)
        }
        return state != before
    }

    private mutating func ignored(_ attempt: Int, _ detail: String, at now: Int64) -> Bool {
        enter(attempt, .receiptIgnored, detail: detail, at: now)
        return false
    }
}

/// What a receipt is for within its attempt.
private enum ReceiptRole {
    case whole
    /// The part of this name.
    case part(String, Whole)
    /// One of several parts, and it does not say which.
    case noPart

    /// When a message of several parts is delivered.
    enum Whole {
        /// Once each of the ids in the provider's answer is among the delivered parts.
        case ids([String])
        /// Once at least this many of the parts with numbers up to `of` are.
        case numbers(of: Int, atLeast: Int)
        /// Once this many parts are. The answer, if it comes, tells their ids.
        case any(Int)

        /// The answer tells which parts there are, so that their number is bounded.
        var isGiven: Bool {
            if case .ids = self { true } else { false }
        }

        func isComplete(_ delivered: [String]) -> Bool {
            switch self {
            case .ids(let ids): ids.allSatisfy(delivered.contains)
            case .numbers(let count, let least): delivered.count { $0.hasSuffix(" of \(count)") } >= least
            case .any(let count): delivered.count >= count
            }
        }
    }
}
