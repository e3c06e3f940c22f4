internal import SMSModel

/// How far retention believes the clock. What destroys needs more belief than what expires: a clock that is far ahead of
/// the last sweep is believed once it has held for a day of looks at it.
///
/// Pure: readings in, belief out. All times are milliseconds since the Unix epoch.
struct RetentionClock: Hashable {
    /// The last time that was believed: that of the last sweep.
    private(set) var believed: Int64
    /// A time far ahead of it that is not believed yet.
    private(set) var doubt: Doubt?

    struct Doubt: Hashable {
        /// The last reading.
        var seen: Int64
        /// For how long readings have followed each other.
        var held: Int64
    }

    init(believed: Int64, doubt: Doubt? = nil) {
        self.believed = believed
        self.doubt = doubt
    }

    /// Takes a reading.
    /// - Returns: whether it is believed.
    mutating func read(_ now: Int64) -> Bool {
        guard now - believed > Limits.retentionLeapMilliseconds else {
            believed = max(believed, now)
            doubt = nil
            return true
        }
        var held: Int64 = 0
        if let doubt {
            let passed = now - doubt.seen
            // While nobody looked the clock may have been anything; and one that leaps again has not held.
            let isLeap = passed < 0 || passed > Limits.retentionLeapMilliseconds
            held = isLeap ? 0 : doubt.held + (passed <= Limits.retentionLookMilliseconds ? passed : 0)
        }
        guard held < Limits.retentionDoubtMilliseconds else {
            believed = now
            doubt = nil
            return true
        }
        doubt = Doubt(seen: now, held: held)
        return false
    }

    var lastReading: Int64 { doubt?.seen ?? believed }

    /// What retention waits for; nil if it believes the clock.
    var hold: RetentionHold? {
        doubt.map {
            RetentionHold(
                aheadMilliseconds: $0.seen - believed,
                leftMilliseconds: Limits.retentionDoubtMilliseconds - $0.held)
        }
    }
}

/// Nothing is deleted, as the clock is far ahead of the last sweep.
package struct RetentionHold: Hashable, Sendable {
    package var aheadMilliseconds: Int64
    /// How long the clock has to hold until it is believed.
    package var leftMilliseconds: Int64

    package init(aheadMilliseconds: Int64, leftMilliseconds: Int64) {
        self.aheadMilliseconds = aheadMilliseconds
        self.leftMilliseconds = leftMilliseconds
    }

    /// For people.
    package var text: String {
        let days = aheadMilliseconds / Int64(Day.milliseconds)
        let hours = (leftMilliseconds + 3_599_999) / 3_600_000
        return "the clock is \(days) days ahead of the last sweep: retention deletes nothing until it has held for "
            + "\(hours) h more; if it is right, start with storage.accept-clock-ahead"
    }
}
