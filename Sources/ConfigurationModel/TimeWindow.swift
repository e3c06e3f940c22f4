internal import JSON
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

/// Hours of some days of the week, by the clocks of a time zone. Hours over midnight belong to the day on which they
/// begin.
///
/// A window is open whenever those clocks show a time in it: an hour that a change of clocks skips is not there, and one
/// that it repeats is there twice.
package struct TimeWindow: Hashable, Sendable {
    package var days = Weekdays.all
    /// In minutes since midnight, 0 to 1439.
    package var from = 0
    /// In minutes since midnight, 1 to 1440, and itself not in the window; below `from` it is on the day after.
    package var to = minutesOfDay
    /// The zone's name, such as `Europe/Berlin`; nil = UTC.
    package var zone: String?

    private static let minutesOfDay = 24 * 60

    package init() {}

    /// - Parameter wall: seconds since 1970-01-01T00:00 by the clocks of the zone.
    package func contains(wall: Int64) -> Bool {
        let (day, minute) = wall.dividedDown(by: 60).quotient.dividedDown(by: Int64(Self.minutesOfDay))
        // The epoch was a Thursday.
        func isOf(_ day: Int64) -> Bool { days.contains(Weekdays(place: Int((day + 3).dividedDown(by: 7).remainder))) }
        if from < to { return isOf(day) && from <= minute && minute < to }
        return isOf(day) && from <= minute || isOf(day - 1) && minute < to
    }
}

extension Weekdays {
    /// A day, or a row of them such as `MON-FRI`; `SAT-MON` goes over the week's end.
    /// - Returns: nil if the text is neither.
    package init?(text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { name in
            Self.names.firstIndex(of: String(name))
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else { return nil }
        let count = (last - first + Self.names.count) % Self.names.count + 1
        self = (0..<count).reduce(into: []) { days, place in
            days.insert(Weekdays(place: (first + place) % Self.names.count))
        }
    }
}

extension TimeWindow {
    /// `{"days": ["MON-FRI", …], "from": "08:00", "to": "20:00", "zone": "Europe/Berlin"}`; each may be left out.
    init?(_ reader: inout MemberReader) {
        let known = Weekdays.names
        let texts = reader.strings("days", atMost: known.count) {
            Weekdays(text: $0) != nil
                ? nil : "must be one of \(known.joined(separator: ", ")), or some in a row such as MON-FRI"
        }
        if let texts {
            days = texts.reduce(into: []) { days, text in days.formUnion(Weekdays(text: text) ?? []) }
            if reader.take("days")?.array?.isEmpty == true {
                reader.fault("days", "must have at least one; leave it out for every day")
            }
        }
        from = Self.minutes(&reader, "from", 0...Self.minutesOfDay - 1) ?? from
        to = Self.minutes(&reader, "to", 0...Self.minutesOfDay) ?? to
        // Midnight that ends a day is that which begins the next one.
        if to == 0 { to = Self.minutesOfDay }
        if from == to { reader.fault("to", "must not be the same as from; leave out both for the whole day") }
        zone = reader.string("zone")
        if let zone, !TimeZoneRules.isName(zone) {
            reader.fault("zone", "must be the name of a time zone, such as Europe/Berlin")
        }
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

    var json: JSONValue {
        var members = Members()
        members["days"] = days == .all ? nil : .strings(days.names)
        members["from"] = from == 0 ? nil : .string(Self.text(from))
        members["to"] = to == Self.minutesOfDay ? nil : .string(Self.text(to))
        members["zone"] = zone.map(JSONValue.string)
        return .object(members.values)
    }

    private static func text(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}
