internal import SMSModel
internal import Testing

@testable internal import Scheduling

/// What the containers hold on to.
@Suite struct MemoryTests {
    /// Numbers of entries in each of a ring's blocks.
    func blocks(_ ring: MessageRing) -> [Int] {
        var counts: [Int] = []
        var block = ring.head
        while let this = block {
            counts.append(this.count)
            block = this.next
        }
        return counts
    }

    func drain(_ ring: inout MessageRing, _ pool: inout BlockPool) -> [Int] {
        var numbers: [Int] = []
        while let next = ring.popFirst(pool: &pool) { numbers.append(number(next)) }
        return numbers
    }

    @Test func freeBlocksAreBounded() {
        var pool = BlockPool()
        var ring = MessageRing()
        for number in 0..<40 * 1000 { _ = ring.append(message(number), pool: &pool) }
        #expect(blocks(ring) == [Int](repeating: 40, count: 1000))
        let all = drain(&ring, &pool)
        #expect(all == Array(0..<40_000))
        #expect((pool.freeCount) == BlockPool.freeBound)
        #expect(ring.head == nil)
    }

    @Test func thinBlocksAreJoined() {
        var pool = BlockPool()
        var ring = MessageRing()
        for number in 0..<200 { _ = ring.append(message(number), pool: &pool) }
        // Ten are left of each block.
        var block = ring.head
        while let this = block {
            block = this.next
            ring.truncate(this, to: 10, pool: &pool)
        }
        #expect(blocks(ring) == [40, 10])
        #expect(ring.count == 50)
        let left = drain(&ring, &pool)
        #expect(left == (0..<200).filter { $0 % 40 < 10 })
    }

    @Test func aRetractedIDFitsInAgain() {
        var pool = BlockPool()
        var ring = MessageRing()
        for number in 0..<41 {
            let appended = ring.append(message(number), pool: &pool)
            #expect(appended)
        }
        for number in (39...40).reversed() {
            let removed = ring.removeLast(message(number).id.rawValue, pool: &pool)
            #expect(removed)
        }
        let lower = ring.append(message(38), pool: &pool)
        let same = ring.append(message(39), pool: &pool)
        #expect(!lower)
        #expect(same)
        let all = drain(&ring, &pool)
        #expect(all == Array(0..<40))
    }

    @Test func aHeapHasLittleSlackAndShrinks() {
        var heap = MinHeap<QueuedMessage>()
        for number in 0..<100_000 {
            heap.push(message(number))
            // The system's allocator gives an entry or two more where it can't make use of what is left.
            #expect(heap.capacity <= max(64, heap.count * 13 / 10) + 2)
        }
        for _ in 0..<99_000 { _ = heap.popFirst() }
        #expect(heap.capacity <= 4096)
        #expect(heap.first == message(99_000))
    }

    @Test func everyLegalExpiryIsKeptInTheRing() {
        let longest = Limits.sendAtAheadMilliseconds + Int64(Limits.validityMaximumMilliseconds)
        let last = message(0, expiresAt: epoch + longest)
        #expect(CompactExpiry.encode(last).map { CompactExpiry.decode($0, id: last.id) } == last.expiresAt)
        #expect(CompactExpiry.encode(message(0, expiresAt: .max)) == nil)
    }

    @Test func entriesAreAsSmallAsPromised() {
        #expect(MemoryLayout<DelayHeap.Entry>.stride == 32)
        #expect(MemoryLayout<QueuedMessage>.stride == 16)
        #expect(MemoryLayout<FlowKey>.stride == 8)
    }
}
