internal import Glibc
internal import SMSModel

/// Schema version 2 had one tenant, no quotas, and nothing of administration in `control.db`.
///
/// Each of its files is brought up to date where it is, in one transaction. A start that is cut short leaves some files
/// of either version; the next one goes on with the rest.
enum SecondVersion {
    static let schemaVersion: Int64 = 2

    /// The caller holds the directory's lock, and no reader has opened a file of it.
    static func migrate(_ directory: String, warn: (String) -> Void) throws(StoreError) {
        let old = try files(of: directory)
        guard !old.isEmpty else { return }
        warn("the database is being brought to schema version \(SQLiteSchema.version)")
        var isComplete = true
        for path in old {
            do throws(StoreError) {
                try path == DataDirectory.controlPath(in: directory) ? migrateControl(path) : migrateDay(path)
            } catch .damaged(let text) {
                // A day that nobody asks for must not keep the gateway from its work; control.db is opened next.
                warn(text)
                isComplete = false
            }
        }
        if isComplete { warn("the database has schema version \(SQLiteSchema.version) now") }
    }

    /// - Throws: if a file of the directory is of version 2.
    static func refuse(_ directory: String) throws(StoreError) {
        for path in try files(of: directory) {
            try SQLiteSchema.check(try SQLiteConnection(path: path, mode: .readOnly))
        }
    }

    /// The directory's files of version 2, `control.db` being the last.
    private static func files(of directory: String) throws(StoreError) -> [String] {
        var found: [String] = []
        let days = DataDirectory.days(in: directory).map { DataDirectory.path(of: $0, in: directory) }
        for path in days + [DataDirectory.controlPath(in: directory)] where mayBeOld(path) {
            do throws(StoreError) {
                if try isOld(try SQLiteConnection(path: path, mode: .readOnly)) { found.append(path) }
            } catch .damaged {
                // Who opens it will say so.
            }
        }
        return found
    }

    /// Brings a day's file up to date, if it is of version 2.
    static func migrateDay(_ path: String) throws(StoreError) {
        try migrate(path) { (connection) throws(StoreError) in
            try connection.execute(
                """
                ALTER TABLE message ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE message ADD COLUMN reserve INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE message ADD COLUMN trace BLOB;
                """ + SQLiteSchema.usage)
            try UsageCount.charge(connection)
        }
    }

    /// Brings `control.db` up to date, if it is of version 2.
    static func migrateControl(_ path: String) throws(StoreError) {
        try migrate(path) { (connection) throws(StoreError) in try connection.execute(SQLiteSchema.tenancy) }
    }

    private static func migrate(
        _ path: String, _ step: (SQLiteConnection) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard mayBeOld(path) else { return }
        let connection = try SQLiteConnection(path: path, mode: .readWrite)
        guard try isOld(connection) else { return }
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384")
        // As after every opening: nothing must stand on a log that may not be on the disk.
        try connection.checkpoint()
        try connection.execute("BEGIN IMMEDIATE")
        try step(connection)
        try connection.execute("PRAGMA user_version = \(SQLiteSchema.version); COMMIT")
    }

    // MARK: Which files are of version 2

    /// A quick look without opening it as a database. What its log holds is of the same version or a later one.
    private static func mayBeOld(_ path: String) -> Bool {
        DataDirectory.exists(path) && (headerVersion(path) ?? schemaVersion) == schemaVersion
    }

    private static func isOld(_ connection: SQLiteConnection) throws(StoreError) -> Bool {
        guard try connection.integer("PRAGMA application_id") == SQLiteSchema.applicationID else { return false }
        return try connection.integer("PRAGMA user_version") == schemaVersion
    }

    /// The version that the file's first page has, without its log; nil if that cannot be told.
    private static func headerVersion(_ path: String) -> Int64? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // SQLite's "user version": big-endian, at this place of the header.
        var version: UInt32 = 0
        let count = withUnsafeMutableBytes(of: &version) { pread(file, $0.baseAddress, $0.count, 60) }
        return count == 4 ? Int64(UInt32(bigEndian: version)) : nil
    }
}
