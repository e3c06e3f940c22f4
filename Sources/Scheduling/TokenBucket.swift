/// A bound on a rate: tokens come at a steady rate up to a burst, and each message takes one.
///
/// The last tokens may be kept for URGENT. Time is a parameter, in milliseconds from any origin, best of a
/// monotonic clock; fractions of a token are kept. When time goes back, nothing is granted for the step, and
/// the bucket goes on from the new time.
package struct TokenBucket: Hashable, Sendable {
    /// Tokens a second; 0 = none come.
    package private(set) var rate: Double
    /// Tokens that a full bucket holds; at least 1.
    package let burst: Double
    /// Tokens that only URGENT may take; below ``burst`` by at least 1.
    package let reserved: Double
    private var level: Double
    private var updatedAt: Int64

    /// A full bucket.
    ///
    /// - Parameters:
    ///   - rate: tokens a second, not negative.
    ///   - burst: raised to 1.
    ///   - reserved: brought into 0...burst - 1, so that other messages can go too.
    package init(rate: Double, burst: Double, reserved: Double = 0, now: Int64) {
        precondition(rate >= 0 && rate.isFinite && burst.isFinite)
        self.rate = rate
        self.burst = max(burst, 1)
        self.reserved = min(max(reserved, 0), self.burst - 1)
        level = self.burst
        updatedAt = now
    }

    /// Takes `count` tokens, or none.
    package mutating func take(_ count: Int = 1, urgent: Bool = false, now: Int64) -> Bool {
        refill(now)
        guard level + Self.tolerance >= needed(count, urgent: urgent) else { return false }
        level = max(0, level - Double(count))
        return true
    }

    /// Puts back tokens that were taken but not used.
    package mutating func putBack(_ count: Int = 1) {
        level = min(burst, level + Double(count))
    }

    /// Whole tokens that could be taken now.
    package mutating func available(urgent: Bool = false, now: Int64) -> Int {
        refill(now)
        return max(0, Int(level + Self.tolerance - (urgent ? 0 : reserved)))
    }

    /// When `count` tokens can be taken, if nobody else takes any: `now` at the earliest; nil if never.
    package mutating func nextTime(for count: Int = 1, urgent: Bool = false, now: Int64) -> Int64? {
        refill(now)
        let needed = needed(count, urgent: urgent)
        let missing = needed - level
        if missing <= Self.tolerance { return now }
        guard needed <= burst, rate > 0 else { return nil }
        let wait = (missing - Self.tolerance) / rate * 1000
        guard wait < 1e15 else { return nil }
        let whole = Int64(wait)
        return now + (Double(whole) < wait ? whole + 1 : whole)
    }

    /// Changes the rate from `now` on.
    package mutating func setRate(_ rate: Double, now: Int64) {
        precondition(rate >= 0 && rate.isFinite)
        refill(now)
        self.rate = rate
    }

    /// Sums of fractions may fall short of a whole token by less than this.
    private static let tolerance = 1e-6

    private func needed(_ count: Int, urgent: Bool) -> Double {
        Double(count) + (urgent ? 0 : reserved)
    }

    private mutating func refill(_ now: Int64) {
        let elapsed = Double(now) - Double(updatedAt)
        if elapsed > 0 { level = min(burst, level + elapsed / 1000 * rate) }
        updatedAt = now
    }
}
