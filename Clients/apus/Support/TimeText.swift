internal import ApusClient
internal import FoundationEssentials
internal import SMSModel
internal import TimeZones

/// Why a text is no time: a clause of which the text is the subject.
struct TimeProblem: Error, Equatable {
    var text: String
}

/// Reads points in time as people write them: `+10m`, RFC 3339, and dates and times by the clocks of a time zone.
struct TimeText {
    /// Milliseconds since the Unix epoch.
    var now: Int64
    var zones: TimeZoneDatabase
    /// Where `TZ` names the zone of the person.
    var environment: [String: String]

    init(now: Int64, zones: TimeZoneDatabase, environment: [String: String] = [:]) {
        self.now = now
        self.zones = zones
        self.environment = environment
    }

    /// The present, on this machine.
    static var current: TimeText {
        let environment = ProcessInfo.processInfo.environment
        return TimeText(
            now: Int64(Date().timeIntervalSince1970 * 1000), zones: TimeZoneDatabase(environment: environment),
            environment: environment)
    }

    /// A time that something is to happen at. It must say by whose clocks: a campaign must not go at night because a
    /// server is elsewhere.
    /// - Returns: milliseconds since the Unix epoch.
    func time(_ text: String) throws(TimeProblem) -> Int64 {
        if text.hasPrefix("+"), let duration = DurationText.parse(text.dropFirst()) {
            return now + duration.milliseconds
        }
        guard let written = WrittenTime(text) else {
            throw TimeProblem(
                text: "is no time, such as +10m, 2027-01-31T09:00Z, \"2027-01-31 09:00 Europe/Berlin\" or "
                    + "\"tomorrow 09:00 Europe/Berlin\"")
        }
        guard written.millisecondOfDay != nil else { throw TimeProblem(text: "has no time of the day, such as 09:00") }
        guard written.zone != nil else {
            throw TimeProblem(
                text: "has no time zone: add Z for UTC, an offset such as +01:00, or a name such as Europe/Berlin")
        }
        return try resolve(written)
    }

    /// A time that has been: a duration alone is so long ago, a day is its first moment, and what names no zone is told
    /// by the person's clocks.
    /// - Returns: milliseconds since the Unix epoch.
    func past(_ text: String) throws(TimeProblem) -> Int64 {
        if text.lowercased() == "now" { return now }
        let duration = text.hasSuffix(" ago") ? text.dropLast(4) : Substring(text)
        if let duration = DurationText.parse(duration) { return now - duration.milliseconds }
        if text.hasPrefix("+"), let duration = DurationText.parse(text.dropFirst()) {
            return now + duration.milliseconds
        }
        guard let written = WrittenTime(text) else {
            throw TimeProblem(
                text: "is no time, such as 2h, 1w, today, yesterday, 2027-01-31, \"2027-01-31 09:00\" or "
                    + "2027-01-31T09:00Z")
        }
        return try resolve(written)
    }

    private func resolve(_ written: WrittenTime) throws(TimeProblem) -> Int64 {
        let (rules, name) = try rules(of: written.zone)
        let date: CalendarDate
        switch written.day {
        case .date(let given): date = given
        case .fromToday(let days):
            let seconds = now.dividedDown(by: 1000).quotient
            let today = WallTime(seconds: seconds + Int64(rules.offset(at: seconds))).date
            date = CalendarDate(daysSinceEpoch: today.daysSinceEpoch + days)
        }
        guard let millisecond = written.millisecondOfDay else { return rules.start(of: date) * 1000 }
        let wall = WallTime(date: date, secondOfDay: millisecond / 1000)
        do throws(TimeZoneRules.Problem) {
            return try rules.moment(of: wall) * 1000 + Int64(millisecond % 1000)
        } catch {
            throw TimeProblem(error, wall, in: name)
        }
    }

    private func rules(of zone: WrittenTime.Zone?) throws(TimeProblem) -> (TimeZoneRules, name: String) {
        do throws(TimeZoneDatabase.Problem) {
            switch zone {
            case .offset(let seconds): return (TimeZoneRules(offset: seconds), "that zone")
            case .named(let name): return (try zones.rules(named: name), name)
            case nil: return (try zones.local(environment: environment), "the local time zone")
            }
        } catch {
            throw TimeProblem(text: error.description)
        }
    }

    /// RFC 3339 in UTC with milliseconds.
    static func rfc3339(_ date: Date) -> String {
        let milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        let fraction = CalendarDate.padded(Int(milliseconds.dividedDown(by: 1000).remainder), 3)
        return WallTime.utcText(milliseconds: milliseconds).dropLast() + "." + fraction + "Z"
    }
}

extension TimeProblem {
    fileprivate init(_ problem: TimeZoneRules.Problem, _ wall: WallTime, in zone: String) {
        let subject = "is \(wall.timeText) on \(wall.date.text), which"
        switch problem {
        case .skipped(let from, let to):
            text = "\(subject) the clocks skip in \(zone): they go from \(from.timeText) to \(to.timeText)"
        case .twice(let earlier, let later):
            let choices = [earlier, later].map { "\(wall.date.text)T\(wall.timeText)\(Self.offset($0))" }
            text = "\(subject) the clocks show twice in \(zone): say which, \(choices.joined(separator: " or "))"
        }
    }

    private static func offset(_ seconds: Int) -> String {
        let minutes = abs(seconds) / 60
        return (seconds < 0 ? "-" : "+") + CalendarDate.padded(minutes / 60, 2) + ":"
            + CalendarDate.padded(minutes % 60, 2)
    }
}
