internal import DequeModule
internal import Providers
internal import SMSModel
internal import Storage

/// What carriers report: receipts, which are matched or parked here, and messages from people; and their links.
extension WriterCore {
    /// Parked receipts that one round looks for again, or lets go of.
    private static let parkedAtATime = 64

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
    mutating func takeLinks() {
        guard pending.hasNewLinks else { return }
        pending.hasNewLinks = false
        for lane in dispatcher.pool.takeLinks() where !lane.isRetired {
            log.linkChanged(provider: lane.provider.name, lane.link)
        }
    }

    // MARK: Receipts

    private mutating func take(_ receipt: CarrierReceipt, of burst: CarrierBurst, now: Int64) throws(StoreError) {
        guard let status = receipt.status else { return }
        if receipt.attempt == nil, let id = receipt.providerID,
            parked.contains(ParkedReceipts.Key(provider: burst.provider, providerID: id))
        {
            // It has been looked for already.
            return try park(receipt, of: burst.provider, now: now)
        }
        switch try ReceiptMatch.find(receipt, of: burst.provider, store, dispatcher) {
        case .attempt(let id, let attempt):
            let receipt = Receipt(
                id: id, attempt: attempt, status: status, part: receipt.part, providerIDs: receipt.providerIDs,
                price: receipt.price)
            try apply(receipt, of: burst.provider, now: now)
        case .none: try park(receipt, of: burst.provider, now: now)
        case .never: log.receiptRefused(provider: burst.name)
        }
    }

    private mutating func apply(_ receipt: Receipt, of provider: UInt8, now: Int64) throws(StoreError) {
        guard try apply(receipt, now: now) else {
            return log.receiptUnmatched(receipt)
        }
        for id in receipt.providerIDs { try identified(receipt.id, receipt.attempt, by: provider, as: id, now: now) }
    }

    // MARK: Parking

    /// Keeps a receipt that matches no message yet. Without a token, that a message is on its way proves nothing.
    private mutating func park(_ receipt: CarrierReceipt, of provider: UInt8, now: Int64) throws(StoreError) {
        guard let id = receipt.providerID, let status = receipt.status, status != .taken else { return }
        // What is parked has no part: a failure is the whole message's, but a delivery must not be taken for it.
        if case .number? = receipt.part, status == .delivered { return log.receiptsUnmatched(1, isFull: false) }
        let (new, gone) = parked.park(ParkedReceipts.Key(provider: provider, providerID: id), status, at: now)
        if let gone {
            try store.carriers.unpark([gone])
            log.receiptsUnmatched(1, isFull: true)
        }
        if let new { try store.carriers.park(new) }
    }

    /// A provider has given its id to the message of an attempt, or to a part of it: receipts may wait for that.
    mutating func identified(
        _ id: MessageID, _ attempt: Int, by provider: UInt8, as providerID: String, now: Int64
    ) throws(StoreError) {
        guard !parked.isEmpty else { return }
        for parked in parked.take(ParkedReceipts.Key(provider: provider, providerID: providerID)) {
            let receipt = Receipt(id: id, attempt: attempt, status: parked.status, providerIDs: [providerID])
            try apply(receipt, of: provider, now: now)
            self.parked.applied(parked.id)
        }
    }

    /// When there is something to do for what is parked; nil = never.
    mutating func parkedDue(now: Int64) -> Int64? {
        if isReadyForReceipts, !parked.untried.isEmpty { return now }
        return parked.oldestAt.map { $0 + Limits.parkedReceiptMilliseconds }
    }

    /// Looks again for what an earlier start has parked, and lets go of what has been parked for too long.
    mutating func tendParked(now: Int64) throws(StoreError) {
        let applied = parked.letGo()
        if !applied.isEmpty { try store.carriers.unpark(applied) }
        if isReadyForReceipts {
            for key in parked.takeUntried(limit: Self.parkedAtATime) { try lookAgain(for: key, now: now) }
        }
        let over = parked.takeParked(until: now - Limits.parkedReceiptMilliseconds, limit: Self.parkedAtATime)
        guard !over.isEmpty else { return }
        try store.carriers.unpark(over.map(\.id))
        log.receiptsUnmatched(over.count, isFull: false)
    }

    private mutating func lookAgain(for key: ParkedReceipts.Key, now: Int64) throws(StoreError) {
        let receipt = CarrierReceipt(providerID: key.providerID, status: nil)
        guard case .attempt(let id, let attempt) = try ReceiptMatch.find(receipt, of: key.provider, store, dispatcher)
        else { return }
        try identified(id, attempt, by: key.provider, as: key.providerID, now: now)
    }
}
