package import SMSModel

/// Batches, their parts, and what is paused: the store's small tables.
final class SQLiteBatches {
    private let connection: SQLiteConnection
    private let selectParts: SQLiteStatement
    private let insertPartRow: SQLiteStatement
    private let selectByName: SQLiteStatement
    private let selectByID: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        selectParts = try connection.prepare(
            """
            SELECT first_index, first_id, count FROM batch_part
            WHERE batch = ?1 AND first_index <= ?2 ORDER BY first_index DESC
            """)
        insertPartRow = try connection.prepare("INSERT INTO batch_part VALUES (?1, ?2, ?3, ?4)")
        selectByName = try connection.prepare(
            "SELECT id, tenant, name, canceled, created_at FROM batch WHERE tenant = ?1 AND name = ?2")
        selectByID = try connection.prepare(
            "SELECT id, tenant, name, canceled, created_at FROM batch WHERE tenant = ?1 AND id = ?2")
    }

    /// Which ids a chunk's indices have been given already.
    struct KnownParts {
        fileprivate var parts: [(firstIndex: UInt64, firstID: MessageID, count: UInt64)] = []

        func id(at index: UInt64) -> MessageID? {
            for part in parts where index >= part.firstIndex && index - part.firstIndex < part.count {
                return part.firstID.advanced(by: Int(index - part.firstIndex))
            }
            return nil
        }
    }

    func parts(of batch: BatchID, overlapping indices: ClosedRange<UInt64>) throws(StoreError) -> KnownParts {
        var known = KnownParts()
        selectParts.bind(1, batch)
        selectParts.bind(2, Int64(indices.upperBound))
        defer { selectParts.reset() }
        while try selectParts.step() {
            let first = UInt64(selectParts.integer(0))
            let count = UInt64(selectParts.integer(2))
            guard first + count > indices.lowerBound else { break }
            known.parts.append((first, MessageID(rawValue: UInt64(selectParts.integer(1))), count))
        }
        return known
    }

    func insertPart(_ batch: BatchID, firstIndex: UInt64, firstID: MessageID, count: Int) throws(StoreError) {
        insertPartRow.bind(1, batch)
        insertPartRow.bind(2, Int64(firstIndex))
        insertPartRow.bind(3, firstID)
        insertPartRow.bind(4, Int64(count))
        try insertPartRow.run()
    }

    func find(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        let row: SQLiteStatement
        switch reference {
        case .name(let name):
            row = selectByName
            row.bindText(2, name)
        case .id(let id):
            row = selectByID
            row.bind(2, id)
        }
        row.bind(1, Int64(tenant.rawValue))
        defer { row.reset() }
        guard try row.step() else { return nil }
        return BatchRecord(
            id: BatchID(rawValue: UInt64(row.integer(0))), tenant: TenantID(rawValue: Int32(row.integer(1))),
            name: row.text(2), canceled: row.integer(3) != 0, createdAt: row.integer(4))
    }

    func insert(_ record: BatchRecord) throws(StoreError) {
        let statement = try connection.prepare("INSERT INTO batch VALUES (?1, ?2, ?3, 0, ?4)")
        statement.bind(1, record.id)
        statement.bind(2, Int64(record.tenant.rawValue))
        statement.bindText(3, record.name)
        statement.bind(4, record.createdAt)
        try statement.run()
    }
}

extension SQLiteMessageStore {
    package func openBatch(tenant: TenantID, name: String, now: Int64) throws(StoreError) -> BatchRecord {
        if let known = try batches.find(tenant: tenant, .name(name)) { return known }
        let record = BatchRecord(
            id: takeID(now: now), tenant: tenant, name: name, canceled: false, createdAt: now)
        try batches.insert(record)
        return record
    }

    package func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try batches.find(tenant: tenant, reference)
    }

    package func cancelBatch(_ id: BatchID) throws(StoreError) {
        try connection.execute("UPDATE batch SET canceled = 1 WHERE id = \(id.rawValue)")
    }

    package func unfinishedCancellations() throws(StoreError) -> [BatchID] {
        let rows = try connection.prepare(
            """
            SELECT DISTINCT b.id FROM batch b JOIN tally t ON t.scope = b.id WHERE b.canceled = 1 AND t.count > 0
            AND t.state IN (\(MessageState.scheduled.rawValue), \(MessageState.queued.rawValue))
            """)
        var batches: [BatchID] = []
        while try rows.step() { batches.append(BatchID(rawValue: UInt64(rows.integer(0)))) }
        return batches
    }

    package func messages(
        of batch: BatchID, from index: UInt64, limit: Int
    ) throws(StoreError) -> (ids: [MessageID], next: UInt64?) {
        let parts = try connection.prepare(
            """
            SELECT first_index, first_id, count FROM batch_part WHERE batch = ?1 AND first_index >= coalesce(
                (SELECT max(first_index) FROM batch_part WHERE batch = ?1 AND first_index <= ?2), 0)
            ORDER BY first_index
            """)
        parts.bind(1, batch)
        parts.bind(2, Int64(index))
        var ids: [MessageID] = []
        while try parts.step() {
            let firstIndex = UInt64(parts.integer(0))
            let firstID = MessageID(rawValue: UInt64(parts.integer(1)))
            let end = firstIndex + UInt64(parts.integer(2))
            for place in max(index, firstIndex)..<max(index, end) {
                guard ids.count < limit else { return (ids, place) }
                ids.append(firstID.advanced(by: Int(place - firstIndex)))
            }
        }
        return (ids, nil)
    }

    package func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError) {
        let statement = try connection.prepare(
            paused ? "INSERT OR IGNORE INTO pause VALUES (?1)" : "DELETE FROM pause WHERE target = ?1")
        statement.bindText(1, target.storedText)
        try statement.run()
    }

    package func pausedTargets() throws(StoreError) -> [PauseTarget] {
        let rows = try connection.prepare("SELECT target FROM pause")
        var targets: [PauseTarget] = []
        while try rows.step() {
            if let target = PauseTarget(storedText: rows.text(0)) { targets.append(target) }
        }
        return targets
    }
}

extension PauseTarget {
    fileprivate var storedText: String {
        switch self {
        case .everything: "everything"
        case .provider(let name): "provider \(name)"
        case .batch(let id): "batch \(id)"
        }
    }

    fileprivate init?(storedText text: String) {
        if text == "everything" {
            self = .everything
        } else if text.hasPrefix("provider ") {
            self = .provider(String(text.dropFirst(9)))
        } else if text.hasPrefix("batch "), let id = BatchID(text.dropFirst(6)) {
            self = .batch(id)
        } else {
            return nil
        }
    }
}
