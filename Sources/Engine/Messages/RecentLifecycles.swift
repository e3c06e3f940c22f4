internal import SMSModel
internal import Storage

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
