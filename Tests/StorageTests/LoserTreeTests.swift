internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

@Suite struct LoserTreeTests {
    /// Whatever their number, also none, and of whatever lengths.
    @Test(arguments: [0, 1, 2, 3, 5, 7, 8, 9, 64, 128])
    func mergesSortedSequences(_ count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        // Few hashes, so that many are the same; the highest that there may be among them.
        let sequences = (0..<count).map { sequence in
            (0..<Int.random(in: 0...40, using: &generator)).map { place in
                let hash = generator.next() % 20
                return IndexEntry(hash: hash == 0 ? .max : hash, id: UInt64(place * 128 + sequence))
            }.sorted()
        }
        var places = Array(repeating: 1, count: count)
        var tree = LoserTree(sequences.map(\.first))
        var merged: [IndexEntry] = []
        while let (entry, sequence) = tree.least {
            merged.append(entry)
            let place = places[sequence]
            places[sequence] += 1
            tree.replaceLeast(by: place < sequences[sequence].count ? sequences[sequence][place] : nil)
        }
        #expect(merged == sequences.joined().sorted())
    }
}
