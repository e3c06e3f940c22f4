internal import SMSModel

/// What a start finds out before it writes anything: a start that is refused leaves each file as it was.
struct StartCheck {
    /// The highest id that was ever given out, as far as the files tell; nil = none was.
    private(set) var newestID: MessageID?

    /// - Parameters:
    ///   - directory: a data directory whose lock the caller holds.
    ///   - now: milliseconds since the Unix epoch.
    ///   - warn: takes one line for the log.
    /// - Throws: what keeps the store from starting.
    init(
        _ directory: String, _ options: SQLiteStoreOptions, now: Int64, warn: (String) -> Void
    ) throws(StoreError) {
        try SQLiteSchema.refuseSingleFile(directory)
        try SQLiteBackup.refuse(directory)
        let days = DataDirectory.days(in: directory)
        let controlPath = DataDirectory.controlPath(in: directory)
        guard DataDirectory.exists(controlPath) else {
            guard days.isEmpty else {
                throw .damaged(
                    "\(directory) has days, but no control.db: put it back, or restore a backup into another directory")
            }
            return
        }
        let control = try SQLiteConnection(path: controlPath, mode: .readOnly)
        // Empty: it was never begun.
        guard try !SQLiteSchema.check(control) else { return }
        try Self.checkIntegrity(control)
        newestID = try Self.newestID(control, days, directory)
        try checkClock(now: now, options, warn)
    }

    private static func newestID(
        _ control: SQLiteConnection, _ days: [Day], _ directory: String
    ) throws(StoreError) -> MessageID? {
        // A mark may be all that is left of the newest: no new message may come below it.
        let marks = [ControlFile.Mark.minimumID, .recoveryStart].map { "'\($0.rawValue)'" }.joined(separator: ", ")
        var newest = max(
            try control.integer("SELECT coalesce(max(value), 0) FROM meta WHERE name IN (\(marks))"),
            try control.integer("SELECT coalesce(max(id), 0) FROM batch"))
        var isNewestDay = true
        for day in days.reversed() {
            let file = try SQLiteConnection(path: DataDirectory.path(of: day, in: directory), mode: .readOnly)
            guard try !SQLiteSchema.check(file) else { continue }
            if isNewestDay { try checkIntegrity(file) }
            isNewestDay = false
            let id = try file.integer("SELECT coalesce(max(id), 0) FROM message")
            newest = max(newest, id)
            if id > 0 { break }
        }
        return newest > 0 ? MessageID(rawValue: UInt64(newest)) : nil
    }

    /// A small file is checked whole; of large ones what opening touches, `apusd verify` does the rest.
    private static func checkIntegrity(_ connection: SQLiteConnection) throws(StoreError) {
        guard try connection.integer("PRAGMA page_count") <= 16_384 else { return }
        try SQLiteSchema.quickCheck(connection)
    }

    private func checkClock(
        now: Int64, _ options: SQLiteStoreOptions, _ warn: (String) -> Void
    ) throws(StoreError) {
        guard let newestID else { return }
        let behind = Int64(newestID.milliseconds) - now
        guard behind > 60_000 else { return }
        let text = "the clock is \(behind / 1000) s behind the newest message"
        guard behind <= 24 * 3_600_000 || options.acceptsClockBehind else {
            throw .clockBehind(
                "\(text): set the clock right, or start with storage.accept-clock-behind if it is right now")
        }
        warn("\(text); ids go on from it")
    }
}
