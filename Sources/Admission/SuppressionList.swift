package import SMSModel
internal import Synchronization

/// The opt-outs: who wants no messages of whom. Asked for each message by the event loops, and by the writer before
/// each attempt; what is durable of it is the store's.
///
/// Numbers take 8 bytes each. Adding or removing copies the tenant's list: some milliseconds for a million.
package final class SuppressionList: Sendable {
    private let lists = Mutex<[TenantID: [UInt64]]>([:])
    /// Bit n: some tenant whose id is n modulo 64 has entries. The others, who are the most, are told without a lock.
    private let occupied = Atomic<UInt64>(0)

    package init() {}

    /// Whether a recipient has opted out.
    ///
    /// - Parameter number: in E.164, checked.
    @inline(__always)
    package func contains(_ number: UnsafeRawBufferPointer, of tenant: TenantID) -> Bool {
        guard occupied.load(ordering: .relaxed) & Self.bit(tenant) != 0 else { return false }
        return contains(PhoneNumber.digits(of: number), of: tenant)
    }

    /// - Parameter number: its digits.
    package func contains(_ number: UInt64, of tenant: TenantID) -> Bool {
        lists.withLock { lists in
            guard let list = lists[tenant] else { return false }
            let place = list.place(of: number)
            return place < list.count && list[place] == number
        }
    }

    package func count(of tenant: TenantID) -> Int { lists.withLock { $0[tenant]?.count ?? 0 } }

    // MARK: Changes

    /// Replaces all entries, in any order.
    package func replace(with entries: [(tenant: TenantID, number: UInt64)]) {
        var new: [TenantID: [UInt64]] = [:]
        for (tenant, number) in entries { new[tenant, default: []].append(number) }
        for tenant in new.keys { new[tenant] = new[tenant]?.sortedWithoutRepeats() }
        set { [new] in $0 = new }
    }

    package func add(_ numbers: [UInt64], of tenant: TenantID) {
        let new = numbers.sortedWithoutRepeats()
        set { lists in lists[tenant] = (lists[tenant] ?? []).merged(with: new) }
    }

    package func remove(_ numbers: [UInt64], of tenant: TenantID) {
        let gone = Set(numbers)
        set { lists in lists[tenant]?.removeAll(where: gone.contains) }
    }

    package func add(_ number: UInt64, ofEach tenants: some Sequence<TenantID>) {
        // A list is copied only where the number is new to it.
        let missing = tenants.filter { !contains(number, of: $0) }
        guard !missing.isEmpty else { return }
        set { lists in for tenant in missing { lists[tenant] = (lists[tenant] ?? []).merged(with: [number]) } }
    }

    package func remove(_ number: UInt64, ofEach tenants: some Sequence<TenantID>) {
        set { lists in
            for tenant in tenants {
                guard let list = lists[tenant], case let place = list.place(of: number), place < list.count,
                    list[place] == number
                else { continue }
                lists[tenant]?.remove(at: place)
            }
        }
    }

    private func set(_ change: (inout [TenantID: [UInt64]]) -> Void) {
        lists.withLock { lists in
            change(&lists)
            lists = lists.filter { !$0.value.isEmpty }
            occupied.store(lists.keys.reduce(0) { $0 | Self.bit($1) }, ordering: .relaxed)
        }
    }

    private static func bit(_ tenant: TenantID) -> UInt64 { 1 << UInt64(truncatingIfNeeded: tenant.rawValue & 63) }
}

extension [UInt64] {
    /// Where a number is in a rising list, or would have to be.
    fileprivate func place(of number: UInt64) -> Int {
        withUnsafeBufferPointer { list in
            var low = 0
            var high = list.count
            while low < high {
                let middle = (low + high) / 2
                if list[middle] < number { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    fileprivate func sortedWithoutRepeats() -> [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(count)
        for number in sorted() where result.last != number { result.append(number) }
        return result
    }

    /// Both rising, as is the result; what is in both is in it once.
    fileprivate func merged(with other: [UInt64]) -> [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(count + other.count)
        var start = 0
        for number in other {
            // What lies between two new ones is copied as a whole.
            let end = place(of: number)
            result.append(contentsOf: self[start..<end])
            start = end
            if end == count || self[end] != number { result.append(number) }
        }
        result.append(contentsOf: self[start...])
        return result
    }
}
