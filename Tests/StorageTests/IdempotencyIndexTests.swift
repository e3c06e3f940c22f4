internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@Suite struct IdempotencyIndexTests {
    private func id(_ value: UInt64) -> MessageID { MessageID(rawValue: value) }

    /// All ids under a hash.
    private func found(_ index: IdempotencyIndex, _ hash: UInt64) -> Set<UInt64> {
        var ids: Set<UInt64> = []
        _ = index.find(hash) { (id) -> Bool in
            ids.insert(id.rawValue)
            return false
        }
        return ids
    }

    @Test(arguments: 1...5)
    func agreesWithADictionary(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var index = IdempotencyIndex()
        var model: [UInt64: Set<UInt64>] = [:]
        // Few hashes, so that many entries share one; some that share a table and lie side by side.
        let hashes = (0..<500).map { number -> UInt64 in
            number % 3 == 0 ? UInt64(number + 1) : max(1, generator.next())
        }
        for step in 1...5000 {
            let hash = hashes.randomElement(using: &generator)!
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                index.insert(hash, id(UInt64(step)), oldest: id(0))
                model[hash, default: []].insert(UInt64(step))
            case 6..<8:
                if let old = model[hash]?.randomElement(using: &generator) {
                    index.remove(hash, id(old))
                    model[hash]!.remove(old)
                } else {
                    index.remove(hash, id(UInt64(step)))
                }
            default: #expect(found(index, hash) == model[hash] ?? [])
            }
        }
        for hash in hashes { #expect(found(index, hash) == model[hash] ?? []) }
        #expect(found(index, 0xDEAD_BEEF) == [])
    }

    @Test func theVisitorChoosesAmongEntriesOfOneHash() {
        var index = IdempotencyIndex()
        for number in 1...10 { index.insert(42, id(UInt64(number)), oldest: id(0)) }
        #expect(index.find(42) { (id) -> Bool in id.rawValue == 7 } == id(7))
        #expect(index.find(42) { (_) -> Bool in false } == nil)
        #expect(index.find(43) { (_) -> Bool in true } == nil)
        #expect(IdempotencyIndex().find(42) { (_) -> Bool in true } == nil)
    }

    @Test func entriesPastTheWindowAreDroppedAsItGrows() {
        var index = IdempotencyIndex()
        var generator = SeededGenerator(seed: 9)
        let window: UInt64 = 50_000
        for number in 1...UInt64(400_000) {
            index.insert(max(1, generator.next()), id(number), oldest: id(number > window ? number - window : 0))
        }
        // What is in the window, and at most what piled up since each table last grew.
        #expect(index.count >= Int(window))
        #expect(index.count < Int(window) * 3)
    }

    @Test func entriesInTheWindowAreNeverDropped() {
        var index = IdempotencyIndex()
        for number in 1...UInt64(20_000) {
            index.insert(number &* 0x9E37_79B9_7F4A_7C15, id(number), oldest: id(10_000))
        }
        for number in 10_000...UInt64(20_000) {
            #expect(found(index, number &* 0x9E37_79B9_7F4A_7C15).contains(number))
        }
    }

    @Test func aMillionEntriesStayWithinTheirMemory() {
        var index = IdempotencyIndex()
        var generator = SeededGenerator(seed: 1)
        for number in 1...UInt64(1_000_000) { index.insert(max(1, generator.next()), id(number), oldest: id(0)) }
        #expect(index.count == 1_000_000)
        #expect(index.capacityBytes <= 32 * 1_000_000)
        #expect(index.capacityBytes >= 16 * 1_000_000)
    }
}
