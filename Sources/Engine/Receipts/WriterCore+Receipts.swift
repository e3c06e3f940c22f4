internal import SMSModel
internal import Storage

/// Applies carriers' receipts: to messages in flight, sent recently, or long ago.
extension WriterCore {
    /// - Returns: false if no message has that attempt, or its day's file cannot be read.
    mutating func apply(_ receipt: Receipt, now: Int64) throws(StoreError) -> Bool {
        let found: StoredLifecycle?
        if let known = dispatcher.open.takeLifecycle(of: receipt.id) {
            found = known
        } else {
            do throws(StoreError) {
                found = try store.lifecycle(of: receipt.id)
            } catch {
                // Nothing has been written yet: one bad file must not end the round.
                guard !error.isPassing else { throw error }
                return false
            }
        }
        guard var stored = found,
            receipt.attempt >= 1, receipt.attempt <= stored.lifecycle.attempts
        else { return false }
        let before = stored.lifecycle.mark
        let (bytes, doubt) = (stored.lifecycle.history.bytes.count, stored.lifecycle.unresolvedAttempt)
        let segments = try segments(receipt, stored.lifecycle)
        stored.lifecycle.receiptReceived(receipt, segments: segments, at: now)
        // An earlier attempt's price is not the message's.
        if let price = receipt.price, receipt.attempt == stored.lifecycle.attempts,
            let provider = stored.lifecycle.provider(ofAttempt: receipt.attempt)
        {
            stored.lifecycle.priced(price, at: now, provider: provider)
        }
        // Most receipts that change nothing are told in the timeline all the same.
        if stored.lifecycle.history.bytes.count != bytes || stored.lifecycle.state != before.accountedState.state {
            _ = try store.record(stored, since: before, isFirst: false)
            if stored.lifecycle.unresolvedAttempt != doubt { noteUnresolved(stored.lifecycle) }
        }
        dispatcher.open.changed(stored)
        return true
    }

    /// The message's segments, where they tell how many parts are to be delivered: while the provider's answer, which
    /// says so, is not known.
    private func segments(_ receipt: Receipt, _ lifecycle: MessageLifecycle) throws(StoreError) -> Int {
        guard receipt.status != .taken, case .id? = receipt.part, !lifecycle.isIdentified(attempt: receipt.attempt)
        else { return 1 }
        var arena = MessageDrafts()
        return try store.load(lifecycle.id, into: &arena).map { Int($0.draft.segments) } ?? 1
    }
}
