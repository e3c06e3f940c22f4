/// The ways out of `unknown` besides a receipt and time: a provider or an operator knows, or an operator takes the risk.
extension MessageLifecycle {
    /// What an operator may say of a message of which nobody knows.
    package static let settlements: [MessageState] = [.sent, .delivered, .undelivered, .failed]

    /// An operator asked to send it again: it waits, and may be sent twice. Receipts of earlier attempts still apply.
    /// - Parameter detail: who asked, and their note.
    /// - Returns: false if it isn't unknown, or its sender has canceled it.
    package mutating func resend(at now: Int64, detail: String) -> Bool {
        guard state == .unknown, !isCanceled else { return false }
        enter(.queued, .resent, at: now, attempt: attempts, provider: lastProvider, detail: detail)
        return true
    }

    /// An operator said what became of it. It is settled with that, also as sent; a receipt still applies.
    /// - Parameters:
    ///   - next: one of ``settlements``.
    ///   - detail: who said it, and their note.
    /// - Returns: false if it isn't unknown, or can't be said to be so.
    package mutating func settledByOperator(as next: MessageState, at now: Int64, detail: String) -> Bool {
        guard state == .unknown, Self.settlements.contains(next) else { return false }
        enter(next, .settled, at: now, attempt: attempts, provider: lastProvider, detail: detail)
        return true
    }

    /// The provider was asked, and has the message of an attempt under this id: its receipt is awaited.
    /// - Parameter attempt: nil = the last.
    /// - Returns: false if the message isn't unknown, or was never given to a provider.
    package mutating func reconciled(attempt: Int? = nil, providerID: String, at now: Int64) -> Bool {
        let attempt = attempt ?? attempts
        guard state == .unknown, let provider = provider(ofAttempt: attempt) else { return false }
        enter(
            .sent, .sent, at: now, attempt: attempt, provider: provider, detail: providerID,
            due: now + Limits.receiptDeadlineMilliseconds)
        return true
    }

    /// What the timeline says of an attempt that its provider does not know.
    package static let notFound = "NOT_FOUND"

    /// The provider was asked about an attempt as often as it is asked, and never had it. By itself that proves nothing,
    /// since the provider may only not have shown it yet. But where another attempt has failed for good, nobody expects
    /// anything of this one any more: the message is undelivered with the other's code.
    /// - Returns: false, and nothing has changed, if no other attempt has failed.
    package mutating func notFound(attempt: Int, at now: Int64) -> Bool {
        guard state == .unknown, unresolvedAttempt?.attempt == attempt, let failed = failedAttempt else { return false }
        enter(
            .unknown, .attemptUndelivered, at: now, attempt: attempt,
            provider: provider(ofAttempt: attempt) ?? lastProvider, detail: Self.notFound)
        if attemptStates.open.isEmpty {
            enter(
                .undelivered, .undelivered, at: now, attempt: failed.number, provider: failed.provider,
                detail: failed.code)
        }
        return true
    }

    /// The last attempt that the carrier has said to be undelivered, and its code.
    private var failedAttempt: (number: Int, provider: UInt8, code: String)? {
        let codes = attemptStates.closed.compactMap { attempt in
            attempt.closedBy.map { range in
                (attempt.number, attempt.provider, String(decoding: history.bytes[range], as: UTF8.self))
            }
        }
        return codes.last { $0.2 != Self.notFound }
    }
}
