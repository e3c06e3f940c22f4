extension MessageLifecycle {
    /// Where a message stands, as the store counts it: by its state, and for its tenant's quotas.
    package struct Standing: Hashable, Sendable {
        package var state: MessageState
        /// It has ended, and surely no provider has taken it: it costs nothing, and what its tenant's quotas were
        /// charged for it is given back. A receipt that proves otherwise takes it again.
        package var isReleased: Bool

        package init(_ state: MessageState, isReleased: Bool = false) {
            self.state = state
            self.isReleased = isReleased
        }

        // Those of which nothing is released.
        package static let queued = Standing(.queued)
        package static let scheduled = Standing(.scheduled)
        package static let submitting = Standing(.submitting)
        package static let sent = Standing(.sent)
        package static let unknown = Standing(.unknown)
    }

    package var standing: Standing { Standing(state, isReleased: isReleased) }

    private var isReleased: Bool {
        switch state {
        case .canceled, .expired, .failed: !mayHaveBeenSent
        case .accepted, .scheduled, .queued, .submitting, .sent, .unknown, .delivered, .undelivered: false
        }
    }

    /// Some attempt was taken, or may have been.
    private var mayHaveBeenSent: Bool {
        var may = false
        history.forEach(from: 0) { event in
            switch event.kind {
            case .sent, .outcomeUnknown, .interrupted, .restored, .delivered, .undelivered: may = true
            case .accepted, .scheduled, .queued, .submitting, .rejected, .throttled, .unavailable, .failed, .expired,
                .canceled, .returned, .receiptOverdue, .receiptIgnored, .resent, .settled:
                break
            }
        }
        return may
    }
}
