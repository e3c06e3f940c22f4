package import SMSModel

/// Where the sweep of a ``MessageQueue`` goes on. Its place in a ring is the pool's walker.
struct SweepPosition {
    var slot = 0
    /// Place in the flow's heap of returned messages.
    var returned = 0
}

/// How messages leave out of turn.
extension MessageQueue {
    /// A message and the flow it was taken from.
    package typealias Removed = (message: QueuedMessage, flow: FlowKey)

    /// Fewer tombstones than this are never worth a walk.
    private static let fewTombstones = 1024

    /// Cancels a message that waits: it is dropped when its turn comes or the sweep meets it.
    ///
    /// An id that doesn't wait does no harm. Tombstones never outnumber what waits, save for the first 1024: past
    /// that, one walk drops all of them.
    package mutating func cancel(_ id: MessageID) {
        guard !isEmpty else { return }
        tombstones.insert(id.rawValue)
        if tombstones.count > max(Self.fewTombstones, count) { dropCanceled() }
    }

    /// Undoes a push, for a commit that failed: at once if the message is its flow's last, else as ``cancel(_:)``.
    /// So undo a burst from its end. The id may then be pushed again.
    package mutating func retract(_ id: MessageID, flow key: FlowKey) {
        guard let slot = slots[key.packed] else { return }
        guard flows[slot].ring.removeLast(id.rawValue, pool: &pool) else { return cancel(id) }
        tombstones.remove(id.rawValue)
        afterRemoval(1, from: slot)
    }

    /// Removes and returns the messages whose validity is over, in blocked flows too, and drops canceled ones.
    ///
    /// Goes on where the last call stopped, and at most once around. A message may be passed over when others
    /// leave around it; a later round meets it.
    ///
    /// - Parameters:
    ///   - now: milliseconds since the Unix epoch.
    ///   - budget: messages to look at, rounded up to whole blocks of 40; a flow counts as one more.
    package mutating func sweepExpired(now: Int64, budget: Int) -> [Removed] {
        var expired: [Removed] = []
        guard !isEmpty else { return expired }
        var left = budget
        var flowsLeft = flows.count + 1
        while left > 0, flowsLeft > 0 {
            if let block = pool.walker {
                left -= block.count
                pool.walker = block.next
                filter(block, of: sweep.slot, into: &expired) { $0.expiresAt <= now }
            } else if sweep.returned < flows[sweep.slot].returned.count {
                left -= 1
                sweepReturned(now: now, into: &expired)
            } else {
                left -= 1
                flowsLeft -= 1
                sweep.slot = sweep.slot + 1 < flows.count ? sweep.slot + 1 : 0
                sweep.returned = 0
                pool.walker = flows[sweep.slot].ring.head
            }
        }
        return expired
    }

    /// Removes and returns the messages whose ids are picked, flow by flow: to hold a batch that is paused.
    /// Looks at every message, and drops canceled ones.
    package mutating func extract(where isPicked: (MessageID) -> Bool) -> [Removed] {
        var picked: [Removed] = []
        for slot in flows.indices {
            var block = flows[slot].ring.head
            while let this = block {
                block = this.next
                filter(this, of: slot, into: &picked) { isPicked($0.id) }
            }
            filterReturned(of: slot, into: &picked) { isPicked($0.id) }
        }
        return picked
    }

    /// Walks all flows and drops what was canceled; then no tombstone is left.
    mutating func dropCanceled() {
        _ = extract { _ in false }
        tombstones.removeAll()
    }

    private mutating func filter(
        _ block: Block, of slot: Int, into removed: inout [Removed], where isOver: (QueuedMessage) -> Bool
    ) {
        var kept = block.start
        for index in block.start..<block.end {
            let message = block.message(at: index)
            if !tombstones.isEmpty, tombstones.remove(message.id.rawValue) != nil { continue }
            if isOver(message) {
                removed.append((message, flows[slot].key))
            } else {
                block.move(from: index, to: kept)
                kept += 1
            }
        }
        let removedCount = block.end - kept
        flows[slot].ring.truncate(block, to: kept, pool: &pool)
        afterRemoval(removedCount, from: slot)
    }

    private mutating func filterReturned(
        of slot: Int, into removed: inout [Removed], where isOver: (QueuedMessage) -> Bool
    ) {
        var gone: Set<UInt64> = []
        for message in flows[slot].returned.entries {
            if tombstones.remove(message.id.rawValue) != nil {
                gone.insert(message.id.rawValue)
            } else if isOver(message) {
                gone.insert(message.id.rawValue)
                removed.append((message, flows[slot].key))
            }
        }
        if gone.isEmpty { return }
        flows[slot].returned.removeAll { gone.contains($0.id.rawValue) }
        afterRemoval(gone.count, from: slot)
    }

    private mutating func sweepReturned(now: Int64, into removed: inout [Removed]) {
        let message = flows[sweep.slot].returned.entries[sweep.returned]
        let isCanceled = tombstones.remove(message.id.rawValue) != nil
        guard isCanceled || message.expiresAt <= now else {
            sweep.returned += 1
            return
        }
        flows[sweep.slot].returned.remove(at: sweep.returned)
        if !isCanceled { removed.append((message, flows[sweep.slot].key)) }
        afterRemoval(1, from: sweep.slot)
    }

    private mutating func afterRemoval(_ removed: Int, from slot: Int) {
        guard removed > 0 else { return }
        levels[Self.level(flows[slot].key.priority)].count -= removed
        settle(slot)
    }
}
