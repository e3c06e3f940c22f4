package import SMSModel

/// Messages that wait for a time: scheduled ones and those backed off. A heap by (due, id), 32 bytes an entry,
/// 40 with the slack of its storage.
///
/// Pure: time is a parameter, in milliseconds since the Unix epoch.
package struct DelayHeap {
    /// A message and when it is due.
    package struct Entry: Hashable, Sendable {
        package let due: Int64
        package let message: QueuedMessage
        package let flow: FlowKey
    }

    /// Its first entry is never canceled.
    private var heap = MinHeap<Entry>()
    private var tombstones: Set<UInt64> = []
    /// Tombstones below this many are never worth a walk.
    private static let fewTombstones = 1024

    package init() {}

    /// Entries held, canceled ones included until they are dropped.
    package var count: Int { heap.count }
    package var isEmpty: Bool { heap.isEmpty }

    /// Canceled ids not yet dropped.
    package var tombstoneCount: Int { tombstones.count }

    /// When the next message is due; nil if none waits.
    package var nextDue: Int64? { heap.first?.due }

    /// No message that waits has a lower id. Looks at every entry.
    package var lowestID: MessageID? { heap.entries.lazy.map(\.message.id).min() }

    /// Adds a message, which must not be here already. One whose id was canceled lives again.
    ///
    /// A message that expires before it is due would be kept until then: let it be due when it expires.
    package mutating func push(_ message: QueuedMessage, due: Int64, flow: FlowKey) {
        if !tombstones.isEmpty, tombstones.contains(message.id.rawValue) { dropCanceled() }
        heap.push(Entry(due: due, message: message, flow: flow))
    }

    /// Takes out what is due at `now`, the earliest first and of those the lowest id, at most `limit`.
    package mutating func popDue(now: Int64, limit: Int) -> [Entry] {
        var due: [Entry] = []
        while due.count < limit, let first = heap.first, first.due <= now {
            due.append(first)
            _ = heap.popFirst()
            dropCanceledFirst()
        }
        return due
    }

    /// Cancels a message that waits; an id that doesn't wait does no harm. Tombstones never outnumber what waits
    /// by more than a constant.
    package mutating func cancel(_ id: MessageID) {
        guard !heap.isEmpty else { return }
        tombstones.insert(id.rawValue)
        dropCanceledFirst()
        if tombstones.count > max(Self.fewTombstones, heap.count) { dropCanceled() }
    }

    /// Removes and returns the messages whose ids are picked, in no order. Looks at every entry.
    package mutating func extract(where isPicked: (MessageID) -> Bool) -> [Entry] {
        dropCanceled()
        let picked = heap.entries.filter { isPicked($0.message.id) }
        guard !picked.isEmpty else { return [] }
        heap.removeAll { isPicked($0.message.id) }
        return picked
    }

    /// Visits messages that are due before a time, in no order, at most this many. It looks at those that it visits and
    /// at four others for each.
    package func visit(dueBefore time: Int64, limit: Int, _ visit: (Entry) -> Void) {
        var places = heap.isEmpty ? [] : [0]
        var left = limit
        while left > 0, let place = places.popLast() {
            let entry = heap.entries[place]
            guard entry.due < time else { continue }
            left -= 1
            if !tombstones.contains(entry.message.id.rawValue) { visit(entry) }
            places += (4 * place + 1..<4 * place + 5).filter { $0 < heap.count }
        }
    }

    private mutating func dropCanceledFirst() {
        while !tombstones.isEmpty, let first = heap.first, tombstones.remove(first.message.id.rawValue) != nil {
            _ = heap.popFirst()
        }
        if heap.isEmpty { tombstones.removeAll() }
    }

    private mutating func dropCanceled() {
        guard !tombstones.isEmpty else { return }
        heap.removeAll { tombstones.contains($0.message.id.rawValue) }
        tombstones.removeAll()
    }
}

extension DelayHeap.Entry: HeapEntry {
    package func precedes(_ other: DelayHeap.Entry) -> Bool {
        due != other.due ? due < other.due : message.id.rawValue < other.message.id.rawValue
    }
}
