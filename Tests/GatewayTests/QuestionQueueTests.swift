internal import Testing

@testable internal import Gateway

@Suite struct QuestionQueueTests {
    @Test func askersTakeTurns() {
        var queue = QuestionQueue<Character, Int>()
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
}
