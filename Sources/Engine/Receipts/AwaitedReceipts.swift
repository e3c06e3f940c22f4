package import SMSModel

/// Sent messages whose receipts are awaited, until they come or are late: a bounded number.
///
/// A value without IO or clock.
struct AwaitedReceipts {
    private var receipts: [MessageID: AwaitedReceipt] = [:]
    private let capacity: Int

    init(capacity: Int = Limits.awaitedReceipts) {
        self.capacity = capacity
    }

    var count: Int { receipts.count }
    var hasRoom: Bool { receipts.count < capacity }
    var isEmpty: Bool { receipts.isEmpty }

    /// A message was sent.
    /// - Returns: false if there is no room.
    mutating func sent(_ receipt: AwaitedReceipt) -> Bool {
        guard hasRoom || receipts[receipt.id] != nil else { return false }
        receipts[receipt.id] = receipt
        return true
    }

    /// A message is settled: nothing is awaited of it any more.
    mutating func settled(_ id: MessageID) { receipts[id] = nil }

    /// Takes out those that were sent at that time or before, the earliest first.
    mutating func takeSent(until time: Int64) -> [AwaitedReceipt] {
        let late = receipts.values.filter { $0.sentAt <= time }.sorted { ($0.sentAt, $0.id) < ($1.sentAt, $1.id) }
        for receipt in late { receipts[receipt.id] = nil }
        return late
    }
}

/// What rounds of the writer tell of receipts of providers that can be asked for them.
package struct ReceiptNews: Sendable {
    package var sent: [AwaitedReceipt] = []
    /// Messages of which nothing is awaited any more.
    package var settled: [MessageID] = []

    package var isEmpty: Bool { sent.isEmpty && settled.isEmpty }

    mutating func removeAll() {
        sent.removeAll(keepingCapacity: true)
        settled.removeAll(keepingCapacity: true)
    }
}
