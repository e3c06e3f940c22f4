/// How many there were of something in the time just past, counted in ten slots.
///
/// Time is a parameter, in milliseconds from any origin, best of a monotonic clock; when it goes back, it stands still
/// here. What is counted leaves after between nine and ten tenths of the window. Memory is taken once.
package struct SlidingCount: Hashable, Sendable {
    /// Of those in the window.
    package private(set) var total = 0
    private let slotMilliseconds: Int64
    private var slots = [Int](repeating: 0, count: Self.slotCount)
    /// Of the newest slot: its beginning divided by its length.
    private var newest: Int64 = 0

    private static let slotCount = 10

    /// - Parameter window: milliseconds; at least ten.
    package init(window: Int64, now: Int64) {
        precondition(window >= Int64(Self.slotCount))
        slotMilliseconds = window / Int64(Self.slotCount)
        newest = slot(now)
    }

    package mutating func add(_ count: Int = 1, now: Int64) {
        advance(now)
        slots[place(newest)] += count
        total += count
    }

    /// How many there were up to now.
    package mutating func count(now: Int64) -> Int {
        advance(now)
        return total
    }

    package mutating func removeAll(now: Int64) {
        for index in slots.indices { slots[index] = 0 }
        total = 0
        newest = max(newest, slot(now))
    }

    private mutating func advance(_ now: Int64) {
        let current = slot(now)
        guard current > newest else { return }
        guard current - newest < Int64(Self.slotCount) else { return removeAll(now: now) }
        while newest < current {
            newest += 1
            total -= slots[place(newest)]
            slots[place(newest)] = 0
        }
    }

    private func slot(_ now: Int64) -> Int64 {
        now / slotMilliseconds - (now % slotMilliseconds < 0 ? 1 : 0)
    }

    private func place(_ slot: Int64) -> Int {
        let count = Int64(Self.slotCount)
        return Int(((slot % count) + count) % count)
    }
}
