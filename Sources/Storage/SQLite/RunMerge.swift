/// Merges sorted runs into one of the next level, some entries at a time.
struct RunMerge {
    /// Numbers of the runs that are merged.
    let inputs: [Int64]
    let level: Int
    private(set) var writer: RunWriter
    private var cursors: [Cursor] = []
    private let tables: IndexTables

    /// Where one of the runs has got to.
    private struct Cursor {
        let run: Int64
        let blocks: Int
        var nextBlock = 0
        var entries: [IndexEntry] = []
        var position = 0

        var current: IndexEntry { entries[position] }
    }

    init(_ runs: [SQLiteIndex.Run], _ tables: IndexTables, _ kind: IndexKind, level: Int) throws(StoreError) {
        inputs = runs.map(\.number)
        self.level = level
        self.tables = tables
        writer = try RunWriter(tables, kind, level: level)
        for run in runs {
            var cursor = Cursor(run: run.number, blocks: run.blocks)
            if try Self.read(&cursor, tables) { cursors.append(cursor) }
        }
    }

    /// Moves at most `budget` entries and takes them off it.
    /// - Returns: whether all are moved: the new run is whole then.
    mutating func advance(_ budget: inout Int) throws(StoreError) -> Bool {
        while budget > 0 {
            guard var least = cursors.indices.first else {
                try writer.finish()
                return true
            }
            for index in cursors.indices.dropFirst() where Self.precedes(cursors[index].current, cursors[least].current)
            {
                least = index
            }
            try writer.append(cursors[least].current)
            budget -= 1
            cursors[least].position += 1
            if cursors[least].position == cursors[least].entries.count, !(try Self.read(&cursors[least], tables)) {
                cursors.remove(at: least)
            }
        }
        return false
    }

    private static func precedes(_ a: IndexEntry, _ b: IndexEntry) -> Bool {
        a.hash != b.hash ? a.hash < b.hash : a.id < b.id
    }

    /// Reads the run's next block.
    /// - Returns: false at its end.
    private static func read(_ cursor: inout Cursor, _ tables: IndexTables) throws(StoreError) -> Bool {
        guard cursor.nextBlock < cursor.blocks else { return false }
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
        return true
    }
}
