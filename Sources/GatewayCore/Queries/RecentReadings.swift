internal import SMSModel

/// A credential that reads the messages of another tenant than its own.
struct Reading: Hashable {
    /// The credential, as the audit log names it.
    var actor: String
    /// nil = every tenant's.
    var tenant: TenantID?
}

/// The readings that the audit log has had recently, and who waits for one that is being entered. Times are
/// milliseconds since the Unix epoch.
struct RecentReadings<Waiter> {
    enum Action: Equatable {
        /// It has been entered: show what is asked for.
        case proceed
        /// It is being entered: the one who asks is told with the others.
        case wait
        /// Enter it, then call ``ended(_:enteredAt:)``.
        case enter
    }

    private enum Entry {
        case underWay([Waiter])
        case entered(Int64)
    }

    private var entries: [Reading: Entry] = [:]

    /// Somebody asks for messages.
    mutating func requested(_ reading: Reading, at now: Int64, by waiter: @autoclosure () -> Waiter) -> Action {
        switch entries[reading] {
        case .entered(let time) where Self.isRecent(time, now): return .proceed
        case .underWay(let others):
            entries[reading] = .underWay(others + [waiter()])
            return .wait
        case .entered, nil:
            makeRoom(now)
            // One that finds no room is entered each time.
            if entries.count < Limits.readingAudits || entries[reading] != nil { entries[reading] = .underWay([]) }
            return .enter
        }
    }

    /// A reading has been entered, or could not be.
    /// - Parameter time: nil = it could not be.
    /// - Returns: those who wait for it, besides the one who had it entered.
    mutating func ended(_ reading: Reading, enteredAt time: Int64?) -> [Waiter] {
        guard case .underWay(let others) = entries[reading] else { return [] }
        entries[reading] = time.map(Entry.entered)
        return others
    }

    /// Forgets what is to be entered again anyway.
    private mutating func makeRoom(_ now: Int64) {
        guard entries.count >= Limits.readingAudits else { return }
        entries = entries.filter { _, entry in
            guard case .entered(let time) = entry else { return true }
            return Self.isRecent(time, now)
        }
    }

    /// A clock that was set back makes nothing recent.
    private static func isRecent(_ time: Int64, _ now: Int64) -> Bool {
        (0..<Limits.readingAuditMilliseconds).contains(now - time)
    }
}
