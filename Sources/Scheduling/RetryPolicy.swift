/// When a message that was surely not taken is tried again: exponential backoff with jitter.
///
/// Only answers that count against the message are attempts: a throttled answer lowers the provider's rate
/// and brings the message back after ``delay(afterAttempt:retryAfter:using:)``, but does not add to what
/// ``isExhausted(attempts:)`` is asked with.
package struct RetryPolicy: Hashable, Sendable {
    /// Milliseconds of backoff after the first attempt.
    package let base: Int64
    /// Growth of the backoff from attempt to attempt.
    package let factor: Double
    /// Milliseconds that the backoff never exceeds, jitter included.
    package let cap: Int64
    /// Milliseconds beyond which a provider's retry-after is not believed.
    package let retryAfterCap: Int64
    /// Attempts after which a message is given up.
    package let maximumAttempts: Int

    /// - Precondition: 1 <= base <= cap, factor >= 1, maximumAttempts >= 1, retryAfterCap in 0...2^62, base <= 2^62.
    package init(
        base: Int64 = 1000, factor: Double = 2, cap: Int64 = 300_000, retryAfterCap: Int64 = 3_600_000,
        maximumAttempts: Int = 8
    ) {
        precondition(base >= 1 && base <= cap && factor >= 1 && maximumAttempts >= 1)
        precondition(base <= 1 << 62 && (0...1 << 62).contains(retryAfterCap))
        self.base = base
        self.factor = factor
        self.cap = cap
        self.retryAfterCap = retryAfterCap
        self.maximumAttempts = maximumAttempts
    }

    /// Whether no further attempt may follow.
    package func isExhausted(attempts: Int) -> Bool { attempts >= maximumAttempts }

    /// Attempts after which the backoff grows no more, whatever the factor.
    private static let growingAttempts = 100

    /// The backoff before jitter, in milliseconds: base * factor^(attempt - 1), at most ``cap``.
    ///
    /// - Parameter attempt: 1 for the first; less counts as 1.
    package func backoff(afterAttempt attempt: Int) -> Int64 {
        var backoff = Double(base)
        for _ in 1..<max(1, min(attempt, Self.growingAttempts)) where backoff < Double(cap) {
            backoff *= factor
        }
        return backoff < Double(cap) ? Int64(backoff) : cap
    }

    /// Milliseconds to wait after an attempt, or after as many throttled answers in a row.
    ///
    /// Evenly spread over the upper half of the backoff, so that messages that failed together don't come
    /// back together. A provider's hint is never undercut, up to ``retryAfterCap``: the wait is then the
    /// hint and up to ``base`` more.
    ///
    /// - Parameter retryAfter: the provider's hint in milliseconds.
    package func delay(
        afterAttempt attempt: Int, retryAfter: Int64? = nil, using generator: inout some RandomNumberGenerator
    ) -> Int64 {
        let backoff = backoff(afterAttempt: attempt)
        let jittered = Int64.random(in: backoff - backoff / 2...backoff, using: &generator)
        guard let retryAfter, retryAfter > 0 else { return jittered }
        let spread = Int64.random(in: 0...base, using: &generator)
        return max(jittered, min(retryAfter, retryAfterCap) + spread)
    }
}
