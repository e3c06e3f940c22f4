internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct CircuitBreakerTests {
    /// Open since `now`, by failures in a row.
    private func opened(_ rule: CircuitBreaker.Rule = .init(), now: Int64) -> CircuitBreaker {
        var breaker = CircuitBreaker(rule, now: now)
        for _ in 0..<rule.failuresInARow { breaker.failed(breaker.taken(), now: now) }
        #expect(breaker.state == .open)
        return breaker
    }

    @Test func failuresInARowOpenIt() {
        var breaker = CircuitBreaker(now: 0)
        for _ in 0..<4 { breaker.failed(breaker.taken(), now: 0) }
        breaker.succeeded(breaker.taken(), now: 0)
        for _ in 0..<4 { breaker.failed(breaker.taken(), now: 0) }
        #expect(breaker.state == .closed)
        expect(breaker.room(now: 0), .max)
        expect(breaker.nextTime(now: 7), 7)
        breaker.failed(breaker.taken(), now: 100)
        #expect(breaker.state == .open)
        expect(breaker.room(now: 100), 0)
        expect(breaker.nextTime(now: 100), 1100)
        expect(breaker.room(now: 1099), 0)
        expect(breaker.room(now: 1100), 1)
        #expect(breaker.state == .halfOpen)
    }

    @Test(arguments: [(answers: 18, opens: false), (answers: 20, opens: true)])
    func halfOfTwentyAnswersOpenIt(answers: Int, opens: Bool) {
        var breaker = CircuitBreaker(now: 0)
        for index in 0..<answers {
            let ticket = breaker.taken()
            if index.isMultiple(of: 2) {
                breaker.succeeded(ticket, now: 10)
            } else {
                breaker.failed(ticket, now: 10)
            }
        }
        #expect((breaker.state == .open) == opens)
    }

    @Test func lessThanHalfDoesNotOpenIt() {
        var breaker = CircuitBreaker(now: 0)
        for index in 0..<100_000 {
            let ticket = breaker.taken()
            let now = Int64(index / 10)
            // 9 of 20, never two in a row.
            if index % 2 == 1, index % 20 != 19 {
                breaker.failed(ticket, now: now)
            } else {
                breaker.succeeded(ticket, now: now)
            }
        }
        #expect(breaker.state == .closed)
    }

    @Test func answersLeaveTheWindow() {
        var breaker = CircuitBreaker(now: 0)
        // 1,000 successes are forgotten after 10 s; then 20 answers, half of them failures, are enough.
        for _ in 0..<1000 { breaker.succeeded(breaker.taken(), now: 0) }
        for index in 0..<20 {
            let ticket = breaker.taken()
            if index.isMultiple(of: 2) {
                breaker.succeeded(ticket, now: 9000)
            } else {
                breaker.failed(ticket, now: 9000)
            }
        }
        #expect(breaker.state == .closed)
        var later = CircuitBreaker(now: 0)
        for _ in 0..<1000 { later.succeeded(later.taken(), now: 0) }
        for index in 0..<20 {
            let ticket = later.taken()
            if index.isMultiple(of: 2) {
                later.succeeded(ticket, now: 10_000)
            } else {
                later.failed(ticket, now: 10_000)
            }
        }
        #expect(later.state == .open)
    }

    @Test func probesDoubleUntilItCloses() {
        var breaker = opened(now: 0)
        var rooms: [Int] = []
        for _ in 0..<3 {
            rooms.append(breaker.room(now: 1000))
            breaker.succeeded(breaker.taken(), now: 1000)
        }
        #expect(rooms == [1, 2, 4])
        #expect(breaker.state == .closed)
        expect(breaker.room(now: 1000), .max)
    }

    @Test func onlyProbesThatAreLeftMayGo() {
        var breaker = opened(now: 0)
        expect(breaker.room(now: 1000), 1)
        let first = breaker.taken()
        expect(breaker.room(now: 1000), 0)
        // Only its answer makes room.
        expect(breaker.nextTime(now: 1000), nil)
        breaker.returned(first)
        expect(breaker.room(now: 1001), 1)
        expect(breaker.nextTime(now: 1001), 1001)
        breaker.succeeded(breaker.taken(), now: 1002)
        _ = breaker.taken()
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
            breaker.failed(breaker.taken(), now: now)
            #expect(breaker.state == .open)
        }
        #expect(delays == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
        // Once closed, it begins at a second again.
        let foundNow = breaker.nextTime(now: now)
        now = try #require(foundNow)
        for _ in 0..<3 {
            expect(breaker.room(now: now) > 0, true)
            breaker.succeeded(breaker.taken(), now: now)
        }
        for _ in 0..<5 { breaker.failed(breaker.taken(), now: now) }
        expect(breaker.nextTime(now: now), now + 1000)
    }

    @Test func answersToWhatWasInFlightBeforeAreNoProbes() {
        var breaker = CircuitBreaker(now: 0)
        let early = (0..<40).map { _ in breaker.taken() }
        for _ in 0..<5 { breaker.failed(breaker.taken(), now: 0) }
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
        let probe = breaker.taken()
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
            let ticket = breaker.taken()
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
