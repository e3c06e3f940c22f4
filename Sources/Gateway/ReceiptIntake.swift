internal import SMSModel
internal import Storage

/// Applies carriers' receipts: to messages in flight, sent of late, or long ago.
enum ReceiptIntake {
    /// - Returns: false if no message has that attempt, or its day's file cannot be read.
    @discardableResult
    static func apply(
        _ receipt: Receipt, now: Int64, store: any MessageStore, dispatcher: inout Dispatcher
    ) throws(StoreError) -> Bool {
        let found: StoredLifecycle?
        do throws(StoreError) {
            found = try dispatcher.lifecycle(for: receipt, store: store)
        } catch {
            // Nothing has been written yet: one bad file must not end the round.
            guard !error.isPassing else { throw error }
            return false
        }
        guard var stored = found,
            receipt.attempt >= 1, receipt.attempt <= stored.lifecycle.attempts
        else { return false }
        let before = stored.lifecycle.mark
        // A receipt that changes nothing is still told in the timeline.
        _ = stored.lifecycle.receiptReceived(attempt: receipt.attempt, receipt.status, at: now)
        try dispatcher.record(stored, since: before, isFirst: false, store: store)
        dispatcher.update(stored)
        return true
    }
}
