internal import DequeModule
internal import SMSModel
internal import Storage

/// The contents of messages that wait, kept from their acceptance so that the first attempt need not read
/// them back: up to a budget of bytes; past it they are read from the store.
///
/// Whole bursts are kept as they came, in the order of their ids, and dropped once each message has been
/// taken or forgotten. They are those of one node: ids of another, which may be of the same time and sequence, are
/// never found here, and their contents are read from the store.
struct WaitingContents {
    private struct Burst {
        let first: MessageID
        let batch: BatchID?
        var drafts: MessageDrafts
        /// Place in `drafts` of the message `index` places after the first.
        let places: Range<Int>
        var left: Int
        let size: Int

        func isFollowed(by next: MessageID) -> Bool { first.node == next.node && endOrdinal <= next.ordinal }
        var firstOrdinal: UInt64 { first.ordinal }
        var endOrdinal: UInt64 { firstOrdinal + UInt64(places.count) }
    }

    private var bursts: Deque<Burst> = []
    /// Bursts of which nothing is left, but whose place is not the first.
    private var gone = 0
    private(set) var size = 0
    private let budget: Int

    /// - Parameter budget: bytes, about.
    init(budget: Int) {
        self.budget = budget
    }

    /// Keeps the drafts at `places`, which were given ids in a row from `first`, if there is room.
    mutating func keep(_ drafts: MessageDrafts, places: Range<Int>, first: MessageID, batch: BatchID?) {
        // Slices of one bulk burst share its memory: each is charged its part.
        let perDraft = drafts.bytes.count / max(1, drafts.drafts.count) + MemoryLayout<MessageDraft>.stride
        let bytes = perDraft * places.count
        guard size + bytes <= budget, bursts.last.map({ $0.isFollowed(by: first) }) ?? true else { return }
        size += bytes
        bursts.append(
            Burst(
                first: first, batch: batch, drafts: drafts, places: places, left: places.count,
                size: bytes))
    }

    /// Hands the message's content to `use` and forgets it; nil if it is not here.
    mutating func take<R>(_ id: MessageID, _ use: (MessageDraft, MessageDrafts, BatchID?) -> R) -> R? {
        guard let index = find(id) else { return nil }
        let burst = bursts[index]
        let draft = burst.drafts.drafts[burst.places.lowerBound + Int(id.ordinal - burst.firstOrdinal)]
        let result = use(draft, burst.drafts, burst.batch)
        release(index)
        return result
    }

    /// Forgets a message that will not be sent.
    mutating func forget(_ id: MessageID) {
        if let index = find(id) { release(index) }
    }

    mutating func removeAll() {
        bursts.removeAll()
        gone = 0
        size = 0
    }

    private mutating func release(_ index: Int) {
        bursts[index].left -= 1
        guard bursts[index].left == 0 else { return }
        // In the middle only its memory goes; its place goes once it is the first.
        bursts[index].drafts = MessageDrafts()
        size -= bursts[index].size
        gone += 1
        while let first = bursts.first, first.left == 0 {
            bursts.removeFirst()
            gone -= 1
        }
        // A first burst that waits for long, such as a scheduled one, must not keep the places of all after it.
        if gone > 64, gone * 2 > bursts.count {
            bursts.removeAll { $0.left == 0 }
            gone = 0
        }
    }

    /// Places held, also of bursts of which nothing is left.
    var placeCount: Int { bursts.count }

    private func find(_ id: MessageID) -> Int? {
        let ordinal = id.ordinal
        var low = 0
        var high = bursts.count
        while low < high {
            let middle = (low + high) / 2
            if bursts[middle].endOrdinal <= ordinal { low = middle + 1 } else { high = middle }
        }
        guard low < bursts.count, bursts[low].firstOrdinal <= ordinal, bursts[low].first.node == id.node,
            bursts[low].left > 0
        else { return nil }
        return low
    }
}
