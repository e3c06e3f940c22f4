internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// An index whose entries move through runs of all sizes, over commits, failures and restarts.
@Suite struct SQLiteIndexTests {
    private let directory = TemporaryDirectory()

    private struct Opened {
        let file: SQLiteFile
        let index: SQLiteIndex
        let connection: SQLiteConnection
    }

    private func open(_ options: IndexOptions) throws -> Opened {
        let connection = try SQLiteSchema.open(directory.file("index.db"), SQLiteSchema.day, cacheBytes: 1 << 20)
        return Opened(
            file: try SQLiteFile(connection), index: SQLiteIndex(.key, try IndexTables(connection), options),
            connection: connection)
    }

    private static func small() -> IndexOptions {
        var options = IndexOptions()
        options.memtableEntries = 300
        options.fanOut = 3
        options.entriesPerCommit = 40
        options.blocksPerCommit = 1
        return options
    }

    /// All ids under a hash, from `oldest` on.
    private func found(_ index: SQLiteIndex, _ hash: UInt64, oldest: UInt64 = 0) throws -> Set<UInt64> {
        var ids: Set<UInt64> = []
        let isInRuns = try index.mayBeInRuns([hash])[0]
        _ = try index.find(hash, oldest: MessageID(rawValue: oldest), isInRuns: isInRuns) {
            (id) throws(StoreError) -> Bool in
            ids.insert(id.rawValue)
            return false
        }
        return ids
    }

    @Test(arguments: 1...4)
    func agreesWithADictionary(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var opened = try open(Self.small())
        var model: [UInt64: Set<UInt64>] = [:]
        var next: UInt64 = 1
        var most = 0
        for round in 0..<400 {
            var added: [(UInt64, UInt64)] = []
            try opened.file.touch()
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                // Now and then a hash that is there already; some next to each other, some at the ends.
                let hash: UInt64 =
                    switch Int.random(in: 0..<8, using: &generator) {
                    case 0: model.keys.randomElement(using: &generator) ?? 1
                    case 1: UInt64.random(in: 1...50, using: &generator)
                    case 2: UInt64.max - UInt64.random(in: 0...50, using: &generator)
                    default: max(1, generator.next())
                    }
                try opened.index.add(hash, MessageID(rawValue: next))
                added.append((hash, next))
                next += 1
            }
            let before = try opened.connection.integer("SELECT count(*) FROM index_block")
            try opened.index.prepareCommit()
            let blocks = try opened.connection.integer("SELECT count(*) FROM index_block") - before
            most = max(most, Int(blocks))
            if generator.oneIn(40) {
                opened.file.rollback()
                opened.index.rolledBack()
            } else {
                try opened.file.commit()
                opened.index.committed()
                for (hash, id) in added { model[hash, default: []].insert(id) }
            }
            if generator.oneIn(60) { opened = try open(Self.small()) }
            if round % 50 == 49 {
                for (hash, ids) in model { try #require(try found(opened.index, hash) == ids) }
                for _ in 0..<100 {
                    let hash = generator.next()
                    try #require(try found(opened.index, hash) == model[hash] ?? [])
                }
            }
        }
        // It has been through several sizes of runs, and no commit did more than its part.
        let runs = try IndexTables(opened.connection).runs(.key)
        #expect(runs.contains { $0.level >= 2 }, "\(runs)")
        #expect(runs.filter { $0.status == .whole }.count < 3 * 4)
        #expect(most <= 4 * 60 / PackedEntries.blockEntries + 4)
        // What a reader finds without any of it in memory is the same.
        let reader = try DayReader(Day(number: 0), path: directory.file("index.db"))
        for (hash, ids) in model {
            try #require(try Set(reader.candidates(.key, [hash]).map(\.rawValue)) == ids)
        }
        // From some id on.
        let middle = next / 2
        for (hash, ids) in model.prefix(500) {
            try #require(try found(opened.index, hash, oldest: middle) == ids.filter { $0 >= middle })
        }
        let left = try opened.connection.integer("SELECT count(*) FROM index_recent")
        #expect(left < 100, "rows that runs hold are deleted")
    }

    @Test func aFilterMissesNothingAndKeepsMostLooksAway() {
        var generator = SeededGenerator(seed: 4)
        let entries = (0..<50_000).map { IndexEntry(hash: max(1, generator.next()), id: UInt64($0)) }
            .sorted { $0.hash < $1.hash }
        var filter = SortedRunFilter()
        for start in stride(from: 0, to: entries.count, by: PackedEntries.blockEntries) {
            filter.append(entries[start..<min(entries.count, start + PackedEntries.blockEntries)])
        }
        for (place, entry) in entries.enumerated() {
            #expect(filter.blocks(holding: entry.hash).contains(place / PackedEntries.blockEntries))
        }
        let looks = (0..<50_000).filter { _ in !filter.blocks(holding: generator.next()).isEmpty }.count
        #expect(looks < 1000, "two in a hundred")
        // Stored and read back it is the same.
        var copy = SortedRunFilter()
        for block in stride(from: 0, to: filter.fences.count, by: SortedRunFilter.blocksPerRow) {
            let isWhole = filter.packed(from: block).withUnsafeBytes { copy.append(packed: $0) }
            #expect(isWhole)
        }
        for entry in entries.prefix(5000) {
            #expect(copy.blocks(holding: entry.hash) == filter.blocks(holding: entry.hash))
        }
        let isNothing = copy.append(packed: UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(!isNothing)
    }

    @Test func hashesOfManyMessagesMayBeTheSame() throws {
        let opened = try open(Self.small())
        for round in 0..<40 {
            try opened.file.touch()
            for number in 0..<50 { try opened.index.add(77, MessageID(rawValue: UInt64(round * 50 + number + 1))) }
            try opened.index.prepareCommit()
            try opened.file.commit()
            opened.index.committed()
        }
        #expect(try found(opened.index, 77).count == 2000)
        #expect(try found(opened.index, 76).isEmpty)
        let reader = try DayReader(Day(number: 0), path: directory.file("index.db"))
        #expect(try reader.candidates(.key, [77]).count == 2000)
    }

    @Test func aDamagedRunIsNamed() throws {
        do {
            let opened = try open(Self.small())
            for number in 1...2000 {
                try opened.file.touch()
                try opened.index.add(UInt64(number) << 50 | 1, MessageID(rawValue: UInt64(number)))
                try opened.index.prepareCommit()
                try opened.file.commit()
                opened.index.committed()
            }
            try opened.connection.execute("DELETE FROM index_filter")
        }
        let again = try open(Self.small())
        #expect {
            _ = try found(again.index, 5)
        } throws: { error in
            guard case StoreError.damaged(let text)? = error as? StoreError else { return false }
            return text.contains(directory.file("index.db"))
        }
    }
}
