internal import SMSModel
internal import Scheduling
internal import Storage

/// A message that a provider has: what its answer is applied to.
struct InFlight {
    var stored: StoredLifecycle
    var message: QueuedEntry
    /// Its lane.
    var provider: Int
    var onUnknown: OnUnknown
    var submitted: ProviderPace.Sent
    /// What it is a message of, where its provider throttled its sender when it was handed over.
    var sender: ThrottledSenders.Key?
    /// At its provider; nil where that is what was reserved for it.
    var price: Money?
    /// The epoch of the routes by which it was handed over: ``ProviderPool/routesEpoch``.
    var routesEpoch: Int
}

/// Lifecycles of messages that were sent recently, so that their receipts need no read: two generations, of
/// which the older is dropped when the newer is full. The store has them all.
struct RecentLifecycles {
    private var newer: [MessageID: StoredLifecycle] = [:]
    private var older: [MessageID: StoredLifecycle] = [:]
    private let capacity: Int

    /// - Parameter capacity: lifecycles in one generation.
    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func insert(_ stored: StoredLifecycle) {
        if newer.count >= capacity {
            older = newer
            newer = [:]
            newer.reserveCapacity(capacity)
        }
        newer[stored.lifecycle.id] = stored
    }

    subscript(id: MessageID) -> StoredLifecycle? { newer[id] ?? older[id] }

    mutating func remove(_ id: MessageID) -> StoredLifecycle? {
        newer.removeValue(forKey: id) ?? older.removeValue(forKey: id)
    }

    mutating func removeAll() {
        newer.removeAll()
        older.removeAll()
    }
}
