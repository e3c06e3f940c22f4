internal import DequeModule
internal import SMSModel
internal import Storage

/// Receipts that match no message yet, for the answer that may tell what they are for: what the store has of them, in
/// memory. Pure; times are handed in.
struct UnmatchedReceipts {
    struct Key: Hashable {
        var provider: UInt8
        var providerID: String
    }

    private var receipts: [Int64: UnmatchedReceipt] = [:]
    private var byKey: [Key: [Int64]] = [:]
    /// The receipts' ids in the order of their coming; some are gone.
    private var order: Deque<Int64> = []
    private var lastID: Int64
    /// Receipts of an earlier start, to be looked for once more.
    private(set) var untried: Deque<Int64> = []
    private let most: Int
    /// Receipts that durable rounds have applied, and that the store has to let go of: it does so once the messages'
    /// files are durable too, since those are committed after it.
    private(set) var applied: Set<Int64> = []
    /// Receipts that the round under way has applied.
    private var appliedInRound: [Int64] = []
    /// The store lets go of `applied` in the round under way.
    private var isLettingGo = false

    /// - Parameter stored: by their ids.
    init(_ stored: [UnmatchedReceipt] = [], most: Int = Limits.unmatchedReceipts) {
        self.most = most
        lastID = 0
        recover(stored)
    }

    // MARK: Rounds

    /// A receipt that waited has been applied to its message.
    mutating func applied(_ id: Int64) { appliedInRound.append(id) }

    /// The receipts that the store has to let go of in this round.
    mutating func letGo() -> [Int64] {
        isLettingGo = !applied.isEmpty
        return applied.sorted()
    }

    /// The round is durable.
    mutating func committed() {
        if isLettingGo { applied.removeAll() }
        applied.formUnion(appliedInRound)
        appliedInRound.removeAll()
        isLettingGo = false
    }

    /// Nothing of the round has happened, or some of it: what waits is what the store has and no durable round has
    /// applied.
    /// - Parameter stored: by their ids.
    mutating func recover(_ stored: [UnmatchedReceipt]) {
        appliedInRound.removeAll()
        isLettingGo = false
        receipts.removeAll()
        byKey.removeAll()
        order.removeAll()
        lastID = stored.last?.id ?? 0
        for receipt in stored where !applied.contains(receipt.id) { insert(receipt) }
        untried = order
    }

    // MARK: Receipts

    var isEmpty: Bool { receipts.isEmpty }
    var count: Int { receipts.count }
    var ids: Set<Int64> { Set(receipts.keys) }

    func contains(_ key: Key) -> Bool { byKey[key] != nil }

    /// Keeps a receipt until its message is known.
    /// - Returns: what is to be stored, nil if it is there already; and the id of the oldest, if it has to make room.
    mutating func add(_ key: Key, _ status: ReceiptStatus, at now: Int64) -> (new: UnmatchedReceipt?, gone: Int64?) {
        if byKey[key]?.contains(where: { receipts[$0]?.status == status }) == true { return (nil, nil) }
        var gone: Int64?
        if receipts.count >= most, let oldest = popOldest() { gone = oldest.id }
        lastID += 1
        let receipt = UnmatchedReceipt(
            id: lastID, at: now, provider: key.provider, providerID: key.providerID, status: status)
        insert(receipt)
        return (receipt, gone)
    }

    /// Takes out what waits for an answer of that key, in the order of its coming.
    mutating func take(_ key: Key) -> [UnmatchedReceipt] {
        (byKey.removeValue(forKey: key) ?? []).compactMap { receipts.removeValue(forKey: $0) }
    }

    /// Takes out what was added at `time` or before, the oldest `limit` of it.
    mutating func takeOldest(until time: Int64, limit: Int) -> [UnmatchedReceipt] {
        var found: [UnmatchedReceipt] = []
        while found.count < limit, let at = oldestAt, at <= time, let receipt = popOldest() { found.append(receipt) }
        return found
    }

    /// When the oldest came.
    var oldestAt: Int64? {
        mutating get {
            while let first = order.first {
                if let receipt = receipts[first] { return receipt.at }
                order.removeFirst()
            }
            return nil
        }
    }

    /// The keys of some of those that an earlier start left.
    mutating func takeUntried(limit: Int) -> [Key] {
        var keys: [Key] = []
        while keys.count < limit, let id = untried.popFirst() {
            if let receipt = receipts[id] { keys.append(Key(receipt)) }
        }
        return keys
    }

    private mutating func insert(_ receipt: UnmatchedReceipt) {
        receipts[receipt.id] = receipt
        byKey[Key(receipt), default: []].append(receipt.id)
        order.append(receipt.id)
        // Most of them may have been matched: what is left of them here is bounded too.
        if order.count > 2 * most { order.removeAll { receipts[$0] == nil } }
    }

    private mutating func popOldest() -> UnmatchedReceipt? {
        while let id = order.popFirst() {
            guard let receipt = receipts.removeValue(forKey: id) else { continue }
            let left = byKey[Key(receipt), default: []].filter { $0 != id }
            byKey[Key(receipt)] = left.isEmpty ? nil : left
            return receipt
        }
        return nil
    }
}

extension UnmatchedReceipts.Key {
    init(_ receipt: UnmatchedReceipt) {
        self.init(provider: receipt.provider, providerID: receipt.providerID)
    }
}
