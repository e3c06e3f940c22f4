extension MessageLifecycle {
    /// Where a message stands, as the store counts it: by its state, and for its tenant's quotas.
    package struct AccountedState: Hashable, Sendable {
        package var state: MessageState
        package var cost: Cost
        /// It is sent, and no receipt is expected: nothing that is to come, but for a receipt all the same, changes it.
        package var isSentForGood: Bool

        package init(_ state: MessageState, _ cost: Cost = .reserved, isSentForGood: Bool = false) {
            self.state = state
            self.cost = cost
            self.isSentForGood = isSentForGood
        }

        // Those for which nothing but what was reserved has been told yet.
        package static let queued = AccountedState(.queued)
        package static let scheduled = AccountedState(.scheduled)
        package static let submitting = AccountedState(.submitting)
        package static let sent = AccountedState(.sent)
        package static let unknown = AccountedState(.unknown)
    }

    /// What a message counts for its tenant's quotas.
    package enum Cost: Hashable, Sendable {
        /// Its segments, and its price at most.
        case reserved
        /// Its segments, and this.
        case price(Money)
        /// It has ended, and surely no provider has taken it: what its tenant's quotas were charged for it is given
        /// back. A receipt that proves otherwise takes it again.
        case nothing
    }

    package var accountedState: AccountedState { AccountedState(state, cost, isSentForGood: isSentForGood) }

    private var cost: Cost {
        switch state {
        case .canceled, .expired, .failed:
            if !mayHaveBeenSent() { return .nothing }
        case .accepted, .scheduled, .queued, .submitting, .sent, .unknown, .delivered, .undelivered: break
        }
        return price.map(Cost.price) ?? .reserved
    }

    /// Some attempt was taken, or may have been.
    /// - Parameter next: only attempts before that one are looked at.
    func mayHaveBeenSent(before next: Int = .max) -> Bool {
        var may = false
        history.forEach(from: 0) { event in
            guard event.attempt < next else { return }
            switch event.kind {
            case .sent, .outcomeUnknown, .interrupted, .restored, .delivered, .undelivered, .partDelivered,
                .attemptUndelivered:
                may = true
            case .accepted, .scheduled, .queued, .submitting, .rejected, .throttled, .unavailable, .failed, .expired,
                .canceled, .returned, .receiptOverdue, .receiptIgnored, .resent, .settled, .priced, .identified,
                .smartEncoded:
                break
            }
        }
        return may
    }
}
