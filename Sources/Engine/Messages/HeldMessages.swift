internal import SMSModel
internal import Scheduling

/// Messages of paused batches that came to their turn, until their batch is resumed.
///
/// A value without IO or clock.
struct HeldMessages {
    private var entries: [BatchID: [QueuedEntry]] = [:]
    /// When the validity of the first of them is over; may be too early. The largest number = none is held.
    private(set) var nextExpiry = Int64.max

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.values.reduce(0) { $0 + $1.count } }
    var batches: [BatchID] { entries.keys.sorted() }

    /// The messages of one tenant. All of a batch are of one.
    func count(of tenant: TenantID) -> Int {
        entries.values.reduce(0) { $1.first?.flow.tenant == tenant ? $0 + $1.count : $0 }
    }

    /// No message that is held has a lower id. Looks at every message.
    var lowestID: MessageID? { entries.values.lazy.joined().map(\.message.id).min() }

    mutating func hold(_ entry: QueuedEntry, of batch: BatchID) {
        entries[batch, default: []].append(entry)
        nextExpiry = min(nextExpiry, entry.message.expiresAt)
    }

    /// Takes out the messages of a batch.
    mutating func release(_ batch: BatchID) -> [QueuedEntry] { entries.removeValue(forKey: batch) ?? [] }

    /// Takes out messages whose validity is over.
    mutating func takeExpired(now: Int64) -> [QueuedEntry] {
        guard now >= nextExpiry else { return [] }
        return takeOut { $0.message.expiresAt <= now }
    }

    mutating func remove(_ ids: Set<MessageID>) {
        guard !ids.isEmpty else { return }
        _ = takeOut { ids.contains($0.message.id) }
    }

    private mutating func takeOut(where isMeant: (QueuedEntry) -> Bool) -> [QueuedEntry] {
        var taken: [QueuedEntry] = []
        nextExpiry = .max
        for batch in batches {
            let all = entries[batch] ?? []
            let left = all.filter { !isMeant($0) }
            if left.count < all.count { taken += all.filter(isMeant) }
            entries[batch] = left.isEmpty ? nil : left
            for entry in left { nextExpiry = min(nextExpiry, entry.message.expiresAt) }
        }
        return taken
    }
}
