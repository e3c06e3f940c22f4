/// The tables that the indices of one day's file share, and the statements on them.
///
/// - `index_recent`: what each commit added, a row for each kind; kept until a run holds it.
/// - `index_run`: sorted runs, with `index_block` for their entries and `index_filter` for what memory holds of them.
final class IndexTables {
    static let schema = """
        CREATE TABLE index_recent (
            place INTEGER PRIMARY KEY,   -- kind << 48 | number of the commit
            entries BLOB NOT NULL        -- each: hash, id (16 bytes)
        );
        CREATE TABLE index_run (
            number INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            level INTEGER NOT NULL,
            status INTEGER NOT NULL,     -- 0: being written, 1: whole, 2: merged into another, going away
            blocks INTEGER NOT NULL,
            newest INTEGER NOT NULL      -- highest id
        );
        CREATE TABLE index_block (
            place INTEGER PRIMARY KEY,   -- run << 32 | number of the block
            entries BLOB NOT NULL        -- by rising hash
        );
        CREATE TABLE index_filter (
            place INTEGER PRIMARY KEY,   -- run << 32 | number of its first block
            words BLOB NOT NULL
        );
        """

    let connection: SQLiteConnection
    private let insertRecent: SQLiteStatement
    private let deleteRecent: SQLiteStatement
    private let insertRun: SQLiteStatement
    private let updateRun: SQLiteStatement
    private let insertBlock: SQLiteStatement
    private let insertFilter: SQLiteStatement
    private let selectBlock: SQLiteStatement
    private let deleteBlocks: SQLiteStatement
    private let deleteFilters: SQLiteStatement
    private var nextRun: Int64?

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        insertRecent = try connection.prepare("INSERT INTO index_recent VALUES (?1, ?2)")
        deleteRecent = try connection.prepare("DELETE FROM index_recent WHERE place BETWEEN ?1 AND ?2")
        insertRun = try connection.prepare("INSERT INTO index_run VALUES (?1, ?2, ?3, 0, 0, 0)")
        updateRun = try connection.prepare(
            "UPDATE index_run SET status = ?2, blocks = ?3, newest = ?4 WHERE number = ?1")
        insertBlock = try connection.prepare("INSERT INTO index_block VALUES (?1, ?2)")
        insertFilter = try connection.prepare("INSERT INTO index_filter VALUES (?1, ?2)")
        selectBlock = try connection.prepare("SELECT entries FROM index_block WHERE place = ?1")
        deleteBlocks = try connection.prepare("DELETE FROM index_block WHERE place BETWEEN ?1 AND ?2")
        deleteFilters = try connection.prepare("DELETE FROM index_filter WHERE place BETWEEN ?1 AND ?2")
    }

    enum RunStatus: Int64 {
        case building = 0
        case whole = 1
        case dropped = 2
    }

    struct SortedRunRow {
        var number: Int64
        var level: Int
        var status: RunStatus
        var blocks: Int
        var newest: UInt64
    }

    // MARK: Recent entries

    static func recentPlace(_ kind: IndexKind, _ number: Int64) -> Int64 { kind.rawValue << 48 | number }

    func appendRecent(_ kind: IndexKind, number: Int64, _ entries: [IndexEntry]) throws(StoreError) {
        insertRecent.bind(1, Self.recentPlace(kind, number))
        try insertRecent.run(binding: 2, PackedEntries.pack(entries[...]))
    }

    /// Visits the rows of a kind from a number on.
    func forEachRecent(
        _ kind: IndexKind, from number: Int64, _ visit: (Int64, UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        let rows = try connection.prepare("SELECT place, entries FROM index_recent WHERE place BETWEEN ?1 AND ?2")
        rows.bind(1, Self.recentPlace(kind, number))
        rows.bind(2, Self.recentPlace(kind, (1 << 48) - 1))
        while try rows.step() { try visit(rows.integer(0) - Self.recentPlace(kind, 0), rows.bytes(1)) }
    }

    /// Deletes the rows of the commits `numbers`.
    func removeRecent(_ kind: IndexKind, _ numbers: ClosedRange<Int64>) throws(StoreError) {
        deleteRecent.bind(1, Self.recentPlace(kind, numbers.lowerBound))
        deleteRecent.bind(2, Self.recentPlace(kind, numbers.upperBound))
        try deleteRecent.run()
    }

    /// Rows of commits before this one are held by runs.
    func flushed(_ kind: IndexKind) throws(StoreError) -> Int64 {
        try connection.integer("SELECT max(1, coalesce((\(Self.selectFlushed(kind))), 1))")
    }

    func setFlushed(_ kind: IndexKind, before number: Int64) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO meta VALUES ('index_\(kind)_flushed', \(number))
            ON CONFLICT DO UPDATE SET value = excluded.value
            """)
    }

    static func selectFlushed(_ kind: IndexKind) -> String {
        "SELECT value FROM meta WHERE name = 'index_\(kind)_flushed'"
    }

    // MARK: Runs

    func runs(_ kind: IndexKind) throws(StoreError) -> [SortedRunRow] {
        let rows = try connection.prepare(
            "SELECT number, level, status, blocks, newest FROM index_run WHERE kind = ?1 ORDER BY number")
        rows.bind(1, kind.rawValue)
        var runs: [SortedRunRow] = []
        while try rows.step() {
            guard let status = RunStatus(rawValue: rows.integer(2)) else {
                throw .damaged("\(connection.path): run \(rows.integer(0)) has the unknown status \(rows.integer(2))")
            }
            runs.append(
                SortedRunRow(
                    number: rows.integer(0), level: Int(rows.integer(1)), status: status, blocks: Int(rows.integer(3)),
                    newest: UInt64(bitPattern: rows.integer(4))))
        }
        return runs
    }

    /// A new run's number. Its row says that it is not whole yet.
    func beginRun(_ kind: IndexKind, level: Int) throws(StoreError) -> Int64 {
        let number =
            if let nextRun { nextRun } else {
                try connection.integer("SELECT coalesce(max(number), 0) FROM index_run") + 1
            }
        nextRun = number + 1
        insertRun.bind(1, number)
        insertRun.bind(2, kind.rawValue)
        insertRun.bind(3, Int64(level))
        try insertRun.run()
        return number
    }

    func setRun(_ number: Int64, _ status: RunStatus, blocks: Int, newest: UInt64) throws(StoreError) {
        updateRun.bind(1, number)
        updateRun.bind(2, status.rawValue)
        updateRun.bind(3, Int64(blocks))
        updateRun.bind(4, Int64(bitPattern: newest))
        try updateRun.run()
    }

    func removeRun(_ number: Int64) throws(StoreError) {
        try connection.execute("DELETE FROM index_run WHERE number = \(number)")
    }

    static func blockPlace(_ run: Int64, _ block: Int) -> Int64 { run << 32 | Int64(block) }

    func insertBlock(_ run: Int64, _ block: Int, _ entries: ArraySlice<IndexEntry>) throws(StoreError) {
        insertBlock.bind(1, Self.blockPlace(run, block))
        try insertBlock.run(binding: 2, PackedEntries.pack(entries))
    }

    func insertFilter(_ run: Int64, from block: Int, _ filter: SortedRunFilter) throws(StoreError) {
        insertFilter.bind(1, Self.blockPlace(run, block))
        try insertFilter.run(binding: 2, filter.packed(from: block))
    }

    /// - Throws: `damaged` if the run lacks the block.
    func withBlock<T>(
        _ run: Int64, _ block: Int, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        selectBlock.bind(1, Self.blockPlace(run, block))
        defer { selectBlock.reset() }
        guard try selectBlock.step() else {
            throw .damaged("\(connection.path): run \(run) of the index lacks block \(block)")
        }
        return try body(selectBlock.bytes(0))
    }

    /// - Throws: `damaged` if it does not name that many blocks.
    func filter(_ run: Int64, blocks: Int) throws(StoreError) -> SortedRunFilter {
        let rows = try connection.prepare("SELECT words FROM index_filter WHERE place BETWEEN ?1 AND ?2")
        rows.bind(1, Self.blockPlace(run, 0))
        rows.bind(2, Self.blockPlace(run + 1, 0) - 1)
        var filter = SortedRunFilter()
        var isWhole = true
        while try rows.step() { isWhole = filter.append(packed: rows.bytes(0)) && isWhole }
        guard isWhole, filter.fences.count == blocks else {
            throw .damaged("\(connection.path): the filter of run \(run) of the index is not whole")
        }
        return filter
    }

    /// Deletes blocks of a run and the filters that begin among them.
    /// - Returns: how many blocks there were.
    func removeBlocks(_ run: Int64, _ blocks: Range<Int>) throws(StoreError) -> Int {
        try remove(run, blocks, deleteFilters)
        return try remove(run, blocks, deleteBlocks)
    }

    @discardableResult
    private func remove(_ run: Int64, _ blocks: Range<Int>, _ statement: SQLiteStatement) throws(StoreError) -> Int {
        statement.bind(1, Self.blockPlace(run, blocks.lowerBound))
        statement.bind(2, Self.blockPlace(run, blocks.upperBound) - 1)
        try statement.run()
        return connection.changes
    }

    /// nil if none is left.
    func firstBlock(of run: Int64) throws(StoreError) -> Int? {
        let place = try connection.integer(
            "SELECT coalesce(min(place), -1) FROM index_block WHERE place >= \(Self.blockPlace(run, 0))")
        return place >= 0 && place < Self.blockPlace(run + 1, 0) ? Int(place - Self.blockPlace(run, 0)) : nil
    }

    /// Run numbers are taken from the table again: those given out may have been rolled back.
    func forgetNextRun() { nextRun = nil }
}
