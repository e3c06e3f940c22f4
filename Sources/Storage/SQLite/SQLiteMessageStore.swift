internal import CSQLite
package import SMSModel

/// Settings of the embedded store.
package struct SQLiteStoreOptions: Sendable {
    /// The largest that the database may grow, in bytes; 0 = what the disk holds.
    package var maximumBytes: Int64 = 0
    /// Memory for pages, in bytes.
    package var cacheBytes: Int64 = 16 * 1024 * 1024
    /// Start even if the clock is more than a day behind the newest message.
    package var acceptsClockBehind = false

    package init() {}
}

/// The embedded store: one SQLite file in WAL mode with `synchronous=FULL`, so that a commit is on disk
/// when it returns. Exactly this connection writes and checkpoints.
package final class SQLiteMessageStore: MessageStore {
    let connection: SQLiteConnection
    private(set) var ids: MessageIDGenerator
    private var keys = IdempotencyIndex()
    private var tally = TallyDeltas()
    /// Keys that this round added, to be taken back if it fails.
    private var roundKeys: [(hash: UInt64, id: MessageID)] = []

    private let insertMessage: SQLiteStatement
    private let selectKey: SQLiteStatement
    private let selectMessage: SQLiteStatement
    private let selectState: SQLiteStatement
    private let insertState: SQLiteStatement
    private let updateState: SQLiteStatement
    private let beginRound: SQLiteStatement
    private let commitRound: SQLiteStatement
    private let upsertTally: SQLiteStatement
    let batches: SQLiteBatches

    /// Opens or makes the file and checks it.
    /// - Parameters:
    ///   - path: of the database file, in a directory whose lock the caller holds.
    ///   - now: milliseconds since the Unix epoch.
    ///   - warn: takes one line for the log.
    package init(
        path: String, options: SQLiteStoreOptions = SQLiteStoreOptions(), now: Int64, warn: (String) -> Void
    ) throws(StoreError) {
        _ = apus_sqlite3_config_no_memory_statistics()
        connection = try SQLiteConnection(path: path, mode: .readWrite)
        // Before anything is written: a file that is not ours stays as it is.
        try SQLiteSchema.prepare(connection)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute(
            """
            PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -\(options.cacheBytes / 1024);
            PRAGMA wal_autocheckpoint = 32768;
            """)
        if options.maximumBytes > 0 {
            let pageBytes = try connection.integer("PRAGMA page_size")
            _ = try connection.integer("PRAGMA max_page_count = \(max(1, options.maximumBytes / pageBytes))")
        }
        try Self.checkIntegrity(connection)
        let newest = try connection.integer(
            """
            SELECT max(coalesce((SELECT max(id) FROM message), 0), coalesce((SELECT max(id) FROM batch), 0))
            """)
        let last = newest > 0 ? MessageID(rawValue: UInt64(newest)) : nil
        try Self.checkClock(last: last, now: now, options, warn)
        ids = MessageIDGenerator(after: last)

        insertMessage = try connection.prepare(
            "INSERT INTO message VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)")
        selectKey = try connection.prepare("SELECT tenant, key, fingerprint FROM message WHERE id = ?1")
        selectMessage = try connection.prepare(
            """
            SELECT tenant, batch, priority, on_unknown, encoding, segments, send_at, expires_at, recipient, sender,
                   body FROM message WHERE id = ?1
            """)
        selectState = try connection.prepare("SELECT tenant, batch, state, due, history FROM state WHERE id = ?1")
        insertState = try connection.prepare("INSERT OR IGNORE INTO state VALUES (?1,?2,?3,?4,?5,?6)")
        updateState = try connection.prepare("UPDATE state SET state = ?2, due = ?3, history = ?4 WHERE id = ?1")
        beginRound = try connection.prepare("BEGIN IMMEDIATE")
        commitRound = try connection.prepare("COMMIT")
        upsertTally = try connection.prepare(
            "INSERT INTO tally VALUES (?1,?2,?3) ON CONFLICT (scope, state) DO UPDATE SET count = count + ?3")
        batches = try SQLiteBatches(connection)
    }

    /// Small files are checked whole; of large ones what opening touches, `apusd check` does the rest.
    private static func checkIntegrity(_ connection: SQLiteConnection) throws(StoreError) {
        let pages = try connection.integer("PRAGMA page_count")
        guard pages <= 16_384 else { return }
        try quickCheck(connection)
    }

    static func quickCheck(_ connection: SQLiteConnection) throws(StoreError) {
        let check = try connection.prepare("PRAGMA quick_check(1)")
        guard try check.step() else { return }
        let verdict = check.text(0)
        guard verdict == "ok" else {
            throw .damaged(
                "\(connection.path) is damaged (\(verdict)): stop, keep a copy of the data directory, "
                    + "and restore a backup")
        }
    }

    private static func checkClock(
        last: MessageID?, now: Int64, _ options: SQLiteStoreOptions, _ warn: (String) -> Void
    ) throws(StoreError) {
        guard let last else { return }
        let behind = Int64(last.milliseconds) - now
        guard behind > 60_000 else { return }
        let text = "the clock is \(behind / 1000) s behind the newest message"
        guard behind <= 24 * 3_600_000 || options.acceptsClockBehind else {
            throw .clockBehind(
                "\(text): set the clock right, or start with storage.accept-clock-behind if it is right now")
        }
        warn("\(text); ids go on from it")
    }

    // MARK: Rounds

    package func begin() throws(StoreError) {
        roundKeys.removeAll(keepingCapacity: true)
        tally.removeAll()
        try beginRound.run()
    }

    package func commit() throws(StoreError) {
        for (scope, state, delta) in tally.changes {
            upsertTally.bind(1, scope)
            upsertTally.bind(2, Int64(state.rawValue))
            upsertTally.bind(3, delta)
            try upsertTally.run()
        }
        try commitRound.run()
        tally.removeAll()
        roundKeys.removeAll(keepingCapacity: true)
    }

    package func rollback() {
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
        for (hash, id) in roundKeys { keys.remove(hash, id) }
        roundKeys.removeAll()
        tally.removeAll()
    }

    // MARK: Accepting

    /// An id for a batch.
    func takeID(now: Int64) -> MessageID {
        ids.take(1, nowMilliseconds: UInt64(now))
    }

    package func accept(
        _ batch: DraftBatch, _ range: Range<Int>, chunk: BatchChunk?, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        if let chunk {
            try acceptChunk(batch, range, chunk, now: now, results: &results)
            return
        }
        let oldest = oldestKeyed(now: now)
        for index in range {
            let draft = batch.drafts[index]
            if draft.keyHash != 0, let known = try known(draft, of: batch, oldest: oldest) {
                results.append(known)
                continue
            }
            let id = ids.take(1, nowMilliseconds: UInt64(now))
            try insert(draft, of: batch, id: id, batchID: nil)
            if draft.keyHash != 0 {
                keys.insert(draft.keyHash, id, oldest: oldest)
                roundKeys.append((draft.keyHash, id))
            }
            results.append(AcceptResult(kind: .accepted, state: draft.waitingState, id: id))
        }
    }

    /// Ids below it are past the window of idempotency keys.
    private func oldestKeyed(now: Int64) -> MessageID {
        MessageID(milliseconds: UInt64(max(0, now - Limits.idempotencyWindowMilliseconds)))
    }

    /// The message that this draft's key made before, verified against its row.
    private func known(
        _ draft: MessageDraft, of batch: DraftBatch, oldest: MessageID
    ) throws(StoreError) -> AcceptResult? {
        var same = false
        let found = try keys.find(draft.keyHash) { (id) throws(StoreError) -> Bool in
            guard id >= oldest else { return false }
            selectKey.bind(1, id)
            defer { selectKey.reset() }
            guard try selectKey.step(), selectKey.integer(0) == Int64(draft.tenant.rawValue) else { return false }
            let isSameKey = batch.bytes[draft.key.range].withUnsafeBytes { $0.elementsEqual(selectKey.bytes(1)) }
            same = Fingerprint(bytes: selectKey.bytes(2)) == draft.fingerprint
            return isSameKey
        }
        guard let found else { return nil }
        let state = try lifecycle(of: found)?.lifecycle.state ?? draft.waitingState
        return AcceptResult(kind: same ? .duplicate : .conflict, state: state, id: found)
    }

    private func acceptChunk(
        _ batch: DraftBatch, _ range: Range<Int>, _ chunk: BatchChunk, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        let indices = chunk.indices
        let known = try batches.parts(
            of: chunk.batch, overlapping: indices[range.lowerBound]...indices[range.upperBound - 1])
        var position = range.lowerBound
        while position < range.upperBound {
            if let id = known.id(at: indices[position]) {
                results.append(try verified(batch.drafts[position], id))
                position += 1
                continue
            }
            // A run of indices without a gap gets ids without a gap, and one row that says so.
            var end = position + 1
            while end < range.upperBound, indices[end] == indices[end - 1] + 1, known.id(at: indices[end]) == nil {
                end += 1
            }
            let first = ids.take(end - position, nowMilliseconds: UInt64(now))
            for place in position..<end {
                let id = first.advanced(by: place - position)
                let draft = batch.drafts[place]
                try insert(draft, of: batch, id: id, batchID: chunk.batch)
                results.append(AcceptResult(kind: .accepted, state: draft.waitingState, id: id))
            }
            try batches.insertPart(chunk.batch, firstIndex: indices[position], firstID: first, count: end - position)
            position = end
        }
    }

    /// The same place in a batch again: a duplicate if the content is the same too.
    private func verified(_ draft: MessageDraft, _ id: MessageID) throws(StoreError) -> AcceptResult {
        selectKey.bind(1, id)
        defer { selectKey.reset() }
        guard try selectKey.step() else { return AcceptResult(kind: .duplicate, state: .accepted, id: id) }
        let same = Fingerprint(bytes: selectKey.bytes(2)) == draft.fingerprint
        let state = try lifecycle(of: id)?.lifecycle.state ?? draft.waitingState
        return AcceptResult(kind: same ? .duplicate : .conflict, state: state, id: id)
    }

    private func insert(
        _ draft: MessageDraft, of batch: DraftBatch, id: MessageID, batchID: BatchID?
    ) throws(StoreError) {
        try batch.bytes.withUnsafeBufferPointer { (buffer) throws(StoreError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            func slice(_ slice: ByteSlice) -> UnsafeRawBufferPointer { .init(rebasing: bytes[slice.range]) }
            let statement = insertMessage
            statement.bind(1, id)
            statement.bind(2, Int64(draft.tenant.rawValue))
            if let batchID { statement.bind(3, batchID) } else { statement.bindNull(3) }
            statement.bind(4, Int64(draft.priority.rawValue))
            statement.bind(5, Int64(draft.onUnknown.rawValue))
            statement.bind(6, Int64(draft.encoding.rawValue))
            statement.bind(7, Int64(draft.segments))
            statement.bind(8, draft.sendAt)
            statement.bind(9, draft.expiresAt)
            statement.bindText(10, slice(draft.recipient))
            statement.bindText(11, slice(draft.sender))
            statement.bindText(12, slice(draft.body))
            if draft.reference.isEmpty {
                statement.bindNull(13)
            } else {
                statement.bindText(13, slice(draft.reference))
            }
            if draft.tags.isEmpty { statement.bindNull(14) } else { statement.bindBlob(14, slice(draft.tags)) }
            if draft.key.isEmpty {
                statement.bindNull(15)
                statement.bindNull(16)
            } else {
                statement.bindBlob(15, slice(draft.key))
                statement.bind(16, Int64(bitPattern: draft.keyHash))
            }
            try withUnsafeBytes(of: draft.fingerprint) { (fingerprint) throws(StoreError) in
                statement.bindBlob(17, fingerprint)
                try statement.run()
            }
        }
        tally.add(1, draft.waitingState, tenant: draft.tenant, batch: batchID)
    }

    // MARK: Lifecycles

    package func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle? {
        selectState.bind(1, id)
        defer { selectState.reset() }
        guard try selectState.step() else { return nil }
        return StoredLifecycle(
            lifecycle: try Self.lifecycle(id, selectState, column: 2, path: connection.path),
            tenant: TenantID(rawValue: Int32(selectState.integer(0))),
            batch: selectState.isNull(1) ? nil : BatchID(rawValue: UInt64(selectState.integer(1))))
    }

    /// Reads `state, due, history` from the columns beginning at `column`.
    static func lifecycle(
        _ id: MessageID, _ row: SQLiteStatement, column: Int32, path: String
    ) throws(StoreError) -> MessageLifecycle {
        guard let state = MessageState(rawValue: UInt8(truncatingIfNeeded: row.integer(column))) else {
            throw .damaged("\(path): message \(id) has the unknown state \(row.integer(column))")
        }
        return MessageLifecycle(
            id: id, state: state, due: row.integer(column + 1), history: History(id: id, packed: row.bytes(column + 2)))
    }

    package func record(
        _ stored: StoredLifecycle, previous: MessageState, isFirst: Bool
    ) throws(StoreError) -> Bool {
        let lifecycle = stored.lifecycle
        let recorded = try lifecycle.history.bytes.withUnsafeBufferPointer { (history) throws(StoreError) -> Bool in
            if isFirst {
                insertState.bind(1, lifecycle.id)
                insertState.bind(2, Int64(stored.tenant.rawValue))
                if let batch = stored.batch {
                    insertState.bind(3, batch)
                } else {
                    insertState.bindNull(3)
                }
                insertState.bind(4, Int64(lifecycle.state.rawValue))
                insertState.bind(5, lifecycle.due)
                insertState.bindBlob(6, UnsafeRawBufferPointer(history))
                try insertState.run()
                return sqlite3_changes(connection.handle) > 0
            }
            updateState.bind(1, lifecycle.id)
            updateState.bind(2, Int64(lifecycle.state.rawValue))
            updateState.bind(3, lifecycle.due)
            updateState.bindBlob(4, UnsafeRawBufferPointer(history))
            try updateState.run()
            return true
        }
        if recorded, lifecycle.state != previous {
            tally.add(-1, previous, tenant: stored.tenant, batch: stored.batch)
            tally.add(1, lifecycle.state, tenant: stored.tenant, batch: stored.batch)
        }
        return recorded
    }

    package func load(_ id: MessageID, into batch: inout DraftBatch) throws(StoreError) -> LoadedMessage? {
        let row = selectMessage
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else { return nil }
        guard let priority = Priority(rawValue: UInt8(truncatingIfNeeded: row.integer(2))),
            let onUnknown = OnUnknown(rawValue: UInt8(truncatingIfNeeded: row.integer(3))),
            let encoding = Encoding(rawValue: UInt8(truncatingIfNeeded: row.integer(4)))
        else { throw .damaged("\(connection.path): message \(id) has values that no version wrote") }
        let draft = MessageDraft(
            tenant: TenantID(rawValue: Int32(row.integer(0))), priority: priority, encoding: encoding,
            onUnknown: onUnknown, segments: UInt8(truncatingIfNeeded: row.integer(5)), sendAt: row.integer(6),
            expiresAt: row.integer(7),
            recipient: batch.append(row.bytes(8)), sender: batch.append(row.bytes(9)),
            body: batch.append(row.bytes(10)),
            reference: ByteSlice(), tags: ByteSlice(), key: ByteSlice(), keyHash: 0,
            fingerprint: Fingerprint(high: 0, low: 0))
        return LoadedMessage(
            draft: draft, batch: row.isNull(1) ? nil : BatchID(rawValue: UInt64(row.integer(1))))
    }

    // MARK: Recovery

    package func recover(
        now: Int64, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) {
        let lowWater = UInt64(try connection.integer("SELECT value FROM meta WHERE name = 'low_water'"))
        let oldest = oldestKeyed(now: now)
        keys = IdempotencyIndex()
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.priority, m.on_unknown, m.send_at, m.expires_at, m.key_hash,
                   s.state, s.due, s.history
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id >= ?1 ORDER BY m.id
            """)
        rows.bind(1, Int64(min(lowWater, oldest.rawValue)))
        while try rows.step() {
            let id = MessageID(rawValue: UInt64(rows.integer(0)))
            if id >= oldest, !rows.isNull(7) {
                keys.insert(UInt64(bitPattern: rows.integer(7)), id, oldest: oldest)
            }
            var lifecycle: MessageLifecycle?
            if !rows.isNull(8) {
                let state = MessageState(rawValue: UInt8(truncatingIfNeeded: rows.integer(8)))
                guard state == .queued || state == .submitting else { continue }
                lifecycle = try Self.lifecycle(id, rows, column: 8, path: connection.path)
            }
            guard let priority = Priority(rawValue: UInt8(truncatingIfNeeded: rows.integer(3))),
                let onUnknown = OnUnknown(rawValue: UInt8(truncatingIfNeeded: rows.integer(4)))
            else { throw .damaged("\(connection.path): message \(id) has values that no version wrote") }
            try visit(
                RecoveredMessage(
                    id: id, tenant: TenantID(rawValue: Int32(rows.integer(1))),
                    batch: rows.isNull(2) ? nil : BatchID(rawValue: UInt64(rows.integer(2))), priority: priority,
                    onUnknown: onUnknown, sendAt: rows.integer(5), expiresAt: rows.integer(6), lifecycle: lifecycle))
        }
    }

    /// Makes the file and its log longer for real; the next rounds use the room that this leaves behind.
    package func checkRoom() throws(StoreError) {
        let bytes = 256 * 1024
        try connection.execute(
            "INSERT INTO meta VALUES ('room', randomblob(\(bytes))) ON CONFLICT DO UPDATE SET value = excluded.value")
        try connection.execute("DELETE FROM meta WHERE name = 'room'")
    }

    package func setLowWater(_ id: MessageID?) throws(StoreError) {
        let mark = (id ?? MessageID(ordinal: ids.highWater)).rawValue
        try connection.execute(
            "INSERT INTO meta VALUES ('low_water', \(mark)) ON CONFLICT DO UPDATE SET value = excluded.value")
    }

    package func providerIndex(name: String, kind: String) throws(StoreError) -> UInt8 {
        let insert = try connection.prepare("INSERT INTO provider (name, kind) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        insert.bindText(1, name)
        insert.bindText(2, kind)
        try insert.run()
        let select = try connection.prepare("SELECT number FROM provider WHERE name = ?1")
        select.bindText(1, name)
        guard try select.step(), let number = UInt8(exactly: select.integer(0)) else {
            throw .failed("\(connection.path) knows 255 providers already: no more can be added")
        }
        return number
    }
}

extension MessageDraft {
    /// The state in which it waits.
    package var waitingState: MessageState { sendAt == 0 ? .queued : .scheduled }
}

extension Fingerprint {
    /// As ``SQLiteMessageStore`` stores it.
    init(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else {
            self.init(high: 0, low: 0)
            return
        }
        self.init(
            high: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            low: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
}
