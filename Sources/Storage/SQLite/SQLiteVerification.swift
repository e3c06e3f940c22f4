internal import SMSModel

/// What was found in a data directory or a backup.
package struct VerificationReport: Sendable {
    package var files = 0
    package var messages = 0
    /// Each a sentence; the first ``faultsTold`` of them.
    package var faults: [String] = []
    package var faultCount = 0
    package static let faultsTold = 100

    mutating func fault(_ text: String) {
        faultCount += 1
        if faults.count < Self.faultsTold { faults.append(text) }
    }
}

/// Reads all of a data directory and checks it: the files' soundness, the counts, every message's way through its
/// states, batches, and that every idempotency key, reference and provider's id leads to its message, a key to one.
///
/// May run alongside a gateway that serves the directory: it sees one moment of each file. It writes nothing.
package struct SQLiteVerification {
    private let catalog: DayCatalog
    private var report = VerificationReport()
    private var providers: Set<UInt8> = []
    private var batchDays: Set<BatchDay> = []
    private var batches: Set<BatchID> = []
    private var recoveryStart: UInt64 = 0
    private var newestGeneration: UInt32 = 0
    /// Retention was about to remove its file: its batches are forgotten already.
    private var removing: Day?

    private struct BatchDay: Hashable {
        var batch: BatchID
        var day: Day
    }

    /// - Parameter progress: told of each file before it is read.
    /// - Throws: if a file cannot be read at all.
    package static func run(
        _ directory: String, progress: (String) -> Void = { _ in }
    ) throws(StoreError) -> VerificationReport {
        try SQLiteSchema.refuseSingleFile(directory)
        guard DataDirectory.exists(DataDirectory.controlPath(in: directory)) else {
            throw .failed("\(directory) holds no control.db: is it a data directory or a backup?")
        }
        var verification = SQLiteVerification(directory)
        return try verification.run(progress)
    }

    private init(_ directory: String) {
        catalog = DayCatalog(directory: directory)
        catalog.insert(DataDirectory.days(in: directory))
    }

    private mutating func run(_ progress: (String) -> Void) throws(StoreError) -> VerificationReport {
        // It only rises, but for what waits again: the lower of two readings holds for what is read in between.
        recoveryStart = try readRecoveryStart()
        // The days before the control file: what they refer to was there before.
        var days: [DayVerification] = []
        var previous: DayVerification?
        for day in catalog.days {
            progress(catalog.path(of: day))
            do throws(StoreError) {
                let current = try DayVerification(day, path: catalog.path(of: day), previous: previous)
                days.append(current)
                previous = current
                try current.run(&report)
                current.forgetPrevious()
            } catch {
                // The others are read all the same.
                report.fault(error.text)
            }
        }
        progress(catalog.controlPath)
        try readControl()
        recoveryStart = min(recoveryStart, try readRecoveryStart())
        for day in days {
            if let lowest = day.lowestWaiting, lowest.rawValue < recoveryStart {
                report.fault(
                    "\(catalog.path(of: day.day)): message \(lowest) waits below the mark \(recoveryStart), so no start finds it"
                )
            }
        }
        for day in days where day.day != removing {
            for batch in day.batches
            where !batches.contains(batch) || !batchDays.contains(BatchDay(batch: batch, day: day.day)) {
                report.fault("\(catalog.path(of: day.day)): control.db does not know batch \(batch) of that day")
            }
            for number in day.providers where !providers.contains(number) {
                report.fault("\(catalog.path(of: day.day)): control.db does not know provider \(number)")
            }
            if day.newestGeneration > newestGeneration {
                report.fault(
                    "\(catalog.path(of: day.day)): control.db does not know generation \(day.newestGeneration)")
            }
        }
        report.files = days.count + 1
        return report
    }

    private func readRecoveryStart() throws(StoreError) -> UInt64 {
        let connection = try SQLiteConnection(path: catalog.controlPath, mode: .readOnly)
        return UInt64(
            try connection.integer("SELECT value FROM meta WHERE name = '\(ControlFile.Mark.recoveryStart.rawValue)'"))
    }

    private mutating func readControl() throws(StoreError) {
        let connection = try SQLiteConnection(path: catalog.controlPath, mode: .readOnly)
        try SQLiteSchema.check(connection)
        try Self.checkIntegrity(connection, &report)
        let mark = try connection.prepare(
            "SELECT value FROM meta WHERE name = '\(ControlFile.Mark.removing.rawValue)'")
        if try mark.step() { removing = Day(number: UInt64(mark.integer(0))) }
        let numbers = try connection.prepare("SELECT number FROM provider")
        while try numbers.step() { providers.insert(UInt8(truncatingIfNeeded: numbers.integer(0))) }
        let rows = try connection.prepare("SELECT b.id, d.day FROM batch b LEFT JOIN batch_day d ON d.batch = b.id")
        while try rows.step() {
            let batch = BatchID(rawValue: UInt64(rows.integer(0)))
            batches.insert(batch)
            if !rows.isNull(1) { batchDays.insert(BatchDay(batch: batch, day: Day(number: UInt64(rows.integer(1))))) }
        }
        var administration = AdministrationVerification(connection)
        try administration.run(&report)
        newestGeneration = administration.newestGeneration
        try CarrierVerification.run(connection, &report)
    }

    static func checkIntegrity(
        _ connection: SQLiteConnection, _ report: inout VerificationReport
    ) throws(StoreError) {
        let verdicts = try connection.prepare("PRAGMA integrity_check(10)")
        while try verdicts.step() {
            if verdicts.text(0) != "ok" { report.fault("\(connection.path): \(verdicts.text(0))") }
        }
    }
}

/// One day's file under verification.
private final class DayVerification {
    let day: Day
    private(set) var batches: Set<BatchID> = []
    private(set) var providers: Set<UInt8> = []
    /// That a message was accepted under.
    private(set) var newestGeneration: Int64 = 0
    /// The first message that waits or is being submitted.
    private(set) var lowestWaiting: MessageID?
    private let connection: SQLiteConnection
    private let keys: SQLiteIndex
    private let references: SQLiteIndex
    private let providerIDs: SQLiteIndex
    private let selectKey: SQLiteStatement
    private var previous: DayVerification?
    private static let waiting = Set(
        [MessageState.scheduled, .queued, .submitting].map { Int64($0.rawValue) })
    private var counts: [StateCountKey: Int64] = [:]
    private var usage = UsageCount()
    private var parts: [(part: BatchParts.Part, batch: BatchID)] = []

    private struct StateCountKey: Hashable {
        var scope: Int64
        var state: Int64
    }

    init(_ day: Day, path: String, previous: DayVerification?) throws(StoreError) {
        self.day = day
        self.previous = previous
        connection = try SQLiteConnection(path: path, mode: .readOnly)
        try SQLiteSchema.check(connection)
        let tables = try IndexTables(connection)
        keys = SQLiteIndex(.key, tables, IndexOptions())
        references = SQLiteIndex(.reference, tables, IndexOptions())
        providerIDs = SQLiteIndex(.providerID, tables, IndexOptions())
        selectKey = try connection.prepare("SELECT tenant, key FROM message WHERE id = ?1")
    }

    /// Only two days' files are open at a time.
    func forgetPrevious() { previous = nil }

    func run(_ report: inout VerificationReport) throws(StoreError) {
        // One moment of the file.
        try connection.execute("BEGIN")
        try SQLiteVerification.checkIntegrity(connection, &report)
        try readParts(&report)
        try checkMessages(&report)
        try checkStateCounts(&report)
        try usage.check(connection, &report)
        try connection.execute("COMMIT")
    }

    private func readParts(_ report: inout VerificationReport) throws(StoreError) {
        let rows = try connection.prepare(
            "SELECT first_index, first_id, count, batch FROM batch_part ORDER BY batch, first_index")
        var last: (batch: BatchID, end: UInt64)?
        while try rows.step() {
            let part = BatchParts.part(rows)
            let batch = BatchID(rawValue: UInt64(rows.integer(3)))
            if let last, last.batch == batch, part.firstIndex < last.end {
                report.fault("\(connection.path): index \(part.firstIndex) of batch \(batch) has two messages")
            }
            last = (batch, part.firstIndex + part.count)
            parts.append((part, batch))
            batches.insert(batch)
        }
        parts.sort { $0.part.firstID < $1.part.firstID }
    }

    /// Whether a part of the batch covers the id.
    private func hasPart(_ batch: BatchID, _ id: MessageID) -> Bool {
        var low = 0
        var high = parts.count
        while low < high {
            let middle = (low + high) / 2
            if parts[middle].part.firstID <= id { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let found = parts[low - 1]
        return found.batch == batch && id.ordinal - found.part.firstID.ordinal < found.part.count
    }

    private func checkMessages(_ report: inout VerificationReport) throws(StoreError) {
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.send_at, m.key, m.key_hash, m.reference, s.state, s.due, s.history,
                   s.tenant, s.batch, m.segments, m.reserve, m.generation
            FROM message m LEFT JOIN state s ON s.id = m.id ORDER BY m.id
            """)
        while try rows.step() {
            report.messages += 1
            let id = MessageID(rawValue: UInt64(bitPattern: rows.integer(0)))
            func wrong(_ text: String) { report.fault("\(connection.path): message \(id): \(text)") }
            if Day(of: id) != day { wrong("its id is of another day") }
            let waits: MessageState = rows.integer(3) == 0 ? .queued : .scheduled
            let state = rows.isNull(7) ? Int64(waits.rawValue) : rows.integer(7)
            counts[StateCountKey(scope: -rows.integer(1), state: state), default: 0] += 1
            let isSentForGood = state == Int64(MessageState.sent.rawValue) && rows.integer(8) == 0
            let forGood = CountedState.sentForGood.number
            if isSentForGood { counts[StateCountKey(scope: -rows.integer(1), state: forGood), default: 0] += 1 }
            newestGeneration = max(newestGeneration, rows.integer(14))
            if lowestWaiting == nil, Self.waiting.contains(state) { lowestWaiting = id }
            if !rows.isNull(2) {
                let batch = BatchID(rawValue: UInt64(rows.integer(2)))
                counts[StateCountKey(scope: rows.integer(2), state: state), default: 0] += 1
                if isSentForGood { counts[StateCountKey(scope: rows.integer(2), state: forGood), default: 0] += 1 }
                if !hasPart(batch, id) { wrong("batch \(batch) does not have it") }
            }
            var known: MessageLifecycle?
            if !rows.isNull(7) {
                if rows.integer(1) != rows.integer(10) || rows.integer(2) != rows.integer(11) {
                    wrong("its state is of another tenant or batch")
                }
                do throws(StoreError) {
                    let lifecycle = try MessageLifecycle(id, rows, column: 7, path: connection.path)
                    known = lifecycle
                    if let fault = lifecycle.fault { wrong(fault) }
                    try checkProviderIDs(lifecycle.history, id, wrong)
                } catch .damaged(let text) {
                    report.fault(text)
                }
            }
            usage.add(
                Charge(segments: rows.integer(12), cost: rows.integer(13)),
                TenantID(rawValue: Int32(truncatingIfNeeded: rows.integer(1))), known)
            if !rows.isNull(5) { try checkKey(rows, id, wrong) }
            if !rows.isNull(6) {
                let hash = IndexKind.reference.hash(rows.bytes(6), scope: rows.integer(1))
                if try references.find(hash, where: { $0 == id }) == nil { wrong("it is not found by its reference") }
            }
        }
        let orphans = try connection.integer("SELECT count(*) FROM state WHERE id NOT IN (SELECT id FROM message)")
        if orphans > 0 { report.fault("\(connection.path): \(orphans) states belong to no message") }
    }

    private func checkProviderIDs(
        _ history: History, _ id: MessageID, _ wrong: (String) -> Void
    ) throws(StoreError) {
        history.forEach(from: 0) { if $0.provider != 0 { providers.insert($0.provider) } }
        for (provider, text) in history.providerIDs {
            let hash = text.withUnsafeBytes { IndexKind.providerID.hash($0, scope: Int64(provider)) }
            if try providerIDs.find(hash, where: { $0 == id }) == nil { wrong("it is not found by its provider's id") }
        }
    }

    private func checkKey(_ row: SQLiteStatement, _ id: MessageID, _ wrong: (String) -> Void) throws(StoreError) {
        let hash = UInt64(bitPattern: row.integer(5))
        if try keys.find(hash, where: { $0 == id }) == nil { wrong("it is not found by its idempotency key") }
        let window = UInt64(Limits.idempotencyWindowMilliseconds)
        let oldest = MessageID(milliseconds: id.milliseconds - min(id.milliseconds, window))
        let key = Array(row.bytes(4))
        for file in [self, previous].compactMap(\.self) {
            let other = try file.other(than: id, from: oldest, hash: hash, tenant: row.integer(1), key: key)
            if let other { wrong("message \(other) has the same idempotency key") }
        }
    }

    /// An older message of the same key that is no older than `oldest`.
    private func other(
        than id: MessageID, from oldest: MessageID, hash: UInt64, tenant: Int64, key: [UInt8]
    ) throws(StoreError) -> MessageID? {
        try keys.find(hash, oldest: oldest) { (other) throws(StoreError) in
            // The window counts from the first acceptance: one on its very edge is a new message.
            guard other < id, id.milliseconds - other.milliseconds < UInt64(Limits.idempotencyWindowMilliseconds)
            else { return false }
            selectKey.bind(1, other)
            defer { selectKey.reset() }
            return try selectKey.step() && selectKey.integer(0) == tenant && selectKey.bytes(1).elementsEqual(key)
        }
    }

    private func checkStateCounts(_ report: inout VerificationReport) throws(StoreError) {
        let rows = try connection.prepare("SELECT scope, state, count FROM tally")
        while try rows.step() {
            counts[StateCountKey(scope: rows.integer(0), state: rows.integer(1)), default: 0] -= rows.integer(2)
        }
        for (key, difference) in counts where difference != 0 {
            report.fault(
                "\(connection.path): the count of state \(key.state) in scope \(key.scope) is off by \(difference)")
        }
        counts = [:]
    }
}
