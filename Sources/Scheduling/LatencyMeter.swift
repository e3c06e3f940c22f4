/// How fast a provider has answered recently, and how often it has failed to: what the fastest one is chosen by.
///
/// Averages of which each answer's weight halves with every ``halfLife``. A provider that has not been heard of for
/// long has neither: its failures are forgotten too, so that it is tried again.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct LatencyMeter: Hashable, Sendable {
    /// Milliseconds.
    package let halfLife: Int64
    /// Sums of weights: of all answers, and of the failures among them.
    private var answers = 0.0
    private var failures = 0.0
    /// The weighted sum of the latencies of those that were no failures.
    private var latencies = 0.0
    private var fadedAt: Int64

    /// Less than so much weight tells nothing: one answer's after six half-lives.
    private static let least = 1.0 / 64

    /// - Parameter halfLife: at least 1.
    package init(halfLife: Int64 = 10_000, now: Int64) {
        precondition(halfLife >= 1)
        self.halfLife = halfLife
        fadedAt = now
    }

    /// - Parameter latency: milliseconds since the message was handed over.
    package mutating func answered(latency: Int64, now: Int64) {
        fade(now)
        answers += 1
        latencies += Double(max(0, latency))
    }

    /// The provider was not reached, or its answer never came.
    package mutating func failed(now: Int64) {
        fade(now)
        answers += 1
        failures += 1
    }

    /// Milliseconds that an answer takes; nil where none is known.
    package mutating func latency(now: Int64) -> Double? {
        fade(now)
        let weight = answers - failures
        return weight >= Self.least ? latencies / weight : nil
    }

    /// The share of answers that failed, 0...1; nil where none is known.
    package mutating func errorShare(now: Int64) -> Double? {
        fade(now)
        return answers >= Self.least ? failures / answers : nil
    }

    /// Milliseconds that it takes until the provider has answered, failures repeated at the same cost: what is to be
    /// compared. Infinite where all fail, nil where nothing is known.
    package mutating func expected(now: Int64) -> Double? {
        guard let share = errorShare(now: now) else { return nil }
        guard let latency = latency(now: now), share < 1 else { return .infinity }
        return latency / (1 - share)
    }

    /// Halves the weights once for each half-life that is over: what comes between is near enough.
    private mutating func fade(_ now: Int64) {
        guard now - fadedAt >= halfLife else { return }
        let halvings = (now - fadedAt) / halfLife
        fadedAt += halvings * halfLife
        guard halvings < 64 else {
            (answers, failures, latencies) = (0, 0, 0)
            return
        }
        let factor = 1 / Double(UInt64(1) << UInt64(halvings))
        answers *= factor
        failures *= factor
        latencies *= factor
    }
}
