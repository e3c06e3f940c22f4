internal import SMSModel

/// Messages in rising order of id, in linked blocks: in at the tail, out at the head.
///
/// Not an owner: anyone who drops a ring that isn't empty frees its blocks first.
struct MessageRing {
    private(set) var head: Block?
    private var tail: Block?
    private(set) var count = 0
    /// No id in the ring is greater.
    private var lastID: UInt64 = 0

    init() {}

    var firstID: UInt64? {
        guard let head else { return nil }
        return head.id(at: head.start)
    }

    /// The lowest ids, rising, at most this many.
    func firstIDs(_ limit: Int) -> [UInt64] {
        var ids: [UInt64] = []
        var block = head
        while let this = block, ids.count < limit {
            for index in this.start..<min(this.end, this.start + limit - ids.count) { ids.append(this.id(at: index)) }
            block = this.next
        }
        return ids
    }

    /// Appends a message that follows all others in the ring and whose expiry fits into 32 bits; returns false for
    /// any other.
    mutating func append(_ message: QueuedMessage, pool: inout BlockPool) -> Bool {
        guard count == 0 || message.id.rawValue > lastID, let expiry = CompactExpiry.encode(message) else {
            return false
        }
        let block: Block
        if let tail, tail.end < Block.capacity {
            block = tail
        } else {
            block = pool.take()
            block.previous = tail
            tail?.next = block
            tail = block
            if head == nil { head = block }
        }
        block.append(message.id.rawValue, expiry: expiry)
        lastID = message.id.rawValue
        count += 1
        return true
    }

    mutating func popFirst(pool: inout BlockPool) -> QueuedMessage? {
        guard let head else { return nil }
        let message = head.message(at: head.start)
        head.start += 1
        count -= 1
        if head.count == 0 { unlink(head, pool: &pool) }
        return message
    }

    /// Removes the last message if it is this one.
    mutating func removeLast(_ id: UInt64, pool: inout BlockPool) -> Bool {
        guard let tail, tail.id(at: tail.end - 1) == id else { return false }
        tail.end -= 1
        count -= 1
        if tail.count == 0 { unlink(tail, pool: &pool) }
        lastID = id - 1
        return true
    }

    /// Cuts `block` down to its entries before `end`, and joins it with the one before where both fit into one.
    mutating func truncate(_ block: Block, to end: Int, pool: inout BlockPool) {
        count -= block.end - end
        block.end = end
        if block.count == 0 {
            unlink(block, pool: &pool)
        } else if let previous = block.previous, previous.end + block.count <= Block.capacity {
            previous.append(all: block)
            unlink(block, pool: &pool)
        }
    }

    private mutating func unlink(_ block: Block, pool: inout BlockPool) {
        if let previous = block.previous { previous.next = block.next } else { head = block.next }
        if let next = block.next { next.previous = block.previous } else { tail = block.previous }
        pool.release(block)
    }
}
