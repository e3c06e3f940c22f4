internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct RetryPolicyTests {
    let policy = RetryPolicy(base: 1000, factor: 2, cap: 60_000, retryAfterCap: 600_000, maximumAttempts: 3)

    @Test func backoffGrowsToItsCap() {
        #expect([0, 1, 2, 3, 6, 7, 8].map(policy.backoff) == [1000, 1000, 2000, 4000, 32_000, 60_000, 60_000])
    }

    @Test func nothingOverflows() {
        let steep = RetryPolicy(base: 1, factor: 1e300, cap: .max, maximumAttempts: 1)
        #expect(steep.backoff(afterAttempt: .max) == .max)
        let flat = RetryPolicy(base: 7, factor: 1, cap: 100)
        #expect(flat.backoff(afterAttempt: .max) == 7)
        #expect(flat.backoff(afterAttempt: .min) == 7)
        var generator = SeededGenerator(seed: 1)
        #expect(steep.delay(afterAttempt: .max, retryAfter: .max, using: &generator) > 0)
    }

    @Test func jitterFillsTheUpperHalfOnly() {
        var generator = SeededGenerator(seed: 7)
        let delays = (0..<2000).map { _ in policy.delay(afterAttempt: 3, using: &generator) }
        #expect(delays.allSatisfy { (2000...4000).contains($0) })
        #expect(delays.min()! < 2050)
        #expect(delays.max()! > 3950)
    }

    @Test func theSmallestBackoffIsNeverZero() {
        var generator = SeededGenerator(seed: 3)
        let smallest = RetryPolicy(base: 1, factor: 1, cap: 1)
        #expect((0..<100).allSatisfy { _ in smallest.delay(afterAttempt: 1, using: &generator) == 1 })
    }

    @Test func aHintIsNeverUndercut() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<500 {
            #expect((30_000...31_000).contains(policy.delay(afterAttempt: 1, retryAfter: 30_000, using: &generator)))
        }
        // A shorter hint than the backoff changes nothing.
        #expect((30_000...60_000).contains(policy.delay(afterAttempt: 9, retryAfter: 5, using: &generator)))
    }

    @Test func anAbsurdHintIsNotBelieved() {
        var generator = SeededGenerator(seed: 9)
        #expect((600_000...601_000).contains(policy.delay(afterAttempt: 1, retryAfter: .max, using: &generator)))
        #expect((500...1000).contains(policy.delay(afterAttempt: 1, retryAfter: -5, using: &generator)))
        #expect((500...1000).contains(policy.delay(afterAttempt: 1, retryAfter: 0, using: &generator)))
    }

    @Test func attemptsAreBounded() {
        #expect(!policy.isExhausted(attempts: 2))
        #expect(policy.isExhausted(attempts: 3))
        #expect(policy.isExhausted(attempts: 4))
    }
}
