internal import DequeModule
internal import Providers
internal import SMSModel
internal import Storage

/// What carriers report: receipts, which are matched here or kept until their message is known, messages from people,
/// and their links.
extension WriterCore {
    /// Parked receipts that one round looks for again, or lets go of.
    private static let unmatchedAtATime = 64

    mutating func takeCarriers(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        guard isReadyForReceipts else { return }
        while let burst = pending.carriers.popFirst() {
            intake.carriers.append(burst)
            for event in burst.events {
                switch event {
                case .receipt(let receipt): try take(receipt, of: burst, now: now)
                case .inbound(let message): try take(message, of: burst, now: now)
                }
            }
            operations += UInt64(burst.events.count)
            effects.replies.append { burst.reply(nil) }
            if deadline.isOver(after: burst.events.count) { return }
        }
    }

    /// Takes over which providers can be handed messages. It needs no writing, so it is done whatever the store does.
    mutating func takeLinks(now: Int64) {
        guard pending.hasNewLinks else { return }
        pending.hasNewLinks = false
        for state in dispatcher.pool.takeLinks(now: now) where !state.isRetired {
            log.linkChanged(provider: state.provider.name, state.link)
        }
    }

    // MARK: Receipts

    private mutating func take(_ receipt: CarrierReceipt, of burst: CarrierBurst, now: Int64) throws(StoreError) {
        guard let status = receipt.status else { return }
        if receipt.attempt == nil, let id = receipt.providerID,
            unmatched.contains(UnmatchedReceipts.Key(provider: burst.provider, providerID: id))
        {
            // It has been looked for already.
            return try addUnmatched(receipt, of: burst.provider, now: now)
        }
        switch try ReceiptMatch.find(receipt, of: burst.provider, store, dispatcher) {
        case .attempt(let id, let attempt):
            let receipt = Receipt(
                id: id, attempt: attempt, status: status, part: receipt.part, providerIDs: receipt.providerIDs,
                price: receipt.price)
            try apply(receipt, of: burst.provider, now: now)
        case .none: try addUnmatched(receipt, of: burst.provider, now: now)
        case .never: log.receiptRefused(provider: burst.name)
        }
    }

    private mutating func apply(_ receipt: Receipt, of provider: UInt8, now: Int64) throws(StoreError) {
        guard try apply(receipt, now: now) else {
            return log.receiptUnmatched(receipt)
        }
        for id in receipt.providerIDs { try identified(receipt.id, receipt.attempt, by: provider, as: id, now: now) }
    }

    // MARK: Unmatched receipts

    /// Keeps a receipt that matches no message yet. Without a token, that a message is on its way proves nothing.
    private mutating func addUnmatched(_ receipt: CarrierReceipt, of provider: UInt8, now: Int64) throws(StoreError) {
        guard let id = receipt.providerID, let status = receipt.status, status != .taken else { return }
        // An unmatched receipt has no part: a failure is the whole message's, but a delivery must not be taken for it.
        if case .number? = receipt.part, status == .delivered { return log.receiptsUnmatched(1, isFull: false) }
        let (new, gone) = unmatched.add(UnmatchedReceipts.Key(provider: provider, providerID: id), status, at: now)
        if let gone {
            try store.carriers.removeUnmatched([gone])
            log.receiptsUnmatched(1, isFull: true)
        }
        if let new { try store.carriers.addUnmatched(new) }
    }

    /// A provider has given its id to the message of an attempt, or to a part of it: receipts may wait for that.
    mutating func identified(
        _ id: MessageID, _ attempt: Int, by provider: UInt8, as providerID: String, now: Int64
    ) throws(StoreError) {
        guard !unmatched.isEmpty else { return }
        for unmatched in unmatched.take(UnmatchedReceipts.Key(provider: provider, providerID: providerID)) {
            let receipt = Receipt(id: id, attempt: attempt, status: unmatched.status, providerIDs: [providerID])
            try apply(receipt, of: provider, now: now)
            self.unmatched.applied(unmatched.id)
        }
    }

    /// When there is something to do for the unmatched receipts; nil = never.
    mutating func unmatchedDue(now: Int64) -> Int64? {
        if isReadyForReceipts, !unmatched.untried.isEmpty { return now }
        return unmatched.oldestAt.map { $0 + Limits.unmatchedReceiptMilliseconds }
    }

    /// Looks again for what an earlier start could not match, and lets go of what has been kept for too long.
    mutating func tendUnmatched(now: Int64) throws(StoreError) {
        let applied = unmatched.letGo()
        if !applied.isEmpty { try store.carriers.removeUnmatched(applied) }
        if isReadyForReceipts {
            for key in unmatched.takeUntried(limit: Self.unmatchedAtATime) { try lookAgain(for: key, now: now) }
        }
        let over = unmatched.takeOldest(until: now - Limits.unmatchedReceiptMilliseconds, limit: Self.unmatchedAtATime)
        guard !over.isEmpty else { return }
        try store.carriers.removeUnmatched(over.map(\.id))
        log.receiptsUnmatched(over.count, isFull: false)
    }

    private mutating func lookAgain(for key: UnmatchedReceipts.Key, now: Int64) throws(StoreError) {
        let receipt = CarrierReceipt(providerID: key.providerID, status: nil)
        guard case .attempt(let id, let attempt) = try ReceiptMatch.find(receipt, of: key.provider, store, dispatcher)
        else { return }
        try identified(id, attempt, by: key.provider, as: key.providerID, now: now)
    }
}
