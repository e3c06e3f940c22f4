internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct ReconciliationTests {
    private var generator = SeededGenerator(seed: 7)

    /// When it is asked if every question brings the same, and what follows from the last.
    private mutating func asks(
        _ verdict: Reconciliation.Verdict, begun: Int64 = 0, now: Int64 = 0
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

    @Test(arguments: [Reconciliation.Verdict.nothing, .failed])
    mutating func eightTimesWithinTheHourAndThenHeld(_ verdict: Reconciliation.Verdict) {
        let (times, end) = asks(verdict)
        #expect(end == .hold)
        #expect(times.count == 8)
        #expect(times.allSatisfy { $0 <= 3_600_000 })
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(gaps.allSatisfy { $0 >= 30_000 && $0 <= 601_000 })
        #expect((gaps.last ?? 0) > (gaps.first ?? 0))
    }

    @Test(arguments: [(Reconciliation.Verdict.found, Reconciliation.Decision.sent), (.ambiguous, .hold)])
    mutating func proofAndDoubtEndIt(_ verdict: Reconciliation.Verdict, _ decision: Reconciliation.Decision) {
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
}
