/// A day of the Gregorian calendar, and times as carriers write them.
struct UTCDate: Hashable {
    var year: Int
    var month: Int
    var day: Int

    /// Uses the algorithm of H. Hinnant, "chrono-compatible low-level date algorithms".
    init(milliseconds: Int64) {
        let days = Int((Double(milliseconds) / 86_400_000).rounded(.down)) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// `2026-03-14`
    var text: String {
        func padded(_ number: Int, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Milliseconds since the Unix epoch of a time such as `2026-03-14T15:09:26.535Z` (RFC 3339), with or without a
    /// fraction; one without a zone is taken for UTC, and zones may be written `+0100`. nil if it is none.
    static func milliseconds(rfc3339 text: String) -> Int64? {
        guard
            let match = text.wholeMatch(
                of:
                    /([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|z|([+-])([0-9]{2}):?([0-9]{2}))?/
            ),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3), let hour = Int64(match.4),
            let minute = Int64(match.5), let second = Int64(match.6), year >= 1970, (1...12).contains(month),
            (1...31).contains(day), hour <= 23, minute <= 59, second <= 60
        else { return nil }
        var seconds = Int64(UTCDate(year: year, month: month, day: day).daysSinceEpoch) * 86_400
        seconds += hour * 3600 + minute * 60 + second
        if let sign = match.9, let hours = match.10.flatMap({ Int64($0) }),
            let minutes = match.11.flatMap({ Int64($0) })
        {
            seconds += (sign == "-" ? 1 : -1) * (hours * 3600 + minutes * 60)
        }
        let fraction = match.7.flatMap { Int64(String($0.prefix(3)).padded(to: 3)) } ?? 0
        return seconds * 1000 + fraction
    }

    /// A time such as `2026-03-14T15:09:26Z`.
    static func rfc3339(milliseconds: Int64) -> String {
        let seconds = Int64((Double(milliseconds) / 1000).rounded(.down))
        let ofDay = (seconds % 86_400 + 86_400) % 86_400
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
        let clock = [ofDay / 3600, ofDay / 60 % 60, ofDay % 60].map(padded).joined(separator: ":")
        return "\(UTCDate(milliseconds: milliseconds).text)T\(clock)Z"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Milliseconds since the Unix epoch of a time such as `Thu, 24 Aug 2023 05:01:45 +0000` (RFC 2822, section 3.3);
    /// nil if it is none.
    static func milliseconds(rfc2822 text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]),
            let zone = Int(words[5]), words[5].utf8.count == 5, abs(zone) <= 1400
        else { return nil }
        let days = UTCDate(year: year, month: month + 1, day: day).daysSinceEpoch
        let seconds = days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
        return Int64(seconds - (zone / 100 * 3600 + zone % 100 * 60)) * 1000
    }
}

extension String {
    /// With zeros behind it.
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: "0", count: max(0, count - self.count))
    }
}
