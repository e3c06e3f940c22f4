internal import SMSModel

/// Lets a line that may repeat without end into the log once in ``Limits/logRepeatSeconds`` for each key, and counts
/// the others. Pure: times are handed in.
struct LogRepeats<Key: Hashable> {
    private struct Line {
        var at: Int64
        /// Since then.
        var untold = 0
    }

    private var lines: [Key: Line] = [:]
    /// The number of repeats of keys that there was no room for.
    private var untoldOthers = 0
    private let seconds: Int64
    private let keys: Int

    init(seconds: Int64 = Limits.logRepeatSeconds, keys: Int = Limits.logRepeatKeys) {
        self.seconds = seconds
        self.keys = keys
    }

    /// - Parameter now: seconds from any origin.
    /// - Returns: nil if it is not to be told; else how many were not told since the last time, and of keys that were
    ///   too many.
    mutating func occurred(_ key: Key, at now: Int64) -> Int? {
        if var line = lines[key] {
            guard now - line.at >= seconds else {
                line.untold += 1
                lines[key] = line
                return nil
            }
            lines[key] = Line(at: now)
            return line.untold + takeOthers()
        }
        if lines.count >= keys {
            // What nobody has asked for since is told with the others.
            for (key, line) in lines where now - line.at >= seconds {
                untoldOthers += line.untold
                lines[key] = nil
            }
        }
        guard lines.count < keys else {
            untoldOthers += 1
            return nil
        }
        lines[key] = Line(at: now)
        return takeOthers()
    }

    private mutating func takeOthers() -> Int {
        defer { untoldOthers = 0 }
        return untoldOthers
    }
}
