/// Merges sorted runs into one of the next level, some entries at a time.
struct Compaction {
    /// Numbers of the runs that are merged.
    let inputs: [Int64]
    let level: Int
    private(set) var writer: SortedRunWriter
    private var cursors: [Cursor]
    private var tree: LoserTree
    private let tables: IndexTables

    /// Where one of the runs has got to.
    private struct Cursor {
        let run: Int64
        let blocks: Int
        var nextBlock = 0
        var entries: [IndexEntry] = []
        var position = 0
    }

    init(_ runs: [SQLiteIndex.SortedRun], _ tables: IndexTables, _ kind: IndexKind, level: Int) throws(StoreError) {
        inputs = runs.map(\.number)
        self.level = level
        self.tables = tables
        writer = try SortedRunWriter(tables, kind, level: level)
        cursors = runs.map { Cursor(run: $0.number, blocks: $0.blocks) }
        var first: [IndexEntry?] = []
        for index in cursors.indices { first.append(try Self.next(&cursors[index], tables)) }
        tree = LoserTree(first)
    }

    /// Moves at most `budget` entries and takes them off it.
    /// - Returns: whether all are moved: the new run is whole then.
    mutating func advance(_ budget: inout Int) throws(StoreError) -> Bool {
        while budget > 0 {
            guard let (entry, index) = tree.least else {
                try writer.finish()
                return true
            }
            try writer.append(entry)
            budget -= 1
            tree.replaceLeast(by: try Self.next(&cursors[index], tables))
        }
        return false
    }

    /// The run's next entry; nil at its end.
    private static func next(_ cursor: inout Cursor, _ tables: IndexTables) throws(StoreError) -> IndexEntry? {
        if cursor.position == cursor.entries.count {
            guard cursor.nextBlock < cursor.blocks else { return nil }
            try read(&cursor, tables)
        }
        defer { cursor.position += 1 }
        return cursor.entries[cursor.position]
    }

    /// Reads the run's next block.
    private static func read(_ cursor: inout Cursor, _ tables: IndexTables) throws(StoreError) {
        var entries: [IndexEntry] = []
        entries.reserveCapacity(PackedEntries.blockEntries)
        let isWhole = try tables.withBlock(cursor.run, cursor.nextBlock) { bytes in
            PackedEntries.unpack(bytes, into: &entries)
        }
        guard isWhole, !entries.isEmpty else {
            throw .damaged(
                "\(tables.connection.path): block \(cursor.nextBlock) of run \(cursor.run) of the index is not whole")
        }
        cursor.entries = entries
        cursor.position = 0
        cursor.nextBlock += 1
    }
}
