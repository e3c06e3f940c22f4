internal import SMSModel

/// `control.db` as the writer has it open: batches' names and days, providers' numbers, what is paused.
///
/// A round commits it before the days' files, so that what these refer to is there.
final class ControlFile {
    private let file: SQLiteFile
    private let batches: BatchNames
    private let insertDay: SQLiteStatement
    /// The day whose parts this process knows to be announced, by batch: most chunks go to the same day again.
    private var announced: [BatchID: Day] = [:]

    init(_ connection: SQLiteConnection) throws(StoreError) {
        try connection.execute(SQLiteSchema.carriers)
        file = try SQLiteFile(connection)
        batches = try BatchNames(connection)
        insertDay = try connection.prepare("INSERT OR IGNORE INTO batch_day VALUES (?1, ?2)")
    }

    var connection: SQLiteConnection { file.connection }
    var isInRound: Bool { file.isInRound }
    var uncopiedPages: Int { file.uncopiedPages }

    func touch() throws(StoreError) { try file.touch() }
    func commit() throws(StoreError) { try file.commit() }
    func checkpoint() throws(StoreError) { try file.checkpoint() }

    func rollback() {
        file.rollback()
        announced.removeAll()
    }

    // MARK: Batches

    func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try batches.find(tenant: tenant, reference)
    }

    func insert(_ record: BatchRecord) throws(StoreError) {
        try touch()
        let statement = try connection.prepare("INSERT INTO batch VALUES (?1, ?2, ?3, 0, ?4)")
        statement.bind(1, record.id)
        statement.bind(2, Int64(record.tenant.rawValue))
        statement.bindText(3, record.name)
        statement.bind(4, record.createdAt)
        try statement.run()
    }

    func cancel(_ batch: BatchID) throws(StoreError) {
        try touch()
        try connection.execute("UPDATE batch SET canceled = 1 WHERE id = \(batch.rawValue)")
    }

    func canceledBatches() throws(StoreError) -> [BatchID] {
        let rows = try connection.prepare("SELECT id FROM batch WHERE canceled = 1")
        var found: [BatchID] = []
        while try rows.step() { found.append(BatchID(rawValue: UInt64(rows.integer(0)))) }
        return found
    }

    /// The days that may have messages of a batch, oldest first.
    func days(of batch: BatchID) throws(StoreError) -> [Day] { try batches.days(of: batch) }

    /// The day's file is to have messages of the batch.
    func announce(_ day: Day, of batch: BatchID) throws(StoreError) {
        guard announced[batch] != day else { return }
        if try !days(of: batch).contains(day) {
            try touch()
            insertDay.bind(1, batch)
            insertDay.bind(2, Int64(day.number))
            try insertDay.run()
        }
        if announced.count >= 1024 { announced.removeAll() }
        announced[batch] = day
    }

    /// The day's file is to go, and with it the batches that have messages on no other day.
    /// - Parameter batches: those with messages on that day.
    func forget(_ day: Day, _ batches: [BatchID]) throws(StoreError) {
        try touch()
        let deleteDay = try connection.prepare("DELETE FROM batch_day WHERE batch = ?1 AND day = \(day.number)")
        let unused = "NOT EXISTS (SELECT 1 FROM batch_day WHERE batch = batch.id)"
        let deleteBatch = try connection.prepare("DELETE FROM batch WHERE id = ?1 AND \(unused)")
        for batch in batches {
            deleteDay.bind(1, batch)
            try deleteDay.run()
            deleteBatch.bind(1, batch)
            try deleteBatch.run()
        }
        // Those that never got a message.
        try connection.execute(
            "DELETE FROM batch WHERE id >= \(day.firstID) AND id < \(day.next.firstID) AND \(unused)")
        try setMark(.removing, Int64(day.number))
        announced.removeAll()
    }

    // MARK: Usage

    /// The day's file is to go: what its messages were charged counts on to the month's end.
    func keep(_ charges: [TenantID: Charge], of day: Day, today: Day) throws(StoreError) {
        try touch()
        try connection.execute("DELETE FROM removed_usage WHERE day < \(today.month.lowerBound.number)")
        guard today.month.contains(day) else { return }
        let insert = try connection.prepare("INSERT OR REPLACE INTO removed_usage VALUES (?1, ?2, ?3, ?4)")
        for (tenant, charge) in charges {
            insert.bind(1, Int64(day.number))
            insert.bind(2, Int64(tenant.rawValue))
            insert.bind(3, charge.segments)
            insert.bind(4, charge.cost)
            try insert.run()
        }
    }

    /// Visits what was charged on days whose files are gone.
    func removedCharges(_ visit: (Day, TenantID, Charge) -> Void) throws(StoreError) {
        let rows = try connection.prepare("SELECT day, tenant, segments, cost FROM removed_usage")
        while try rows.step() {
            visit(
                Day(number: UInt64(rows.integer(0))), TenantID(rawValue: Int32(truncatingIfNeeded: rows.integer(1))),
                Charge(segments: rows.integer(2), cost: rows.integer(3)))
        }
    }

    // MARK: Providers and pauses

    func providerNumber(name: String, kind: String) throws(StoreError) -> UInt8 {
        let select = try connection.prepare("SELECT number FROM provider WHERE name = ?1")
        select.bindText(1, name)
        if try !select.step() {
            select.reset()
            try touch()
            let insert = try connection.prepare("INSERT INTO provider (name, kind) VALUES (?1, ?2)")
            insert.bindText(1, name)
            insert.bindText(2, kind)
            try insert.run()
            _ = try select.step()
        }
        guard let number = UInt8(exactly: select.integer(0)), number > 0 else {
            throw .failed("\(connection.path) knows 255 providers already: no more can be added")
        }
        return number
    }

    func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError) {
        try touch()
        let statement = try connection.prepare(
            paused ? "INSERT OR IGNORE INTO pause VALUES (?1)" : "DELETE FROM pause WHERE target = ?1")
        statement.bindText(1, target.storedText)
        try statement.run()
    }

    func pausedTargets() throws(StoreError) -> [PauseTarget] {
        let rows = try connection.prepare("SELECT target FROM pause")
        var targets: [PauseTarget] = []
        while try rows.step() {
            if let target = PauseTarget(storedText: rows.text(0)) { targets.append(target) }
        }
        return targets
    }

    func providerNumbers() throws(StoreError) -> [String: UInt8] {
        var numbers: [String: UInt8] = [:]
        let rows = try connection.prepare("SELECT number, name FROM provider")
        while try rows.step() { numbers[rows.text(1)] = UInt8(truncatingIfNeeded: rows.integer(0)) }
        return numbers
    }

    func receiptKey() throws(StoreError) -> [UInt8] {
        let select = try connection.prepare("SELECT value FROM meta WHERE name = 'receipt_key'")
        if try select.step() { return Array(select.bytes(0)) }
        let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
        try touch()
        let insert = try connection.prepare("INSERT INTO meta VALUES ('receipt_key', ?1)")
        insert.bindBlob(1, key)
        try insert.run()
        return key
    }

    // MARK: Marks

    /// A number kept under a name; nil if there is none.
    func mark(_ name: Mark) throws(StoreError) -> Int64? {
        let row = try connection.prepare("SELECT value FROM meta WHERE name = '\(name.rawValue)'")
        return try row.step() ? row.integer(0) : nil
    }

    func setMark(_ name: Mark, _ value: Int64) throws(StoreError) {
        try touch()
        try connection.execute(
            """
            INSERT INTO meta VALUES ('\(name.rawValue)', \(value)) ON CONFLICT DO UPDATE SET value = excluded.value
            """)
    }

    func clearMark(_ name: Mark) throws(StoreError) {
        try touch()
        try connection.execute("DELETE FROM meta WHERE name = '\(name.rawValue)'")
    }

    enum Mark: String {
        /// No message below this id waits.
        case recoveryStart = "low_water"
        /// Ids are given out above this one.
        case minimumID = "id_floor"
        /// Milliseconds since the Unix epoch at which this copy was made: it is a backup, and not restored.
        case backedUpAt = "backed_up_at"
        /// The day whose file was to be removed last: its batches are forgotten, its file may still be there.
        case removing
        /// The time of the last restore, as ``backedUpAt``.
        case restoredAt = "restored_at"
        /// Inbound messages up to this id have lost their bodies.
        case inboundRedacted = "inbound_redacted"
        /// The time of retention's last sweep: ``RetentionClock/believed``.
        case sweptAt = "swept_at"
        /// A clock that is far ahead of it: ``RetentionClock/Doubt``.
        case clockSeen = "clock_seen"
        case clockHeld = "clock_held"
    }

    /// nil: nothing was swept yet.
    func retentionClock() throws(StoreError) -> RetentionClock? {
        guard let believed = try mark(.sweptAt) else { return nil }
        guard let seen = try mark(.clockSeen), let held = try mark(.clockHeld) else {
            return RetentionClock(believed: believed)
        }
        return RetentionClock(believed: believed, doubt: RetentionClock.Doubt(seen: seen, held: held))
    }

    func setRetentionClock(_ clock: RetentionClock) throws(StoreError) {
        try setMark(.sweptAt, clock.believed)
        if let doubt = clock.doubt {
            try setMark(.clockSeen, doubt.seen)
            try setMark(.clockHeld, doubt.held)
        } else {
            try clearMark(.clockSeen)
            try clearMark(.clockHeld)
        }
    }
}

/// Batches by name and by id, and the days of each: what the writer and readers ask `control.db`.
final class BatchNames {
    private let selectByName: SQLiteStatement
    private let selectByID: SQLiteStatement
    private let selectDays: SQLiteStatement
    private let selectBefore: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        selectByName = try connection.prepare(
            "SELECT id, tenant, name, canceled, created_at FROM batch WHERE tenant = ?1 AND name = ?2")
        selectByID = try connection.prepare(
            "SELECT id, tenant, name, canceled, created_at FROM batch WHERE id = ?2 AND tenant = coalesce(?1, tenant)")
        selectBefore = try connection.prepare(
            "SELECT id, tenant, name, canceled, created_at FROM batch WHERE id < ?1 ORDER BY id DESC")
        selectDays = try connection.prepare("SELECT day FROM batch_day WHERE batch = ?1 ORDER BY day")
    }

    /// - Parameter tenant: nil = any, which finds by id alone: names are each tenant's own.
    func find(tenant: TenantID?, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        let row: SQLiteStatement
        switch reference {
        case .name(let name):
            row = selectByName
            row.bindText(2, name)
        case .id(let id):
            row = selectByID
            row.bind(2, id)
        }
        row.bind(1, orNull: (tenant?.rawValue).map(Int64.init))
        defer { row.reset() }
        guard try row.step() else { return nil }
        return Self.record(row)
    }

    /// Visits batches below an id, the newest first, until it is enough.
    /// - Parameter visit: returns whether there may be more of them.
    func visit(below id: BatchID, _ visit: (BatchRecord) throws(StoreError) -> Bool) throws(StoreError) {
        selectBefore.bind(1, id)
        defer { selectBefore.reset() }
        while try selectBefore.step() {
            guard try visit(Self.record(selectBefore)) else { return }
        }
    }

    private static func record(_ row: SQLiteStatement) -> BatchRecord {
        BatchRecord(
            id: BatchID(rawValue: UInt64(row.integer(0))), tenant: TenantID(rawValue: Int32(row.integer(1))),
            name: row.text(2), canceled: row.integer(3) != 0, createdAt: row.integer(4))
    }

    func days(of batch: BatchID) throws(StoreError) -> [Day] {
        selectDays.bind(1, batch)
        defer { selectDays.reset() }
        var days: [Day] = []
        while try selectDays.step() { days.append(Day(number: UInt64(selectDays.integer(0)))) }
        return days
    }
}

extension PauseTarget {
    var storedText: String {
        switch self {
        case .everything: "everything"
        case .provider(let name): "provider \(name)"
        case .batch(let id): "batch \(id)"
        case .tenant(let id): "tenant \(id.rawValue)"
        }
    }

    init?(storedText text: String) {
        if text == "everything" {
            self = .everything
        } else if text.hasPrefix("provider ") {
            self = .provider(String(text.dropFirst(9)))
        } else if text.hasPrefix("batch "), let id = BatchID(text.dropFirst(6)) {
            self = .batch(id)
        } else if text.hasPrefix("tenant "), let number = Int32(text.dropFirst(7)) {
            self = .tenant(TenantID(rawValue: number))
        } else {
            return nil
        }
    }
}
