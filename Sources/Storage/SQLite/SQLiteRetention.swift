internal import SMSModel

/// Where the work of retention has got to. Between two rounds it is on one day.
struct RetentionProgress {
    private(set) var policy: RetentionPolicy
    private(set) var job: Job?
    /// Days with which nothing is to be done under the plan, as far as this process knows.
    private var done: [Day: RetentionPolicy.Plan] = [:]
    /// Days of which something was not settled yet: to be looked at again on another day.
    private var postponed: [Day: Day] = [:]
    /// Days of which nothing is left but the file.
    private(set) var emptied: [Day] = []
    /// Days whose logs still hold what was taken away.
    private(set) var changed: Set<Day> = []

    struct Job {
        var day: Day
        var plan: RetentionPolicy.Plan
        /// All is to go: whether all is settled is found out first.
        var isChecking: Bool
        var cursor = MessageID(rawValue: 0)
        /// Messages that are not settled.
        var skipped = 0
    }

    init(_ policy: RetentionPolicy) {
        self.policy = policy
    }

    mutating func setTenants(_ tenants: [TenantID: RetentionPolicy.Days]) {
        let complete = tenants.mapValues {
            RetentionPolicy.Days(
                bodies: $0.bodies ?? policy.standard.bodies, records: $0.records ?? policy.standard.records)
        }
        guard complete != policy.tenants else { return }
        policy.tenants = complete
        // What was under way was by the old plan; the day comes again if there is anything left to do.
        job = nil
    }

    /// The day to go on with; nil if none is due.
    mutating func next(_ days: [Day], today: Day) -> Job? {
        if job == nil {
            for day in days where day < today && postponed[day] != today && !emptied.contains(day) {
                let plan = policy.plan(age: day.days(until: today))
                guard !plan.keepsAll, done[day] != plan else { continue }
                job = Job(day: day, plan: plan, isChecking: plan.deletesAll)
                break
            }
        }
        return job
    }

    mutating func update(_ changed: Job) { job = changed }

    mutating func finished(today: Day) {
        guard let job else { return }
        if job.skipped == 0 { done[job.day] = job.plan } else { postponed[job.day] = today }
        self.job = nil
    }

    /// Its file cannot be used today.
    mutating func postpone(to today: Day) {
        guard let job else { return }
        postponed[job.day] = today
        self.job = nil
    }

    mutating func isEmpty(_ day: Day) {
        emptied.append(day)
        job = nil
    }

    mutating func removed() { emptied.removeAll() }

    mutating func changed(_ day: Day) { changed.insert(day) }

    mutating func logsEmptied(_ day: Day) { changed.remove(day) }

    mutating func rolledBack() {
        job = nil
        emptied.removeAll()
        // What was done in this very round was not.
        done.removeAll()
    }
}

extension SQLiteMessageStore {
    /// Messages that one sweep looks at or changes, at most.
    private static let rowsLookedAt = 4000
    private static let rowsChanged = 128
    private static let pause: Int64 = 20
    private static let logPause: Int64 = 1000
    private static let hour: Int64 = 3_600_000
    /// How long before midnight the next day's file is made, so that no message waits for it.
    private static let headStart: Int64 = 300_000

    package func applyRetention(now: Int64) throws(StoreError) -> Int64 {
        let today = Day(containing: now)
        let ahead = today.next.start - Self.headStart
        if now >= ahead, catalog.contains(today) { _ = try files.make(today.next) }
        // One file at a time: its removal comes between two rounds.
        guard retention.emptied.isEmpty else { return now + Self.pause }
        let later = min(now + Self.hour, now < ahead ? ahead : today.next.start)
        guard try believesClock(now) else {
            return min(later, now + (retentionHold?.leftMilliseconds ?? Self.hour))
        }
        guard var job = retention.next(catalog.days, today: today) else {
            // After the days, as those make room.
            if try removeOldAudit(today: today) { return now + Self.pause }
            if try removeOldInbound(today: today) { return now + Self.pause }
            // A log that somebody was reading is tried again soon.
            return retention.changed.isEmpty ? later : min(later, now + Self.logPause)
        }
        let opened: DayFile?
        do throws(StoreError) {
            opened = try files.file(of: job.day)
        } catch {
            // Anyone who asks for its messages is told. It must not keep the gateway from its work.
            opened = nil
        }
        guard let file = opened else {
            retention.postpone(to: today)
            return now + Self.pause
        }
        if job.cursor.rawValue == 0, !job.isChecking {
            guard try file.sweptMark() != job.plan.mark else {
                retention.finished(today: today)
                return now + Self.pause
            }
        }
        // What is taken away is to be gone from the file too; it may have been opened again since the last sweep.
        if !job.isChecking { try file.connection.execute("PRAGMA secure_delete = ON") }
        if job.isChecking {
            try check(&job, file, now: now)
        } else {
            try change(&job, file, now: now, today: today)
        }
        return now + Self.pause
    }

    /// What retention waits for, as the clock is far ahead of the last sweep; nil if it believes the clock.
    package var retentionHold: RetentionHold? { retentionClock.hold }

    /// Looks at the clock, and keeps what was found where a restart would miss it.
    private func believesClock(_ now: Int64) throws(StoreError) -> Bool {
        let isBelieved = retentionClock.read(now)
        let stored = storedRetentionClock
        let isNews = (stored?.doubt == nil) != isBelieved
        if stored.map({ isNews || now - $0.lastReading >= Self.hour || now < $0.lastReading }) ?? true {
            try control.setRetentionClock(retentionClock)
            storedRetentionClock = retentionClock
        }
        return isBelieved
    }

    /// Looks on for messages that are not settled.
    private func check(_ job: inout RetentionProgress.Job, _ file: DayFile, now: Int64) throws(StoreError) {
        let waiting = try file.count(in: [.scheduled, .queued, .submitting]) != 0
        let found = try file.unsettled(from: job.cursor, limit: Self.rowsLookedAt, now: now)
        if waiting || found.count > 0 {
            // The file stays, and loses what is settled.
            job.isChecking = false
            job.cursor = MessageID(rawValue: 0)
        } else if let next = found.next {
            job.cursor = next
        } else {
            try forget(file)
        }
        retention.update(job)
    }

    /// Nothing is left of the day but the file.
    private func forget(_ file: DayFile) throws(StoreError) {
        try control.forget(file.day, try file.parts.batches())
        try control.keep(try file.usage.charges(), of: file.day, today: quotas.days.upperBound)
        retention.isEmpty(file.day)
    }

    private func change(
        _ job: inout RetentionProgress.Job, _ file: DayFile, now: Int64, today: Day
    ) throws(StoreError) {
        let rows = try file.retentionRows(from: job.cursor, limit: Self.rowsChanged)
        let settled = rows.filter { $0.isSettled(at: now) }
        try file.redact(settled.filter { job.plan.action(for: $0.tenant) == .redact }.map(\.id))
        try file.delete(settled.filter { job.plan.action(for: $0.tenant) == .delete })
        job.skipped += rows.count { !$0.isSettled(at: now) && job.plan.action(for: $0.tenant) != .keep }
        if rows.count == Self.rowsChanged, let last = rows.last {
            job.cursor = MessageID(rawValue: last.id.rawValue + 1)
            return retention.update(job)
        }
        retention.update(job)
        retention.changed(job.day)
        if job.skipped == 0, job.plan.deletesAll {
            return try forget(file)
        }
        if job.skipped == 0 { try file.setSweptMark(job.plan.mark) }
        retention.finished(today: today)
    }

    /// Removes the files of days of which nothing is left, and what was taken away of others from their logs. Not
    /// inside of a round.
    func removeSwept() throws(StoreError) {
        for day in retention.emptied { try files.remove(day) }
        retention.removed()
        guard retention.job == nil else { return }
        for day in retention.changed {
            // Somebody may be reading it: then the next time.
            guard let file = try files.file(of: day) else {
                retention.logsEmptied(day)
                continue
            }
            if try file.emptyLog() { retention.logsEmptied(day) }
        }
    }
}

/// What retention asks of a message.
struct RetentionRow {
    var id: MessageID
    var tenant: TenantID
    var batch: BatchID?
    var state: MessageState
    var due: Int64
    /// What it counts for its tenant's quotas.
    var charge: Charge

    /// Nobody expects a receipt, as ``MessageLifecycle/isSentForGood``.
    var isSentForGood: Bool { state == .sent && due == 0 }

    func isSettled(at now: Int64) -> Bool {
        state.isFinal || (state == .sent || state == .unknown) && now >= due
    }
}

extension DayFile {
    /// The plan that all of the day has been brought under, by its mark.
    func sweptMark() throws(StoreError) -> Int64 {
        try connection.integer("SELECT value FROM meta WHERE name = 'swept'")
    }

    func setSweptMark(_ mark: Int64) throws(StoreError) {
        try touch()
        try connection.execute(
            "INSERT INTO meta VALUES ('swept', \(mark)) ON CONFLICT DO UPDATE SET value = excluded.value")
    }

    /// Counts messages whose receipt is awaited still, among some from `start` on.
    /// - Returns: the count, and where to go on; nil at the end.
    func unsettled(
        from start: MessageID, limit: Int, now: Int64
    ) throws(StoreError) -> (count: Int64, next: MessageID?) {
        let row = try connection.prepare(
            """
            SELECT count(*), max(id), sum(state IN (\(MessageState.sent.rawValue), \(MessageState.unknown.rawValue))
                AND due > ?3)
            FROM (SELECT id, state, due FROM state WHERE id >= ?1 ORDER BY id LIMIT ?2)
            """)
        row.bind(1, start)
        row.bind(2, Int64(limit))
        row.bind(3, now)
        guard try row.step(), row.integer(0) == limit else { return (row.integer(2), nil) }
        return (row.integer(2), MessageID(rawValue: UInt64(row.integer(1)) + 1))
    }

    func retentionRows(from start: MessageID, limit: Int) throws(StoreError) -> [RetentionRow] {
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.batch, m.send_at, m.segments, m.reserve, s.state, s.due, s.history
            FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.id >= ?1 ORDER BY m.id LIMIT ?2
            """)
        rows.bind(1, start)
        rows.bind(2, Int64(limit))
        var found: [RetentionRow] = []
        while try rows.step() {
            let waits: MessageState = rows.integer(3) == 0 ? .queued : .scheduled
            let id = MessageID(rawValue: UInt64(rows.integer(0)))
            let lifecycle =
                rows.isNull(6)
                ? MessageLifecycle(id: id, waiting: waits)
                : try MessageLifecycle(id, rows, column: 6, path: connection.path)
            let reserved = Charge(segments: rows.integer(4), cost: rows.integer(5))
            found.append(
                RetentionRow(
                    id: id, tenant: TenantID(rawValue: Int32(rows.integer(1))),
                    batch: rows.isNull(2) ? nil : BatchID(rawValue: UInt64(rows.integer(2))), state: lifecycle.state,
                    due: lifecycle.due, charge: reserved.settled(lifecycle.accountedState.cost)))
        }
        return found
    }

    /// Takes the bodies away. Whether a repeat has the same content is still known by its fingerprint.
    func redact(_ ids: [MessageID]) throws(StoreError) {
        try run("UPDATE message SET body = '' WHERE id = ?1 AND body <> ''", for: ids)
    }

    func delete(_ rows: [RetentionRow]) throws(StoreError) {
        try run("DELETE FROM message WHERE id = ?1", for: rows.map(\.id))
        try run("DELETE FROM state WHERE id = ?1", for: rows.map(\.id))
        for row in rows {
            uncount(row.state, isSentForGood: row.isSentForGood, tenant: row.tenant, batch: row.batch)
            usage.rowDeleted(row.charge, row.tenant)
        }
    }

    private func run(_ sql: String, for ids: [MessageID]) throws(StoreError) {
        guard !ids.isEmpty else { return }
        try touch()
        let statement = try connection.prepare(sql)
        for id in ids {
            statement.bind(1, id)
            try statement.run()
        }
    }
}
