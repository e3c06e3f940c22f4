internal import Glibc
package import SMSModel

/// A UTC day. The store keeps what was accepted on one day in one file, named after it.
package struct Day: Hashable, Comparable, Sendable {
    package static let milliseconds: UInt64 = 86_400_000

    /// Days since the Unix epoch.
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }

    /// The day on which the id was given out.
    package init(of id: MessageID) {
        number = id.milliseconds / Self.milliseconds
    }

    /// - Parameter time: milliseconds since the Unix epoch.
    package init(containing time: Int64) {
        number = UInt64(max(0, time)) / Self.milliseconds
    }

    /// Parses ``description``.
    package init?(_ name: some StringProtocol) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, name.utf8.count == 10, let year = Int32(parts[0]), let month = Int32(parts[1]),
            let day = Int32(parts[2])
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        let seconds = timegm(&time)
        guard seconds >= 0 else { return nil }
        number = UInt64(seconds) / 86_400
        // timegm carries over what is no date.
        guard description == name else { return nil }
    }

    /// No message of the day has a lower id.
    package var firstID: MessageID { MessageID(milliseconds: number * Self.milliseconds) }
    package var next: Day { Day(number: number + 1) }
    package var previous: Day { Day(number: number &- 1) }
    /// Milliseconds since the Unix epoch at which it begins.
    package var start: Int64 { Int64(number * Self.milliseconds) }

    /// The days of its UTC month.
    package var month: Range<Day> {
        var seconds = time_t(number * 86_400)
        var time = tm()
        gmtime_r(&seconds, &time)
        let first = number - UInt64(time.tm_mday - 1)
        (time.tm_mday, time.tm_mon) = (1, time.tm_mon + 1)
        return Day(number: first)..<Day(number: UInt64(timegm(&time)) / (Self.milliseconds / 1000))
    }

    /// How many whole days it lies before `other`; negative if after.
    package func days(until other: Day) -> Int { Int(other.number) - Int(number) }

    package static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}

extension Day: CustomStringConvertible {
    /// The day in the form `2027-01-31`.
    package var description: String {
        var seconds = time_t(number * 86_400)
        var time = tm()
        gmtime_r(&seconds, &time)
        func padded(_ value: Int32, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(time.tm_year + 1900, 4))-\(padded(time.tm_mon + 1, 2))-\(padded(time.tm_mday, 2))"
    }
}
