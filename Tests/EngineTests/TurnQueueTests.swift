internal import Testing

@testable internal import Engine

@Suite struct TurnQueueTests {
    @Test func ownersTakeTurns() {
        var queue = TurnQueue<Character, Int>()
        #expect(queue.popFirst() == nil)
        for question in 0..<4 { queue.append(question, of: "a") }
        queue.append(10, of: "b")
        queue.append(11, of: "b")
        queue.append(20, of: "c")
        var answered: [Int] = []
        for _ in 0..<5 { answered.append(queue.popFirst()!) }
        // Who comes back is last.
        queue.append(21, of: "c")
        while let next = queue.popFirst() { answered.append(next) }
        #expect(answered == [0, 10, 20, 1, 11, 2, 21, 3])
        #expect(queue.isEmpty)
    }

    @Test func whatIsNotDoneComesFirstOfItsOwners() {
        var queue = TurnQueue<Character, Int>()
        for work in [0, 1] { queue.append(work, of: "a") }
        queue.append(10, of: "b")
        var order: [Int] = []
        // Each piece of "a" takes two turns.
        var left = [0: 1, 1: 1]
        while let work = queue.popFirst() {
            order.append(work)
            guard let again = left[work], again > 0 else { continue }
            left[work] = again - 1
            queue.putBack(work, of: "a")
        }
        #expect(order == [0, 10, 0, 1, 1])
    }
}
