internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct TokenBucketTests {
    @Test func burstThenRate() {
        var bucket = TokenBucket(rate: 10, burst: 3, now: 1000)
        var taken = (0..<5).map { _ in bucket.take(now: 1000) }
        #expect(taken == [true, true, true, false, false])
        taken = [1099, 1100, 1199, 1200].map { bucket.take(now: $0) }
        #expect(taken == [false, true, false, true])
        // An idle hour fills it to the burst and no further.
        let available = bucket.available(now: 3_600_000)
        #expect(available == 3)
    }

    @Test func fractionsAddUp() {
        var bucket = TokenBucket(rate: 1.0 / 3, burst: 1, now: 0)
        var taken = 0
        for now in Int64(0)...300_000 where bucket.take(now: now) { taken += 1 }
        #expect(taken == 101)
        // 0.1 of a token a step.
        var slow = TokenBucket(rate: 1, burst: 1, now: 0)
        _ = slow.take(now: 0)
        for step in Int64(1)..<10 {
            let early = slow.take(now: step * 100)
            #expect(!early)
        }
        let due = slow.take(now: 1000)
        #expect(due)
    }

    @Test func allOrNothing() {
        var bucket = TokenBucket(rate: 1, burst: 5, now: 0)
        let six = bucket.take(6, now: 0)
        let five = bucket.take(5, now: 0)
        #expect(!six)
        #expect(five)
        bucket.putBack(2)
        bucket.putBack(100)
        let available = bucket.available(now: 0)
        #expect(available == 5)
    }

    @Test func theReserveIsForUrgentOnly() {
        var bucket = TokenBucket(rate: 1, burst: 3, reserved: 1, now: 0)
        var taken = (0..<3).map { _ in bucket.take(now: 0) }
        #expect(taken == [true, true, false])
        let free = (bucket.available(now: 0), bucket.available(urgent: true, now: 0))
        #expect(free == (0, 1))
        taken = (0..<2).map { _ in bucket.take(urgent: true, now: 0) }
        #expect(taken == [true, false])
        // The next token refills the reserve; the one after it is anybody's.
        let next = (bucket.nextTime(now: 0), bucket.nextTime(urgent: true, now: 0))
        #expect(next == (2000, 1000))
        // A reserve of the whole burst would shut all others out.
        var tiny = TokenBucket(rate: 1, burst: 1, reserved: 9, now: 0)
        let tinyTaken = tiny.take(now: 0)
        #expect(tinyTaken)
    }

    @Test func nextTimeIsWhenItCanBeTaken() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let rate = Double.random(in: 0.01...5000, using: &generator)
            var bucket = TokenBucket(rate: rate, burst: Double(Int.random(in: 1...50, using: &generator)), now: 0)
            while bucket.take(now: 0) {}
            let found = bucket.nextTime(now: 0)
            let next = try #require(found)
            var early = bucket
            let tooEarly = early.take(now: next - 1)
            let inTime = bucket.take(now: next)
            #expect(!tooEarly && inTime, "rate \(rate), next \(next)")
        }
    }

    @Test func nextTimeIsNilWhereNoneComes() {
        var still = TokenBucket(rate: 0, burst: 1, now: 0)
        let now = still.nextTime(now: 5)
        #expect(now == 5)
        _ = still.take(now: 5)
        let never = still.nextTime(now: 5)
        #expect(never == nil)
        var small = TokenBucket(rate: 5, burst: 2, now: 0)
        let tooMany = small.nextTime(for: 3, now: 0)
        #expect(tooMany == nil)
    }

    @Test func timeGoingBackGrantsNothingAndStopsNothing() {
        var bucket = TokenBucket(rate: 10, burst: 1, now: 1_000_000)
        _ = bucket.take(now: 1_000_000)
        let atOnce = bucket.take(now: 500_000)
        let later = bucket.take(now: 500_100)
        #expect(!atOnce)
        #expect(later)
        let extreme = (bucket.available(now: .min), bucket.available(now: .max))
        #expect(extreme == (0, 1))
    }

    @Test func aNewRateCountsFromThenOn() {
        var bucket = TokenBucket(rate: 1, burst: 100, now: 0)
        _ = bucket.take(100, now: 0)
        bucket.setRate(10, now: 2000)
        let available = (bucket.available(now: 2000), bucket.available(now: 3000))
        #expect(available == (2, 12))
    }

    @Test func aBurstOfAtLeastOne() {
        var bucket = TokenBucket(rate: 0.5, burst: 0, now: 0)
        let taken = bucket.take(now: 0)
        #expect(taken)
    }
}
