/// The ids of the calls in flight on one connection: a small open-addressed set.
///
/// Ids follow each other, so `id & mask` hardly ever collides; adding and removing cost a few nanoseconds
/// and no allocation but for growth, which the bound on calls in flight ends.
struct CallTable: Sendable {
    /// 0 = free: no call has that id.
    private var slots: [UInt32]
    private(set) var count = 0

    init() {
        slots = []
    }

    var isEmpty: Bool { count == 0 }

    func contains(_ id: UInt32) -> Bool {
        guard count > 0 else { return false }
        return slots[position(of: id)] == id
    }

    /// `id` isn't in the table, and isn't 0.
    mutating func insert(_ id: UInt32) {
        if (count + 1) * 2 > slots.count { grow() }
        slots[position(of: id)] = id
        count += 1
    }

    /// - Returns: whether it was there.
    mutating func remove(_ id: UInt32) -> Bool {
        guard count > 0 else { return false }
        var hole = position(of: id)
        guard slots[hole] == id else { return false }
        // Close the gap: an entry further on, which would be looked for from a place up to the hole, moves into it.
        let mask = slots.count - 1
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let home = Int(slots[next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
        count -= 1
        return true
    }

    mutating func removeAll() {
        slots = []
        count = 0
    }

    /// Where `id` is, or the free slot where it would go.
    private func position(of id: UInt32) -> Int {
        let mask = slots.count - 1
        var position = Int(id) & mask
        while slots[position] != 0, slots[position] != id { position = (position + 1) & mask }
        return position
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: max(16, old.count * 2))
        for id in old where id != 0 { slots[position(of: id)] = id }
    }
}
