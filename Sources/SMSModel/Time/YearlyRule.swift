/// The rule by which the clocks of a zone change each year: a POSIX TZ string (IEEE 1003.1, with RFC 8536's wider range
/// of hours), such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct YearlyRule: Hashable, Sendable {
    /// In seconds east of UTC.
    var standard: Int
    private var summer: Summer?

    private struct Summer: Hashable, Sendable {
        var offset: Int
        var start: YearlyMoment
        var end: YearlyMoment
    }

    /// - Returns: nil unless the text is such a rule. One that has summer time must say when.
    init?(_ text: String) {
        var reader = RuleReader(text)
        guard reader.skipName(), let standard = reader.offset() else { return nil }
        self.standard = standard
        guard !reader.isAtEnd else { return }
        guard reader.skipName() else { return nil }
        let offset = reader.next == UInt8(ascii: ",") ? standard + 3600 : reader.offset()
        guard let offset, reader.skip(","), let start = reader.moment(), reader.skip(","), let end = reader.moment(),
            reader.isAtEnd
        else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    /// - Parameter seconds: since the Unix epoch.
    /// - Returns: seconds east of UTC.
    func offset(at seconds: Int64) -> Int {
        guard let summer else { return standard }
        let year = WallTime(seconds: seconds + Int64(standard)).date.year
        // The last change before then decides; the end of one summer may be the start of the next one.
        var latest = (time: Int64.min, isStart: false)
        for year in year - 1...year + 1 {
            let changes = [
                (time: summer.end.seconds(in: year) - Int64(summer.offset), isStart: false),
                (time: summer.start.seconds(in: year) - Int64(standard), isStart: true),
            ]
            for change in changes where change.time <= seconds && change.time >= latest.time { latest = change }
        }
        return latest.isStart ? summer.offset : standard
    }
}

/// A moment of each year, by the clock that it changes.
private struct YearlyMoment: Hashable, Sendable {
    enum Day: Hashable, Sendable {
        /// 1 to 365; a leap day is not counted.
        case julian(Int)
        /// 0 to 365; a leap day is counted.
        case ofYear(Int)
        /// The first, second … of a month, 5 = the last; 0 = Sunday.
        case weekday(month: Int, week: Int, day: Int)
    }

    var day: Day
    /// After the midnight before it; may be negative, or more than a day.
    var secondOfDay: Int

    /// Seconds since 1970-01-01T00:00 of the clock.
    func seconds(in year: Int) -> Int64 { Int64(days(in: year)) * 86_400 + Int64(secondOfDay) }

    private func days(in year: Int) -> Int {
        let newYear = Self.days(year, 1)
        switch day {
        case .julian(let day): return newYear + day - 1 + (day >= 60 && CalendarDate.isLeap(year) ? 1 : 0)
        case .ofYear(let day): return newYear + day
        case .weekday(let month, let week, let day):
            let first = Self.days(year, month)
            // The epoch was a Thursday.
            let weekdayOfFirst = ((first + 4) % 7 + 7) % 7
            let found = first + (day - weekdayOfFirst + 7) % 7 + (week - 1) * 7
            return found < first + CalendarDate.days(in: month, of: year) ? found : found - 7
        }
    }

    private static func days(_ year: Int, _ month: Int) -> Int {
        CalendarDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0
    }
}

/// Reads a POSIX TZ string from its front.
private struct RuleReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }
    var next: UInt8? { rest.first }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Three letters or more, or anything between `<` and `>`.
    mutating func skipName() -> Bool {
        if skip("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end != rest.startIndex else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (0x61...0x7A).contains($0 | 0x20) }.count
        rest = rest.dropFirst(letters)
        return letters >= 3
    }

    private mutating func number(upTo most: Int) -> Int? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...3).contains(digits.count), let value = Int(String(decoding: digits, as: UTF8.self)), value <= most
        else { return nil }
        rest = rest.dropFirst(digits.count)
        return value
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    private mutating func time(upToHours hours: Int) -> Int? {
        let sign = skip("-") ? -1 : 1
        if sign == 1 { _ = skip("+") }
        guard var seconds = number(upTo: hours).map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] where skip(":") {
            guard let value = number(upTo: 59) else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }

    /// Seconds east of UTC; the text has them to the west.
    mutating func offset() -> Int? { time(upToHours: 24).map { -$0 } }

    mutating func moment() -> YearlyMoment? {
        guard let day = day() else { return nil }
        guard skip("/") else { return YearlyMoment(day: day, secondOfDay: 7200) }
        return time(upToHours: 167).map { YearlyMoment(day: day, secondOfDay: $0) }
    }

    private mutating func day() -> YearlyMoment.Day? {
        if skip("J") { return number(upTo: 365).flatMap { $0 >= 1 ? .julian($0) : nil } }
        guard skip("M") else { return number(upTo: 365).map { .ofYear($0) } }
        guard let month = number(upTo: 12), month >= 1, skip("."), let week = number(upTo: 5), week >= 1, skip("."),
            let day = number(upTo: 6)
        else { return nil }
        return .weekday(month: month, week: week, day: day)
    }
}
