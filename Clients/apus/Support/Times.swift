internal import ApusClient
internal import FoundationEssentials

/// Durations as people write them: a whole number and its unit, `500ms`, `90s`, `10m`, `1h`, `2d`, also several in a
/// row as in `1h30m`.
enum DurationText {
    /// - Returns: nil unless the text is such a duration, positive and below a hundred years.
    static func parse(_ text: some StringProtocol) -> Duration? {
        var rest = Substring(text)
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard let count = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { ("a"..."z").contains($0) }
            guard let milliseconds = units[String(unit)] else { return nil }
            rest = rest.dropFirst(unit.count)
            let (part, overflow) = count.multipliedReportingOverflow(by: milliseconds)
            guard !overflow, part <= longest - total else { return nil }
            total += part
        }
        return total > 0 ? .milliseconds(total) : nil
    }

    private static let units: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    private static let longest: Int64 = 100 * 365 * 86_400_000
}

/// Points in time: RFC 3339, and `+10m` for a time from now.
enum TimeText {
    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: milliseconds since the Unix epoch; nil unless the text is a duration after a plus, or a date with
    ///   time and zone, such as `2027-01-31T09:00:00Z` or `2027-01-31T09:00+02:00`.
    static func parse(_ text: String, now: Int64) -> Int64? {
        if text.hasPrefix("+") {
            return DurationText.parse(text.dropFirst()).map { now + $0.milliseconds }
        }
        var reader = Reader(text)
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2), reader.skip("-"),
            let day = reader.number(2), reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2),
            (1...12).contains(month), (1...daysIn(month, of: year)).contains(day), hour < 24, minute < 60
        else { return nil }
        var milliseconds = 0
        if reader.skip(":") {
            guard let second = reader.number(2), second < 60 else { return nil }
            milliseconds = second * 1000
            if reader.skip(".") {
                guard let fraction = reader.fraction() else { return nil }
                milliseconds += fraction
            }
        }
        guard let offset = reader.zone(), reader.isAtEnd else { return nil }
        let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset
        return Int64(minutes) * 60_000 + Int64(milliseconds)
    }

    /// The same for a time that has been: a duration alone is so long ago.
    static func parsePast(_ text: String, now: Int64) -> Int64? {
        DurationText.parse(text).map { now - $0.milliseconds } ?? parse(text, now: now)
    }

    /// RFC 3339 in UTC with milliseconds.
    static func rfc3339(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        let day = Int((Double(milliseconds) / 86_400_000).rounded(.down))
        let inDay = Int(milliseconds - Int64(day) * 86_400_000)
        let (year, month, dayOfMonth) = calendarDate(day)
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(dayOfMonth, 2) + "T"
            + padded(inDay / 3_600_000, 2) + ":" + padded(inDay / 60_000 % 60, 2) + ":"
            + padded(inDay / 1000 % 60, 2) + "." + padded(inDay % 1000, 3) + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // The proleptic Gregorian calendar, counted in years that begin in March, so that a leap day is a year's last.

    /// Days since 1970-01-01.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    /// - Parameter day: since 1970-01-01.
    private static func calendarDate(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let fromMarch0 = day + 719_468
        let era = (fromMarch0 >= 0 ? fromMarch0 : fromMarch0 - 146_096) / 146_097
        let dayOfEra = fromMarch0 - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Reads a text from its front.
    private struct Reader {
        private var rest: Substring

        init(_ text: String) { rest = Substring(text) }

        var isAtEnd: Bool { rest.isEmpty }

        /// Exactly so many digits.
        mutating func number(_ count: Int) -> Int? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
            rest = rest.dropFirst(count)
            return Int(digits)
        }

        mutating func skip(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Digits after a decimal point, in milliseconds; those past the third are dropped.
        mutating func fraction() -> Int? {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
            return Int(digits.prefix(3) + String(repeating: "0", count: max(0, 3 - digits.count)))
        }

        /// `Z` or an offset, in minutes east of UTC.
        mutating func zone() -> Int? {
            if skip("Z") || skip("z") { return 0 }
            let sign: Int
            if skip("+") {
                sign = 1
            } else if skip("-") {
                sign = -1
            } else {
                return nil
            }
            guard let hours = number(2), hours < 24 else { return nil }
            _ = skip(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            return sign * (hours * 60 + minutes)
        }
    }
}

extension Duration {
    /// Seconds as people read them: `0.25 s`, `3 s`.
    var formattedSeconds: String {
        let milliseconds = milliseconds
        if milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
        return "\(Double(milliseconds) / 1000) s"
    }

    /// A time to wait, rounded up to what people mind: `0.25 s`, `42 s`, `9 h 31 min`, `12 days`.
    var formattedWait: String {
        if self < .seconds(10) { return formattedSeconds }
        let seconds = (milliseconds + 999) / 1000
        if seconds < 120 { return "\(seconds) s" }
        let minutes = (seconds + 59) / 60
        if minutes < 120 { return "\(minutes) min" }
        if minutes < 48 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
        return "\((minutes + 1439) / 1440) days"
    }

    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
