internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct DelayHeapTests {
    let flow = FlowKey(candidates: 1, priority: .normal, tenant: TenantID(rawValue: 1))

    func message(_ id: UInt64) -> QueuedMessage {
        QueuedMessage(id: MessageID(rawValue: id), expiresAt: 1_000_000)
    }

    func ids(_ entries: [DelayHeap.Entry]) -> [UInt64] { entries.map(\.message.id.rawValue) }

    @Test func byTimeThenByID() {
        var heap = DelayHeap()
        for (id, due) in [(5, 30), (1, 20), (9, 10), (2, 20), (7, 10)] as [(UInt64, Int64)] {
            heap.push(message(id), due: due, flow: flow)
        }
        #expect(heap.nextDue == 10)
        #expect(heap.lowestID == MessageID(rawValue: 1))
        let early = heap.popDue(now: 9, limit: 10)
        #expect(early.isEmpty)
        let first = heap.popDue(now: 20, limit: 3)
        #expect(ids(first) == [7, 9, 1])
        #expect(first[2].flow == flow)
        #expect(first[2].message.expiresAt == 1_000_000)
        let rest = heap.popDue(now: 20, limit: 3)
        #expect(ids(rest) == [2])
        #expect(heap.nextDue == 30)
        #expect(heap.count == 1)
        let none = heap.popDue(now: .max, limit: 0)
        #expect(none.isEmpty)
    }

    @Test func canceledOnesAreNeverNext() {
        var heap = DelayHeap()
        for id in 1...5 as ClosedRange<UInt64> { heap.push(message(id), due: Int64(id), flow: flow) }
        heap.cancel(MessageID(rawValue: 1))
        #expect(heap.nextDue == 2)
        heap.cancel(MessageID(rawValue: 3))
        heap.cancel(MessageID(rawValue: 2))
        #expect(heap.nextDue == 4)
        #expect(heap.count == 2)
        heap.cancel(MessageID(rawValue: 99))
        let rest = heap.popDue(now: 10, limit: 10)
        #expect(ids(rest) == [4, 5])
        #expect(heap.isEmpty)
        #expect(heap.nextDue == nil)
    }

    @Test func aCanceledIDLivesAgain() {
        var heap = DelayHeap()
        heap.push(message(1), due: 1, flow: flow)
        heap.push(message(2), due: 2, flow: flow)
        heap.cancel(MessageID(rawValue: 2))
        heap.push(message(2), due: 5, flow: flow)
        let all = heap.popDue(now: 10, limit: 10)
        #expect(all.map(\.due) == [1, 5])
    }

    @Test func cancelingWhatIsNotThereCostsNoMemoryForEver() {
        var heap = DelayHeap()
        heap.cancel(MessageID(rawValue: 7))
        heap.push(message(7), due: 1, flow: flow)
        for id in 1000..<10_000 as Range<UInt64> { heap.cancel(MessageID(rawValue: id)) }
        #expect(heap.tombstoneCount <= 1024)
        let all = heap.popDue(now: 1, limit: 10)
        #expect(ids(all) == [7])
        #expect(heap.tombstoneCount == 0)
    }

    @Test func extractsByID() {
        var heap = DelayHeap()
        for id in 1...100 as ClosedRange<UInt64> { heap.push(message(id), due: Int64(id % 7), flow: flow) }
        heap.cancel(MessageID(rawValue: 50))
        let extracted = heap.extract { (40...60).contains($0.rawValue) }
        #expect(Set(ids(extracted)) == Set(40...60).subtracting([50]))
        #expect(heap.count == 79)
        let rest = heap.popDue(now: 7, limit: 100)
        #expect(rest.map(\.due) == rest.map(\.due).sorted())
        #expect(Set(ids(rest)) == Set(1...100).subtracting(40...60))
    }

    /// Against a sorted array, over random operations.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func agreesWithASortedArray(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var heap = DelayHeap()
        var model: [(due: Int64, id: UInt64)] = []
        var next: UInt64 = 1
        var now: Int64 = 0
        for _ in 0..<4000 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                let due = now + Int64.random(in: 0...500, using: &generator)
                heap.push(message(next), due: due, flow: flow)
                model.append((due, next))
                next += 1
            case 6:
                let id = UInt64.random(in: 1...next, using: &generator)
                heap.cancel(MessageID(rawValue: id))
                model.removeAll { $0.id == id }
            case 7 where Int.random(in: 0..<50, using: &generator) == 0:
                let digit = UInt64.random(in: 0..<5, using: &generator)
                let picked = ids(heap.extract { $0.rawValue % 5 == digit })
                #expect(picked.sorted() == model.map(\.id).filter { $0 % 5 == digit }.sorted())
                model.removeAll { $0.id % 5 == digit }
            default:
                now += Int64.random(in: 0...60, using: &generator)
                let limit = Int.random(in: 0...20, using: &generator)
                let due = ids(heap.popDue(now: now, limit: limit))
                let expected = model.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
                    .prefix { $0.due <= now }.prefix(limit).map(\.id)
                #expect(due == expected)
                model.removeAll { expected.contains($0.id) }
            }
            #expect(heap.nextDue == model.map(\.due).min())
            #expect(heap.count >= model.count)
        }
    }

    @Test func aVisitSeesWhatIsDueBefore() {
        var heap = DelayHeap()
        for id in 1...200 as ClosedRange<UInt64> { heap.push(message(id), due: Int64(id * 7 % 200), flow: flow) }
        heap.cancel(MessageID(rawValue: 100))
        var seen: Set<UInt64> = []
        heap.visit(dueBefore: 50, limit: 1000) { seen.insert($0.message.id.rawValue) }
        let due = (1...200).filter { $0 * 7 % 200 < 50 && $0 != 100 }
        #expect(seen == Set(due.map(UInt64.init)))
        var count = 0
        heap.visit(dueBefore: 50, limit: 7) { _ in count += 1 }
        #expect((1...7).contains(count))
        heap.visit(dueBefore: .max, limit: 0) { _ in Issue.record("nothing may be visited") }
        DelayHeap().visit(dueBefore: .max, limit: 10) { _ in Issue.record("there is nothing") }
    }
}
