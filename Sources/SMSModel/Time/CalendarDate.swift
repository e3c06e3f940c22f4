/// A day of the proleptic Gregorian calendar.
///
/// Days are counted in years that begin in March, so that a leap day is a year's last.
package struct CalendarDate: Hashable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// - Returns: nil if there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter daysSinceEpoch: days since 1970-01-01, also negative.
    package init(daysSinceEpoch: Int) {
        let fromMarch0 = daysSinceEpoch + 719_468
        let era = (fromMarch0 >= 0 ? fromMarch0 : fromMarch0 - 146_096) / 146_097
        let dayOfEra = fromMarch0 - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var daysSinceEpoch: Int {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    package static func days(in month: Int, of year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// `2026-12-05`.
    package var text: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// A number with zeros before it.
    package static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// A point in time as a clock on the wall shows it: a date, and seconds since its midnight.
package struct WallTime: Hashable, Sendable {
    package var date: CalendarDate
    /// 0 to 86,399.
    package var secondOfDay: Int

    package init(date: CalendarDate, secondOfDay: Int) {
        self.date = date
        self.secondOfDay = secondOfDay
    }

    /// - Parameter seconds: seconds since 1970-01-01T00:00 of the same clock.
    package init(seconds: Int64) {
        let (day, second) = seconds.dividedDown(by: 86_400)
        date = CalendarDate(daysSinceEpoch: Int(day))
        secondOfDay = Int(second)
    }

    /// Seconds since 1970-01-01T00:00 of the same clock.
    package var seconds: Int64 { Int64(date.daysSinceEpoch) * 86_400 + Int64(secondOfDay) }

    /// `02:30`, with seconds where there are any.
    package var timeText: String {
        let minutes = CalendarDate.padded(secondOfDay / 3600, 2) + ":" + CalendarDate.padded(secondOfDay / 60 % 60, 2)
        return secondOfDay % 60 == 0 ? minutes : minutes + ":" + CalendarDate.padded(secondOfDay % 60, 2)
    }

    /// RFC 3339 in UTC, to the second.
    /// - Parameter milliseconds: since the Unix epoch.
    package static func utcText(milliseconds: Int64) -> String {
        let time = WallTime(seconds: milliseconds.dividedDown(by: 1000).quotient)
        return time.date.text + "T" + CalendarDate.padded(time.secondOfDay / 3600, 2) + ":"
            + CalendarDate.padded(time.secondOfDay / 60 % 60, 2) + ":" + CalendarDate.padded(time.secondOfDay % 60, 2)
            + "Z"
    }
}

extension Int64 {
    /// The quotient rounded down, also below zero, and a remainder that is never negative.
    package func dividedDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
