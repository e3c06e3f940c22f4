internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

@Suite struct EntryTableTests {
    /// All ids under a hash.
    private func found(_ table: EntryTable, _ hash: UInt64) -> Set<UInt64> {
        var ids: Set<UInt64> = []
        _ = table.find(hash) { (id) -> Bool in
            ids.insert(id.rawValue)
            return false
        }
        return ids
    }

    @Test(arguments: 1...5)
    func agreesWithADictionary(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = EntryTable()
        var model: [UInt64: Set<UInt64>] = [:]
        // Few hashes, so that many entries share one; some that share a part and lie side by side.
        let hashes = (0..<500).map { number -> UInt64 in
            number % 3 == 0 ? UInt64(number + 1) : max(1, generator.next())
        }
        for step in 1...5000 {
            let hash = hashes.randomElement(using: &generator)!
            if generator.oneIn(3) {
                #expect(found(table, hash) == model[hash] ?? [])
            } else {
                table.insert(IndexEntry(hash: hash, id: UInt64(step)))
                model[hash, default: []].insert(UInt64(step))
            }
        }
        for hash in hashes { #expect(found(table, hash) == model[hash] ?? []) }
        #expect(found(table, 0xDEAD_BEEF) == [])
        // Part by part, all of it rises.
        let sorted = (0..<EntryTable.parts).flatMap { table.sorted(part: $0) }
        #expect(sorted.count == table.count)
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { ($0.hash, $0.id) < ($1.hash, $1.id) })
    }

    @Test func theVisitorChoosesAmongEntriesOfOneHash() {
        var table = EntryTable()
        for number in 1...10 { table.insert(IndexEntry(hash: 42, id: UInt64(number))) }
        let seven = MessageID(rawValue: 7)
        #expect(table.find(42) { (id) -> Bool in id == seven } == seven)
        #expect(table.find(42) { (_) -> Bool in false } == nil)
        #expect(table.find(43) { (_) -> Bool in true } == nil)
        #expect(EntryTable().find(42) { (_) -> Bool in true } == nil)
    }

    @Test func aMillionEntriesStayWithinTheirMemory() {
        var table = EntryTable()
        var generator = SeededGenerator(seed: 1)
        for number in 1...UInt64(1_000_000) { table.insert(IndexEntry(hash: max(1, generator.next()), id: number)) }
        #expect(table.count == 1_000_000)
        #expect(table.capacityBytes <= 32 * 1_000_000)
        #expect(table.capacityBytes >= 16 * 1_000_000)
    }
}
