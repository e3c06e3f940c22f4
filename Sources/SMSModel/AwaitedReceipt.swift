/// An attempt that a provider took and whose receipt is awaited.
package struct AwaitedReceipt: Hashable, Sendable {
    package var id: MessageID
    package var attempt: Int
    /// The number of the provider that has it.
    package var provider: UInt8
    /// When it was sent, in milliseconds since the Unix epoch.
    package var sentAt: Int64

    package init(id: MessageID, attempt: Int, provider: UInt8, sentAt: Int64) {
        self.id = id
        self.attempt = attempt
        self.provider = provider
        self.sentAt = sentAt
    }
}

extension MessageLifecycle {
    /// The last open attempt to which a provider gave an id; nil unless the message is sent and its receipt is awaited.
    package var awaitedReceipt: AwaitedReceipt? {
        awaitedEvent.map { event in
            AwaitedReceipt(
                id: id, attempt: event.attempt, provider: event.provider,
                sentAt: due - Limits.receiptDeadlineMilliseconds)
        }
    }

    /// The provider's id of the message whose receipt is awaited.
    package var awaitedProviderID: String? { awaitedEvent.map(history.detail) }

    private var awaitedEvent: History.Event? {
        guard state == .sent, due > 0 else { return nil }
        // One that surely was not delivered is asked about no more; most messages have one attempt.
        let open = attempts > 1 ? Set(attemptStates.open.map(\.number)) : nil
        var found: History.Event?
        history.forEach(from: Int64(id.milliseconds)) { event in
            if event.namesProviderID, event.provider != 0, open?.contains(event.attempt) ?? true { found = event }
        }
        return found
    }
}
