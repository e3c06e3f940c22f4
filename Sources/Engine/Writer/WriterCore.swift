internal import Admission
internal import ConfigurationModel
internal import DequeModule
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage

/// The state of the writer's thread: the store, the dispatcher, and the work that a bounded round left over.
struct WriterCore: ~Copyable {
    /// The store; what is written through it is gathered as the round's value.
    let store: RoundRecorder
    var dispatcher: Dispatcher
    let log: GatewayLog
    var pending = WriterInbox()
    /// Bulk bursts, of some of which some messages are durable already. Their tenants take turns.
    var bulk = TurnQueue<TenantID, BulkProgress>()
    var cancellations: [BatchCancellation] = []
    /// The replies to questions about what waits.
    var surveys: [@Sendable (WaitingSurvey) -> Void] = []
    /// The context of each pause, by the name of what is paused, as far as that has been looked up.
    var pauseContexts: [String: AuditContext] = [:]
    var tenantNames: [TenantID: String] = [:]
    var owners = InboundOwners()
    let suppressions: SuppressionList
    /// Parts of inbound messages that wait for others, and when the first of them came.
    var waitingParts = 0
    var oldestPartAt: Int64?
    var unmatched = UnmatchedReceipts()
    /// The quotas in force.
    var quotas: [TenantID: TenantQuota] = [:]
    /// Messages that were being submitted when the gateway stopped.
    var possiblySent: [RecoveredMessage] = []
    /// Where the recovery of what waits goes on, and how many messages it has found.
    var recoveryPosition: MessageID?
    var recovered = 0
    /// After a round that failed the store could not be read either.
    var mustRecover = false
    private var retentionDue: Int64 = 0
    var trouble: StoreTrouble?
    private(set) var room = StoreRoom.enough
    /// When to look again whether there is room.
    private var roomDue: Int64 = 0
    private var recoveryStartDue: Int64 = 0
    /// The last entry of the audit log that is not to be told any more.
    var lastAct: Int64 = 0
    private(set) var report = WriterReport()

    /// Messages of a bulk burst that are accepted at a time.
    static let sliceMessages = 128
    /// How long a round takes in, and then how long it claims, besides its commit.
    private static let roundNanoseconds: Int64 = 1_000_000
    private let urgency: UrgencySignal
    /// Nanoseconds, for rounds' bounds; never goes back.
    private let monotonic: @Sendable () -> Int64
    private var wasExpress = false

    // What the round under way owes, apart from what it decides: that is ``RoundRecorder/round``.

    /// To be done once it is durable.
    var effects = RoundEffects()
    /// The refusals of those who asked in it, if its commit fails.
    var refusals: [(GatewayError) -> Void] = []
    /// The work that it has taken in, to be taken in again if its commit fails.
    var intake = RoundIntake()
    /// Messages and steps that it has dealt with.
    var operations: UInt64 = 0
    private var hasBegun = false

    struct BulkProgress {
        let burst: SubmitBurst
        let chunk: BurstChunk
        var done = 0
        var results: [AcceptResult] = []
        /// The quotas that were met.
        var quotas: [TenantID: TenantQuota] = [:]
    }

    struct BatchCancellation {
        var batch: BatchID
        /// The index in the batch to go on from.
        var next: UInt64 = 0
        var count = BatchCancelCount()
        var reply: (@Sendable (Result<BatchCancelCount, GatewayError>) -> Void)?
    }

    init(
        store: any MessageStore, pool: ProviderPool, suppressions: SuppressionList, options: WriterOptions,
        urgency: UrgencySignal, log: GatewayLog,
        monotonic: @escaping @Sendable () -> Int64 = GatewayClock.monotonicNanoseconds
    ) {
        self.store = RoundRecorder(store)
        self.urgency = urgency
        self.log = log
        self.suppressions = suppressions
        self.monotonic = monotonic
        dispatcher = Dispatcher(
            pool: pool, suppressions: suppressions,
            retry: RetryPolicy(
                base: options.retryBase, cap: options.retryCap, maximumAttempts: options.maximumAttempts),
            contentBytes: options.contentBytes, seed: options.seed)
    }

    // MARK: A round

    /// Does what fits into one commit.
    mutating func round(_ work: WriterInbox, now: Int64) -> RoundEffects {
        begin(work)
        configure(now: now)
        takeLinks(now: now)
        if let trouble, !mayRetry(trouble, now: now) {
            refuse(trouble.error, now: now)
            if trouble.retryAt == nil { refuseCarriers(trouble.error) }
            updateReport(now: now)
            answerSurveys(now: now)
            return takeEffects()
        }
        do throws(StoreError) {
            try lookForRoom(now: now)
            try workOff(now: now)
            if hasBegun {
                try store.commit()
                report.commits += 1
                report.operations += operations
            }
            committed()
        } catch {
            failed(error, now: now)
        }
        updateReport(now: now)
        answerSurveys(now: now)
        return takeEffects()
    }

    private mutating func begin(_ work: WriterInbox) {
        pending.append(work)
        surveys += pending.surveys
        pending.surveys = []
        store.round.removeAll()
        intake.removeAll()
        refusals.removeAll(keepingCapacity: true)
        (operations, hasBegun) = (0, false)
        // Batches go on being canceled if the round fails, but nobody can be told any more how many were.
        for case let reply? in cancellations.map(\.reply) { refusals.append { reply(.failure($0)) } }
    }

    /// Refuses new messages while there is room for the rest alone.
    private mutating func lookForRoom(now: Int64) throws(StoreError) {
        guard trouble == nil else { return }
        if now >= roomDue {
            let wasEnough = room == .enough
            room = try store.room()
            roomDue = now + (room == .enough ? 20 : 1000)
            if wasEnough, let shortage = room.shortage {
                log.logger.error("the store does not write new messages", metadata: ["reason": "\(shortage)"])
            } else if !wasEnough, room == .enough {
                log.logger.notice("the store writes again")
            }
        }
        if let shortage = room.shortage { refuseMessages(Self.unavailable(.full(shortage), notProcessed: true)) }
    }

    private mutating func workOff(now: Int64) throws(StoreError) {
        if trouble != nil {
            // Retention may make the room that is missing.
            for _ in 0..<64 where now >= retentionDue {
                try store.begin()
                retentionDue = try store.applyRetention(now: now) > now + 1000 ? now + 60_000 : 0
                try store.commit()
                try store.checkpoint(isIdle: true)
            }
            try store.checkRoom()
            if mustRecover {
                try recoverStored(now: now)
                mustRecover = false
            }
            try begin()
            if knowsWhatWaits { try store.setRecoveryStart(lowestUnsettled) }
            return
        }
        var recovering = roundDeadline(urgency)
        repeat {
            try recoverSome(now: now)
        } while dispatcher.open.recoveryCursor != nil && !recovering.isOver(after: 16)
        if !pending.urgent.isEmpty, !wasExpress {
            wasExpress = true
            return try express(now: now)
        }
        wasExpress = false
        var deadline = roundDeadline(urgency)
        if !possiblySent.isEmpty || !pending.isEmpty || !bulk.isEmpty || !cancellations.isEmpty || retentionDue <= now
            || (unmatchedDue(now: now) ?? .max) <= now || (partsDue(now: now) ?? .max) <= now
            || canClaim && (dispatcher.nextDue(now: now) ?? .max) <= now
        {
            try begin()
        } else {
            return
        }
        try raiseLowWater(now: now)
        try settlePossiblySent(now: now, &deadline)
        try accept(\.urgent, now: now, &deadline)
        try takeAnswers(now: now, &deadline)
        try runCommands(now: now)
        try accept(\.normal, now: now, &deadline)
        try takeCarriers(now: now, &deadline)
        try tendUnmatched(now: now)
        try tendParts(now: now)
        try acceptBulk(now: now, &deadline)
        try cancelSlices(now: now)
        var claims = roundDeadline(urgency)
        if canClaim { try claim(now: now, &claims) }
        if now >= retentionDue { try applyRetention(now: now) }
    }

    private mutating func applyRetention(now: Int64) throws(StoreError) {
        let wasHeld = store.retentionHold != nil
        retentionDue = try store.applyRetention(now: now)
        let hold = store.retentionHold
        guard wasHeld != (hold != nil) else { return }
        if let hold {
            log.logger.error("retention does not believe the clock", metadata: ["reason": "\(hold.text)"])
        } else {
            log.logger.notice("retention believes the clock again")
        }
    }

    /// Before the round changes anything: what it is about to change may not be durable with the mark.
    private mutating func raiseLowWater(now: Int64) throws(StoreError) {
        guard now >= recoveryStartDue, knowsWhatWaits else { return }
        recoveryStartDue = now + 10_000
        try store.setRecoveryStart(lowestUnsettled)
    }

    /// All that waits is in the queue or in flight. While a batch is being canceled, its messages may have left the
    /// queue and still wait in the store.
    private var knowsWhatWaits: Bool { dispatcher.open.recoveryCursor == nil && cancellations.isEmpty }

    /// A round for urgent messages alone, as short as can be. The next one is for everybody.
    private mutating func express(now: Int64) throws(StoreError) {
        var deadline = roundDeadline(UrgencySignal())
        try begin()
        try accept(\.urgent, now: now, &deadline)
        try claim(urgentOnly: true, now: now, &deadline)
    }

    /// No message that waits, is in flight or was when the gateway stopped has a lower id.
    private var lowestUnsettled: MessageID? {
        [dispatcher.open.lowestID(), possiblySent.lazy.map(\.id).min()].compactMap(\.self).min()
    }

    private func roundDeadline(_ urgency: UrgencySignal) -> RoundDeadline {
        RoundDeadline(nanoseconds: Self.roundNanoseconds, urgency: urgency, monotonic: monotonic)
    }

    private mutating func begin() throws(StoreError) {
        try store.begin()
        hasBegun = true
    }

    /// The round is durable: only now may anybody be told.
    private mutating func committed() {
        dispatcher.committed()
        unmatched.committed()
        effects.submissions = dispatcher.takeSubmissions()
        effects.ended = dispatcher.pool.takeEnded()
        effects.unresolved = store.round.unresolved
        effects.receiptNews = receiptNews()
        if log.tellsSteps { effects.steps = MessageSteps(store.round, store, dispatcher.pool.states) }
        if store.round.isAudited { effects.acts = newActs() }
        if trouble != nil {
            log.logger.notice("the store writes again")
            trouble = nil
        }
    }

    /// The round's news of receipts of providers that can be asked for them.
    func receiptNews() -> ReceiptNews {
        var news = ReceiptNews()
        let asked = dispatcher.pool.states.filter(\.provider.canBeAsked)
        guard !asked.isEmpty else { return news }
        for step in store.round.steps {
            if step.stored.lifecycle.state.isFinal {
                news.settled.append(step.stored.lifecycle.id)
            } else if let receipt = step.stored.lifecycle.awaitedReceipt,
                asked.contains(where: { $0.number == receipt.provider && !$0.isRetired })
            {
                news.sent.append(receipt)
            }
        }
        return news
    }

    /// The administrative acts of the round that has been committed, as the audit log has them.
    private mutating func newActs() -> [AuditRecord] {
        // A log that cannot be read takes nothing but lines from the other one.
        let newest = (try? store.administration.audit(before: nil, limit: 100)) ?? []
        let acts = newest.prefix { $0.id > lastAct }
        lastAct = newest.first?.id ?? lastAct
        return acts.reversed()
    }

    /// Between rounds, once everybody has been told.
    mutating func checkpoint(isIdle: Bool, now: Int64) {
        guard trouble == nil else { return }
        do throws(StoreError) {
            try store.checkpoint(isIdle: isIdle)
        } catch {
            // What was committed stays so; but a file that cannot be brought up to date must not take more.
            log.logger.error("the store does not write", metadata: ["reason": "\(error.text)"])
            trouble = StoreTrouble(error, now: now)
            updateReport(now: now)
        }
    }

    private func mayRetry(_ trouble: StoreTrouble, now: Int64) -> Bool {
        guard let retryAt = trouble.retryAt else { return false }
        return now >= retryAt
    }

    /// What is left is kept for what carriers say.
    var canClaim: Bool {
        if case .carriersOnly = room { return false }
        return true
    }

    private mutating func takeEffects() -> RoundEffects {
        defer { effects = RoundEffects() }
        return effects
    }

    /// A message that was being submitted when the gateway stopped is settled first.
    var isReadyForReceipts: Bool { possiblySent.isEmpty && dispatcher.open.recoveryCursor == nil }

    // MARK: Between rounds

    /// Milliseconds until there is something to do without being asked; nil = never.
    mutating func wait(now: Int64) -> Int64? {
        if let trouble { return trouble.retryAt.map { max(0, $0 - now) } }
        if !pending.isEmpty || !bulk.isEmpty || !cancellations.isEmpty || !possiblySent.isEmpty { return 0 }
        if dispatcher.open.recoveryCursor != nil { return 0 }
        let claims = canClaim ? dispatcher.nextDue(now: now) : roomDue
        let due = [claims, unmatchedDue(now: now), partsDue(now: now), room == .enough ? nil : roomDue, retentionDue]
        return max(0, (due.compactMap(\.self).min() ?? .max) - now)
    }

    mutating func updateReport(now: Int64) {
        report.waitingUrgent = UInt64(dispatcher.open.waitingCount(.urgent))
        report.waitingNormal = UInt64(dispatcher.open.waitingCount(.normal))
        report.waitingBulk = UInt64(dispatcher.open.waitingCount(.bulk))
        report.waitingLater = UInt64(dispatcher.open.waitingLaterCount)
        report.inFlight = UInt64(dispatcher.open.inFlightCount)
        report.providers = dispatcher.pool.current.map { $0.report(now: now) }
        report.paused = pausedNames
        report.pausedForAll = pausedForAll
        report.isDispatching = !dispatcher.isPaused && !dispatcher.isDraining && trouble == nil && canClaim
        report.isTakingUp = dispatcher.open.recoveryCursor != nil && trouble == nil
        report.isDraining = dispatcher.isDraining
        report.trouble = trouble?.error.text ?? room.shortage
        report.retentionHold = store.retentionHold?.text
    }

    /// The last word before the store is let go of.
    mutating func close() {
        // Nothing more is written: who waits still posts it again.
        while let burst = pending.carriers.popFirst() { burst.reply(.writerStops) }
        guard trouble == nil else { return }
        do throws(StoreError) {
            try store.begin()
            if knowsWhatWaits { try store.setRecoveryStart(lowestUnsettled) }
            try store.commit()
            try store.checkpoint(isIdle: true)
        } catch {
            store.rollback()
        }
    }
}
