/// What a ``MinHeap`` orders.
package protocol HeapEntry {
    /// Whether this entry leaves the heap before the other.
    func precedes(_ other: Self) -> Bool
}

/// A 4-ary heap: its first entry precedes all others. Shallower than a binary heap, and the four children
/// of an entry lie side by side.
///
/// Its storage grows by a quarter, not by doubling, and shrinks when three quarters of it stand empty, so
/// that it holds at most 1.25 times what waits while it grows.
package struct MinHeap<Entry: HeapEntry> {
    /// In heap order.
    package private(set) var entries: [Entry] = []

    package init() {}

    /// Storage below this many entries is left as it is.
    private static var smallestShrink: Int { 1024 }

    package var count: Int { entries.count }
    var capacity: Int { entries.capacity }
    package var isEmpty: Bool { entries.isEmpty }
    package var first: Entry? { entries.first }

    package mutating func push(_ entry: Entry) {
        if entries.count == entries.capacity {
            entries.reserveCapacity(entries.count + entries.count / 4 + 4)
        }
        entries.append(entry)
        siftUp(entries.count - 1)
    }

    package mutating func popFirst() -> Entry? {
        entries.isEmpty ? nil : remove(at: 0)
    }

    /// Removes the entry at a place of ``entries``; another takes its place.
    @discardableResult
    mutating func remove(at index: Int) -> Entry {
        let removed = entries[index]
        let last = entries.removeLast()
        if index < entries.count {
            entries[index] = last
            siftDown(index)
            siftUp(index)
        }
        shrinkIfSparse()
        return removed
    }

    package mutating func removeAll(where isRemoved: (Entry) -> Bool) {
        let before = entries.count
        entries.removeAll(where: isRemoved)
        guard entries.count < before else { return }
        for index in stride(from: (entries.count - 2) / 4, through: 0, by: -1) where index < entries.count {
            siftDown(index)
        }
        shrinkIfSparse()
    }

    private mutating func siftUp(_ start: Int) {
        entries.withUnsafeMutableBufferPointer { entries in
            var index = start
            let entry = entries[index]
            while index > 0 {
                let parent = (index - 1) / 4
                guard entry.precedes(entries[parent]) else { break }
                entries[index] = entries[parent]
                index = parent
            }
            entries[index] = entry
        }
    }

    private mutating func siftDown(_ start: Int) {
        entries.withUnsafeMutableBufferPointer { entries in
            var index = start
            let entry = entries[index]
            while true {
                let firstChild = 4 * index + 1
                guard firstChild < entries.count else { break }
                var least = firstChild
                for child in firstChild + 1..<max(firstChild + 1, min(firstChild + 4, entries.count))
                where entries[child].precedes(entries[least]) {
                    least = child
                }
                guard entries[least].precedes(entry) else { break }
                entries[index] = entries[least]
                index = least
            }
            entries[index] = entry
        }
    }

    private mutating func shrinkIfSparse() {
        guard entries.capacity > Self.smallestShrink, entries.count < entries.capacity / 4 else { return }
        var smaller: [Entry] = []
        smaller.reserveCapacity(entries.count * 2)
        smaller.append(contentsOf: entries)
        entries = smaller
    }
}
