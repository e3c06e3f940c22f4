internal import Access
internal import ConfigurationModel
internal import Foundation
internal import SMSModel
internal import Synchronization
internal import Testing

@Suite struct RateLimiterTests {
    private static let second: Int64 = 1_000_000_000

    private func pace(_ rate: UInt32, burst: UInt32) -> RatePace {
        RatePace(RateLimit(messagesPerSecond: rate, burst: burst))
    }

    @Test func aBurstPassesAndThenTheRate() {
        let limiter = RateLimiter()
        let pace = pace(10, burst: 3)
        let at = 5 * Self.second
        #expect((0..<5).map { _ in limiter.take(1, pace, now: at) } == [0, 0, 0, 100_000_000, 100_000_000])
        #expect(limiter.take(1, pace, now: at + 99_999_999) == 1)
        #expect(limiter.take(1, pace, now: at + 100_000_000) == 0)
        #expect(limiter.take(1, pace, now: at + 100_000_000) == 100_000_000)
        // An idle hour fills it to the burst and no further.
        let later = at + 3600 * Self.second
        #expect((0..<4).map { _ in limiter.take(1, pace, now: later) } == [0, 0, 0, 100_000_000])
    }

    @Test func aCallOfManyPassesWhereOneWouldAndLeavesADebt() {
        let limiter = RateLimiter()
        let pace = pace(100, burst: 10)
        #expect(limiter.take(1000, pace, now: 0) == 0)
        // 990 more than the bucket held, and one.
        #expect(limiter.take(1, pace, now: 0) == 9_910_000_000)
        #expect(limiter.take(1000, pace, now: 9_909_999_999) == 1)
        #expect(limiter.take(1000, pace, now: 9_910_000_000) == 0)
    }

    @Test func atTheEdges() {
        // One a second, one at once.
        let slowest = RateLimiter()
        #expect(
            [0, 1, Self.second - 1, Self.second].map { slowest.take(1, pace(1, burst: 1), now: $0) == 0 }
                == [true, false, false, true])
        let fastest = RateLimiter()
        let most = pace(Limits.messagesPerSecond, burst: Limits.burstMessages)
        #expect((0..<Int(Limits.burstMessages)).allSatisfy { _ in fastest.take(1, most, now: 7) == 0 })
        #expect(fastest.take(1, most, now: 7) == 1000)
        // The largest bulk call at the lowest rate, at the end of a long uptime.
        let indebted = RateLimiter()
        let late = Int64(100 * 365 * 86_400) * Self.second
        #expect(indebted.take(Limits.bulkMessages, pace(1, burst: 1), now: late) == 0)
        #expect(indebted.take(1, pace(1, burst: 1), now: late) == Int64(Limits.bulkMessages) * Self.second)
        // Zero is no limit that anything could pass: it counts as one.
        #expect(RateLimiter().take(1, pace(0, burst: 0), now: 0) == 0)
    }

    @Test func anotherPaceGoesOnFromWhatWasTaken() {
        let limiter = RateLimiter()
        #expect(limiter.take(50, pace(10, burst: 50), now: 0) == 0)
        #expect(limiter.take(1, pace(10, burst: 50), now: 0) > 0)
        // Full again in five seconds, by the pace that it was taken at; more room is there at once.
        #expect(limiter.take(1, pace(10, burst: 51), now: 0) == 0)
        #expect(limiter.take(1, pace(10, burst: 1), now: Self.second) == 4 * Self.second + 100_000_000)
    }

    /// A bucket that counts in exact fractions says the same, to the nanosecond by which an interval is rounded.
    @Test(arguments: 1...8)
    func asTheExactModel(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            // Rates whose interval is a whole number of nanoseconds: the model needs no tolerance.
            let rate: UInt32 = [1, 2, 5, 8, 10, 40, 100, 1000, 15_625, 1_000_000].randomElement(using: &generator)!
            let burst = UInt32.random(in: 1...100, using: &generator)
            let (limiter, pace) = (RateLimiter(), pace(rate, burst: burst))
            var model = ExactBucket(rate: Int64(rate), burst: Int64(burst))
            var now = Int64.random(in: 0...1_000_000_000, using: &generator)
            for _ in 0..<200 {
                now += Int64.random(in: 0...4 * 1_000_000_000 / Int64(rate), using: &generator)
                let count = Bool.random(using: &generator) ? 1 : Int.random(in: 1...60, using: &generator)
                let wait = limiter.take(count, pace, now: now)
                #expect(wait == model.take(Int64(count), now: now), "seed \(seed), \(rate)/s, burst \(burst)")
                // Having waited as told, it passes, and not a nanosecond before.
                guard wait > 0, Bool.random(using: &generator) else { continue }
                #expect(limiter.wait(pace, now: now + wait - 1) == 1)
                now += wait
                #expect(limiter.take(1, pace, now: now) == 0)
                #expect(model.take(1, now: now) == 0)
            }
        }
    }

    /// In any stretch of time no more pass than the burst and what the rate brings.
    @Test(arguments: [3, 7, 999_999] as [UInt32])
    func neverMoreThanAllowed(_ rate: UInt32) {
        var generator = SeededGenerator(seed: UInt64(rate))
        let (limiter, pace) = (RateLimiter(), pace(rate, burst: 5))
        var passed: [Int64] = []
        var now: Int64 = 0
        while passed.count < 2000 {
            now += Int64.random(in: 0...1_000_000_000 / Int64(rate), using: &generator)
            if limiter.take(1, pace, now: now) == 0 { passed.append(now) }
        }
        for (first, start) in passed.enumerated() {
            for last in [first + 4, first + 5, first + 50, first + 1000] where last < passed.count {
                let allowed = 5 + Double(passed[last] - start) * Double(rate) / 1e9
                #expect(Double(last - first + 1) <= allowed + 1e-9)
            }
        }
    }

    @Test func threadsTogetherGetNoMore() async {
        let pace = pace(1000, burst: 100)
        let race = Race()
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<50_000 {
                        let now = race.clock.add(20_000, ordering: .relaxed).newValue
                        if race.limiter.take(1, pace, now: now) == 0 { race.passed.add(1, ordering: .relaxed) }
                    }
                }
            }
        }
        // Four seconds of a thousand, and the burst: all that is allowed, and not one more.
        let count = race.passed.load(ordering: .relaxed)
        #expect(count <= 4100)
        #expect(count >= 4090)
    }
}

/// Threads that take from one bucket.
private final class Race: Sendable {
    let limiter = RateLimiter()
    /// They disagree about the time by what each has read before another moved it.
    let clock = Atomic<Int64>(0)
    let passed = Atomic(0)
}

/// A token bucket in exact fractions: tokens are counted in parts of a billion, one part of `rate` a nanosecond.
private struct ExactBucket {
    let rate: Int64
    let burst: Int64
    private var level: Int64
    private var updatedAt: Int64 = 0
    private static let token: Int64 = 1_000_000_000

    init(rate: Int64, burst: Int64) {
        self.rate = rate
        self.burst = burst
        level = burst * Self.token
    }

    /// - Returns: as ``RateLimiter/take(_:_:now:)``.
    mutating func take(_ count: Int64, now: Int64) -> Int64 {
        level = min(burst * Self.token, level + (now - updatedAt) * rate)
        updatedAt = now
        guard level >= Self.token else { return (Self.token - level + rate - 1) / rate }
        level -= count * Self.token
        return 0
    }
}
