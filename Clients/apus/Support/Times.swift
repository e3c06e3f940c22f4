internal import ApusClient
internal import FoundationEssentials

/// Durations as people write them: a whole number and its unit, `500ms`, `90s`, `10m`, `1h`, `2d`, `1w`, also several in a
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

    private static let units: [String: Int64] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
    ]
    private static let longest: Int64 = 100 * 365 * 86_400_000
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
