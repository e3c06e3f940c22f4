/// Paces the messages to a provider: by the bound on its rate, and not at all while it has asked for a pause.
///
/// The last of what may go at once is kept for URGENT, at every rate. Time is a parameter, in milliseconds of a
/// monotonic clock. Every call takes constant time and no memory.
package struct AdaptiveRate: Hashable, Sendable {
    /// The configured bound, in messages a second; nil = none.
    package let ceiling: Double?
    /// The bound now; nil = none.
    package private(set) var rate: Double?
    private var bucket: TokenBucket?
    private var heldUntil = Int64.min

    /// The longest *retry after* of a provider that is heeded, in milliseconds.
    package static let longestHold: Int64 = 60_000
    /// A share of a second's messages: what may go at once. It is at least two, of which one is URGENT's.
    private static let burstShare = 0.1
    /// The same at a limit that was found, beyond which more would go.
    private static let burstShareAtLimit = 0.05

    /// - Parameter ceiling: messages a second, above 0; nil = no bound.
    package init(ceiling: Double?, now: Int64) {
        precondition(ceiling.map { $0 > 0 && $0.isFinite } ?? true)
        self.ceiling = ceiling
        rate = ceiling
        bucket = ceiling.map { Self.fullBucket($0, Self.burstShare, now: now) }
    }

    private static func fullBucket(_ rate: Double, _ burstShare: Double, now: Int64) -> TokenBucket {
        TokenBucket(rate: rate, burst: max(2, rate * burstShare), reserved: 1, now: now)
    }

    /// Changes the bound. What has been saved up stays so, as far as it may.
    package mutating func setRate(_ new: Double?, now: Int64) {
        guard new != rate else { return }
        rate = new
        guard let new else {
            bucket = nil
            return
        }
        let saved = bucket?.available(urgent: true, now: now) ?? 0
        var next = Self.fullBucket(new, new == ceiling ? Self.burstShare : Self.burstShareAtLimit, now: now)
        _ = next.take(max(0, next.available(urgent: true, now: now) - saved), urgent: true, now: now)
        bucket = next
    }

    /// The provider asked for a pause, in milliseconds; one that is under way is not shortened.
    package mutating func hold(for milliseconds: Int64, now: Int64) {
        guard milliseconds > 0 else { return }
        heldUntil = max(heldUntil, now + min(milliseconds, Self.longestHold))
    }

    /// Messages that may go now; `.max` where there is no bound.
    package mutating func available(urgent: Bool = false, now: Int64) -> Int {
        guard now >= heldUntil else { return 0 }
        return bucket?.available(urgent: urgent, now: now) ?? .max
    }

    /// Takes the token of one message.
    /// - Returns: false if none may go.
    package mutating func take(urgent: Bool = false, now: Int64) -> Bool {
        guard now >= heldUntil else { return false }
        return bucket?.take(urgent: urgent, now: now) ?? true
    }

    /// Puts back the token of a message that did not go.
    package mutating func putBack() { bucket?.putBack() }

    /// When the next message may go, `now` at the earliest.
    package mutating func nextTime(urgent: Bool = false, now: Int64) -> Int64? {
        let from = max(now, heldUntil)
        guard bucket != nil else { return from }
        return bucket!.nextTime(urgent: urgent, now: now).map { max(from, $0) }
    }
}
