internal import SMSModel

/// A point in time as it was written: a day, perhaps a time of it, perhaps by whose clocks.
struct WrittenTime: Equatable {
    enum Day: Equatable {
        case date(CalendarDate)
        /// This many days after today.
        case fromToday(Int)
    }

    enum Zone: Equatable {
        /// Seconds east of UTC.
        case offset(Int)
        case named(String)
    }

    var day: Day
    var millisecondOfDay: Int?
    var zone: Zone?

    /// - Returns: nil unless the text is `DAY`, `DAY TIME`, `DAY ZONE` or `DAY TIME ZONE`: DAY a date such as 2027-01-31,
    ///   or yesterday, today or tomorrow; TIME such as 09:00, 09:00:30 or 09:00:30.5, also after a T; ZONE Z, an offset
    ///   such as +01:00, or a name.
    init?(_ text: String) {
        var reader = TimeReader(text)
        reader.skipSpace()
        guard let day = reader.day() else { return nil }
        self.day = day
        let hasMark = reader.skip("T") || reader.skip("t")
        if !hasMark { reader.skipSpace() }
        if hasMark || reader.isAtDigit {
            guard let time = reader.time() else { return nil }
            millisecondOfDay = time
            reader.skipSpace()
        }
        guard !reader.isAtEnd else { return }
        guard let zone = reader.zone() else { return nil }
        self.zone = zone
    }
}

/// Reads a text from its front.
private struct TimeReader {
    private var rest: Substring

    init(_ text: String) { rest = Substring(text) }

    var isAtEnd: Bool { rest.isEmpty }
    var isAtDigit: Bool { rest.first.map { ("0"..."9").contains($0) } ?? false }

    mutating func skipSpace() { rest = rest.drop { $0 == " " } }

    mutating func skip(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Exactly this many digits.
    private mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return Int(digits)
    }

    mutating func day() -> WrittenTime.Day? {
        for (word, days) in [("yesterday", -1), ("today", 0), ("tomorrow", 1)]
        where rest.prefix(word.count).lowercased() == word {
            rest = rest.dropFirst(word.count)
            return .fromToday(days)
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2) else { return nil }
        return CalendarDate(year: year, month: month, day: day).map { .date($0) }
    }

    /// Milliseconds after midnight.
    mutating func time() -> Int? {
        guard let hour = number(2), skip(":"), let minute = number(2), hour < 24, minute < 60 else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        guard skip(":") else { return milliseconds }
        guard let second = number(2), second < 60 else { return nil }
        milliseconds += second * 1000
        guard skip(".") else { return milliseconds }
        guard let fraction = fraction() else { return nil }
        return milliseconds + fraction
    }

    /// Digits after a decimal point, in milliseconds; those past the third are dropped.
    private mutating func fraction() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        return Int(digits.prefix(3) + String(repeating: "0", count: max(0, 3 - digits.count)))
    }

    /// All that is left.
    mutating func zone() -> WrittenTime.Zone? {
        let name = String(rest.reversed().drop { $0 == " " }.reversed())
        if name == "Z" || name == "z" { return .offset(0) }
        guard let sign = ["+": 1, "-": -1][rest.first] else {
            return TimeZoneRules.isName(name) && !isAtDigit ? .named(name) : nil
        }
        rest = rest.dropFirst()
        guard let hours = number(2), hours < 24 else { return nil }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60, rest.allSatisfy({ $0 == " " }) else { return nil }
        return .offset(sign * (hours * 60 + minutes) * 60)
    }
}
