internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct ReconciliationTests {
    private var generator = SeededGenerator(seed: 7)

    /// When it is asked if every question brings the same, and what follows from the last.
    private mutating func asks(
        _ verdict: Reconciliation.Conclusion, begun: Int64 = 0, now: Int64 = 0
    ) -> (times: [Int64], end: Reconciliation.Decision) {
        var reconciliation = Reconciliation(begun: begun, now: now)
        var times: [Int64] = []
        while true {
            times.append(reconciliation.due)
            // An answer takes a second.
            let decision = reconciliation.answered(verdict, now: reconciliation.due + 1000, using: &generator)
            guard decision == .ask, times.count < 100 else { return (times, decision) }
        }
    }

    @Test mutating func notBeforeTheRequestIsSurelyOver() {
        let first = Reconciliation(begun: 5000, now: 5000).due
        #expect(first == 5000 + Limits.httpRequestMilliseconds + 60_000)
    }

    @Test(arguments: [Reconciliation.Conclusion.nothing, .failed])
    mutating func eightTimesWithinTheHourAndThenHeld(_ verdict: Reconciliation.Conclusion) {
        let (times, end) = asks(verdict)
        #expect(end == .hold)
        #expect(times.count == 8)
        #expect(times.allSatisfy { $0 <= 3_600_000 })
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(gaps.allSatisfy { $0 >= 30_000 && $0 <= 601_000 })
        #expect((gaps.last ?? 0) > (gaps.first ?? 0))
    }

    @Test(arguments: [(Reconciliation.Conclusion.found, Reconciliation.Decision.sent), (.ambiguous, .hold)])
    mutating func proofAndDoubtEndIt(_ verdict: Reconciliation.Conclusion, _ decision: Reconciliation.Decision) {
        let (times, end) = asks(verdict)
        #expect(times.count == 1)
        #expect(end == decision)
    }

    @Test mutating func foundAfterNothing() {
        var reconciliation = Reconciliation(begun: 0, now: 0)
        let first = reconciliation.answered(.nothing, now: 80_000, using: &generator)
        #expect(first == .ask)
        #expect((110_000...140_000).contains(reconciliation.due))
        let second = reconciliation.answered(.found, now: reconciliation.due, using: &generator)
        #expect(second == .sent)
    }

    @Test mutating func afterALongStopItIsAskedOnce() {
        let (times, end) = asks(.nothing, begun: 0, now: 10_000_000)
        #expect(times == [10_000_000])
        #expect(end == .hold)
        // Within the hour, for the rest of it.
        let (late, _) = asks(.nothing, begun: 0, now: 3_000_000)
        #expect(late.first == 3_000_000)
        #expect((2...7).contains(late.count))
        #expect(late.allSatisfy { $0 <= 3_600_000 })
    }

    @Test mutating func theQueueIsBoundedAndInOrder() {
        var queue = ReconciliationQueue(capacity: 3)
        let begun: [Int64] = [300, 100, 200, 50]
        let isIn = begun.enumerated().map { number, begun in
            queue.add(
                ReconciliationQueue.Entry(
                    id: MessageID(rawValue: UInt64(number)), attempt: 1,
                    reconciliation: Reconciliation(begun: begun, now: begun)))
        }
        #expect(isIn == [true, true, true, false])
        let first = Limits.httpRequestMilliseconds + 60_000
        #expect(queue.nextDue == first + 100)
        let early = queue.popDue(now: first + 99, limit: 9)
        #expect(early.isEmpty)
        var due = queue.popDue(now: first + 300, limit: 2)
        #expect(due.map(\.id.rawValue) == [1, 2])
        // Asked without success it comes again, later.
        let decision = due[0].reconciliation.answered(.nothing, now: first + 300, using: &generator)
        #expect(decision == .ask)
        let isBack = queue.add(due[0])
        #expect(isBack)
        let rest = [first + 300, .max].map { now in queue.popDue(now: now, limit: 9).map(\.id.rawValue) }
        #expect(rest == [[0], [1]])
        #expect(queue.nextDue == nil && queue.count == 0)
    }
}
