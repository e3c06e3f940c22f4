internal import SMSModel

/// What an index holds of a message: the hash of what it is found by, and its id. In a run they rise by both.
struct IndexEntry: Hashable, Comparable, Sendable {
    var hash: UInt64
    /// A message's id.
    var id: UInt64

    static func < (a: IndexEntry, b: IndexEntry) -> Bool { a.hash != b.hash ? a.hash < b.hash : a.id < b.id }
}

/// Entries in memory: 16 bytes each in 64 sub-tables of open addressing, by the hash's top bits, so that a rehash
/// moves one sixty-fourth at a time and no commit waits for all of it.
///
/// A hash is no proof: the caller verifies each candidate against the stored row.
struct EntryTable {
    static let parts = 64
    private static let partBits: UInt64 = 6
    private var tables: [Part]
    private(set) var count = 0

    init() {
        tables = Array(repeating: Part(), count: Self.parts)
    }

    /// Memory that the tables take.
    var capacityBytes: Int { tables.reduce(0) { $0 + $1.slots.capacity * MemoryLayout<IndexEntry>.stride } }

    /// - Parameter entry: its hash is not 0.
    mutating func insert(_ entry: IndexEntry) {
        tables[Int(entry.hash >> (64 - Self.partBits))].insert(entry)
        count += 1
    }

    /// Visits the ids under a hash until `verify` answers true.
    func find<E: Error>(_ hash: UInt64, where verify: (MessageID) throws(E) -> Bool) throws(E) -> MessageID? {
        try tables[Int(hash >> (64 - Self.partBits))].find(hash, where: verify)
    }

    /// The entries of one sub-table by rising hash: those of all, part by part, rise throughout.
    func sorted(part: Int) -> [IndexEntry] {
        tables[part].slots.filter { $0.hash != 0 }.sorted()
    }

    private struct Part {
        /// A hash of 0 is a free slot.
        var slots: [IndexEntry] = []
        var count = 0

        /// The high bits choose the part, so the place goes by the low ones, spread by a multiplication.
        func place(_ hash: UInt64) -> Int {
            Int((hash &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: UInt64(slots.count)).high)
        }

        func next(_ place: Int) -> Int { place + 1 == slots.count ? 0 : place + 1 }

        func find<E: Error>(_ hash: UInt64, where verify: (MessageID) throws(E) -> Bool) throws(E) -> MessageID? {
            guard !slots.isEmpty else { return nil }
            var place = place(hash)
            while slots[place].hash != 0 {
                let id = MessageID(rawValue: slots[place].id)
                if slots[place].hash == hash, try verify(id) { return id }
                place = next(place)
            }
            return nil
        }

        mutating func insert(_ entry: IndexEntry) {
            if (count + 1) * 5 > slots.count * 4 { grow() }
            put(entry)
        }

        private mutating func put(_ entry: IndexEntry) {
            var place = place(entry.hash)
            while slots[place].hash != 0 { place = next(place) }
            slots[place] = entry
            count += 1
        }

        private mutating func grow() {
            let kept = slots
            slots = Array(repeating: IndexEntry(hash: 0, id: 0), count: max(16, kept.count * 3 / 2))
            count = 0
            for entry in kept where entry.hash != 0 { put(entry) }
        }
    }
}
