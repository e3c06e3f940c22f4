internal import SMSModel
internal import Scheduling
internal import Testing

/// Order within a flow, ways in and out of it, and what is counted.
@Suite struct MessageQueueTests {
    @Test func firstInFirstOutOverManyBlocks() {
        var queue = MessageQueue()
        queue.fill(0..<1000, flow())
        #expect(queue.count == 1000)
        #expect(queue.lowestID() == message(0).id)
        let half = queue.take(500)
        queue.fill(1000..<1500, flow())
        let rest = queue.take(2000)
        #expect(half + rest == Array(0..<1500))
        #expect(queue.isEmpty == true)
        #expect(queue.lowestID() == nil)
        let none = queue.pop()
        #expect(none == nil)
    }

    @Test func anEmptyQueueHasNothingToDo() {
        var queue = MessageQueue()
        let popped = queue.pop()
        #expect(popped == nil)
        queue.cancel(message(1).id)
        queue.retract(message(1).id, flow: flow())
        #expect(queue.tombstoneCount == 0)
        let swept = queue.sweepExpired(now: .max, budget: 100)
        #expect(swept.isEmpty)
        let extracted = queue.extract { _ in true }
        #expect(extracted.isEmpty)
    }

    @Test func aReturnedMessageGoesAheadOfTheTailByID() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow())
        _ = queue.take(50)
        for number in [30, 10, 20] { queue.pushBack(message(number), flow: flow()) }
        #expect(queue.lowestID() == message(10).id)
        #expect(queue.count == 53)
        let all = queue.take(100)
        #expect(all == [10, 20, 30] + Array(50..<100))
    }

    @Test func lateArrivalsOfLowerIDsAreMergedByID() {
        var queue = MessageQueue()
        queue.fill([5, 9, 7, 1, 8, 20, 3], flow())
        let all = queue.take(10)
        #expect(all == [1, 3, 5, 7, 8, 9, 20])
    }

    @Test func aFailedCommitLeavesTheQueueAsItWas() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow())
        // Ids 100..<150 are pushed with a commit that also claims ten; then it fails.
        queue.fill(100..<150, flow())
        let claimed = queue.take(10)
        for number in claimed { queue.pushBack(message(number), flow: flow()) }
        for number in (100..<150).reversed() { queue.retract(message(number).id, flow: flow()) }
        #expect(queue.count == 100)
        #expect(queue.tombstoneCount == 0)
        // The same ids are given out again, to another flow and to this one.
        queue.fill(100..<120, flow(2))
        queue.fill(120..<150, flow())
        let all = queue.take(200)
        #expect(all.sorted() == Array(0..<150))
    }

    @Test func retractingWhatIsNotLastLeavesATombstone() {
        var queue = MessageQueue()
        queue.fill(0..<5, flow())
        queue.retract(message(2).id, flow: flow())
        #expect(queue.tombstoneCount == 1)
        queue.retract(message(4).id, flow: flow())
        #expect(queue.tombstoneCount == 1)
        queue.retract(message(0).id, flow: flow(9))
        let all = queue.take(10)
        #expect(all == [0, 1, 3])
        #expect(queue.tombstoneCount == 0)
    }

    @Test func retractingTheOnlyMessageEndsTheFlow() {
        var queue = MessageQueue()
        queue.fill([7], flow())
        queue.retract(message(7).id, flow: flow())
        #expect(queue.isEmpty == true)
        let none = queue.pop()
        #expect(none == nil)
        queue.fill([7, 8], flow())
        let all = queue.take(10)
        #expect(all == [7, 8])
    }

    @Test func canceledMessagesAreSkipped() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow())
        queue.fill(100..<200, flow(2, .bulk))
        for number in stride(from: 0, to: 200, by: 3) { queue.cancel(message(number).id) }
        let all = queue.take(200)
        #expect(all.sorted() == (0..<200).filter { $0 % 3 != 0 })
        #expect(queue.isEmpty == true)
        #expect(queue.tombstoneCount == 0)
    }

    @Test func aCanceledIDThatIsPushedAgainLivesOnce() {
        var queue = MessageQueue()
        queue.fill(0..<10, flow())
        queue.cancel(message(4).id)
        queue.push(message(4), flow: flow(2))
        #expect(queue.count == 10)
        let all = queue.takeFlows(20)
        #expect(all.filter { $0 == flow(2) }.count == 1)
        #expect(all.count == 10)
    }

    @Test func tombstonesOfAbsentIDsAreBounded() {
        var queue = MessageQueue()
        queue.fill(0..<10, flow())
        for number in 1000..<20_000 {
            queue.cancel(message(number).id)
            #expect(queue.tombstoneCount <= 1024)
        }
        let all = queue.take(20)
        #expect(all == Array(0..<10))
    }

    @Test(arguments: [
        Int64.min, -1, 0, 1, epoch - 7 * 86_400_000 - 1, epoch - 7 * 86_400_000, epoch - 1, epoch, epoch + 1,
        epoch - 7 * 86_400_000 + Int64(UInt32.max), epoch - 7 * 86_400_000 + Int64(UInt32.max) + 1, .max,
    ])
    func expiriesAreExactHoweverFar(expiresAt: Int64) {
        var queue = MessageQueue()
        queue.fill(0..<2, flow())
        queue.push(message(2, expiresAt: expiresAt), flow: flow())
        queue.fill(3..<5, flow())
        var popped: [QueuedMessage] = []
        while let next = queue.pop() { popped.append(next.message) }
        #expect(popped == [message(0), message(1), message(2, expiresAt: expiresAt), message(3), message(4)])
    }

    @Test func countsByPriority() {
        var queue = MessageQueue()
        queue.fill(0..<3, flow(1, .urgent))
        queue.fill(10..<15, flow(1, .normal))
        queue.fill(20..<27, flow(2, .bulk))
        #expect(Priority.allCases.map { queue.count($0) } == [3, 5, 7])
        #expect(queue.lowestID(of: .bulk) == message(20).id)
        #expect(queue.lowestID(of: .normal) == message(10).id)
        _ = queue.take(4)
        #expect(Priority.allCases.map { queue.count($0) } == [0, 4, 7])
        #expect(queue.lowestID(of: .urgent) == nil)
    }

    @Test func extractsABatchForParking() {
        var queue = MessageQueue()
        queue.fill(0..<500, flow(1, .bulk))
        _ = queue.take(20)
        for number in [3, 15] { queue.pushBack(message(number), flow: flow(1, .bulk)) }
        queue.fill(500..<600, flow(2, .bulk, set: 1))
        queue.cancel(message(300).id)
        let extracted = queue.extract { (10..<550).contains(number(QueuedMessage(id: $0, expiresAt: 0))) }
        let expected = [15] + (20..<550).filter { $0 != 300 }
        #expect(extracted.map { number($0.message) }.sorted() == expected)
        #expect(queue.count == 51)
        #expect(queue.tombstoneCount == 0)
        for (message, flow) in extracted { queue.push(message, flow: flow) }
        let all = queue.take(1000)
        #expect(all.sorted() == ([3] + expected + Array(550..<600)).sorted())
    }

    @Test func manyFlowsComeAndGo() {
        var queue = MessageQueue()
        for round in 0..<20 {
            for tenant in Int32(1)...300 {
                queue.push(message(round * 1000 + Int(tenant)), flow: flow(tenant, .bulk, set: UInt16(tenant % 5)))
            }
            let taken = queue.takeFlows(1000)
            #expect(Set(taken).count == 300)
            #expect(queue.isEmpty == true)
        }
    }

    @Test func whatWaitsIsToldByFlow() {
        var queue = MessageQueue()
        #expect(queue.waitingFlows(idsOfEach: 4).isEmpty)
        queue.fill(10..<110, flow())
        // Lower ids that come later wait apart.
        queue.fill([3, 2], flow())
        queue.fill([500], flow(2, .bulk, set: 3))
        queue.fill([600], flow(3))
        queue.cancel(message(600).id)
        let flows = queue.waitingFlows(idsOfEach: 4).sorted { $0.count > $1.count }
        #expect(flows.map(\.count) == [102, 1, 1])
        #expect(flows[0].key == flow())
        let ids = flows[0].ids.sorted()
        #expect(ids == [2, 3, 10, 11, 12, 13].map { message($0).id })
        let others = flows[1...].sorted { $0.ids.count > $1.ids.count }
        #expect(others[0].key == flow(2, .bulk, set: 3) && others[0].ids == [message(500).id])
        #expect(others[1].ids.isEmpty, "it is canceled")
        // Asking takes nothing.
        #expect(queue.count == 104)
    }
}
