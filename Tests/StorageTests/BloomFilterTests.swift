internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

@Suite struct BloomFilterTests {
    /// Its parts are of 10,000 entries.
    private func filter(of hashes: [UInt64]) -> BloomFilter {
        var filter = BloomFilter(partEntries: 10_000)
        for hash in hashes { filter.insert(hash) }
        return filter
    }

    @Test(arguments: [0, 1, 9_997, 9_998, 45_000])
    func missesNothing(_ count: Int) {
        var generator = SeededGenerator(seed: 1)
        let hashes = (0..<count).map { _ in generator.next() } + [1, 2, .max]
        let filter = filter(of: hashes)
        #expect(hashes.allSatisfy { filter.mayHold($0) })
        #expect(filter.mayHold(hashes).allSatisfy { $0 })
    }

    @Test func keepsMostLooksAway() {
        var generator = SeededGenerator(seed: 2)
        let filter = filter(of: (0..<10_000).map { _ in generator.next() })
        let others = (0..<50_000).map { _ in generator.next() }
        let found = filter.mayHold(others)
        #expect(found == others.map { filter.mayHold($0) })
        #expect(found.count { $0 } < 750, "three in two hundred")
    }

    @Test func holdsNothingAtFirst() {
        #expect(!BloomFilter().mayHold(1))
        #expect(BloomFilter().mayHold([1, 2]) == [false, false])
    }
}
