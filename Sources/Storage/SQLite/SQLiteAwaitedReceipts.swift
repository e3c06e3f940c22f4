package import SMSModel

/// Messages that were sent and whose receipts are awaited.
extension SQLiteStatusReader {
    /// The attempt of which a receipt is awaited, and the provider's id; nil if none is awaited any more.
    package func awaitedReceipt(
        of id: MessageID, now: Int64
    ) throws(StoreError) -> (receipt: AwaitedReceipt, providerID: String)? {
        guard let lifecycle = try reader(of: Day(of: id))?.tried(id)?.lifecycle, !lifecycle.isSettled(at: now)
        else { return nil }
        guard let receipt = lifecycle.awaitedReceipt, let providerID = lifecycle.awaitedProviderID else { return nil }
        return (receipt, providerID)
    }

    /// A page of the messages whose receipts are awaited and not overdue, the newest first.
    ///
    /// It examines at most ``Limits/listRowsExamined`` messages, and none that was accepted longer before the oldest
    /// that could be than messages may be valid.
    /// - Parameter cursor: where the page before ended; nil = the first page.
    package func awaitedReceipts(
        cursor: ListCursor?, now: Int64
    ) throws(StoreError) -> (receipts: [AwaitedReceipt], cursor: ListCursor?) {
        var filter = MessageFilter()
        filter.states = MessageStates(.sent)
        filter.from = max(
            0, now - Limits.receiptDeadlineMilliseconds - Int64(Limits.validityMaximumMilliseconds))
        var receipts: [AwaitedReceipt] = []
        let end = try examine(ListQuery(filter, cursor: cursor), of: nil, now: now) { (id, _) throws(StoreError) in
            if let awaited = try awaitedReceipt(of: id, now: now) { receipts.append(awaited.receipt) }
            return receipts.count < Limits.listMessages
        }
        return (receipts, end?.cursor)
    }
}
