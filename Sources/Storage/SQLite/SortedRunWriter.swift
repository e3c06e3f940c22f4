/// Writes one sorted run, a block at a time.
struct SortedRunWriter {
    let number: Int64
    private(set) var blocks = 0
    private(set) var filter = SortedRunFilter()
    private(set) var newest: UInt64 = 0
    private var buffer: [IndexEntry] = []
    private let tables: IndexTables

    init(_ tables: IndexTables, _ kind: IndexKind, level: Int) throws(StoreError) {
        self.tables = tables
        number = try tables.beginRun(kind, level: level)
    }

    /// - Parameter entry: its hash is not below that of the one before.
    mutating func append(_ entry: IndexEntry) throws(StoreError) {
        buffer.append(entry)
        if buffer.count == PackedEntries.blockEntries { try writeBlock() }
    }

    mutating func finish() throws(StoreError) {
        if !buffer.isEmpty { try writeBlock() }
        let told = blocks / SortedRunFilter.blocksPerRow * SortedRunFilter.blocksPerRow
        if told < blocks { try tables.insertFilter(number, from: told, filter) }
        try tables.setRun(number, .whole, blocks: blocks, newest: newest)
    }

    private mutating func writeBlock() throws(StoreError) {
        try tables.insertBlock(number, blocks, buffer[...])
        filter.append(buffer[...])
        for entry in buffer { newest = max(newest, entry.id) }
        buffer.removeAll(keepingCapacity: true)
        blocks += 1
        if blocks % SortedRunFilter.blocksPerRow == 0 {
            try tables.insertFilter(number, from: blocks - SortedRunFilter.blocksPerRow, filter)
        }
    }
}
