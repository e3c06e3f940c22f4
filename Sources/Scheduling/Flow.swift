internal import SMSModel

/// The messages of one ``FlowKey``, and the flow's place in virtual time.
///
/// Fair queueing: a flow that is served moves on by its stride, the inverse of its tenant's weight, and the flow
/// with the earliest tag is served next. Tags compare within a queue.
struct Flow {
    /// Virtual time between two messages of a tenant of weight 1.
    static let unitStride: UInt64 = 1 << 20

    let key: FlowKey
    let queue: Int
    /// Virtual time between two messages.
    var stride: UInt64
    /// Virtual time at which the next message is due.
    var tag: UInt64 = 0
    var ring = MessageRing()
    /// Messages that cannot wait in the ring, because a greater id was there before them.
    var returned = MinHeap<QueuedMessage>()

    init(key: FlowKey, queue: Int, weight: Int) {
        self.key = key
        self.queue = queue
        stride = Self.stride(weight: weight)
    }

    static func stride(weight: Int) -> UInt64 { unitStride / UInt64(weight) }

    /// 0 in a slot that is free.
    var count: Int { ring.count + returned.count }

    /// The lowest id, which goes first; nil in a slot that is free.
    var firstID: UInt64? {
        guard let returned = returned.first?.id.rawValue else { return ring.firstID }
        guard let ring = ring.firstID else { return returned }
        return min(ring, returned)
    }

    mutating func push(_ message: QueuedMessage, pool: inout BlockPool) {
        if !ring.append(message, pool: &pool) { returned.push(message) }
    }

    /// - Precondition: not empty.
    mutating func popFirst(pool: inout BlockPool) -> QueuedMessage {
        if let first = returned.first {
            guard let ringFirst = ring.firstID, ringFirst < first.id.rawValue else { return returned.popFirst()! }
        }
        return ring.popFirst(pool: &pool)!
    }
}

/// The flows of one candidate set and priority: they can all go, or none, save for paused tenants.
///
/// A queue keeps its own clock, so that its flows share by weight however seldom its providers have room. To
/// compare it with the other queues of its priority, its tags are shifted into theirs: by so much that a queue
/// which could not go for a while goes at once, but has not saved up that while.
struct CandidateQueue {
    let level: Int
    var isOpen: Bool
    var flows = FairHeap()
    /// Tag of the flow served last.
    var clock: UInt64 = 0
    /// From the queue's virtual time to its level's.
    var shift: UInt64 = 0
}

/// One priority.
struct Level {
    /// Open queues that aren't empty, by their first flow.
    var queues = FairHeap()
    /// Latest shifted tag that was served.
    var clock: UInt64 = 0
    var count = 0
}
