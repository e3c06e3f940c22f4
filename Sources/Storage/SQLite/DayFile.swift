package import SMSModel

/// The file of one day, as the writer has it open: its messages, their states, its part of the counts, its indices.
final class DayFile {
    let day: Day
    /// Ids of the day are below it.
    let end: MessageID
    private let file: SQLiteFile
    private let catalog: DayCatalog
    private var counts = StateCountDeltas()
    private let ledger: QuotaLedger?
    let usage: DayUsage
    private let indices: [SQLiteIndex]
    let parts: BatchParts
    /// When it was last used, by the count of uses.
    var lastUse: UInt64 = 0

    private let insertMessage: SQLiteStatement
    private let selectKey: SQLiteStatement
    private let selectMessage: SQLiteStatement
    private let selectState: SQLiteStatement
    private let insertState: SQLiteStatement
    private let updateState: SQLiteStatement
    private let upsertCount: SQLiteStatement
    private let scanMessages: SQLiteStatement
    private let scanStates: SQLiteStatement

    /// - Parameter ledger: nil where nobody accepts anything.
    init(
        _ day: Day, _ connection: SQLiteConnection, _ options: IndexOptions, _ catalog: DayCatalog,
        _ ledger: QuotaLedger? = nil
    ) throws(StoreError) {
        self.day = day
        self.catalog = catalog
        self.ledger = ledger
        end = day.next.firstID
        file = try SQLiteFile(connection)
        let tables = try IndexTables(connection)
        indices = IndexKind.allCases.map { SQLiteIndex($0, tables, options) }
        parts = try BatchParts(connection)
        usage = try DayUsage(day, connection, ledger)
        insertMessage = try connection.prepare(
            """
            INSERT INTO message VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)
            """)
        selectKey = try connection.prepare(
            "SELECT tenant, key, fingerprint, encoding, segments FROM message WHERE id = ?1")
        selectMessage = try connection.prepare(
            """
            SELECT tenant, batch, priority, on_unknown, encoding, segments, send_at, expires_at, recipient, sender,
                   body, generation, trace, reserve, reference FROM message WHERE id = ?1
            """)
        selectState = try connection.prepare("SELECT tenant, batch, state, due, history FROM state WHERE id = ?1")
        insertState = try connection.prepare("INSERT OR IGNORE INTO state VALUES (?1,?2,?3,?4,?5,?6)")
        updateState = try connection.prepare("UPDATE state SET state = ?2, due = ?3, history = ?4 WHERE id = ?1")
        upsertCount = try connection.prepare(
            "INSERT INTO tally VALUES (?1,?2,?3) ON CONFLICT (scope, state) DO UPDATE SET count = count + ?3")
        scanMessages = try connection.prepare(
            """
            SELECT id, tenant, batch, priority, on_unknown, send_at, expires_at FROM message
            WHERE id >= ?1 ORDER BY id LIMIT ?2
            """)
        scanStates = try connection.prepare(
            "SELECT id, state, due, history FROM state WHERE id >= ?1 ORDER BY id")
    }

    var connection: SQLiteConnection { file.connection }
    var isInRound: Bool { file.isInRound }

    func index(_ kind: IndexKind) -> SQLiteIndex { indices[Int(kind.rawValue) - 1] }

    // MARK: Rounds

    /// To be called before each write.
    func touch() throws(StoreError) { try file.touch() }

    /// Writes what was gathered until the commit.
    func prepareCommit() throws(StoreError) {
        for (scope, kind, delta) in counts.changes {
            upsertCount.bind(1, scope)
            upsertCount.bind(2, kind.number)
            upsertCount.bind(3, delta)
            try upsertCount.run()
        }
        try usage.prepareCommit()
        for index in indices { try index.prepareCommit() }
    }

    func commit() throws(StoreError) {
        try file.commit()
        counts.removeAll()
        usage.committed()
        for index in indices { index.committed() }
        catalog.committed(day)
    }

    func rollback() {
        file.rollback()
        for (scope, kind, delta) in counts.changes where scope < 0 {
            if case .state(let state) = kind, state.isWaiting {
                ledger?.wait(-delta, TenantID(rawValue: Int32(-scope)))
            }
        }
        counts.removeAll()
        usage.rolledBack()
        for index in indices { index.rolledBack() }
    }

    var uncopiedPages: Int { file.uncopiedPages }

    func checkpoint() throws(StoreError) { try file.checkpoint() }

    /// - Returns: false while somebody reads the log.
    func emptyLog() throws(StoreError) -> Bool { try file.emptyLog() }

    // MARK: Messages

    func insert(_ draft: MessageDraft, of batch: MessageDrafts, id: MessageID, batchID: BatchID?) throws(StoreError) {
        try touch()
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
                let hash = IndexKind.reference.hash(slice(draft.reference), scope: Int64(draft.tenant.rawValue))
                try index(.reference).add(hash, id)
            }
            if draft.tags.isEmpty { statement.bindNull(14) } else { statement.bindBlob(14, slice(draft.tags)) }
            if draft.key.isEmpty {
                statement.bindNull(15)
                statement.bindNull(16)
            } else {
                statement.bindBlob(15, slice(draft.key))
                statement.bind(16, Int64(bitPattern: draft.keyHash))
                try index(.key).add(draft.keyHash, id)
            }
            statement.bind(18, Int64(draft.generation))
            statement.bind(19, draft.reserve)
            if draft.trace.isEmpty { statement.bindNull(20) } else { statement.bindBlob(20, slice(draft.trace)) }
            try withUnsafeBytes(of: draft.fingerprint) { (fingerprint) throws(StoreError) in
                statement.bindBlob(17, fingerprint)
                try statement.run()
            }
        }
        count(1, draft.waitingState, tenant: draft.tenant, batch: batchID)
        usage.charge(Charge(draft), draft.tenant)
    }

    /// The message of that idempotency key, not older than `oldest`, whether its content is the draft's, and how its
    /// body is sent.
    /// - Parameter isInRuns: false if it is known that no run of the index holds the key.
    func known(
        _ draft: MessageDraft, of batch: MessageDrafts, oldest: MessageID, isInRuns: Bool
    ) throws(StoreError) -> (id: MessageID, isSame: Bool, sentAs: AcceptResult.BodyForm)? {
        var isSame = false
        var sentAs = AcceptResult.BodyForm(encoding: draft.encoding, segments: draft.segments)
        let found = try index(.key).find(draft.keyHash, oldest: oldest, isInRuns: isInRuns) {
            (id) throws(StoreError) -> Bool in
            selectKey.bind(1, id)
            defer { selectKey.reset() }
            guard try selectKey.step(), selectKey.integer(0) == Int64(draft.tenant.rawValue) else { return false }
            let isSameKey = batch.bytes[draft.key.range].withUnsafeBytes { $0.elementsEqual(selectKey.bytes(1)) }
            isSame = Fingerprint(bytes: selectKey.bytes(2)) == draft.fingerprint
            if let encoding = Encoding(rawValue: UInt8(truncatingIfNeeded: selectKey.integer(3))) {
                sentAs.encoding = encoding
                sentAs.segments = UInt8(truncatingIfNeeded: selectKey.integer(4))
            }
            return isSameKey
        }
        return found.map { ($0, isSame, sentAs) }
    }

    /// The fingerprint of the content as it came; nil if there is no such message.
    func fingerprint(of id: MessageID) throws(StoreError) -> Fingerprint? {
        selectKey.bind(1, id)
        defer { selectKey.reset() }
        return try selectKey.step() ? Fingerprint(bytes: selectKey.bytes(2)) : nil
    }

    func load(_ id: MessageID, into batch: inout MessageDrafts) throws(StoreError) -> LoadedMessage? {
        let row = selectMessage
        row.bind(1, id)
        defer { row.reset() }
        guard try row.step() else { return nil }
        guard let priority = Priority(rawValue: UInt8(truncatingIfNeeded: row.integer(2))),
            let onUnknown = OnUnknown(rawValue: UInt8(truncatingIfNeeded: row.integer(3))),
            let encoding = Encoding(rawValue: UInt8(truncatingIfNeeded: row.integer(4)))
        else { throw .damaged("\(connection.path): message \(id) has values that no version wrote") }
        var draft = MessageDraft(
            tenant: TenantID(rawValue: Int32(row.integer(0))), priority: priority, encoding: encoding,
            onUnknown: onUnknown, segments: UInt8(truncatingIfNeeded: row.integer(5)), sendAt: row.integer(6),
            expiresAt: row.integer(7),
            recipient: batch.append(row.bytes(8)), sender: batch.append(row.bytes(9)),
            body: batch.append(row.bytes(10)),
            reference: batch.append(row.bytes(14)), tags: ByteSlice(), key: ByteSlice(), keyHash: 0,
            fingerprint: Fingerprint(high: 0, low: 0))
        draft.generation = UInt32(truncatingIfNeeded: row.integer(11))
        draft.trace = batch.append(row.bytes(12))
        draft.reserve = row.integer(13)
        return LoadedMessage(
            draft: draft, batch: row.isNull(1) ? nil : BatchID(rawValue: UInt64(row.integer(1))))
    }

    // MARK: Lifecycles

    func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle? {
        selectState.bind(1, id)
        defer { selectState.reset() }
        guard try selectState.step() else { return nil }
        return StoredLifecycle(
            lifecycle: try MessageLifecycle(id, selectState, column: 2, path: connection.path),
            tenant: TenantID(rawValue: Int32(selectState.integer(0))),
            batch: selectState.isNull(1) ? nil : BatchID(rawValue: UInt64(selectState.integer(1))))
    }

    /// - Returns: false, and nothing is recorded, if `isFirst` turns out not to be so, or if the message is gone.
    func record(
        _ stored: StoredLifecycle, since mark: MessageLifecycle.Mark, isFirst: Bool
    ) throws(StoreError) -> Bool {
        try touch()
        let lifecycle = stored.lifecycle
        let isRecorded = try lifecycle.history.bytes.withUnsafeBufferPointer { (history) throws(StoreError) -> Bool in
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
                return connection.changes > 0
            }
            updateState.bind(1, lifecycle.id)
            updateState.bind(2, Int64(lifecycle.state.rawValue))
            updateState.bind(3, lifecycle.due)
            updateState.bindBlob(4, UnsafeRawBufferPointer(history))
            try updateState.run()
            // Retention may have taken the message away.
            return connection.changes > 0
        }
        guard isRecorded else { return false }
        for (provider, text) in lifecycle.providerIDs(since: mark) {
            let hash = text.withUnsafeBytes { IndexKind.providerID.hash($0, scope: Int64(provider)) }
            try index(.providerID).add(hash, lifecycle.id)
        }
        let (previous, standing) = (mark.accountedState, lifecycle.accountedState)
        if standing.state != previous.state {
            count(-1, previous.state, tenant: stored.tenant, batch: stored.batch)
            count(1, standing.state, tenant: stored.tenant, batch: stored.batch)
        }
        if standing.isSentForGood != previous.isSentForGood {
            counts.add(standing.isSentForGood ? 1 : -1, .sentForGood, tenant: stored.tenant, batch: stored.batch)
        }
        if standing.cost != previous.cost {
            try usage.settle(lifecycle.id, stored.tenant, from: previous.cost, to: standing.cost)
        }
        return true
    }

    /// Changes the counts of a state.
    func count(_ delta: Int64, _ state: MessageState, tenant: TenantID, batch: BatchID?) {
        counts.add(delta, .state(state), tenant: tenant, batch: batch)
        if state.isWaiting { ledger?.wait(delta, tenant) }
    }

    /// A message's row is gone.
    func uncount(_ state: MessageState, isSentForGood: Bool, tenant: TenantID, batch: BatchID?) {
        count(-1, state, tenant: tenant, batch: batch)
        if isSentForGood { counts.add(-1, .sentForGood, tenant: tenant, batch: batch) }
    }

    /// Tells the ledger what tenants have used on this day, as far as it counts.
    /// - Parameter hasWaiting: whether something may wait.
    func enter(hasWaiting: Bool) throws(StoreError) {
        for (tenant, charge) in try DayUsage.charges(connection) { ledger?.charge(charge, tenant, on: day) }
        guard hasWaiting else { return }
        let states = MessageState.allCases.filter(\.isWaiting).map { "\($0.rawValue)" }.joined(separator: ",")
        let rows = try connection.prepare("SELECT scope, count FROM tally WHERE scope < 0 AND state IN (\(states))")
        while try rows.step() { ledger?.wait(rows.integer(1), TenantID(rawValue: Int32(-rows.integer(0)))) }
    }

    /// Messages in these states, of all tenants or of a batch.
    func count(in states: [MessageState], batch: BatchID? = nil) throws(StoreError) -> Int64 {
        let scope = batch.map { "scope = \($0)" } ?? "scope < 0"
        let numbers = states.map { "\($0.rawValue)" }.joined(separator: ",")
        return try connection.integer(
            "SELECT coalesce(sum(count), 0) FROM tally WHERE \(scope) AND state IN (\(numbers))")
    }

    /// Visits, by rising id from `start` on, what waits or is being submitted among the next `limit` messages.
    /// - Returns: where to go on; nil at the day's end.
    func recover(
        from start: MessageID, limit: Int, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) -> MessageID? {
        let (rows, states) = (scanMessages, scanStates)
        rows.bind(1, start)
        rows.bind(2, Int64(limit))
        states.bind(1, start)
        defer {
            rows.reset()
            states.reset()
        }
        // Both rise by id: they are walked side by side.
        var stateID = try states.step() ? states.integer(0) : Int64.max
        var examined = 0
        var last: Int64 = 0
        while try rows.step() {
            examined += 1
            last = rows.integer(0)
            while stateID < last { stateID = try states.step() ? states.integer(0) : Int64.max }
            let id = MessageID(rawValue: UInt64(last))
            var lifecycle: MessageLifecycle?
            if stateID == last {
                let state = MessageState(rawValue: UInt8(truncatingIfNeeded: states.integer(1)))
                guard state == .queued || state == .submitting else { continue }
                lifecycle = try MessageLifecycle(id, states, column: 1, path: connection.path)
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
        return examined == limit ? MessageID(rawValue: UInt64(last) + 1) : nil
    }
}

extension MessageLifecycle {
    /// Reads `state, due, history` from a row's columns beginning at `column`.
    init(_ id: MessageID, _ row: SQLiteStatement, column: Int32, path: String) throws(StoreError) {
        guard let state = MessageState(rawValue: UInt8(truncatingIfNeeded: row.integer(column))) else {
            throw .damaged("\(path): message \(id) has the unknown state \(row.integer(column))")
        }
        self.init(
            id: id, state: state, due: row.integer(column + 1), history: History(id: id, packed: row.bytes(column + 2)))
    }
}

extension MessageDraft {
    /// The state in which it waits.
    package var waitingState: MessageState { sendAt == 0 ? .queued : .scheduled }
}

extension Fingerprint {
    /// A fingerprint as the store keeps it.
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
