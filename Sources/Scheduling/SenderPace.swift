/// How fast the messages of one sender go to a provider that takes no more from that sender for now.
///
/// None goes until a pause is over. Then they go one after the other, at an interval that shrinks with each message
/// that is taken and doubles when one is throttled again: so the provider is asked about as often as it takes one.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct SenderPace: Hashable, Sendable {
    /// When the next message may go.
    package private(set) var nextTime: Int64
    /// Milliseconds between two messages.
    private var interval: Double
    private var throttledAt: Int64
    private var takenInARow = 0

    /// The interval after the first throttled answer, and the longest. Milliseconds.
    package static let firstInterval: Int64 = 1000
    package static let longestInterval: Int64 = 30_000
    /// A sender whose messages follow one another so soon is throttled no more. Milliseconds.
    package static let lastInterval: Int64 = 10
    /// A provider's hint beyond this is not believed. Milliseconds.
    package static let longestPause: Int64 = 3_600_000
    /// What has been missed for this many intervals is made up for.
    private static let catchingUp = 16.0

    /// - Parameter retryAfter: the provider's hint in milliseconds; 0 = none.
    package init(retryAfter: Int64, now: Int64) {
        interval = Double(Self.firstInterval)
        throttledAt = now
        nextTime = now + max(min(retryAfter, Self.longestPause), Self.firstInterval)
    }

    /// The provider throttled another message of the sender.
    /// - Parameter sentAt: when that was handed over: those that were on their way already say nothing new.
    package mutating func throttled(retryAfter: Int64, sentAt: Int64, now: Int64) {
        if sentAt > throttledAt {
            interval = min(interval * 2, Double(Self.longestInterval))
            throttledAt = now
            takenInARow = 0
        }
        let pause = max(min(retryAfter, Self.longestPause), Int64(interval))
        nextTime = max(nextTime, now + pause)
    }

    /// The provider took a message of the sender.
    package mutating func accepted(sentAt: Int64) {
        guard sentAt > throttledAt else { return }
        takenInARow += 1
        interval = max(interval * (takenInARow > 8 ? 0.8 : 0.95), 1)
    }

    /// Messages that may go now.
    package func available(now: Int64) -> Int {
        now < nextTime ? 0 : 1 + Int(min(Double(now - nextTime) / interval, Self.catchingUp))
    }

    /// A message is handed over.
    package mutating func take(now: Int64) {
        nextTime = max(nextTime, now - Int64(Self.catchingUp * interval)) + Int64(interval)
    }

    /// Whether messages may go as fast as those of other senders again.
    package func isOver(now: Int64) -> Bool {
        interval <= Double(Self.lastInterval) && nextTime - now <= Self.lastInterval
    }
}
