/// What is in memory of a sorted run: for each of its blocks the first hash, and a Bloom filter of 2,560 bits.
///
/// A filter of its own for each block lets a run be written, and read back, block by block. With the 252 entries that
/// a block holds, some 10 bits an entry, about one look in a hundred at a block finds nothing there.
struct SortedRunFilter {
    private static let bits: UInt64 = 2560
    static let words = 40
    private static let probes: UInt64 = 6

    /// First hash of each block; rising.
    private(set) var fences: [UInt64] = []
    private var filters: [UInt64] = []

    /// Adds the next block.
    mutating func append(_ block: ArraySlice<IndexEntry>) {
        fences.append(block.first?.hash ?? 0)
        let base = filters.count
        filters.append(contentsOf: repeatElement(0, count: Self.words))
        filters.withUnsafeMutableBufferPointer { filters in
            for entry in block {
                for probe in 0..<Self.probes {
                    let bit = Self.bit(probe, of: entry.hash)
                    filters[base + bit / 64] |= 1 << (bit % 64)
                }
            }
        }
    }

    /// Blocks that may hold the hash.
    func blocks(holding hash: UInt64) -> Range<Int> {
        guard !fences.isEmpty else { return 0..<0 }
        // Hashes are spread evenly: the guess is a few places off at most, whatever the run's size.
        var place = min(fences.count - 1, Int(hash.multipliedFullWidth(by: UInt64(fences.count)).high))
        while place + 1 < fences.count, fences[place + 1] <= hash { place += 1 }
        while place > 0, fences[place] > hash { place -= 1 }
        guard fences[place] <= hash else { return 0..<0 }
        // The same hash may begin at the end of the block before.
        var first = place
        while first > 0, fences[first] == hash { first -= 1 }
        if first == place { return mayHold(hash, block: place) ? place..<place + 1 : 0..<0 }
        return first..<place + 1
    }

    private func mayHold(_ hash: UInt64, block: Int) -> Bool {
        // Nearly half of the bits are set, so a branch on each would be guessed wrong every other time, and the look at
        // the next run wait for this one's memory.
        allSet(0..<Self.probes / 2, of: hash, block) && allSet(Self.probes / 2..<Self.probes, of: hash, block)
    }

    private func allSet(_ probes: Range<UInt64>, of hash: UInt64, _ block: Int) -> Bool {
        var all: UInt64 = 1
        for probe in probes {
            let bit = Self.bit(probe, of: hash)
            all &= filters[block * Self.words + bit / 64] >> UInt64(bit % 64)
        }
        return all == 1
    }

    /// The place of one of a hash's bits in a block's filter.
    private static func bit(_ probe: UInt64, of hash: UInt64) -> Int {
        let mixed = hash &* 0x9E37_79B9_7F4A_7C15
        let value = ((mixed ^ hash) &+ probe &* (mixed >> 32 | 1)) & 0xFFFF_FFFF
        return Int((value &* bits) >> 32)
    }

    // MARK: As stored

    /// Blocks that one stored row tells of: it fills a page.
    static let blocksPerRow = 12

    /// The row of `blocksPerRow` blocks that begins with block `first`, or what there is of it: little-endian words,
    /// for each block its fence and its filter.
    func packed(from first: Int) -> [UInt64] {
        var words: [UInt64] = []
        for block in first..<min(fences.count, first + Self.blocksPerRow) {
            words.append(fences[block].littleEndian)
            for word in filters[block * Self.words..<(block + 1) * Self.words] { words.append(word.littleEndian) }
        }
        return words
    }

    /// Takes over the next stored row.
    /// - Returns: false if it is not whole.
    mutating func append(packed bytes: UnsafeRawBufferPointer) -> Bool {
        let size = (1 + Self.words) * 8
        guard bytes.count > 0, bytes.count % size == 0 else { return false }
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            if offset % size == 0 { fences.append(word) } else { filters.append(word) }
        }
        return true
    }
}
