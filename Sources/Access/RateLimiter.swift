package import ConfigurationModel
internal import Synchronization

/// A token bucket that is told by one number: the theoretical arrival time of the generic cell rate algorithm. At that
/// time the bucket is full again; the further it lies ahead, the emptier the bucket is.
///
/// Pure: times are nanoseconds of one monotonic clock, of any origin.
package struct RatePace: Hashable, Sendable {
    package let limit: RateLimit
    /// Between two messages at the steady rate, rounded up, so that no more than allowed pass.
    private let interval: Int64
    /// How far ahead the arrival time may lie for another message to pass.
    private let tolerance: Int64

    /// - Parameter limit: both of its numbers are raised to 1.
    package init(_ limit: RateLimit) {
        self.limit = limit
        let rate = Int64(max(limit.messagesPerSecond, 1))
        interval = (1_000_000_000 + rate - 1) / rate
        tolerance = interval * Int64(max(limit.burst, 1) - 1)
    }

    /// The arrival time of a full bucket.
    package static let full = Int64.min

    /// Nanoseconds until one message passes, if no other does before; 0 = it passes now.
    @inline(__always)
    package func wait(_ arrival: Int64, now: Int64) -> Int64 {
        arrival <= now ? 0 : max(0, arrival - now - tolerance)
    }

    /// The arrival time once this many messages have passed. A call of many passes if one message would: what it takes
    /// beyond the bucket is a debt, which those after it wait for.
    @inline(__always)
    package func arrival(_ arrival: Int64, after messages: Int, now: Int64) -> Int64 {
        max(arrival, now) + Int64(messages) * interval
    }
}

/// A bucket that several threads take from: it never lets more pass than its pace allows, no matter who asks.
///
/// Its pace may change from call to call; what was taken before counts on.
package final class RateLimiter: Sendable {
    private let arrival = Atomic<Int64>(RatePace.full)

    package init() {}

    /// Takes this many messages if one would pass.
    /// - Returns: nanoseconds until one would; 0 = they have passed.
    package func take(_ messages: Int, _ pace: RatePace, now: Int64) -> Int64 {
        var known = arrival.load(ordering: .relaxed)
        while true {
            let wait = pace.wait(known, now: now)
            guard wait == 0 else { return wait }
            let (exchanged, original) = arrival.weakCompareExchange(
                expected: known, desired: pace.arrival(known, after: messages, now: now), ordering: .relaxed)
            if exchanged { return 0 }
            known = original
        }
    }

    /// Nanoseconds until one message would pass; 0 = now.
    package func wait(_ pace: RatePace, now: Int64) -> Int64 {
        pace.wait(arrival.load(ordering: .relaxed), now: now)
    }
}
