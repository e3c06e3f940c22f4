internal import SMSModel

/// Messages in rising order of id, in linked chunks: in at the tail, out at the head.
///
/// Not an owner: anyone who drops a ring that isn't empty frees its chunks first.
struct MessageRing {
    private(set) var head: Chunk?
    private var tail: Chunk?
    private(set) var count = 0
    /// No id in the ring is greater.
    private var lastID: UInt64 = 0

    init() {}

    var firstID: UInt64? {
        guard let head else { return nil }
        return head.id(at: head.start)
    }

    /// Appends a message that follows all others in the ring and whose expiry fits into 32 bits; returns false for
    /// any other.
    mutating func append(_ message: QueuedMessage, pool: inout ChunkPool) -> Bool {
        guard count == 0 || message.id.rawValue > lastID, let expiry = CompactExpiry.encode(message) else {
            return false
        }
        let chunk: Chunk
        if let tail, tail.end < Chunk.capacity {
            chunk = tail
        } else {
            chunk = pool.take()
            chunk.previous = tail
            tail?.next = chunk
            tail = chunk
            if head == nil { head = chunk }
        }
        chunk.append(message.id.rawValue, expiry: expiry)
        lastID = message.id.rawValue
        count += 1
        return true
    }

    mutating func popFirst(pool: inout ChunkPool) -> QueuedMessage? {
        guard let head else { return nil }
        let message = head.message(at: head.start)
        head.start += 1
        count -= 1
        if head.count == 0 { unlink(head, pool: &pool) }
        return message
    }

    /// Removes the last message if it is this one.
    mutating func removeLast(_ id: UInt64, pool: inout ChunkPool) -> Bool {
        guard let tail, tail.id(at: tail.end - 1) == id else { return false }
        tail.end -= 1
        count -= 1
        if tail.count == 0 { unlink(tail, pool: &pool) }
        lastID = id - 1
        return true
    }

    /// Cuts `chunk` down to its entries before `end`, and joins it with the one before where both fit into one.
    mutating func truncate(_ chunk: Chunk, to end: Int, pool: inout ChunkPool) {
        count -= chunk.end - end
        chunk.end = end
        if chunk.count == 0 {
            unlink(chunk, pool: &pool)
        } else if let previous = chunk.previous, previous.end + chunk.count <= Chunk.capacity {
            previous.append(all: chunk)
            unlink(chunk, pool: &pool)
        }
    }

    private mutating func unlink(_ chunk: Chunk, pool: inout ChunkPool) {
        if let previous = chunk.previous { previous.next = chunk.next } else { head = chunk.next }
        if let next = chunk.next { next.previous = chunk.previous } else { tail = chunk.previous }
        pool.release(chunk)
    }
}
