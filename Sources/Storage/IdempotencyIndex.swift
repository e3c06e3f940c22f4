package import SMSModel

/// Finds the message that an idempotency key made: hash of (tenant, key) to id, 16 bytes an entry.
///
/// A hash is no proof: the caller verifies each candidate against the stored row. Entries older than the
/// window are dropped as the table grows. Open addressing with linear probes in 64 sub-tables, so that a
/// rehash moves one sixty-fourth at a time and no commit waits for all of it.
package struct IdempotencyIndex {
    private static let tableBits: UInt64 = 6
    private var tables: [Table]

    package init() {
        tables = Array(repeating: Table(), count: 1 << Self.tableBits)
    }

    /// Entries held, those past the window that are not dropped yet and those taken back included.
    package var count: Int { tables.reduce(0) { $0 + $1.count } }

    /// Memory that the tables take.
    package var capacityBytes: Int { tables.reduce(0) { $0 + $1.slots.capacity * MemoryLayout<Slot>.stride } }

    /// - Parameters:
    ///   - hash: not 0.
    ///   - oldest: messages with lower ids are past the window and may be dropped.
    package mutating func insert(_ hash: UInt64, _ id: MessageID, oldest: MessageID) {
        tables[Int(hash >> (64 - Self.tableBits))].insert(hash, id.rawValue, oldest: oldest.rawValue)
    }

    /// Takes back an entry whose commit failed.
    package mutating func remove(_ hash: UInt64, _ id: MessageID) {
        tables[Int(hash >> (64 - Self.tableBits))].forget(hash, id.rawValue)
    }

    /// Visits the ids under a hash until `verify` answers true.
    package func find<E: Error>(_ hash: UInt64, where verify: (MessageID) throws(E) -> Bool) throws(E) -> MessageID? {
        let table = tables[Int(hash >> (64 - Self.tableBits))]
        guard !table.slots.isEmpty else { return nil }
        var place = table.place(hash)
        while table.slots[place].hash != 0 {
            let slot = table.slots[place]
            if slot.hash == hash, slot.id != 0, try verify(MessageID(rawValue: slot.id)) {
                return MessageID(rawValue: slot.id)
            }
            place = table.next(place)
        }
        return nil
    }

    private struct Slot {
        /// 0 = free.
        var hash: UInt64
        /// 0 = taken back.
        var id: UInt64
    }

    private struct Table {
        var slots: [Slot] = []
        var count = 0

        /// The high bits choose the table, so the place goes by the low ones, spread by a multiplication.
        func place(_ hash: UInt64) -> Int {
            Int((hash &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: UInt64(slots.count)).high)
        }

        func next(_ place: Int) -> Int { place + 1 == slots.count ? 0 : place + 1 }

        mutating func insert(_ hash: UInt64, _ id: UInt64, oldest: UInt64) {
            if (count + 1) * 5 > slots.count * 4 { grow(oldest: oldest) }
            put(Slot(hash: hash, id: id))
        }

        private mutating func put(_ slot: Slot) {
            var place = place(slot.hash)
            while slots[place].hash != 0 { place = next(place) }
            slots[place] = slot
            count += 1
        }

        mutating func forget(_ hash: UInt64, _ id: UInt64) {
            guard !slots.isEmpty else { return }
            var place = place(hash)
            while slots[place].hash != 0 {
                if slots[place].hash == hash, slots[place].id == id { slots[place].id = 0 }
                place = next(place)
            }
        }

        /// Half as large again, or as small as the entries within the window allow.
        private mutating func grow(oldest: UInt64) {
            let kept = slots.filter { $0.hash != 0 && $0.id >= oldest && $0.id != 0 }
            slots = Array(repeating: Slot(hash: 0, id: 0), count: max(16, kept.count * 15 / 8))
            count = 0
            for slot in kept { put(slot) }
        }
    }
}
