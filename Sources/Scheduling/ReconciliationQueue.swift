package import SMSModel

/// The messages that providers are to be asked about, by when: a bounded number. What finds no room stays held, which
/// is what becomes of it anyway.
///
/// The caller takes an entry out, asks about it, gives the answer to its ``Entry/reconciliation``, and adds it again if
/// that says `ask`. A message that went on meanwhile need not be taken out: what is found of it is news to nobody.
package struct ReconciliationQueue {
    package struct Entry: HeapEntry, Sendable {
        package let id: MessageID
        /// The attempt of which nobody knows.
        package let attempt: Int
        package var reconciliation: Reconciliation
        /// What the provider has named so far and turned out to be other attempts'.
        package var knownIDs: Set<String> = []

        package init(id: MessageID, attempt: Int, reconciliation: Reconciliation) {
            self.id = id
            self.attempt = attempt
            self.reconciliation = reconciliation
        }

        package func precedes(_ other: Entry) -> Bool {
            (reconciliation.due, id) < (other.reconciliation.due, other.id)
        }
    }

    private var heap = MinHeap<Entry>()
    private let capacity: Int

    package init(capacity: Int = Limits.reconciliations) {
        self.capacity = capacity
    }

    package var count: Int { heap.count }

    /// When to ask next; nil if there is nothing to ask.
    package var nextDue: Int64? { heap.first?.reconciliation.due }

    /// - Returns: false if there is no room.
    package mutating func add(_ entry: Entry) -> Bool {
        guard heap.count < capacity else { return false }
        heap.push(entry)
        return true
    }

    /// Takes out what is to be asked about now, the earliest first, at most `limit`.
    package mutating func popDue(now: Int64, limit: Int) -> [Entry] {
        var due: [Entry] = []
        while due.count < limit, let first = heap.first, first.reconciliation.due <= now {
            due.append(first)
            _ = heap.popFirst()
        }
        return due
    }
}
