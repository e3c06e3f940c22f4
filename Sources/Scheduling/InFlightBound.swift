/// How many messages a provider is given at once, found by its latency.
///
/// A provider that has room answers as fast with more in flight; one that has none lets them wait. So the bound grows
/// while it is made use of and answers take about as long as they do at best, and shrinks when they take more than
/// twice that. Answers are averaged over about a bound's worth of them, so that single slow ones change nothing.
///
/// What is best is the shortest average seen. It is learned again where the bound has shrunk to its floor: if answers
/// take long even then, it is not because of what is in flight.
///
/// Times are milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct InFlightBound: Hashable, Sendable {
    /// The configured bound; at least 1.
    package let ceiling: Int
    private var limit: Double
    /// The recent average; nil before the first answer.
    private var recent: Double?
    /// The shortest average.
    private var best = Double.infinity
    private var shrunkAt = Int64.min

    /// Where it starts, unless the ceiling is lower.
    package static let start = 32
    /// What it never shrinks below, unless the ceiling is lower.
    package static let floor = 4
    /// Answers that take so much longer than at best are not slow, however fast the best ones are: a busy machine
    /// makes as much of a difference. Milliseconds.
    package static let slack = 20.0
    private static let slowness = 2.0
    /// A tenth at least, and as much as answers take too long, but no more than half.
    private static let shrinking = 0.9
    private static let steepest = 0.5

    /// - Parameter ceiling: raised to 1.
    package init(ceiling: Int = 1000) {
        self.ceiling = max(ceiling, 1)
        limit = Double(min(Self.start, self.ceiling))
    }

    /// Messages that may be in flight; at least 1.
    package var bound: Int { Int(limit) }

    /// A message has been accepted. Refusals say nothing: many carriers make them at once.
    ///
    /// - Parameters:
    ///   - latency: milliseconds since the message was handed over.
    ///   - inFlight: messages there were, with this one, when it was handed over.
    package mutating func answered(latency: Int64, inFlight: Int, now: Int64) {
        let latency = Double(max(0, latency))
        let average = recent.map { $0 + (latency - $0) / max(8, limit / 2) } ?? latency
        recent = average
        let isUsed = inFlight * 2 >= bound
        let lowest = Double(min(Self.floor, ceiling))
        if average < best || limit <= lowest { best = average }
        let tolerated = max(best * Self.slowness, best + Self.slack)
        if average > tolerated {
            // What is in flight now was sent under the bound before.
            guard shrunkAt == .min || Double(now - shrunkAt) >= average else { return }
            shrunkAt = now
            limit = max(lowest, limit * min(Self.shrinking, max(Self.steepest, tolerated / average)))
        } else if isUsed {
            // Its square root in each round trip: fast while it is low, gentle where it is high.
            limit = min(Double(ceiling), limit + 1 / limit.squareRoot())
        }
    }
}
