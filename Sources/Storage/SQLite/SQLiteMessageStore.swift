internal import CSQLite
package import SMSModel

/// Settings of the embedded store.
package struct SQLiteStoreOptions: Sendable {
    /// The largest that all files together may grow, in bytes; 0 = what the disk holds.
    package var maximumBytes: Int64 = 0
    /// Memory for pages of today's file, in bytes.
    package var cacheBytes: Int64 = 16 * 1024 * 1024
    /// Start even if the clock is more than a day behind the newest message.
    package var acceptsClockBehind = false
    /// Retention believes the clock at the start, however far it is ahead of the last sweep.
    package var acceptsClockAhead = false
    package var retention = RetentionPolicy()
    package var index = IndexOptions()
    /// false = a commit is not synced, and a loss of power loses it: only for the test that shows that losses are
    /// found. No setting leads here.
    package var isSynced = true
    /// Pages (of 4 KiB) that a log may hold before it is copied into its file, however busy the store is; a quarter of
    /// it where nothing else is to be done. Rarely and much at once costs a little less, and lets callers wait longer.
    package var checkpointPages = 1024

    package init() {}
}

/// The embedded store: SQLite files in WAL mode with `synchronous=FULL`, so that a commit is on disk when it returns.
/// One file for each day of acceptance, and one for what belongs to no day. Exactly one connection a file writes and
/// checkpoints.
///
/// A round may touch several files; each is committed by itself. All that is known of one message is in one file, so
/// what a failure between two commits leaves behind is whole for each message.
package final class SQLiteMessageStore: MessageStore {
    package let catalog: DayCatalog
    let control: ControlFile
    package let administration: any AdministrationStore
    package let carriers: any CarrierStore
    let files: DayFiles
    let options: SQLiteStoreOptions
    private var ids: MessageIDGenerator
    let quotas = QuotaLedger()
    /// The stored low-water mark: to be lowered at once, and raised now and then.
    private var recoveryStart: MessageID
    var retention: RetentionProgress
    var retentionClock: RetentionClock
    /// The clock as it is stored; nil = it is to be stored at the next look.
    var storedRetentionClock: RetentionClock?
    var gauge = RoomGauge()

    /// Opens or makes the files of a directory whose lock the caller holds. Until nothing refuses the start, nothing is
    /// written.
    /// - Parameters:
    ///   - now: milliseconds since the Unix epoch.
    ///   - warn: takes one line for the log.
    package init(
        directory: String, options: SQLiteStoreOptions = SQLiteStoreOptions(), now: Int64, warn: (String) -> Void
    ) throws(StoreError) {
        _ = apus_sqlite3_config_no_memory_statistics()
        let newest = try StartCheck(directory, options, now: now, warn: warn).newestID
        try DataDirectory.make(DataDirectory.daysPath(in: directory))
        self.options = options
        catalog = DayCatalog(directory: directory)
        catalog.insert(DataDirectory.days(in: directory))
        control = try ControlFile(
            SQLiteSchema.open(catalog.controlPath, SQLiteSchema.control, cacheBytes: 1024 * 1024))
        administration = try SQLiteAdministration(control)
        carriers = SQLiteCarriers(control)
        try DataDirectory.sync(directory)
        files = DayFiles(catalog, options, quotas)
        if let removing = try control.mark(.removing).map({ Day(number: UInt64($0)) }), catalog.contains(removing) {
            try files.remove(removing)
        }
        retention = RetentionProgress(options.retention)
        recoveryStart = MessageID(rawValue: UInt64(try control.mark(.recoveryStart) ?? 0))
        retentionClock =
            try control.retentionClock() ?? RetentionClock(believed: newest.map { Int64($0.milliseconds) } ?? now)
        if options.acceptsClockAhead { retentionClock = RetentionClock(believed: max(now, retentionClock.believed)) }
        ids = MessageIDGenerator(after: newest)
        try enterUsage(now: now, warn)
        // No message waits for the making of its file.
        _ = try files.make(Day(containing: now))
    }

    /// Sums up what tenants have used this month, and what of theirs waits.
    private func enterUsage(now: Int64, _ warn: (String) -> Void) throws(StoreError) {
        quotas.begin(Day(of: ids.next(nowMilliseconds: UInt64(now))))
        for day in catalog.days where quotas.days.contains(day) || day >= Day(of: recoveryStart) {
            do throws(StoreError) {
                try files.file(of: day)?.enter(hasWaiting: day >= Day(of: recoveryStart))
            } catch {
                // A day that nobody asks for must not keep the gateway from its work.
                warn("what tenants used on \(day) does not count: \(error.text)")
            }
        }
        // A file that is there again counts for itself.
        try control.removedCharges { day, tenant, charge in
            if quotas.days.contains(day), !catalog.contains(day) { quotas.charge(charge, tenant, on: day) }
        }
    }

    // MARK: Rounds

    /// Each file's transaction begins when the round first writes to it.
    package func begin() throws(StoreError) {}

    package func commit() throws(StoreError) {
        let days = files.inRound
        for file in days { try file.prepareCommit() }
        if days.count + (control.isInRound ? 1 : 0) > 1 {
            // What there is no room for shows before anything is committed.
            if control.isInRound { try control.connection.flushChanges() }
            for file in days { try file.connection.flushChanges() }
        }
        var isPartial = false
        do throws(StoreError) {
            // First what messages refer to. Then what happened to those of other days, and today's, with what the
            // round accepted, last.
            if control.isInRound {
                try control.commit()
                isPartial = true
            }
            for file in days {
                try file.commit()
                isPartial = true
            }
        } catch {
            guard isPartial, error.isPassing else { throw error }
            throw .partial(error.text)
        }
    }

    package func rollback() {
        control.rollback()
        for file in files.inRound { file.rollback() }
        recoveryStart = MessageID(rawValue: UInt64((try? control.mark(.recoveryStart)) ?? 0))
        retention.rolledBack()
        storedRetentionClock = nil
    }

    /// What is best done between rounds: copies long logs into their files, and closes files not used for long.
    package func checkpoint(isIdle: Bool) throws(StoreError) {
        let most = isIdle ? options.checkpointPages / 4 : options.checkpointPages
        if control.uncopiedPages >= most { try control.checkpoint() }
        for file in files.allOpen where file.uncopiedPages >= most { try file.checkpoint() }
        try removeSwept()
        try files.closeSome()
    }

    // MARK: Accepting

    package func accept(
        _ batch: MessageDrafts, _ range: Range<Int>, chunk: BatchChunk?, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        if let chunk {
            try acceptChunk(batch, range, chunk, now: now, results: &results)
            return
        }
        let oldest = MessageID(milliseconds: UInt64(max(0, now - Limits.idempotencyWindowMilliseconds)))
        let hashes = range.map { batch.drafts[$0].keyHash }
        // Without a key no other day's file is asked for: it may be damaged.
        var filesOfWindow = hashes.contains { $0 != 0 } ? try files(from: Day(of: oldest)) : []
        let isInRuns = try mayBeInRuns(hashes, filesOfWindow)
        for index in range {
            let draft = batch.drafts[index]
            if draft.keyHash != 0,
                let known = try known(
                    draft, of: batch, in: filesOfWindow, oldest: oldest, isInRuns: isInRuns[index - range.lowerBound])
            {
                results.append(known)
                continue
            }
            let next = ids.next(nowMilliseconds: UInt64(now))
            if let kind = draft.isLate(now: now) ? .late : quotas.refusal(of: draft, on: Day(of: next)) {
                results.append(.refused(kind, draft))
                continue
            }
            let id = ids.take(1, nowMilliseconds: UInt64(now))
            let file = try file(for: id)
            // Midnight. A day that begins has no runs.
            if file !== filesOfWindow.first { filesOfWindow.insert(file, at: 0) }
            try file.insert(draft, of: batch, id: id, batchID: nil)
            results.append(AcceptResult(kind: .accepted, state: draft.waitingState, id: id))
        }
    }

    /// The file that a new id's message goes to.
    private func file(for id: MessageID) throws(StoreError) -> DayFile {
        if let file = try files.file(of: id) { return file }
        return try files.make(Day(of: id))
    }

    /// The files of the newest message's day and of those before it, not before `oldest`; newest first.
    private func files(from oldest: Day) throws(StoreError) -> [DayFile] {
        var found: [DayFile] = []
        var day = Day(of: MessageID(ordinal: ids.highWater))
        while day >= oldest {
            if let file = try files.file(of: day) { found.append(file) }
            guard day.number > 0 else { break }
            day = day.previous
        }
        return found
    }

    /// Which of the keys' hashes a run of one of the files may hold.
    private func mayBeInRuns(_ hashes: [UInt64], _ files: [DayFile]) throws(StoreError) -> [Bool] {
        var found = Array(repeating: false, count: hashes.count)
        for file in files {
            let ofFile = try file.index(.key).mayBeInRuns(hashes)
            for place in ofFile.indices where ofFile[place] { found[place] = true }
        }
        return found
    }

    /// The message that this draft's key made before, verified against its row.
    private func known(
        _ draft: MessageDraft, of batch: MessageDrafts, in files: [DayFile], oldest: MessageID, isInRuns: Bool
    ) throws(StoreError) -> AcceptResult? {
        for file in files {
            guard let known = try file.known(draft, of: batch, oldest: oldest, isInRuns: isInRuns) else { continue }
            let state = try file.lifecycle(of: known.id)?.lifecycle.state ?? draft.waitingState
            var result = AcceptResult(kind: known.isSame ? .duplicate : .conflict, state: state, id: known.id)
            let asDraft = AcceptResult.BodyForm(encoding: draft.encoding, segments: draft.segments)
            if known.isSame, known.sentAs != asDraft { result.sentAs = known.sentAs }
            return result
        }
        return nil
    }

    private func acceptChunk(
        _ batch: MessageDrafts, _ range: Range<Int>, _ chunk: BatchChunk, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError) {
        let indices = chunk.indices
        var known: [BatchParts.Part] = []
        for day in try control.days(of: chunk.batch) {
            try files.file(of: day)?.parts.find(
                chunk.batch, overlapping: indices[range.lowerBound]...indices[range.upperBound - 1], into: &known)
        }
        func knownID(at index: UInt64) -> MessageID? {
            for part in known { if let id = part.id(at: index) { return id } }
            return nil
        }
        // A run of indices without a gap gets ids without a gap, and one row that says so; two over midnight.
        var run: (file: DayFile, part: BatchParts.Part)?
        for position in range {
            let index = indices[position]
            let draft = batch.drafts[position]
            if let id = knownID(at: index) {
                results.append(try verified(draft, id))
                continue
            }
            let next = ids.next(nowMilliseconds: UInt64(now))
            if let kind = draft.isLate(now: now) ? .late : quotas.refusal(of: draft, on: Day(of: next)) {
                results.append(.refused(kind, draft))
                continue
            }
            let id = ids.take(1, nowMilliseconds: UInt64(now))
            if let ended = run, index != ended.part.firstIndex + ended.part.count || id >= ended.file.end {
                try ended.file.parts.insert(chunk.batch, ended.part)
                run = nil
            }
            if run == nil {
                let file = try file(for: id)
                try control.announce(file.day, of: chunk.batch)
                run = (file, BatchParts.Part(firstIndex: index, firstID: id, count: 0))
            }
            try run!.file.insert(draft, of: batch, id: id, batchID: chunk.batch)
            run!.part.count += 1
            results.append(AcceptResult(kind: .accepted, state: draft.waitingState, id: id))
        }
        if let run { try run.file.parts.insert(chunk.batch, run.part) }
    }

    /// The same place in a batch again: a duplicate if the content is the same too.
    private func verified(_ draft: MessageDraft, _ id: MessageID) throws(StoreError) -> AcceptResult {
        guard let file = try files.file(of: id), let fingerprint = try file.fingerprint(of: id) else {
            return AcceptResult(kind: .duplicate, state: .accepted, id: id)
        }
        let state = try file.lifecycle(of: id)?.lifecycle.state ?? draft.waitingState
        return AcceptResult(kind: fingerprint == draft.fingerprint ? .duplicate : .conflict, state: state, id: id)
    }

    // MARK: Messages

    package func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle? {
        try files.file(of: id)?.lifecycle(of: id)
    }

    package func record(
        _ stored: StoredLifecycle, since mark: MessageLifecycle.Mark, isFirst: Bool
    ) throws(StoreError) -> Bool {
        let id = stored.lifecycle.id
        guard let file = try files.file(of: id) else { return false }
        if id < recoveryStart, stored.lifecycle.state == .queued || stored.lifecycle.state == .submitting {
            recoveryStart = id
            try control.setMark(.recoveryStart, Int64(id.rawValue))
        }
        return try file.record(stored, since: mark, isFirst: isFirst)
    }

    package func load(_ id: MessageID, into batch: inout MessageDrafts) throws(StoreError) -> LoadedMessage? {
        try files.file(of: id)?.load(id, into: &batch)
    }

    package func find(providerID: String, provider: UInt8) throws(StoreError) -> MessageID? {
        var text = providerID
        let hash = text.withUTF8 { IndexKind.providerID.hash(UnsafeRawBufferPointer($0), scope: Int64(provider)) }
        let bytes = Array(text.utf8)
        for day in catalog.days.reversed() {
            guard let file = try files.file(of: day) else { continue }
            var newest: MessageID?
            _ = try file.index(.providerID).find(hash) { (id) throws(StoreError) in
                let history = try file.lifecycle(of: id)?.lifecycle.history
                let isIt = history?.providerIDs.contains { $0.provider == provider && $0.id.elementsEqual(bytes) }
                if isIt == true { newest = max(newest ?? id, id) }
                return false
            }
            if let newest { return newest }
        }
        return nil
    }

    // MARK: Batches

    package func openBatch(tenant: TenantID, name: String, now: Int64) throws(StoreError) -> BatchRecord {
        if let known = try control.batch(tenant: tenant, .name(name)) { return known }
        let record = BatchRecord(
            id: ids.take(1, nowMilliseconds: UInt64(now)), tenant: tenant, name: name, canceled: false, createdAt: now)
        try control.insert(record)
        return record
    }

    package func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord? {
        try control.batch(tenant: tenant, reference)
    }

    package func cancelBatch(_ id: BatchID) throws(StoreError) { try control.cancel(id) }

    package func unfinishedCancellations() throws(StoreError) -> [BatchID] {
        var unfinished: [BatchID] = []
        for batch in try control.canceledBatches() {
            var waiting: Int64 = 0
            for day in try control.days(of: batch) {
                waiting += try files.file(of: day)?.count(in: [.scheduled, .queued], batch: batch) ?? 0
            }
            if waiting > 0 { unfinished.append(batch) }
        }
        return unfinished
    }

    package func messages(
        of batch: BatchID, from index: UInt64, limit: Int
    ) throws(StoreError) -> (ids: [MessageID], next: UInt64?) {
        var parts: [BatchParts] = []
        for day in try control.days(of: batch) {
            if let file = try files.file(of: day) { parts.append(file.parts) }
        }
        var ids: [MessageID] = []
        var index = index
        while true {
            var next: BatchParts.Part?
            for part in parts {
                guard let found = try part.next(batch, from: index) else { continue }
                if next.map({ found.firstIndex < $0.firstIndex }) ?? true { next = found }
            }
            guard let next else { return (ids, nil) }
            for place in max(index, next.firstIndex)..<next.firstIndex + next.count {
                guard ids.count < limit else { return (ids, place) }
                ids.append(next.firstID.advanced(by: Int(place - next.firstIndex)))
            }
            index = next.firstIndex + next.count
        }
    }

    // MARK: What operators set

    package func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError) {
        try control.setPaused(target, paused)
    }

    package func pausedTargets() throws(StoreError) -> [PauseTarget] { try control.pausedTargets() }

    package func providerIndex(name: String, kind: String) throws(StoreError) -> UInt8 {
        try control.providerNumber(name: name, kind: kind)
    }

    package func providerNumbers() throws(StoreError) -> [String: UInt8] { try control.providerNumbers() }

    package func receiptKey() throws(StoreError) -> [UInt8] { try control.receiptKey() }

    package func setQuotas(_ quotas: [TenantID: TenantQuota]) { self.quotas.setQuotas(quotas) }

    package func setRetention(of tenants: [TenantID: RetentionPolicy.Days]) { retention.setTenants(tenants) }

    package func usage(of tenant: TenantID, now: Int64) throws(StoreError) -> TenantUsage {
        quotas.usage(of: tenant, on: Day(containing: now))
    }

    // MARK: Recovery

    package func recover(
        from cursor: MessageID?, limit: Int, now: Int64, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) -> MessageID? {
        let start = cursor ?? recoveryStart
        for day in catalog.days where day >= Day(of: start) {
            guard let file = try files.file(of: day) else { continue }
            // Most days have nothing that waits, whatever their size.
            if try file.count(in: [.scheduled, .queued, .submitting]) == 0, !file.isInRound {
                return catalog.days.first { $0 > day }?.firstID
            }
            let from = max(start, day.firstID)
            if let next = try file.recover(from: from, limit: limit, visit) { return next }
            // One file a call, so that a call's work is bounded.
            return catalog.days.first { $0 > day }?.firstID
        }
        return nil
    }

    package func setRecoveryStart(_ id: MessageID?) throws(StoreError) {
        let mark = id ?? MessageID(ordinal: ids.highWater)
        guard mark != recoveryStart else { return }
        recoveryStart = mark
        try control.setMark(.recoveryStart, Int64(mark.rawValue))
    }

    /// Makes the newest file and its log longer for real; the next rounds use the room that this leaves behind.
    package func checkRoom() throws(StoreError) {
        let bytes = 256 * 1024
        let connection = try catalog.newest.flatMap { (day) throws(StoreError) in try files.file(of: day)?.connection }
        for connection in [connection, control.connection].compactMap(\.self) {
            try connection.execute(
                "INSERT INTO meta VALUES ('room', randomblob(\(bytes))) ON CONFLICT DO UPDATE SET value = excluded.value"
            )
            try connection.execute("DELETE FROM meta WHERE name = 'room'")
        }
    }
}
