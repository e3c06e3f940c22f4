package import SMSModel

/// What is wrong with a message's send time, said so that the slip shows: a date of last year, or another unit.
package enum SendTime {
    package static let field = "send_at_ms"

    /// - Parameters:
    ///   - given: what was asked for, in milliseconds since the Unix epoch; 0 = as soon as possible.
    ///   - now: the same.
    /// - Returns: nil if it can be meant.
    package static func violation(_ given: Int64, now: Int64) -> FieldViolation? {
        problem(given, now: now).map { FieldViolation(field: field, description: $0) }
    }

    private static func problem(_ given: Int64, now: Int64) -> String? {
        if given == 0 || isNear(given, now: now) { return nil }
        if given < 0 { return "The send time \(given) is negative; it counts milliseconds since 1970." }
        let distance =
            given < now
            ? "\(span(now - given)) in the past; at most \(span(Limits.sendAtPastMilliseconds)) are allowed"
            : "\(span(given - now)) ahead; at most \(span(Limits.sendAtAheadMilliseconds)) are allowed"
        return "The send time \(given) is \(WallTime.utcText(milliseconds: given)), \(distance)."
            + (slip(given, now: now).map { " \($0)" } ?? "")
    }

    private static func isNear(_ time: Int64, now: Int64) -> Bool {
        (now - Limits.sendAtPastMilliseconds...now + Limits.sendAtAheadMilliseconds).contains(time)
    }

    /// What may have been meant.
    private static func slip(_ given: Int64, now: Int64) -> String? {
        let (milliseconds, overflow) = given.multipliedReportingOverflow(by: 1000)
        // A campaign planned for months ahead in seconds is one in seconds all the same.
        if !overflow, abs(milliseconds - now) < year { return "It looks like seconds: milliseconds are counted." }
        for (unit, factor) in [("microseconds", Int64(1000)), ("nanoseconds", 1_000_000)]
        where abs(given / factor - now) < year {
            return "It looks like \(unit): milliseconds are counted."
        }
        let date = WallTime(seconds: given.dividedDown(by: 1000).quotient).date
        guard given < now,
            let nextYear = CalendarDate(year: date.year + 1, month: date.month, day: date.day)
        else { return nil }
        let later = given + Int64(nextYear.daysSinceEpoch - date.daysSinceEpoch) * 86_400_000
        return isNear(later, now: now) ? "Is \(WallTime.utcText(milliseconds: later)) meant?" : nil
    }

    private static let year: Int64 = 366 * 86_400_000

    /// In whole units, for people.
    private static func span(_ milliseconds: Int64) -> String {
        let minutes = milliseconds / 60_000
        if minutes < 120 { return "\(minutes) minutes" }
        return minutes < 48 * 60 ? "\(minutes / 60) hours" : "\(minutes / 1440) days"
    }
}
