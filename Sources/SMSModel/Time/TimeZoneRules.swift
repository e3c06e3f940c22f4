/// When the clocks of a time zone show what: its offsets from UTC, in the past and by rule in the future.
package struct TimeZoneRules: Hashable, Sendable {
    /// When the offset changes, in seconds since the Unix epoch, rising.
    private var times: [Int64] = []
    /// The offset from each of those times on, in seconds east of UTC.
    private var offsets: [Int] = []
    /// The offset before the first of them.
    private var first: Int
    /// What holds from the last of them on; nil = its offset, for ever.
    private var rule: YearlyRule?

    /// A zone whose clocks never change.
    /// - Parameter offset: in seconds east of UTC.
    package init(offset: Int) { first = offset }

    /// A zone with the same rule in all years.
    init(rule: YearlyRule) {
        first = rule.standard
        self.rule = rule
    }

    /// - Parameters:
    ///   - changes: offsets by the time from which they hold, rising.
    ///   - rule: what holds from the last change on.
    init(first: Int, changes: [(time: Int64, offset: Int)], rule: YearlyRule?) {
        self.first = first
        self.rule = rule
        for change in changes where change.offset != (offsets.last ?? first) {
            times.append(change.time)
            offsets.append(change.offset)
        }
        // The rule holds from the last change on, even if that leaves the offset as it is.
        if let last = changes.last, rule != nil, times.last != last.time {
            times.append(last.time)
            offsets.append(last.offset)
        }
    }

    package static let utc = TimeZoneRules(offset: 0)

    /// Whether a text can be a zone's name, as a file's path it leads out of no folder.
    package static func isName(_ name: String) -> Bool {
        let isFree = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "/_+-".utf8.contains($0)
        }
        return isFree && (1...Limits.timeZoneNameBytes).contains(name.utf8.count) && !name.hasPrefix("/")
    }

    /// - Parameter seconds: since the Unix epoch.
    /// - Returns: seconds east of UTC.
    package func offset(at seconds: Int64) -> Int {
        guard let last = times.last else { return rule?.offset(at: seconds) ?? first }
        if seconds >= last { return rule?.offset(at: seconds) ?? offsets[offsets.count - 1] }
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }

    /// Why the clocks of a zone show a time never, or twice.
    package enum Problem: Error, Hashable, Sendable {
        /// The clocks go from one time to the other.
        case skipped(from: WallTime, to: WallTime)
        /// The clocks show it with each of the two offsets.
        case twice(earlier: Int, later: Int)
    }

    /// The moment at which the clocks show a time.
    /// - Returns: seconds since the Unix epoch.
    package func moment(of wall: WallTime) throws(Problem) -> Int64 {
        let local = wall.seconds
        // No two changes are so near to each other, and no zone is a day away from UTC.
        let (before, after) = (offset(at: local - Self.day), offset(at: local + Self.day))
        let moments = Set([before, after]).map { (offset: $0, at: local - Int64($0)) }
            .filter { offset(at: $0.at) == $0.offset }.sorted { $0.at < $1.at }
        switch moments.count {
        case 1: return moments[0].at
        case 0:
            let change = change(between: local - Self.day, local + Self.day)
            throw .skipped(
                from: WallTime(seconds: change + Int64(before)), to: WallTime(seconds: change + Int64(after)))
        default: throw .twice(earlier: moments[0].offset, later: moments[1].offset)
        }
    }

    /// The first moment of a day, which is not midnight where the clocks skip that.
    /// - Returns: seconds since the Unix epoch.
    package func start(of date: CalendarDate) -> Int64 {
        let midnight = WallTime(date: date, secondOfDay: 0)
        do throws(Problem) {
            return try moment(of: midnight)
        } catch {
            switch error {
            case .skipped: return change(between: midnight.seconds - Self.day, midnight.seconds + Self.day)
            case .twice(let earlier, _): return midnight.seconds - Int64(earlier)
            }
        }
    }

    /// When the offset changes, between two moments of which the second has another one.
    private func change(between start: Int64, _ end: Int64) -> Int64 {
        var (low, high) = (start, end)
        let before = offset(at: start)
        while high - low > 1 {
            let middle = (low + high) / 2
            if offset(at: middle) == before { low = middle } else { high = middle }
        }
        return high
    }

    private static let day: Int64 = 86_400
}
