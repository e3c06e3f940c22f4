internal import DequeModule
internal import Providers
internal import SMSModel
internal import Storage

/// What carriers post: receipts, which are matched or parked here, and messages from people.
extension WriterCore {
    /// Parked receipts that one round looks for again, or lets go of.
    private static let parkedAtATime = 64

    mutating func takeCarriers(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        guard isReadyForReceipts else { return }
        while let burst = pending.carriers.popFirst() {
            round.carriers.append(burst)
            for event in burst.events {
                switch event {
                case .receipt(let receipt): try take(receipt, of: burst, now: now)
                case .inbound(let message): try take(message, of: burst, now: now)
                }
            }
            round.operations += UInt64(burst.events.count)
            round.effects.replies.append { burst.reply(nil) }
            if deadline.isOver(after: burst.events.count) { return }
        }
    }

    // MARK: Receipts

    private mutating func take(_ receipt: CarrierReceipt, of burst: CarrierBurst, now: Int64) throws(StoreError) {
        guard let status = receipt.status else { return }
        if receipt.attempt == nil, let id = receipt.providerID {
            // It has been looked for already.
            let key = ParkedReceipts.Key(provider: burst.provider, providerID: id)
            if parked.contains(key) { return try park(key, status, now: now) }
        }
        switch try ReceiptMatch.find(receipt, of: burst.provider, store, dispatcher) {
        case .attempt(let id, let attempt): try apply(id, attempt, status, now: now)
        case .none:
            guard let id = receipt.providerID else { return }
            try park(ParkedReceipts.Key(provider: burst.provider, providerID: id), status, now: now)
        case .never: log.receiptRefused(provider: burst.name)
        }
    }

    private mutating func apply(
        _ id: MessageID, _ attempt: Int, _ status: ReceiptStatus, now: Int64
    ) throws(StoreError) {
        let receipt = Receipt(id: id, attempt: attempt, status: status)
        if try !ReceiptIntake.apply(receipt, now: now, store: store, dispatcher: &dispatcher) {
            log.receiptUnmatched(receipt)
        }
    }

    // MARK: Parking

    private mutating func park(_ key: ParkedReceipts.Key, _ status: ReceiptStatus, now: Int64) throws(StoreError) {
        let (new, gone) = parked.park(key, status, at: now)
        if let gone {
            try store.carriers.unpark([gone])
            log.receiptsUnmatched(1, isFull: true)
        }
        if let new { try store.carriers.park(new) }
    }

    /// A provider has given its id to the message of an attempt: receipts may wait for that.
    mutating func identified(
        _ id: MessageID, _ attempt: Int, by provider: UInt8, as providerID: String, now: Int64
    ) throws(StoreError) {
        guard !parked.isEmpty else { return }
        for receipt in parked.take(ParkedReceipts.Key(provider: provider, providerID: providerID)) {
            try apply(id, attempt, receipt.status, now: now)
            // The message's file is committed after the control file: a receipt is let go of once both are durable.
            round.unparked.append(receipt.id)
        }
    }

    /// When there is something to do for what is parked; nil = never.
    mutating func parkedDue(now: Int64) -> Int64? {
        if isReadyForReceipts, !parked.untried.isEmpty { return now }
        return parked.oldestAt.map { $0 + Limits.parkedReceiptMilliseconds }
    }

    /// Looks again for what an earlier start has parked, and lets go of what has been parked for too long.
    mutating func tendParked(now: Int64) throws(StoreError) {
        if !applied.isEmpty { try store.carriers.unpark(applied.sorted()) }
        round.hasUnparkedApplied = !applied.isEmpty
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
