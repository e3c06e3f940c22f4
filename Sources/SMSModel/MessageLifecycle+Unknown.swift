/// The ways out of `unknown` beside a receipt and time: a provider or an operator knows, or an operator takes the risk.
extension MessageLifecycle {
    /// What an operator may say of a message of which nobody knows.
    package static let settlements: [MessageState] = [.sent, .delivered, .undelivered, .failed]

    /// An operator asked to send it again: it waits, and may be sent twice. Receipts of earlier attempts still apply.
    /// - Parameter detail: who asked, and their note.
    /// - Returns: false if it isn't unknown.
    package mutating func resend(at now: Int64, detail: String) -> Bool {
        guard state == .unknown else { return false }
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
        enter(
            next, .settled, at: now, attempt: attempts, provider: lastProvider, detail: detail,
            due: next == .sent ? now : nil)
        return true
    }

    /// The provider was asked, and has the last attempt's message under this id: its receipt is awaited.
    /// - Returns: false if the message isn't unknown, or was never given to a provider.
    package mutating func reconciled(providerID: String, at now: Int64) -> Bool {
        guard state == .unknown, attempts > 0, lastProvider != 0 else { return false }
        enter(
            .sent, .sent, at: now, attempt: attempts, provider: lastProvider, detail: providerID,
            due: now + Limits.receiptDeadlineMilliseconds)
        return true
    }
}
