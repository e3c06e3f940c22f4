internal import SMSModel

/// A tenant's or a batch's messages, counted.
struct StateCounts {
    var states: [MessageState: Int64] = [:]
    /// The sent messages of which no receipt is expected.
    var sentForGood: Int64 = 0

    mutating func add(_ other: StateCounts) {
        states.merge(other.states, uniquingKeysWith: +)
        sentForGood += other.sentForGood
    }

    /// Adds a row of `state, count`.
    fileprivate mutating func add(_ row: SQLiteStatement) {
        switch CountedState(number: row.integer(0)) {
        case .state(let state)?: states[state, default: 0] += row.integer(1)
        case .sentForGood?: sentForGood += row.integer(1)
        case nil: break
        }
    }
}

/// The file of one day as a reader has it open: a connection that never writes or checkpoints.
final class DayReader {
    let day: Day
    let connection: SQLiteConnection
    private let selectMessage: SQLiteStatement
    private let selectCounts: SQLiteStatement
    var lastUse: UInt64 = 0
    /// Made when something is looked up.
    private var tables: IndexTables?

    init(_ day: Day, path: String) throws(StoreError) {
        self.day = day
        connection = try SQLiteConnection(path: path, mode: .readOnly)
        selectMessage = try connection.prepare(
            """
            SELECT m.priority, m.encoding, m.segments, m.recipient, m.sender, m.batch, m.send_at, m.expires_at,
                   m.reference, m.tags, s.state, s.due, s.history, m.generation, m.trace, m.fingerprint, m.tenant,
                   m.reserve, m.body
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id = ?1
            """)
        selectCounts = try connection.prepare("SELECT state, count FROM tally WHERE scope = ?1 AND count <> 0")
    }

    /// A message as its rows have it.
    struct StoredMessage {
        var status: MessageStatus
        var lifecycle: MessageLifecycle
        var tenant: TenantID
        /// What smart encoding replaced in it; "" = nothing.
        var replaced: String
    }

    /// nil if there is none of that id, or it is another tenant's.
    /// - Parameters:
    ///   - tenant: nil = any.
    ///   - showsText: else the status says that the text is withheld; nil = it says nothing of it.
    func message(
        _ id: MessageID, tenant: TenantID?, now: Int64, showsText: Bool?
    ) throws(StoreError) -> StoredMessage? {
        let row = selectMessage
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else { return nil }
        let owner = TenantID(rawValue: Int32(truncatingIfNeeded: row.integer(16)))
        if let tenant, tenant != owner { return nil }
        let sendAt = row.integer(6)
        let lifecycle =
            row.isNull(10)
            ? MessageLifecycle(id: id, waiting: sendAt > now ? .scheduled : .queued)
            : try MessageLifecycle(id, row, column: 10, path: connection.path)
        var status = MessageStatus(
            id: id, state: lifecycle.state, settled: lifecycle.isSettled(at: now),
            receiptOverdue: lifecycle.isReceiptOverdue(at: now), segments: Int(row.integer(2)),
            encoding: Encoding(rawValue: UInt8(truncatingIfNeeded: row.integer(1))) ?? .gsm7, to: row.text(3),
            sender: row.text(4), priority: Priority(rawValue: UInt8(truncatingIfNeeded: row.integer(0))) ?? .normal,
            provider: "", providerID: "",
            attempts: lifecycle.attempts, error: nil, timeline: [], reference: row.text(8),
            tags: Self.tags(row.bytes(9)),
            batch: row.isNull(5) ? nil : BatchID(rawValue: UInt64(row.integer(5))),
            acceptedAt: Int64(id.milliseconds), sendAt: sendAt, expiresAt: row.integer(7),
            generation: UInt32(truncatingIfNeeded: row.integer(13)), fingerprint: Fingerprint(bytes: row.bytes(15)))
        let reserve = Charge(segments: 0, cost: row.integer(17))
        status.price = Money(millionths: reserve.settled(lifecycle.accountedState.cost).cost)
        if let showsText {
            // A message that is accepted has a text.
            status.body = showsText ? row.bytes(18).isEmpty ? .removed : .shown(row.text(18)) : .withheld
        }
        return StoredMessage(
            status: status, lifecycle: lifecycle, tenant: owner,
            replaced: MessageTrace(packed: row.bytes(14)).replaced)
    }

    /// The day's part of a tenant's or a batch's counts.
    func stateCounts(scope: Int64) throws(StoreError) -> StateCounts {
        selectCounts.bind(1, scope)
        defer { selectCounts.reset() }
        var counts = StateCounts()
        while try selectCounts.step() { counts.add(selectCounts) }
        return counts
    }

    /// The same of all tenants together: scopes below 0 are theirs.
    func stateCountsOfEveryTenant() throws(StoreError) -> StateCounts {
        let rows = try connection.prepare("SELECT state, sum(count) FROM tally WHERE scope < 0 GROUP BY state")
        var counts = StateCounts()
        while try rows.step() { counts.add(rows) }
        return counts
    }

    /// Messages of a batch whose receipt is overdue: counted part by part, in the order of the ids.
    func overdue(_ batch: BatchID, now: Int64) throws(StoreError) -> UInt64 {
        let parts = try connection.prepare("SELECT first_index, first_id, count FROM batch_part WHERE batch = ?1")
        let states = try connection.prepare(
            """
            SELECT count(*) FROM state WHERE id BETWEEN ?1 AND ?2 AND due > 0 AND due <= ?3
            AND state IN (\(MessageState.sent.rawValue), \(MessageState.unknown.rawValue))
            """)
        parts.bind(1, batch)
        var count: UInt64 = 0
        while try parts.step() {
            let part = BatchParts.part(parts)
            states.bind(1, part.firstID)
            states.bind(2, part.firstID.advanced(by: Int(part.count) - 1))
            states.bind(3, now)
            if try states.step() { count += UInt64(states.integer(0)) }
            states.reset()
        }
        return count
    }

    /// Ids that the index has under some hashes, in no order: candidates, each to be verified. Reads what it needs,
    /// and keeps nothing.
    func candidates(_ kind: IndexKind, _ hashes: Set<UInt64>) throws(StoreError) -> [MessageID] {
        var found: [MessageID] = []
        let tables = if let tables { tables } else { try IndexTables(connection) }
        self.tables = tables
        // One moment of the tables: entries move from one to another.
        try connection.execute("BEGIN")
        defer { try? connection.execute("COMMIT") }
        try tables.forEachRecent(kind, from: try tables.flushed(kind)) { (_, bytes) throws(StoreError) in
            for index in 0..<PackedEntries.count(bytes) {
                let entry = PackedEntries.entry(bytes, at: index)
                if hashes.contains(entry.hash) { found.append(MessageID(rawValue: entry.id)) }
            }
        }
        for run in try tables.runs(kind) where run.status == .whole {
            for hash in hashes { try find(hash, in: run, tables, &found) }
        }
        return found
    }

    private func find(
        _ hash: UInt64, in run: IndexTables.SortedRunRow, _ tables: IndexTables, _ found: inout [MessageID]
    ) throws(StoreError) {
        // The first block that begins at or above the hash; the one before it may hold the hash too.
        var low = 0
        var high = run.blocks
        while low < high {
            let middle = (low + high) / 2
            let first = try tables.withBlock(run.number, middle) { PackedEntries.entry($0, at: 0).hash }
            if first < hash { low = middle + 1 } else { high = middle }
        }
        for block in max(0, low - 1)..<run.blocks {
            let isOver = try tables.withBlock(run.number, block) { (bytes) throws(StoreError) -> Bool in
                if PackedEntries.entry(bytes, at: 0).hash > hash { return true }
                _ = try PackedEntries.find(hash, inBlock: bytes) { (id) throws(StoreError) in
                    found.append(MessageID(rawValue: id))
                    return false
                }
                return false
            }
            if isOver { break }
        }
    }
}
