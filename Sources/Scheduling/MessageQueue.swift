package import SMSModel

/// All messages that wait to be handed to a provider, and the order in which they are.
///
/// - URGENT goes strictly first. Of NORMAL and BULK, while both have a message that may go, BULK gets one of
///   every `normalPerBulk` + 1 hand-offs: that is its starvation bound (URGENT not counted).
/// - Within a priority, tenants share hand-offs by their weights. A tenant with flows in several candidate sets
///   has a share in each.
/// - Within a flow, the lowest id goes first.
///
/// A flow waits aside, at no cost to the others, while its candidate set is closed (``setAccess(_:of:)``) or
/// its tenant is paused. Pure: no clock, and the same calls give the same order. One owner, one thread.
///
/// Memory: 12.8 bytes a message in a full flow, and at most one 512-byte block a flow besides. A message pushed
/// behind a greater id of its flow takes 16 bytes and the slack of a heap.
package struct MessageQueue: ~Copyable {
    /// What of a candidate set may be handed off.
    package enum Access: UInt8, Comparable, Sendable {
        case closed
        case urgentOnly
        case open

        package static func < (one: Access, other: Access) -> Bool { one.rawValue < other.rawValue }
    }

    private let normalPerBulk: Int
    /// Hand-offs of NORMAL since the last of BULK while BULK could have gone.
    private var normalInARow = 0

    /// URGENT, NORMAL, BULK.
    var levels = [Level(), Level(), Level()]
    private var queues: [CandidateQueue] = []
    /// The place in its level's heap, by queue.
    private var queuePlaces: [Int32] = []
    /// The queue, or -1, by candidate set and level.
    private var queueTable: [Int32] = []
    /// The access by candidate set; those beyond its end are open.
    private var access: [Access] = []

    /// Some of these slots are free: those with no message.
    var flows: [Flow] = []
    /// The place in its queue's heap, by slot.
    private var flowPlaces: [Int32] = []
    private var freeSlots: [Int] = []
    var slots: [UInt64: Int] = [:]
    /// Where the last push went: a burst mostly goes on in the same flow.
    private var lastPushed = 0

    private var weights: [TenantID: Int] = [:]
    private var pausedTenants: Set<TenantID> = []

    var pool = BlockPool()
    /// Canceled, but perhaps still in a flow.
    var tombstones: Set<UInt64> = []
    var sweep = SweepPosition()

    /// - Parameter normalPerBulk: NORMAL hand-offs for one of BULK while both wait; at least 1.
    package init(normalPerBulk: Int = Limits.normalHandOffsPerBulk) {
        precondition(normalPerBulk >= 1)
        self.normalPerBulk = normalPerBulk
    }

    deinit {
        for flow in flows {
            var block = flow.ring.head
            while let this = block {
                block = this.next
                this.deallocate()
            }
        }
    }

    // MARK: What waits

    /// Messages held, canceled ones included until they are dropped.
    package var count: Int { levels[0].count + levels[1].count + levels[2].count }
    package var isEmpty: Bool { count == 0 }

    /// The same as ``count``, for one priority.
    package func count(_ priority: Priority) -> Int { levels[Self.level(priority)].count }

    /// The same as ``count(_:)``, for one tenant.
    package func count(_ priority: Priority, of tenant: TenantID) -> Int {
        (0..<queueTable.count / 3).reduce(0) { count, set in
            let key = FlowKey(candidates: UInt16(set), priority: priority, tenant: tenant)
            return count + (slots[key.packed].map { flows[$0].count } ?? 0)
        }
    }

    /// Canceled ids not yet dropped.
    package var tombstoneCount: Int { tombstones.count }

    /// No message that waits has a lower id. Looks at every flow.
    package func lowestID(of priority: Priority? = nil) -> MessageID? {
        flows.lazy.filter { priority == nil || $0.key.priority == priority }.compactMap(\.firstID).min()
            .map(MessageID.init(rawValue:))
    }

    // MARK: In and out

    /// Adds a message: at its flow's tail, or before the greater ids that wait there already.
    ///
    /// The id must not wait already. A message whose id was canceled lives again, at the price of a walk over all
    /// that waits: so cancel only what waits.
    package mutating func push(_ message: QueuedMessage, flow key: FlowKey) {
        if !tombstones.isEmpty, tombstones.contains(message.id.rawValue) { dropCanceled() }
        let slot = findFlow(key)
        let before = flows[slot].firstID
        flows[slot].push(message, pool: &pool)
        levels[Self.level(key.priority)].count += 1
        guard let before else { return enter(slot) }
        if message.id.rawValue < before { refresh(slot) }
    }

    /// Takes back a message that was popped: for a commit that failed, a provider that had no room after all,
    /// or a retry. The same as ``push(_:flow:)``: its id brings it ahead of the flow's tail. The tenant's share
    /// stays charged.
    package mutating func pushBack(_ message: QueuedMessage, flow: FlowKey) {
        push(message, flow: flow)
    }

    /// Takes out the message that is to be handed off next. It may be expired: the caller compares.
    ///
    /// - Parameter urgentOnly: as if every open candidate set were urgent-only.
    package mutating func pop(urgentOnly: Bool = false) -> (message: QueuedMessage, flow: FlowKey)? {
        while let level = nextLevel(urgentOnly: urgentOnly), let first = levels[level].queues.first {
            let queue = Int(first.item)
            guard let slot = queues[queue].flows.first.map({ Int($0.item) }) else { return nil }
            let message = flows[slot].popFirst(pool: &pool)
            let key = flows[slot].key
            levels[level].count -= 1
            if !tombstones.isEmpty, tombstones.remove(message.id.rawValue) != nil {
                settle(slot)
                continue
            }
            countTurn(level)
            levels[level].clock = max(levels[level].clock, first.key.tag)
            queues[queue].clock = flows[slot].tag
            flows[slot].tag += flows[slot].stride
            settle(slot)
            return (message, key)
        }
        return nil
    }

    /// Changes nothing; were it not mutating, the compiler would copy the whole struct for the call.
    private mutating func nextLevel(urgentOnly: Bool) -> Int? {
        if !levels[0].queues.isEmpty { return 0 }
        if urgentOnly { return nil }
        if levels[1].queues.isEmpty { return levels[2].queues.isEmpty ? nil : 2 }
        if levels[2].queues.isEmpty { return 1 }
        return normalInARow < normalPerBulk ? 1 : 2
    }

    private mutating func countTurn(_ level: Int) {
        switch level {
        case 1 where !levels[2].queues.isEmpty: normalInARow += 1
        case 2: normalInARow = 0
        default: break
        }
    }

    // MARK: Who may go

    /// Whether ``pop(urgentOnly:)`` would look at a message. Mutating for the same reason as it.
    package mutating func canPop(urgentOnly: Bool = false) -> Bool { nextLevel(urgentOnly: urgentOnly) != nil }

    /// Whether anything waits for a candidate set. Looks at every flow.
    package func hasMessages(of candidates: UInt16) -> Bool {
        flows.contains { $0.key.candidates == candidates && $0.count > 0 }
    }

    /// Whether something waits whose tenant isn't paused, be its candidate set open or not.
    package func hasUnpaused(urgentOnly: Bool = false) -> Bool {
        queues.contains { !$0.flows.isEmpty && (!urgentOnly || $0.level == 0) }
    }

    /// Says what of a candidate set may be handed off; at first a set is open.
    package mutating func setAccess(_ new: Access, of candidates: UInt16) {
        let set = Int(candidates)
        if set >= access.count {
            if new == .open { return }
            access.append(contentsOf: repeatElement(.open, count: set + 1 - access.count))
        }
        guard access[set] != new else { return }
        access[set] = new
        for level in levels.indices {
            guard let queue = queue(of: set, level: level) else { continue }
            queues[queue].isOpen = Self.permits(new, level: level)
            place(queue)
        }
    }

    /// Pauses or resumes all that waits, or will wait, for a tenant. Looks at every flow.
    package mutating func setPaused(_ paused: Bool, tenant: TenantID) {
        guard paused != pausedTenants.contains(tenant) else { return }
        if paused { pausedTenants.insert(tenant) } else { pausedTenants.remove(tenant) }
        for slot in flows.indices where flows[slot].key.tenant == tenant && flows[slot].count > 0 {
            if paused { leave(slot) } else { enter(slot) }
        }
    }

    /// Sets a tenant's share of the hand-offs within a priority; 1 unless set. Looks at every flow.
    ///
    /// - Parameter weight: brought into 1...``Limits/tenantWeight``.
    package mutating func setWeight(_ weight: Int, of tenant: TenantID) {
        let weight = min(max(weight, 1), Limits.tenantWeight)
        weights[tenant] = weight == 1 ? nil : weight
        for slot in flows.indices where flows[slot].key.tenant == tenant {
            flows[slot].stride = Flow.stride(weight: weight)
        }
    }

    // MARK: Flows and queues

    static func level(_ priority: Priority) -> Int { Int(priority.rawValue) - 1 }

    private static func permits(_ access: Access, level: Int) -> Bool {
        access == .open || (access == .urgentOnly && level == 0)
    }

    private mutating func findFlow(_ key: FlowKey) -> Int {
        if lastPushed < flows.count, flows[lastPushed].key.packed == key.packed, flows[lastPushed].count > 0 {
            return lastPushed
        }
        lastPushed = slots[key.packed] ?? makeFlow(key)
        return lastPushed
    }

    private mutating func makeFlow(_ key: FlowKey) -> Int {
        let queue = makeQueue(Int(key.candidates), level: Self.level(key.priority))
        let flow = Flow(key: key, queue: queue, weight: weights[key.tenant] ?? 1)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            flows[slot] = flow
        } else {
            slot = flows.count
            flows.append(flow)
            flowPlaces.append(FairHeap.absent)
        }
        slots[key.packed] = slot
        return slot
    }

    private func queue(of set: Int, level: Int) -> Int? {
        let index = 3 * set + level
        return index < queueTable.count && queueTable[index] >= 0 ? Int(queueTable[index]) : nil
    }

    private mutating func makeQueue(_ set: Int, level: Int) -> Int {
        if let queue = queue(of: set, level: level) { return queue }
        let missing = 3 * (set + 1) - queueTable.count
        if missing > 0 { queueTable.append(contentsOf: repeatElement(-1, count: missing)) }
        queueTable[3 * set + level] = Int32(queues.count)
        let isOpen = Self.permits(set < access.count ? access[set] : .open, level: level)
        queues.append(CandidateQueue(level: level, isOpen: isOpen))
        queuePlaces.append(FairHeap.absent)
        return queues.count - 1
    }

    private func fairKey(_ slot: Int) -> FairKey {
        FairKey(tag: flows[slot].tag, id: flows[slot].firstID ?? .max)
    }

    /// Puts a flow among those to be served, unless its tenant is paused. It starts at the queue's clock.
    private mutating func enter(_ slot: Int) {
        guard pausedTenants.isEmpty || !pausedTenants.contains(flows[slot].key.tenant) else { return }
        let queue = flows[slot].queue
        flows[slot].tag = max(flows[slot].tag, queues[queue].clock + flows[slot].stride)
        queues[queue].flows.insert(slot, key: fairKey(slot), places: &flowPlaces)
        place(queue)
    }

    /// Takes a flow from among those to be served.
    private mutating func leave(_ slot: Int) {
        guard flowPlaces[slot] != FairHeap.absent else { return }
        queues[flows[slot].queue].flows.remove(slot, places: &flowPlaces)
        place(flows[slot].queue)
    }

    /// Brings a flow to its place after its first message or its tag has changed.
    private mutating func refresh(_ slot: Int) {
        guard flowPlaces[slot] != FairHeap.absent else { return }
        queues[flows[slot].queue].flows.update(slot, key: fairKey(slot), places: &flowPlaces)
        place(flows[slot].queue)
    }

    /// After messages have left a flow: ends it if it is empty, else brings it to its place.
    mutating func settle(_ slot: Int) {
        guard flows[slot].count == 0 else { return refresh(slot) }
        leave(slot)
        slots[flows[slot].key.packed] = nil
        freeSlots.append(slot)
        if isEmpty { tombstones.removeAll() }
    }

    /// Brings a queue to its place in its level, or takes it from there.
    private mutating func place(_ queue: Int) {
        let level = queues[queue].level
        let isPlaced = queuePlaces[queue] != FairHeap.absent
        guard queues[queue].isOpen, var key = queues[queue].flows.first?.key else {
            if isPlaced { levels[level].queues.remove(queue, places: &queuePlaces) }
            return
        }
        if isPlaced {
            key.tag += queues[queue].shift
            levels[level].queues.update(queue, key: key, places: &queuePlaces)
        } else {
            if key.tag + queues[queue].shift < levels[level].clock {
                queues[queue].shift = levels[level].clock - key.tag
            }
            key.tag += queues[queue].shift
            levels[level].queues.insert(queue, key: key, places: &queuePlaces)
        }
    }
}
