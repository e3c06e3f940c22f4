internal import CSQLite
internal import Glibc
internal import SMSModel

/// Copies of a data directory that can be made while it is served, and data directories made of such copies.
package enum SQLiteBackup {
    /// Copies all that has been committed at one moment of each file, the moments as near to each other as can be.
    /// - Parameters:
    ///   - path: a directory that is not there yet. It appears once all is copied and on the disk.
    ///   - now: milliseconds since the Unix epoch.
    package static func make(
        of directory: String, at path: String, now: Int64, progress: (String) -> Void = { _ in }
    ) throws(StoreError) {
        try SQLiteSchema.refuseSingleFile(directory)
        guard DataDirectory.exists(DataDirectory.controlPath(in: directory)) else {
            throw .failed("\(directory) holds no control.db: is it a data directory?")
        }
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard !DataDirectory.exists(path) else { throw .failed("\(path) is there already: a backup is never replaced") }
        let partial = path + ".partial"
        try remove(partial)
        try DataDirectory.make(partial)
        try DataDirectory.make(DataDirectory.daysPath(in: partial))
        let days = DataDirectory.days(in: directory)
        // Older days change little, and a log cannot begin again while its file is copied: one after the other.
        for day in days.dropLast(2) {
            progress(DataDirectory.path(of: day, in: directory))
            try copy(
                try snapshot(DataDirectory.path(of: day, in: directory)), to: DataDirectory.path(of: day, in: partial))
        }
        // Today's, tomorrow's if it is there already, and the control file of one moment; the control file's is the
        // last, since what days refer to is committed there before.
        var sources: [(connection: SQLiteConnection, target: String)] = []
        for day in days.suffix(2) {
            let source = try snapshot(DataDirectory.path(of: day, in: directory))
            sources.append((source, DataDirectory.path(of: day, in: partial)))
        }
        sources.append((try snapshot(DataDirectory.controlPath(in: directory)), DataDirectory.controlPath(in: partial)))
        for (source, target) in sources {
            progress(source.path)
            try copy(source, to: target)
        }
        do {
            let control = try SQLiteConnection(path: DataDirectory.controlPath(in: partial), mode: .readWrite)
            try control.execute("PRAGMA synchronous = FULL")
            let file = try ControlFile(control)
            try file.setMark(.backedUpAt, now)
            try file.commit()
        }
        try DataDirectory.sync(DataDirectory.daysPath(in: partial))
        try DataDirectory.sync(partial)
        try DataDirectory.rename(partial, to: path)
        try DataDirectory.sync(DataDirectory.parent(of: path))
    }

    /// Makes a data directory of a backup. What was not settled becomes unknown: it may have been sent since. Ids go
    /// on from now.
    ///
    /// A restore that is cut short leaves a directory that is not served; it can be begun again.
    /// - Parameters:
    ///   - directory: must not hold data. The caller holds its lock.
    ///   - now: milliseconds since the Unix epoch.
    /// - Returns: messages in it, and those that were not settled.
    package static func restore(
        _ path: String, to directory: String, now: Int64, progress: (String) -> Void = { _ in }
    ) throws(StoreError) -> (messages: Int64, unsettled: Int) {
        let controlPath = DataDirectory.controlPath(in: directory)
        guard let backedUpAt = try backupTime(DataDirectory.controlPath(in: path)) else {
            throw .failed("\(path) is no backup: `apusd backup` makes one")
        }
        // What an earlier restore left says so in its control file.
        let isLeft = try backupTime(controlPath) != nil
        let isTaken = !isLeft && (DataDirectory.exists(controlPath) || !DataDirectory.days(in: directory).isEmpty)
        guard !isTaken, !DataDirectory.exists(DataDirectory.singleFilePath(in: directory)) else {
            throw .failed("\(directory) holds data: move it away, or choose another directory with --data")
        }
        try clear(directory)
        try DataDirectory.make(DataDirectory.daysPath(in: directory))
        // First what says that the directory is not to be served yet.
        progress(controlPath)
        try copy(try snapshot(DataDirectory.controlPath(in: path)), to: controlPath)
        try DataDirectory.sync(directory)
        var messages: Int64 = 0
        var unsettled = 0
        let catalog = DayCatalog(directory: directory)
        for day in DataDirectory.days(in: path) {
            progress(catalog.path(of: day))
            try copy(try snapshot(DataDirectory.path(of: day, in: path)), to: catalog.path(of: day))
            catalog.insert([day])
            let connection = try SQLiteSchema.open(catalog.path(of: day), SQLiteSchema.day, cacheBytes: 16 << 20)
            unsettled += try settle(DayFile(day, connection, IndexOptions(), catalog), now: now)
            messages += try connection.integer("SELECT count(*) FROM message")
            try connection.checkpoint(truncating: true)
        }
        try DataDirectory.sync(DataDirectory.daysPath(in: directory))
        let control = try ControlFile(
            SQLiteSchema.open(controlPath, SQLiteSchema.control, cacheBytes: 1024 * 1024))
        let floor = max(MessageID(milliseconds: UInt64(max(now, backedUpAt))).rawValue, try newestID(catalog))
        try control.setMark(.minimumID, Int64(floor))
        try control.setMark(.restoredAt, now)
        // From here on it may be served.
        try control.clearMark(.backedUpAt)
        try control.commit()
        return (messages, unsettled)
    }

    /// - Throws: `notRestored` if the directory is a backup, or one that a restore has not finished.
    package static func refuse(_ directory: String) throws(StoreError) {
        guard try backupTime(DataDirectory.controlPath(in: directory)) != nil else { return }
        throw .notRestored(
            "\(directory) is a backup: `apusd restore` makes a data directory of it that does not send again what "
                + "was sent since")
    }

    // MARK: Steps

    /// A connection that sees one moment of the file from now on.
    private static func snapshot(_ path: String) throws(StoreError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, mode: .readOnly)
        try SQLiteSchema.check(connection)
        try connection.execute("BEGIN")
        _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
        return connection
    }

    /// Copies page by page. The copy is on the disk when this returns, and needs no log to be read.
    private static func copy(_ source: SQLiteConnection, to path: String) throws(StoreError) {
        try DataDirectory.removeDatabase(path)
        do {
            let target = try SQLiteConnection(path: path, mode: .readWrite)
            try target.execute("PRAGMA synchronous = FULL")
            guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
                throw target.error(sqlite3_errcode(target.handle))
            }
            let code = sqlite3_backup_step(backup, -1)
            sqlite3_backup_finish(backup)
            guard code == SQLITE_DONE else { throw target.error(code) }
            try target.execute("PRAGMA journal_mode = DELETE")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw .failed("\(path) cannot be synced: \(String(cString: strerror(errno)))")
        }
    }

    /// Makes what is not settled unknown.
    /// - Returns: how many there were.
    private static func settle(_ file: DayFile, now: Int64) throws(StoreError) -> Int {
        var count = 0
        var cursor: MessageID? = file.day.firstID
        while let start = cursor {
            let rows = try file.retentionRows(from: start, limit: 4096)
            cursor = rows.count == 4096 ? rows.last.map { MessageID(rawValue: $0.id.rawValue + 1) } : nil
            for row in rows where !row.isSettled(at: now) {
                let known = try file.lifecycle(of: row.id)
                var stored =
                    known
                    ?? StoredLifecycle(
                        lifecycle: MessageLifecycle(id: row.id, waiting: row.state), tenant: row.tenant,
                        batch: row.batch)
                let before = stored.lifecycle.mark
                guard stored.lifecycle.restored(at: now) else { continue }
                _ = try file.record(stored, since: before, isFirst: known == nil)
                count += 1
            }
            try file.prepareCommit()
            if file.isInRound { try file.commit() }
        }
        return count
    }

    private static func newestID(_ catalog: DayCatalog) throws(StoreError) -> UInt64 {
        guard let newest = catalog.newest else { return 0 }
        let connection = try SQLiteConnection(path: catalog.path(of: newest), mode: .readOnly)
        return UInt64(try connection.integer("SELECT coalesce(max(id), 0) FROM message"))
    }

    /// When the control file says that its directory was backed up; nil if it is no backup's.
    private static func backupTime(_ controlPath: String) throws(StoreError) -> Int64? {
        guard DataDirectory.exists(controlPath) else { return nil }
        let connection = try SQLiteConnection(path: controlPath, mode: .readOnly)
        // Empty: it was never begun.
        if try SQLiteSchema.check(connection) { return nil }
        let row = try connection.prepare(
            "SELECT value FROM meta WHERE name = '\(ControlFile.Mark.backedUpAt.rawValue)'")
        return try row.step() ? row.integer(0) : nil
    }

    /// Removes what an earlier restore left. The control file goes last.
    private static func clear(_ directory: String) throws(StoreError) {
        let days = DataDirectory.daysPath(in: directory)
        for name in DataDirectory.entries(of: days) { unlink(days + "/" + name) }
        try DataDirectory.removeDatabase(DataDirectory.controlPath(in: directory))
    }

    private static func remove(_ partial: String) throws(StoreError) {
        guard DataDirectory.exists(partial) else { return }
        try clear(partial)
        rmdir(DataDirectory.daysPath(in: partial))
        rmdir(partial)
        guard !DataDirectory.exists(partial) else { throw .failed("\(partial) is in the way: remove it") }
    }
}
