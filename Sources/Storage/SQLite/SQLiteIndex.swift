internal import SMSModel

/// Sizes of an index.
package struct IndexOptions: Sendable {
    /// Entries in memory before they begin to be written as a sorted run.
    package var memtableEntries = 131_072
    /// Runs of one size that are merged into one of the next. The more, the more seldom an entry is moved.
    package var fanOut = 16
    /// How many times more runs an index has that is seldom looked up: all but idempotency keys.
    package var seldomFactor = 8
    /// Entries that a commit may move into runs, where it adds none itself.
    package var entriesPerCommit = 2048
    /// Blocks of runs written before a restart that a commit may read, so that looks need not go through each run.
    package var blocksPerCommit = 32

    package init() {}
}

/// Finds the day's messages by one kind of hash, without a random write: new entries stay in memory (and in a row
/// for each commit, against a crash); once there are many they move, some with each commit, into a run sorted by
/// hash; runs of one size are merged into a larger one the same way. No commit does more than a bounded part of it.
///
/// All of it happens inside of the round's transaction; after a round that failed, memory is read back from the file.
final class SQLiteIndex {
    private let kind: IndexKind
    private let tables: IndexTables
    private let options: IndexOptions
    private let fanOut: Int

    private var isLoaded = false
    /// Whether the runs have their filters: only who looks something up needs them.
    private var hasFilters = false
    /// Entries that no run holds or is being given.
    private var memtable = EntryTable()
    private var flush: Flush?
    /// Whole runs, oldest first.
    private var runs: [SortedRun] = []
    /// What covered runs hold; where filters are.
    private var presence = BloomFilter()
    private var compaction: Compaction?
    /// There may be enough runs of one size for the next compaction.
    private var mayCompact = false
    private var garbage: [Garbage] = []
    /// Numbers of the rows that hold what is in `recent`: from this one on, up to below ``nextNumber``.
    private var firstRecent: Int64 = 1
    private var nextNumber: Int64 = 1
    /// Rows below ``firstRecent`` that are still to be deleted begin here.
    private var firstStored: Int64 = 1
    /// What this round added.
    private var added: [IndexEntry] = []

    /// A run as memory knows it.
    struct SortedRun {
        var number: Int64
        var level: Int
        var newest: UInt64
        var blocks: Int
        /// Empty until something is looked up.
        var filter = SortedRunFilter()
        /// Blocks from the first on whose entries are in ``presence``.
        var coveredBlocks = 0

        var isCovered: Bool { coveredBlocks == blocks }
    }

    /// Entries on their way from memory into a run.
    private struct Flush {
        var table: EntryTable
        var writer: SortedRunWriter
        var part = 0
        /// Whether all that it has written is in ``presence``.
        let isCovered: Bool
        /// The rows that held them end before it.
        var end: Int64
    }

    /// Blocks of a run that nobody needs any more.
    private struct Garbage {
        var run: Int64
        var next = 0
    }

    init(_ kind: IndexKind, _ tables: IndexTables, _ options: IndexOptions) {
        self.kind = kind
        self.tables = tables
        self.options = options
        fanOut = kind == .key ? options.fanOut : options.fanOut * options.seldomFactor
    }

    /// - Parameter hash: not 0.
    func add(_ hash: UInt64, _ id: MessageID) throws(StoreError) {
        try load()
        let entry = IndexEntry(hash: hash, id: id.rawValue)
        memtable.insert(entry)
        added.append(entry)
    }

    /// Which of the hashes runs may hold, until the next commit.
    func mayBeInRuns(_ hashes: [UInt64]) throws(StoreError) -> [Bool] {
        try load()
        try loadFilters()
        guard runs.allSatisfy(\.isCovered) else { return Array(repeating: true, count: hashes.count) }
        return presence.mayHold(hashes)
    }

    /// Visits the ids under a hash, from `oldest` on, until `verify` answers true.
    /// - Parameter isInRuns: false if it is known that no run holds it.
    func find(
        _ hash: UInt64, oldest: MessageID = MessageID(rawValue: 0), isInRuns: Bool = true,
        where verify: (MessageID) throws(StoreError) -> Bool
    ) throws(StoreError) -> MessageID? {
        try load()
        func check(_ id: MessageID) throws(StoreError) -> Bool {
            guard id >= oldest else { return false }
            return try verify(id)
        }
        if let id = try memtable.find(hash, where: check) { return id }
        if let id = try flush?.table.find(hash, where: check) { return id }
        guard isInRuns else { return nil }
        try loadFilters()
        let mayBeCovered = presence.mayHold(hash)
        // By their places: a copy of each run would count references to its filter.
        for place in runs.indices.reversed()
        where (mayBeCovered || !runs[place].isCovered) && runs[place].newest >= oldest.rawValue {
            for block in runs[place].filter.blocks(holding: hash) {
                let found = try tables.withBlock(runs[place].number, block) { (bytes) throws(StoreError) in
                    try PackedEntries.find(hash, inBlock: bytes) { (id) throws(StoreError) in
                        try check(MessageID(rawValue: id))
                    }
                }
                if let found { return MessageID(rawValue: found) }
            }
        }
        return nil
    }

    // MARK: With each commit

    /// Writes what the round added, and moves some entries on.
    func prepareCommit() throws(StoreError) {
        guard isLoaded else { return }
        if !added.isEmpty {
            try tables.appendRecent(kind, number: nextNumber, added)
            nextNumber += 1
            try coverSome()
        }
        if flush == nil, memtable.count >= options.memtableEntries { try beginFlush() }
        guard flush != nil || compaction != nil || mayCompact || !garbage.isEmpty || firstStored < firstRecent else {
            return
        }
        // Each entry is moved once for each level: what comes in never outruns it.
        var budget = max(options.entriesPerCommit, 4 * added.count)
        try flushSome(&budget)
        try compactSome(&budget)
        try removeSome()
    }

    func committed() {
        added.removeAll(keepingCapacity: true)
    }

    /// Nothing of the round happened: memory is read back when it is needed.
    func rolledBack() {
        added.removeAll(keepingCapacity: true)
        guard isLoaded else { return }
        isLoaded = false
        memtable = EntryTable()
        flush = nil
        runs = []
        presence = BloomFilter()
        compaction = nil
        garbage = []
    }

    private func beginFlush() throws(StoreError) {
        flush = Flush(
            table: memtable, writer: try SortedRunWriter(tables, kind, level: 0), isCovered: hasFilters, end: nextNumber
        )
        memtable = EntryTable()
    }

    private func flushSome(_ budget: inout Int) throws(StoreError) {
        while budget > 0, flush != nil {
            let entries = flush!.table.sorted(part: flush!.part)
            for entry in entries { try flush!.writer.append(entry) }
            if flush!.isCovered { for entry in entries { presence.insert(entry.hash) } }
            budget -= entries.count
            flush!.part += 1
            guard flush!.part == EntryTable.parts else { continue }
            try flush!.writer.finish()
            runs.append(run(of: flush!.writer, level: 0, isCovered: flush!.isCovered))
            mayCompact = true
            firstRecent = flush!.end
            try tables.setFlushed(kind, before: firstRecent)
            flush = nil
        }
    }

    private func run(of writer: SortedRunWriter, level: Int, isCovered: Bool) -> SortedRun {
        SortedRun(
            number: writer.number, level: level, newest: writer.newest, blocks: writer.blocks,
            filter: hasFilters ? writer.filter : SortedRunFilter(), coveredBlocks: isCovered ? writer.blocks : 0)
    }

    private func loadFilters() throws(StoreError) {
        guard !hasFilters else { return }
        for place in runs.indices {
            runs[place].filter = try tables.filter(runs[place].number, blocks: runs[place].blocks)
        }
        hasFilters = true
    }

    /// Adds some of a run that was there before the filters to ``presence``. A day that gets no entries any more is not
    /// worth it.
    private func coverSome() throws(StoreError) {
        guard hasFilters, let place = runs.firstIndex(where: { !$0.isCovered }) else { return }
        let (run, start) = (runs[place].number, runs[place].coveredBlocks)
        let end = min(runs[place].blocks, start + options.blocksPerCommit)
        for block in start..<end {
            try tables.withBlock(run, block) { bytes in
                for index in 0..<PackedEntries.count(bytes) {
                    presence.insert(PackedEntries.entry(bytes, at: index).hash)
                }
            }
        }
        runs[place].coveredBlocks = end
    }

    private func beginCompaction() throws(StoreError) {
        for level in Set(runs.map(\.level)).sorted() {
            let inputs = runs.filter { $0.level == level }.prefix(fanOut)
            guard inputs.count == fanOut else { continue }
            compaction = try Compaction(Array(inputs), tables, kind, level: level + 1)
            return
        }
        mayCompact = false
    }

    private func compactSome(_ budget: inout Int) throws(StoreError) {
        while budget > 0 {
            if compaction == nil, mayCompact { try beginCompaction() }
            guard compaction != nil else { return }
            guard try compaction!.advance(&budget) else { continue }
            let writer = compaction!.writer
            let level = compaction!.level
            let inputs = Set(compaction!.inputs)
            compaction = nil
            for run in runs where inputs.contains(run.number) {
                try tables.setRun(run.number, .dropped, blocks: run.blocks, newest: run.newest)
                garbage.append(Garbage(run: run.number))
            }
            let isCovered = runs.allSatisfy { !inputs.contains($0.number) || $0.isCovered }
            // It takes the place of what it is made of, so that newer runs still come after it.
            let place = runs.firstIndex { inputs.contains($0.number) } ?? 0
            runs.removeAll { inputs.contains($0.number) }
            runs.insert(run(of: writer, level: level, isCovered: isCovered), at: place)
            mayCompact = true
        }
    }

    /// Deletes some of what no run or no memory needs any more.
    private func removeSome() throws(StoreError) {
        if firstStored < firstRecent {
            let end = min(firstRecent, firstStored + 64)
            try tables.removeRecent(kind, firstStored...end - 1)
            firstStored = end
        }
        guard var first = garbage.first else { return }
        let slice = 16
        let removed = try tables.removeBlocks(first.run, first.next..<first.next + slice)
        first.next += slice
        // Some may have gone before a restart: those that are left need not begin at the first.
        if removed < slice {
            guard let left = try tables.firstBlock(of: first.run) else {
                try tables.removeRun(first.run)
                garbage.removeFirst()
                return
            }
            first.next = left
        }
        garbage[0] = first
    }

    // MARK: From the file

    private func load() throws(StoreError) {
        guard !isLoaded else { return }
        tables.forgetNextRun()
        garbage = []
        memtable = EntryTable()
        var loaded: [SortedRun] = []
        for row in try tables.runs(kind) {
            guard row.status == .whole else {
                // Never finished, or merged into another.
                garbage.append(Garbage(run: row.number))
                continue
            }
            loaded.append(SortedRun(number: row.number, level: row.level, newest: row.newest, blocks: row.blocks))
        }
        runs = loaded
        firstRecent = try tables.flushed(kind)
        firstStored = firstRecent
        nextNumber = firstRecent
        var entries: [IndexEntry] = []
        var isWhole = true
        try tables.forEachRecent(kind, from: 0) { (number, bytes) throws(StoreError) in
            firstStored = min(firstStored, number)
            guard number >= firstRecent else { return }
            nextNumber = number + 1
            isWhole = PackedEntries.unpack(bytes, into: &entries) && isWhole
        }
        guard isWhole else { throw .damaged("\(tables.connection.path): recent entries of the index are not whole") }
        for entry in entries { memtable.insert(entry) }
        isLoaded = true
        hasFilters = false
        mayCompact = true
    }
}
