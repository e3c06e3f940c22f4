internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct CircuitBreakerTests {
    /// Open since `now`, by failures in a row.
    private func opened(_ rule: CircuitBreaker.Rule = .init(), now: Int64) -> CircuitBreaker {
        var breaker = CircuitBreaker(rule, now: now)
        for _ in 0..<rule.failuresInARow { breaker.failed(breaker.taken(cohort: 0), now: now) }
        #expect(breaker.state == .open)
        return breaker
    }

    @Test func failuresInARowOpenIt() {
        var breaker = CircuitBreaker(now: 0)
        for _ in 0..<4 { breaker.failed(breaker.taken(cohort: 0), now: 0) }
        breaker.succeeded(breaker.taken(cohort: 0), now: 0)
        for _ in 0..<4 { breaker.failed(breaker.taken(cohort: 0), now: 0) }
        #expect(breaker.state == .closed)
        expect(breaker.room(now: 0), .max)
        expect(breaker.nextTime(now: 7), 7)
        breaker.failed(breaker.taken(cohort: 0), now: 100)
        #expect(breaker.state == .open)
        expect(breaker.room(now: 100), 0)
        expect(breaker.nextTime(now: 100), 1100)
        expect(breaker.room(now: 1099), 0)
        expect(breaker.room(now: 1100), 1)
        #expect(breaker.state == .halfOpen)
    }

    /// What has not been answered yet is no failure, however many come sooner.
    @Test func failuresThatComeFirstAreNotInARow() {
        var breaker = CircuitBreaker(now: 0)
        let tickets = (0..<60).map { _ in breaker.taken(cohort: 0) }
        for place in stride(from: 0, to: 60, by: 3) { breaker.failed(tickets[place], now: 1) }
        #expect(breaker.state == .closed)
        for place in stride(from: 1, to: 60, by: 3) { breaker.succeeded(tickets[place], now: 20) }
        #expect(breaker.state == .closed)
        // Those between them fail too, in any order.
        var failing = CircuitBreaker(now: 0)
        let all = (0..<60).map { _ in failing.taken(cohort: 0) }
        for place in [7, 3, 4, 6] { failing.failed(all[place], now: 1) }
        #expect(failing.state == .closed)
        failing.failed(all[5], now: 1)
        #expect(failing.state == .open)
    }

    /// The last of a row of 64 is not next to the first.
    @Test(arguments: 0..<70) func onlyTheLastSixtyFourAreLookedAt(first: Int) {
        var breaker = CircuitBreaker(now: 0)
        for _ in 0..<first { breaker.succeeded(breaker.taken(cohort: 0), now: 0) }
        let tickets = (0..<64).map { _ in breaker.taken(cohort: 0) }
        for place in [0, 1, 2, 61, 62, 63] { breaker.failed(tickets[place], now: 0) }
        #expect(breaker.state == .closed)
        // One that was handed over 64 messages ago says nothing any more.
        let newer = (0..<10).map { _ in breaker.taken(cohort: 0) }
        breaker.failed(tickets[3], now: 0)
        breaker.failed(newer[0], now: 0)
        #expect(breaker.state == .closed)
        breaker.failed(newer[1], now: 0)
        #expect(breaker.state == .open)
    }

    /// A cohort of this many requests.
    private func cohort(_ requests: Int, failing: Int) -> Cohorts.Counts {
        var cohorts = Cohorts()
        for place in 0..<requests {
            let number = cohorts.sent(inFlight: 1, now: 0)
            cohorts.answered(number, place < failing ? .failed : .accepted, latency: 1)
        }
        cohorts.close(now: 1)
        return cohorts.takeJudged(now: 1)?.counts ?? Cohorts.Counts()
    }

    @Test func halfOfTwentyAnswersOpenIt() {
        var breaker = CircuitBreaker(now: 0)
        breaker.judged(0, cohort(19, failing: 19), now: 0)
        #expect(breaker.state == .closed)
        breaker.judged(1, cohort(1, failing: 0), now: 0)
        #expect(breaker.state == .open)
        var less = CircuitBreaker(now: 0)
        for number in 0..<1000 { less.judged(number, cohort(20, failing: 9), now: Int64(number)) }
        #expect(less.state == .closed)
        less.judged(1000, cohort(20, failing: 10), now: 1000)
        #expect(less.state == .open)
    }

    @Test func answersLeaveTheWindow() {
        var breaker = CircuitBreaker(now: 0)
        breaker.judged(0, cohort(15, failing: 15), now: 9999)
        breaker.judged(1, cohort(15, failing: 0), now: 10_000)
        #expect(breaker.state == .closed)
        breaker.judged(2, cohort(5, failing: 5), now: 10_001)
        #expect(breaker.state == .closed)
    }

    /// Five in a row fail by chance among many messages.
    @Test func amongManyItTakesTenInARow() {
        var breaker = CircuitBreaker(now: 0)
        breaker.judged(0, cohort(20, failing: 1), now: 0)
        for _ in 0..<9 { breaker.failed(breaker.taken(cohort: 1), now: 9999) }
        #expect(breaker.state == .closed)
        breaker.failed(breaker.taken(cohort: 1), now: 9999)
        #expect(breaker.state == .open)
        var idle = CircuitBreaker(now: 0)
        idle.judged(0, cohort(20, failing: 1), now: 0)
        for _ in 0..<5 { idle.failed(idle.taken(cohort: 1), now: 10_000) }
        #expect(idle.state == .open)
    }

    @Test func cohortsOfBeforeSayNothing() {
        var breaker = opened(now: 0)
        for _ in 0..<3 {
            expect(breaker.room(now: 1000) > 0, true)
            breaker.succeeded(breaker.taken(cohort: 3), now: 1000)
        }
        #expect(breaker.state == .closed)
        _ = breaker.taken(cohort: 4)
        for number in 0...4 { breaker.judged(number, cohort(20, failing: 20), now: 1001) }
        #expect(breaker.state == .closed)
        breaker.judged(5, cohort(20, failing: 20), now: 1001)
        #expect(breaker.state == .open)
    }

    @Test func probesDoubleUntilItCloses() {
        var breaker = opened(now: 0)
        var rooms: [Int] = []
        for _ in 0..<3 {
            rooms.append(breaker.room(now: 1000))
            breaker.succeeded(breaker.taken(cohort: 0), now: 1000)
        }
        #expect(rooms == [1, 2, 4])
        #expect(breaker.state == .closed)
        expect(breaker.room(now: 1000), .max)
    }

    @Test func onlyProbesThatAreLeftMayGo() {
        var breaker = opened(now: 0)
        expect(breaker.room(now: 1000), 1)
        let first = breaker.taken(cohort: 0)
        expect(breaker.room(now: 1000), 0)
        // Only its answer makes room.
        expect(breaker.nextTime(now: 1000), nil)
        breaker.returned(first)
        expect(breaker.room(now: 1001), 1)
        expect(breaker.nextTime(now: 1001), 1001)
        breaker.succeeded(breaker.taken(cohort: 0), now: 1002)
        _ = breaker.taken(cohort: 0)
        expect(breaker.room(now: 1002), 1)
    }

    @Test func theDelayDoublesUpToAMinute() throws {
        var breaker = opened(now: 0)
        var now: Int64 = 0
        var delays: [Int64] = []
        for _ in 0..<9 {
            let foundNext = breaker.nextTime(now: now)
            let next = try #require(foundNext)
            delays.append(next - now)
            now = next
            expect(breaker.room(now: now), 1)
            breaker.failed(breaker.taken(cohort: 0), now: now)
            #expect(breaker.state == .open)
        }
        #expect(delays == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
        // Once closed, it begins at a second again.
        let foundNow = breaker.nextTime(now: now)
        now = try #require(foundNow)
        for _ in 0..<3 {
            expect(breaker.room(now: now) > 0, true)
            breaker.succeeded(breaker.taken(cohort: 0), now: now)
        }
        for _ in 0..<5 { breaker.failed(breaker.taken(cohort: 0), now: now) }
        expect(breaker.nextTime(now: now), now + 1000)
    }

    @Test func answersToWhatWasInFlightBeforeAreNoProbes() {
        var breaker = CircuitBreaker(now: 0)
        let early = (0..<40).map { _ in breaker.taken(cohort: 0) }
        for _ in 0..<5 { breaker.failed(breaker.taken(cohort: 0), now: 0) }
        #expect(breaker.state == .open)
        for ticket in early[..<10] { breaker.succeeded(ticket, now: 10) }
        #expect(breaker.state == .open)
        expect(breaker.room(now: 1000), 1)
        for ticket in early[10..<20] { breaker.succeeded(ticket, now: 1000) }
        for ticket in early[20..<30] { breaker.failed(ticket, now: 1000) }
        for ticket in early[30...] { breaker.returned(ticket) }
        #expect(breaker.state == .halfOpen)
        expect(breaker.room(now: 1000), 1)
        // A probe's answer counts, and one of an earlier half-open time does not.
        let probe = breaker.taken(cohort: 0)
        breaker.failed(probe, now: 1000)
        expect(breaker.nextTime(now: 1000), 3000)
        expect(breaker.room(now: 3000), 1)
        breaker.succeeded(probe, now: 3000)
        expect(breaker.room(now: 3000), 1)
    }

    @Test func aProviderThatRecoversIsFoundInTime() {
        // Down from 10 s to 40 s; a message every 10 ms, answered at once.
        var breaker = CircuitBreaker(now: 0)
        var wasted = 0
        var recoveredAt: Int64?
        for now in stride(from: Int64(0), to: 120_000, by: 10) {
            guard breaker.room(now: now) > 0 else { continue }
            let ticket = breaker.taken(cohort: 0)
            if (10_000..<40_000).contains(now) {
                breaker.failed(ticket, now: now)
                wasted += 1
            } else {
                breaker.succeeded(ticket, now: now)
            }
            if now >= 40_000, breaker.state == .closed, recoveredAt == nil { recoveredAt = now }
        }
        // Five and then one after 1, 3, 7 and 15 s; the next probe comes 31 s after the beginning.
        #expect(wasted == 9)
        #expect(recoveredAt == 41_060)
    }
}
