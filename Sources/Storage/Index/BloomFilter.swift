/// A Bloom filter of all hashes that the runs hold together. It says of most others in one look that no run has them,
/// so what a look costs hardly depends on how many runs there are.
///
/// It grows by parts of one size, each filled before the next. The bits of a hash lie in one word, so that a part costs
/// one access to memory: with 12 bits an entry about one look in ninety at a full part finds bits of others.
struct BloomFilter {
    private let partEntries: Int
    private var parts: [[UInt64]] = []
    /// Entries that the last part has room for.
    private var room = 0

    init(partEntries: Int = 1 << 21) {
        self.partEntries = partEntries
    }

    private var wordsPerPart: Int { partEntries * 12 / 64 }

    mutating func insert(_ hash: UInt64) {
        if room == 0 {
            parts.append(Array(repeating: 0, count: wordsPerPart))
            room = partEntries
        }
        room -= 1
        parts[parts.count - 1][place(hash)] |= Self.bits(hash)
    }

    func mayHold(_ hash: UInt64) -> Bool {
        let (place, bits) = (place(hash), Self.bits(hash))
        return parts.contains { $0[place] & bits == bits }
    }

    /// The same of several hashes: with so little between them, their accesses to memory don't wait for each other.
    func mayHold(_ hashes: [UInt64]) -> [Bool] {
        var found = Array(repeating: false, count: hashes.count)
        for part in parts {
            for (index, hash) in hashes.enumerated() {
                let bits = Self.bits(hash)
                if part[place(hash)] & bits == bits { found[index] = true }
            }
        }
        return found
    }

    /// Rises with the hash: what comes sorted goes through a part from its beginning to its end.
    private func place(_ hash: UInt64) -> Int { Int(hash.multipliedFullWidth(by: UInt64(wordsPerPart)).high) }

    private static func bits(_ hash: UInt64) -> UInt64 {
        let mixed = hash &* 0x9E37_79B9_7F4A_7C15
        return 1 << (mixed >> 58) | 1 << (mixed >> 52 & 63) | 1 << (mixed >> 46 & 63) | 1 << (mixed >> 40 & 63)
    }
}
