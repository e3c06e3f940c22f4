/// The rate at which a provider is given messages: as configured, and lower while it says that this is too fast.
///
/// Throttled answers halve the rate, once for all that were on their way; without further ones it grows again, evenly,
/// to the configured rate. They must be more than a tenth of the answers of the last seconds: fewer are messages that
/// go again, and a provider that throttles some whatever the rate would otherwise be left with next to none. Where no
/// rate is configured there is no bound until a provider throttles: the rate at which it was answering then is where it
/// starts, and the bound ends once it has grown to twice that. A provider's *retry after* holds everything back.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct AdaptiveRate: Hashable, Sendable {
    /// The configured one, in messages a second; nil = none.
    package let ceiling: Double?
    /// The bound now, in messages a second; nil = none.
    package private(set) var rate: Double?
    private var bucket: TokenBucket?
    private var answers: SlidingCount
    private var refusals: SlidingCount
    /// Since when there have been answers without a pause of ``window``.
    private var answeringSince = Int64.min
    /// Without a configured rate: that at which throttling began.
    private var reference = 0.0
    /// Up to where growth has been counted.
    private var grownUntil: Int64
    /// Throttled answers until then are to messages that were sent before the rate was halved.
    private var settledFrom = Int64.min
    private var heldUntil = Int64.min

    /// What the rate never falls below, in messages a second, unless it is configured lower.
    package static let floor = 1.0
    /// A second, of the configured rate or of that at which throttling began.
    package static let growth = 0.05
    /// Of the answers in ``window``: if no more are throttled the rate stays.
    package static let tolerance = 0.1
    /// Nor does it fall for fewer throttled answers, unless there are no others.
    package static let leastThrottled = 3
    /// In milliseconds.
    package static let window: Int64 = 4000
    /// Between two halvings at least, in milliseconds.
    package static let halvingInterval: Int64 = 200
    /// As long as a provider's *retry after* is heeded, in milliseconds.
    package static let longestHold: Int64 = 60_000
    /// Of a second's messages: what may go at once.
    private static let burstShare = 0.1
    /// Of answers at least, to tell a rate by, in milliseconds.
    private static let shortestSpan: Int64 = 100

    /// - Parameter ceiling: messages a second, above 0; nil = no bound.
    package init(ceiling: Double?, now: Int64) {
        precondition(ceiling.map { $0 > 0 && $0.isFinite } ?? true)
        self.ceiling = ceiling
        rate = ceiling
        bucket = ceiling.map { Self.bucket($0, now: now) }
        answers = SlidingCount(window: Self.window, now: now)
        refusals = SlidingCount(window: Self.window, now: now)
        grownUntil = now
    }

    private static func bucket(_ rate: Double, now: Int64) -> TokenBucket {
        let burst = max(1, rate * burstShare)
        return TokenBucket(rate: rate, burst: burst, reserved: burst >= 2 ? 1 : 0, now: now)
    }

    /// What has been saved up at another rate would go at one that is too fast.
    private static func emptyBucket(_ rate: Double, now: Int64) -> TokenBucket {
        var bucket = bucket(rate, now: now)
        _ = bucket.take(bucket.available(urgent: true, now: now), urgent: true, now: now)
        return bucket
    }

    /// Messages that may go now; `.max` where there is no bound.
    package mutating func available(urgent: Bool = false, now: Int64) -> Int {
        guard now >= heldUntil else { return 0 }
        grow(now)
        return bucket?.available(urgent: urgent, now: now) ?? .max
    }

    /// Takes the token of one message.
    /// - Returns: false if none may go.
    package mutating func take(urgent: Bool = false, now: Int64) -> Bool {
        guard now >= heldUntil else { return false }
        grow(now)
        return bucket?.take(urgent: urgent, now: now) ?? true
    }

    /// Puts back the token of a message that did not go.
    package mutating func putBack() { bucket?.putBack() }

    /// When the next message may go, `now` at the earliest.
    package mutating func nextTime(urgent: Bool = false, now: Int64) -> Int64? {
        let from = max(now, heldUntil)
        grow(now)
        guard bucket != nil else { return from }
        return bucket!.nextTime(urgent: urgent, now: now).map { max(from, $0) }
    }

    /// The provider answered something else than that it is too fast.
    package mutating func answered(now: Int64) {
        grow(now)
        if answers.count(now: now) == 0 { answeringSince = now }
        answers.add(now: now)
    }

    /// The provider said that it is too fast.
    ///
    /// - Parameters:
    ///   - retryAfter: the provider's hint in milliseconds.
    ///   - roundTrip: how long an answer takes now, in milliseconds: those that come sooner after a halving are
    ///     answers to messages that were sent before it.
    package mutating func throttled(retryAfter: Int64? = nil, roundTrip: Int64 = 0, now: Int64) {
        answered(now: now)
        refusals.add(now: now)
        if let retryAfter, retryAfter > 0 {
            heldUntil = max(heldUntil, now + min(retryAfter, Self.longestHold))
        }
        if now >= settledFrom, isTooFast(now) { halve(roundTrip: roundTrip, now: now) }
        grownUntil = max(grownUntil, heldUntil)
    }

    private mutating func isTooFast(_ now: Int64) -> Bool {
        let all = answers.count(now: now)
        let throttled = refusals.count(now: now)
        return throttled == all
            || throttled >= Self.leastThrottled && Double(throttled) > Self.tolerance * Double(all)
    }

    private mutating func halve(roundTrip: Int64, now: Int64) {
        settledFrom = now + min(max(Self.halvingInterval, roundTrip), Self.longestHold)
        if rate == nil { reference = max(Self.floor, answerRate(now)) }
        let lowest = min(Self.floor, ceiling ?? Self.floor)
        let halved = max(lowest, (rate ?? reference) / 2)
        rate = halved
        bucket = Self.emptyBucket(halved, now: now)
        grownUntil = now
    }

    /// Answers a second as of late, also where they have only just begun.
    private mutating func answerRate(_ now: Int64) -> Double {
        let count = answers.count(now: now)
        let span = min(max(now - max(answeringSince, now - Self.window), Self.shortestSpan), Self.window)
        return Double(count) * 1000 / Double(span)
    }

    /// Lets the rate grow for the time that has gone by.
    private mutating func grow(_ now: Int64) {
        guard now > grownUntil else { return }
        let elapsed = Double(now - grownUntil) / 1000
        grownUntil = now
        guard let rate, rate != ceiling else { return }
        let next = rate + Self.growth * (ceiling ?? reference) * elapsed
        if let ceiling, next >= ceiling {
            self.rate = ceiling
            bucket = Self.emptyBucket(ceiling, now: now)
        } else if ceiling == nil, next >= 2 * reference {
            self.rate = nil
            bucket = nil
        } else {
            self.rate = next
            bucket?.setRate(next, now: now)
        }
    }
}
