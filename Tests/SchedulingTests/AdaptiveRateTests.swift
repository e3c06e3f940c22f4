internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct AdaptiveRateTests {
    @Test func withoutThrottlingItIsTheConfiguredRate() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        let burst = (0..<11).map { _ in rate.take(urgent: true, now: 0) }
        #expect(burst == Array(repeating: true, count: 10) + [false])
        expect(rate.nextTime(urgent: true, now: 0), 10)
        var unbounded = AdaptiveRate(ceiling: nil, now: 0)
        #expect(unbounded.rate == nil)
        expect(unbounded.available(now: 0), .max)
        expect(unbounded.take(now: 0), true)
        expect(unbounded.nextTime(now: 5), 5)
    }

    @Test func theLastOfABurstIsForUrgent() {
        var rate = AdaptiveRate(ceiling: 20, now: 0)
        expect(rate.available(now: 0), 1)
        expect(rate.available(urgent: true, now: 0), 2)
        expect(rate.take(now: 0), true)
        expect(rate.take(now: 0), false)
        expect(rate.take(urgent: true, now: 0), true)
        rate.putBack()
        expect(rate.available(urgent: true, now: 0), 1)
    }

    @Test func halvesOnceForAllThatWereOnTheirWay() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        for now in Int64(0)..<200 { rate.throttled(now: now) }
        #expect(rate.rate.map { $0 >= 50 && $0 < 51.1 } == true)
        rate.throttled(now: 200)
        #expect(rate.rate.map { $0 >= 25 && $0 < 26 } == true)
        var slow = AdaptiveRate(ceiling: 100, now: 0)
        for now in Int64(0)..<1000 { slow.throttled(roundTrip: 1000, now: now) }
        #expect(slow.rate.map { $0 >= 50 } == true)
        slow.throttled(roundTrip: 1000, now: 1000)
        #expect(slow.rate.map { $0 < 30 } == true)
    }

    @Test func whatWasSavedUpDoesNotGo() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        rate.throttled(now: 0)
        expect(rate.available(urgent: true, now: 0), 0)
        expect(rate.nextTime(urgent: true, now: 0), 20)
    }

    @Test func neverBelowOneASecond() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        for step in Int64(0)..<50 { rate.throttled(now: step * 200) }
        #expect(rate.rate.map { $0 >= 1 && $0 < 3 } == true)
        var slow = AdaptiveRate(ceiling: 0.5, now: 0)
        slow.throttled(now: 0)
        #expect(slow.rate == 0.5)
    }

    @Test func growsBackToTheCeilingInTenSeconds() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        rate.throttled(now: 0)
        _ = rate.available(now: 5000)
        #expect(rate.rate.map { abs($0 - 75) < 1e-6 } == true)
        for now in Int64(5001)...10_001 { _ = rate.available(now: now) }
        #expect(rate.rate == 100)
        // It goes no higher, and the burst is the configured one again.
        expect(rate.available(urgent: true, now: 60_000), 10)
        #expect(rate.rate == 100)
    }

    @Test func withoutACeilingItStartsFromTheMeasuredRateAndEnds() {
        var rate = AdaptiveRate(ceiling: nil, now: 0)
        // 500 a second, and then one in five too fast.
        for step in Int64(0)..<1500 { rate.answered(now: step * 2) }
        var step = Int64(1500)
        while rate.rate == nil, step < 3000 {
            step += 1
            if step % 5 == 0 { rate.throttled(now: step * 2) } else { rate.answered(now: step * 2) }
        }
        // After two seconds they are a tenth of those of four.
        #expect((2300...2600).contains(step))
        #expect(rate.rate.map { $0 > 225 && $0 < 251 } == true)
        let start = rate.rate ?? 0
        _ = rate.available(now: step * 2 + 10_000)
        #expect(rate.rate.map { abs($0 - 2 * start) < start * 0.01 } == true)
        // From half to twice the rate: 1.5 times it, a twentieth a second.
        _ = rate.available(now: step * 2 + 29_900)
        #expect(rate.rate != nil)
        _ = rate.available(now: step * 2 + 30_100)
        #expect(rate.rate == nil)
        expect(rate.available(now: step * 2 + 30_100), .max)
    }

    /// One in twenty, at any rate: not for what the gateway sends too fast.
    @Test(arguments: [nil, 1000] as [Double?]) func littleThrottlingAtAnyRateIsBorne(ceiling: Double?) {
        var rate = AdaptiveRate(ceiling: ceiling, now: 0)
        var random = SeededGenerator(seed: 5)
        var sent = 0
        for now in Int64(0)..<60_000 where rate.take(now: now) {
            sent += 1
            if random.next() % 20 == 0 { rate.throttled(now: now) } else { rate.answered(now: now) }
        }
        // One a millisecond would be the most.
        #expect(sent > 40_000, "\(sent)")
    }

    @Test func aFirstAnswerThatIsThrottledHasHardlyARateToStartFrom() {
        var rate = AdaptiveRate(ceiling: nil, now: 0)
        rate.throttled(now: 0)
        // Half of one in a tenth of a second.
        #expect(rate.rate == 5)
    }

    /// What is throttled soon after the start, or after a pause, was as fast as later on.
    @Test func whatHasOnlyJustBegunHasItsRate() {
        for begin in [0, 30_000] as [Int64] {
            var rate = AdaptiveRate(ceiling: nil, now: 0)
            if begin > 0 { rate.answered(now: 0) }
            // 500 a second, for a fifth of one.
            for step in Int64(0)..<100 { rate.answered(now: begin + step * 2) }
            for _ in 0..<20 { rate.throttled(now: begin + 200) }
            #expect(rate.rate.map { $0 > 240 && $0 < 290 } == true, "\(begin)")
        }
    }

    @Test func retryAfterHoldsAllBackForAMinuteAtMost() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        rate.throttled(retryAfter: 5000, now: 0)
        expect(rate.available(urgent: true, now: 4999), 0)
        expect(rate.take(urgent: true, now: 4999), false)
        expect(rate.nextTime(now: 10), 5000)
        expect(rate.available(urgent: true, now: 5000) > 0, true)
        // It does not grow while it is held back.
        #expect(rate.rate == 50)
        // A shorter one does not end a longer one; a long one is not believed.
        rate.throttled(retryAfter: 3_600_000, now: 6000)
        rate.throttled(retryAfter: 1, now: 6001)
        expect(rate.nextTime(urgent: true, now: 6001), 66_000)
        expect(rate.take(urgent: true, now: 66_000), true)
        var unbounded = AdaptiveRate(ceiling: nil, now: 0)
        unbounded.throttled(retryAfter: 1000, now: 0)
        expect(unbounded.available(now: 999), 0)
    }

    /// A provider that takes some messages a second and throttles the rest; there is always one to send.
    @Test(arguments: [(nil, 50.0), (1000, 50), (1000, 400), (100, 1000)] as [(Double?, Double)])
    func settlesAtWhatTheProviderTakes(ceiling: Double?, capacity: Double) {
        var rate = AdaptiveRate(ceiling: ceiling, now: 0)
        var provider = TokenBucket(rate: capacity, burst: capacity / 10, now: 0)
        var taken = 0
        var throttled = 0
        for now in Int64(0)..<180_000 {
            for _ in 0..<min(rate.available(urgent: true, now: now), 5) {
                guard rate.take(urgent: true, now: now) else { break }
                if provider.take(now: now) {
                    rate.answered(now: now)
                    if now >= 60_000 { taken += 1 }
                } else {
                    rate.throttled(now: now)
                    if now >= 60_000 { throttled += 1 }
                }
            }
        }
        let possible = min(capacity, ceiling ?? capacity) * 120
        #expect(Double(taken) >= possible * 0.6, "\(taken) of \(possible)")
        #expect(Double(throttled) <= Double(taken) * 0.15, "\(throttled) throttled, \(taken) taken")
    }
}
