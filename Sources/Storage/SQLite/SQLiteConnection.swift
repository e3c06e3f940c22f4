internal import CSQLite
internal import Glibc
internal import SMSModel

/// One SQLite connection, used by one thread. Nothing of SQLite's leaves this module.
final class SQLiteConnection {
    let handle: OpaquePointer
    let path: String

    /// How long another program may keep a file locked.
    private static let busyMilliseconds: Int32 = 5000
    /// Pages in the log after the last commit.
    private let logPageCount = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

    enum Mode {
        /// The one connection that writes and checkpoints; makes the file if there is none.
        case readWrite
        /// Never writes, and leaves checkpointing to the other, also when it closes last.
        case readOnly
    }

    init(path: String, mode: Mode) throws(StoreError) {
        self.path = path
        logPageCount.initialize(to: 0)
        var handle: OpaquePointer?
        let flags =
            mode == .readWrite
            ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
            : SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let error = handle.map { Self.error(code, $0, path) } ?? .failed("\(path) cannot be opened: out of memory")
            sqlite3_close_v2(handle)
            logPageCount.deallocate()
            throw error
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, Self.busyMilliseconds)
        switch mode {
        case .readOnly:
            _ = apus_sqlite3_no_checkpoint_on_close(handle)
            try execute("PRAGMA query_only = ON")
        case .readWrite:
            // In place of SQLite's own automatic checkpoints, which come inside of a commit.
            sqlite3_wal_hook(
                handle,
                { count, _, _, pages in
                    count?.assumingMemoryBound(to: Int32.self).pointee = pages
                    return SQLITE_OK
                }, logPageCount)
        }
    }

    deinit {
        sqlite3_close_v2(handle)
        logPageCount.deallocate()
    }

    /// Pages in the log after the last commit, whether or not a checkpoint has copied them.
    var logPages: Int { Int(logPageCount.pointee) }

    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// The id of the row that was inserted last.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Copies the log into the file, as far as readers let it.
    /// - Parameter truncating: waits for readers, and leaves the log empty.
    /// - Returns: pages of the log that have been copied by now.
    @discardableResult
    func checkpoint(truncating: Bool = false) throws(StoreError) -> Int {
        var copied: Int32 = 0
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        try check(sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, &copied))
        return max(0, Int(copied))
    }

    /// Empties the log, unless somebody reads it.
    /// - Returns: whether it is empty.
    func emptyLog() throws(StoreError) -> Bool {
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, Self.busyMilliseconds) }
        do throws(StoreError) {
            try checkpoint(truncating: true)
            return true
        } catch .busy {
            return false
        }
    }

    /// Writes what a transaction changed to the log, short of the commit: what there is no room for shows here.
    func flushChanges() throws(StoreError) {
        try check(sqlite3_db_cacheflush(handle))
    }

    func execute(_ sql: String) throws(StoreError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        return SQLiteStatement(statement!, connection: self)
    }

    /// The single integer that `sql` answers.
    func integer(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func check(_ code: Int32) throws(StoreError) {
        guard code != SQLITE_OK, code != SQLITE_ROW, code != SQLITE_DONE else { return }
        throw error(code)
    }

    func error(_ code: Int32) -> StoreError { Self.error(code, handle, path) }

    private static func error(_ code: Int32, _ handle: OpaquePointer, _ path: String) -> StoreError {
        let reason = String(cString: sqlite3_errmsg(handle))
        switch code & 0xFF {
        case SQLITE_FULL:
            return .full("no room for \(path): \(reason)")
        case SQLITE_BUSY:
            return .busy("\(path) is locked by another program: only apusd may write to it")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return .damaged(
                "\(path) is damaged (\(reason)): stop, keep a copy of the data directory, and restore a backup")
        case SQLITE_CANTOPEN where [EMFILE, ENFILE].contains(sqlite3_system_errno(handle)):
            return .busy("\(path) cannot be opened: this process or the system has too many files open")
        case SQLITE_READONLY:
            return .failed("\(path) cannot be written: the file or its file system is read-only")
        default:
            // A full disk also shows as a failed write, with the system's own word for it.
            // After a failed sync nobody knows what is on the disk, whatever its reason.
            let system = sqlite3_system_errno(handle)
            if code & 0xFF == SQLITE_IOERR, code != apus_sqlite3_ioerr_fsync,
                [ENOSPC, EDQUOT, EFBIG].contains(system)
            {
                return .full("no room for \(path): \(reason)")
            }
            return .failed("\(path): \(reason) (SQLite \(code))")
        }
    }
}

/// A prepared statement. Texts are bound without a copy: they must live until the next ``reset()``.
final class SQLiteStatement {
    private let statement: OpaquePointer
    private let connection: SQLiteConnection

    init(_ statement: OpaquePointer, connection: SQLiteConnection) {
        self.statement = statement
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(statement)
    }

    /// - Returns: true if there is a row.
    func step() throws(StoreError) -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = connection.error(code)
        sqlite3_reset(statement)
        throw error
    }

    /// Runs a statement that answers no row, and makes it ready for the next.
    func run() throws(StoreError) {
        _ = try step()
        sqlite3_reset(statement)
    }

    /// Runs it with the words' bytes bound at `index`.
    func run(binding index: Int32, _ words: [UInt64]) throws(StoreError) {
        try words.withUnsafeBufferPointer { (words) throws(StoreError) in
            bindBlob(index, UnsafeRawBufferPointer(words))
            try run()
        }
    }

    func reset() { sqlite3_reset(statement) }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }
    /// An id that a caller asks for may be anything: from 2^63 on it is bound as a negative number, which no row has.
    func bind(_ index: Int32, _ id: MessageID) { bind(index, Int64(bitPattern: id.rawValue)) }
    func bindNull(_ index: Int32) { sqlite3_bind_null(statement, index) }
    func bind(_ index: Int32, orNull value: Int64?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }

    func bindText(_ index: Int32, _ text: UnsafeRawBufferPointer) {
        _ = apus_sqlite3_bind_text_static(
            statement, index, text.baseAddress, Int32(text.count))
    }

    /// Copies: for the edges only.
    func bindText(_ index: Int32, _ text: String) {
        var text = text
        text.withUTF8 { _ = apus_sqlite3_bind_text_copied(statement, index, $0.baseAddress, Int32($0.count)) }
    }

    func bindText(_ index: Int32, orNull text: String?) {
        if let text { bindText(index, text) } else { bindNull(index) }
    }

    func bindBlob(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
        _ = apus_sqlite3_bind_blob_static(
            statement, index, bytes.baseAddress, Int32(bytes.count))
    }

    /// Copies: for the edges only.
    func bindBlob(_ index: Int32, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { apus_sqlite3_bind_blob_copied(statement, index, $0.baseAddress, Int32($0.count)) }
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func integerOrNull(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// Valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let base = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(
            start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(statement, column)))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
    func textOrNull(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
}
