internal import SMSModel
internal import Storage

/// Applies carriers' receipts: to messages in flight, sent of late, or long ago.
enum ReceiptIntake {
    /// - Returns: false if no message has that attempt.
    @discardableResult
    static func apply(
        _ receipt: Receipt, now: Int64, store: any MessageStore, dispatcher: inout Dispatcher
    ) throws(StoreError) -> Bool {
        guard var stored = try dispatcher.lifecycle(for: receipt, store: store),
            receipt.attempt >= 1, receipt.attempt <= stored.lifecycle.attempts
        else { return false }
        let previous = stored.lifecycle.state
        // A receipt that changes nothing is still told in the timeline.
        _ = stored.lifecycle.receiptReceived(attempt: receipt.attempt, receipt.status, at: now)
        try store.record(stored, previous: previous, isFirst: false)
        dispatcher.update(stored)
        return true
    }
}
