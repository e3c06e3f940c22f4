internal import SMSModel

/// Days of the week, from Monday on.
package struct Weekdays: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// - Parameter place: of the day in ``names``.
    init(place: Int) {
        self.init(rawValue: 1 << UInt8(place))
    }

    package static let all = Weekdays(rawValue: 0x7F)

    /// The days as the configuration writes them.
    package static let names = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

    package var names: [String] {
        Self.names.enumerated().compactMap { contains(Weekdays(place: $0.offset)) ? $0.element : nil }
    }
}

/// Hours of some days of the week, in UTC. Hours over midnight belong to the day on which they begin.
package struct TimeWindow: Hashable, Sendable {
    package var days = Weekdays.all
    /// In minutes since midnight, 0 to 1439.
    package var from = 0
    /// In minutes since midnight, 1 to 1440, and itself not in the window; below `from` it is on the day after.
    package var to = minutesOfDay

    private static let minutesOfDay = 24 * 60

    package init() {}

    /// - Parameter now: milliseconds since the Unix epoch.
    package func contains(_ now: Int64) -> Bool {
        let minutes = Self.division(now, by: 60_000).quotient
        let (day, minute) = Self.division(minutes, by: Int64(Self.minutesOfDay))
        // The epoch was a Thursday.
        func isOf(_ day: Int64) -> Bool {
            days.contains(Weekdays(place: Int(Self.division(day + 3, by: 7).remainder)))
        }
        if from < to { return isOf(day) && from <= minute && minute < to }
        return isOf(day) && from <= minute || isOf(day - 1) && minute < to
    }

    /// Rounded down, also before the epoch.
    private static func division(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension TimeWindow {
    /// `{"days": ["MON", …], "from": "08:00", "to": "20:00"}`; each may be left out.
    init?(_ reader: inout MemberReader) {
        let known = Weekdays.names
        let names = reader.strings("days", atMost: known.count) {
            known.contains($0) ? nil : "must be one of \(known.joined(separator: ", "))"
        }
        if let names {
            days = names.reduce(into: []) { days, name in
                if let place = known.firstIndex(of: name) { days.insert(Weekdays(place: place)) }
            }
            if reader.take("days")?.array?.isEmpty == true {
                reader.fault("days", "must have at least one; leave it out for every day")
            }
        }
        from = Self.minutes(&reader, "from", 0...Self.minutesOfDay - 1) ?? from
        to = Self.minutes(&reader, "to", 0...Self.minutesOfDay) ?? to
        // Midnight that ends a day is that which begins the next one.
        if to == 0 { to = Self.minutesOfDay }
        if from == to { reader.fault("to", "must not be the same as from; leave out both for the whole day") }
    }

    private static func minutes(_ reader: inout MemberReader, _ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = reader.string(name) else { return nil }
        let digits = Array(text.utf8)
        let isTime = digits.count == 5 && digits[2] == UInt8(ascii: ":")
        if isTime, let hours = Int(text.prefix(2)), let minutes = Int(text.suffix(2)), 0..<60 ~= minutes,
            digits[0] != UInt8(ascii: "+"), digits[3] != UInt8(ascii: "+"), range.contains(hours * 60 + minutes)
        {
            return hours * 60 + minutes
        }
        reader.fault(
            name,
            "must be a time such as \"08:30\", from \(Self.text(range.lowerBound)) to "
                + Self.text(range.upperBound))
        return nil
    }

    var json: JSON {
        var members = Members()
        members["days"] = days == .all ? nil : .strings(days.names)
        members["from"] = from == 0 ? nil : .string(Self.text(from))
        members["to"] = to == Self.minutesOfDay ? nil : .string(Self.text(to))
        return .object(members.values)
    }

    private static func text(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
