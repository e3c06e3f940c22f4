internal import Admission
internal import ConfigurationModel
internal import DequeModule
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage

/// What the writer's thread owns: the store, the dispatcher, and the work that a bounded round left over.
struct WriterCore: ~Copyable {
    let store: any MessageStore
    var dispatcher: Dispatcher
    let log: GatewayLog
    var pending = WriterInbox()
    /// Bulk bursts, of some of which some messages are durable already. Their tenants take turns.
    var bulk = TurnQueue<TenantID, BulkProgress>()
    var cancellations: [BatchCancellation] = []
    var tenantNames: [TenantID: String] = [:]
    var owners = InboundOwners()
    let suppressions: SuppressionList
    /// Parts of inbound messages that wait for others, and when the first of them came.
    var waitingParts = 0
    var oldestPartAt: Int64?
    var parked = ParkedReceipts()
    /// Parked receipts that have been applied, and that the store has to let go of.
    var applied: Set<Int64> = []
    /// The quotas in force.
    var quotas: [TenantID: TenantQuota] = [:]
    /// Messages that were being submitted when the gateway stopped.
    private var interrupted: [RecoveredMessage] = []
    /// Where taking up what waits goes on, and how many messages it has found.
    private var takeUpCursor: MessageID?
    private var takenUp = 0
    /// After a round that failed the store could not be read either.
    private var mustTakeUp = false
    private var sweepDue: Int64 = 0
    private var trouble: StoreTrouble?
    private var room = StoreRoom.enough
    /// When to look again whether there is room.
    private var roomDue: Int64 = 0
    private var lowWaterDue: Int64 = 0
    /// The last entry of the audit log that is not to be told any more.
    private var lastAct: Int64 = 0
    private(set) var report = WriterReport()

    /// Messages of a bulk burst that are accepted at a time.
    static let sliceMessages = 128
    /// How long a round takes in, and then how long it claims, besides its commit.
    private static let roundNanoseconds: Int64 = 1_000_000
    /// Messages that a round looks at to take up what waits.
    private static let takenUpAtATime = 1024
    private let urgency: UrgencySignal
    /// Nanoseconds, for rounds' bounds; never goes back.
    private let monotonic: @Sendable () -> Int64
    private var wasExpress = false

    /// What the round under way has done, for the case that its commit fails.
    var round = Round()

    struct Round {
        var effects = RoundEffects()
        var answers: [[AttemptAnswer]] = []
        var carriers: [CarrierBurst] = []
        /// Parked receipts that the round has applied.
        var unparked: [Int64] = []
        /// The round lets go of those applied before.
        var hasUnparkedApplied = false
        /// The replies to callers of this round, to be called if its commit fails.
        var refusals: [(GatewayError) -> Void] = []
        /// The cancellations before the round.
        var cancellations: [BatchCancellation] = []
        var forgotten: [MessageID] = []
        var operations: UInt64 = 0
        var hasBegun = false
        /// The audit log may have new entries.
        var hasActs = false
    }

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

    /// The store refuses to write.
    private struct StoreTrouble {
        var error: StoreError
        /// When to try again; nil = not before a restart.
        var retryAt: Int64?
    }

    init(
        store: any MessageStore, pool: ProviderPool, suppressions: SuppressionList, options: WriterOptions,
        urgency: UrgencySignal, log: GatewayLog,
        monotonic: @escaping @Sendable () -> Int64 = GatewayClock.monotonicNanoseconds
    ) {
        self.store = store
        self.urgency = urgency
        self.log = log
        self.suppressions = suppressions
        self.monotonic = monotonic
        dispatcher = Dispatcher(
            pool: pool, suppressions: suppressions,
            retry: RetryPolicy(
                base: options.retryBase, cap: options.retryCap, maximumAttempts: options.maximumAttempts),
            contentBytes: options.contentBytes, tellsSteps: log.tellsSteps, seed: options.seed)
    }

    /// Takes up what the store holds: what is paused, what is being canceled, and what is not settled; of that, if it
    /// is much, the rest is left to the rounds.
    mutating func takeUp(now: Int64) throws(StoreError) {
        try takeUpStored(now: now)
        for _ in 0..<32 { try takeUpSome(now: now) }
        updateReport(now: now)
    }

    private mutating func takeUpStored(now: Int64) throws(StoreError) {
        for target in try store.pausedTargets() { apply(target, paused: true) }
        cancellations = try store.unfinishedCancellations().map { BatchCancellation(batch: $0) }
        dispatcher.cancelingBatches = Set(cancellations.map(\.batch))
        lastAct = try store.administration.audit(before: nil, limit: 1).first?.id ?? 0
        try noteWaitingParts()
        try takeUpReplies(now: now)
        dispatcher.carrierOptOuts = CarrierOptOuts(try store.carriers.carrierOptOuts())
        parked = ParkedReceipts(try store.carriers.parkedReceipts().filter { !applied.contains($0.id) })
        interrupted.removeAll()
        takenUp = 0
        takeUpCursor = nil
        dispatcher.takenUpBelow = MessageID(rawValue: 0)
    }

    /// Takes up some more of what waits in the store: what comes in meanwhile is accepted, and found there in its
    /// turn, so that the order is kept.
    private mutating func takeUpSome(now: Int64) throws(StoreError) {
        guard dispatcher.takenUpBelow != nil else { return }
        // The visitor can't capture a noncopyable self: the messages are gathered first.
        var found: [RecoveredMessage] = []
        found.reserveCapacity(Self.takenUpAtATime)
        let next = try store.recover(from: takeUpCursor, limit: Self.takenUpAtATime, now: now) { found.append($0) }
        takeUp(found, now: now)
        takenUp += found.count
        takeUpCursor = next
        dispatcher.takenUpBelow = next
        guard next == nil, takenUp > 0 else { return }
        log.logger.notice(
            "took up unsettled messages",
            metadata: ["messages": "\(takenUp)", "possibly_sent": "\(interrupted.count)"])
    }

    private mutating func takeUp(_ messages: [RecoveredMessage], now: Int64) {
        for message in messages where !dispatcher.recover(message, now: now) { interrupted.append(message) }
    }

    // MARK: A round

    /// Does what fits into one commit.
    mutating func round(_ work: WriterInbox, now: Int64) -> RoundEffects {
        pending.append(work)
        takeLinks()
        if let trouble, !mayRetry(trouble, now: now) {
            refuse(trouble.error, now: now)
            if trouble.retryAt == nil { refuseCarriers(trouble.error) }
            updateReport(now: now)
            return takeEffects()
        }
        round = Round()
        round.cancellations = cancellations
        dispatcher.roundBegan()
        do throws(StoreError) {
            try lookForRoom(now: now)
            try workOff(now: now)
            if round.hasBegun {
                try store.commit()
                report.commits += 1
                report.operations += round.operations
            }
            committed()
        } catch {
            failed(error, now: now)
        }
        updateReport(now: now)
        return takeEffects()
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
            for _ in 0..<64 where now >= sweepDue {
                try store.begin()
                sweepDue = try store.sweep(now: now) > now + 1000 ? now + 60_000 : 0
                try store.commit()
                try store.upkeep(isIdle: true)
            }
            try store.checkRoom()
            if mustTakeUp {
                try takeUpStored(now: now)
                mustTakeUp = false
            }
            try begin()
            if knowsWhatWaits { try store.setLowWater(lowestUnsettled) }
            return
        }
        var taking = roundDeadline(urgency)
        repeat { try takeUpSome(now: now) } while dispatcher.takenUpBelow != nil && !taking.isOver(after: 16)
        if !pending.urgent.isEmpty, !wasExpress {
            wasExpress = true
            return try express(now: now)
        }
        wasExpress = false
        var deadline = roundDeadline(urgency)
        if !interrupted.isEmpty || !pending.isEmpty || !bulk.isEmpty || !cancellations.isEmpty || sweepDue <= now
            || (parkedDue(now: now) ?? .max) <= now || (partsDue(now: now) ?? .max) <= now
            || canClaim && (dispatcher.nextDue(now: now) ?? .max) <= now
        {
            try begin()
        } else {
            return
        }
        try raiseLowWater(now: now)
        try settleInterrupted(now: now, &deadline)
        try accept(\.urgent, now: now, &deadline)
        try takeAnswers(now: now, &deadline)
        try runCommands(now: now)
        try accept(\.normal, now: now, &deadline)
        try takeCarriers(now: now, &deadline)
        try tendParked(now: now)
        try tendParts(now: now)
        try acceptBulk(now: now, &deadline)
        try cancelSlices(now: now)
        var claims = roundDeadline(urgency)
        if canClaim { try dispatcher.claim(now: now, store: store, deadline: &claims) }
        if now >= sweepDue { sweepDue = try store.sweep(now: now) }
    }

    /// Before the round changes anything: what it is about to change may not be durable with the mark.
    private mutating func raiseLowWater(now: Int64) throws(StoreError) {
        guard now >= lowWaterDue, knowsWhatWaits else { return }
        lowWaterDue = now + 10_000
        try store.setLowWater(lowestUnsettled)
    }

    /// All that waits is in the queue or in flight. While a batch is being canceled, its messages may have left the
    /// queue and still wait in the store.
    private var knowsWhatWaits: Bool { dispatcher.takenUpBelow == nil && cancellations.isEmpty }

    /// A round for urgent messages alone, as short as can be. The next one is for everybody.
    private mutating func express(now: Int64) throws(StoreError) {
        var deadline = roundDeadline(UrgencySignal())
        try begin()
        try accept(\.urgent, now: now, &deadline)
        try dispatcher.claim(now: now, store: store, urgentOnly: true, deadline: &deadline)
    }

    /// No message that waits, is in flight or was when the gateway stopped has a lower id.
    private var lowestUnsettled: MessageID? {
        [dispatcher.lowestID(), interrupted.lazy.map(\.id).min()].compactMap(\.self).min()
    }

    private func roundDeadline(_ urgency: UrgencySignal) -> RoundDeadline {
        RoundDeadline(nanoseconds: Self.roundNanoseconds, urgency: urgency, monotonic: monotonic)
    }

    private mutating func begin() throws(StoreError) {
        try store.begin()
        round.hasBegun = true
    }

    /// The round is durable: only now may anybody be told.
    private mutating func committed() {
        for id in round.forgotten { dispatcher.forget(id) }
        if round.hasUnparkedApplied { applied.removeAll() }
        applied.formUnion(round.unparked)
        round.effects.submissions = dispatcher.takeSubmissions()
        round.effects.ended = dispatcher.pool.takeEnded()
        round.effects.doubts = dispatcher.doubts
        round.effects.receiptNews = dispatcher.receiptNews
        if !dispatcher.steps.isEmpty { round.effects.steps = dispatcher.steps.take(store, dispatcher.pool.lanes) }
        if round.hasActs { round.effects.acts = newActs() }
        if trouble != nil {
            log.logger.notice("the store writes again")
            trouble = nil
        }
    }

    /// The acts of the round that has been committed, as the audit log has them.
    private mutating func newActs() -> [AuditRecord] {
        // A log that cannot be read takes nothing but lines from the other one.
        let newest = (try? store.administration.audit(before: nil, limit: 100)) ?? []
        let acts = newest.prefix { $0.id > lastAct }
        lastAct = newest.first?.id ?? lastAct
        return acts.reversed()
    }

    /// Between rounds, once everybody has been told.
    mutating func upkeep(isIdle: Bool, now: Int64) {
        guard trouble == nil else { return }
        do throws(StoreError) {
            try store.upkeep(isIdle: isIdle)
        } catch {
            // What was committed stays so; but a file that cannot be brought up to date must not take more.
            log.logger.error("the store does not write", metadata: ["reason": "\(error.text)"])
            trouble = StoreTrouble(error: error, retryAt: error.isPassing ? now + 1000 : nil)
            updateReport(now: now)
        }
    }

    /// Nothing of the round happened, or only some of it: callers are told, carriers' words are kept for the next round, and what
    /// waits is built again from the store.
    private mutating func failed(_ error: StoreError, now: Int64) {
        store.rollback()
        let wasWell = trouble == nil
        trouble = StoreTrouble(error: error, retryAt: error.isPassing ? now + 1000 : nil)
        let draining = round.effects.draining
        round.effects = RoundEffects()
        round.effects.draining = draining
        // A round that only tried whether the store writes again has changed nothing.
        if wasWell {
            log.logger.error("the store does not write", metadata: ["reason": "\(error.text)"])
            undo(error, now: now)
        }
        refuse(error, now: now)
        // What was refused for the first time is tried once more before carriers are told to post it again.
        if !wasWell || trouble?.retryAt == nil { refuseCarriers(error) }
    }

    private mutating func refuseCarriers(_ error: StoreError) {
        let gatewayError = Self.unavailable(error, notProcessed: false)
        while let burst = pending.carriers.popFirst() { round.effects.replies.append { burst.reply(gatewayError) } }
    }

    private mutating func undo(_ failure: StoreError, now: Int64) {
        let error = Self.unavailable(failure, notProcessed: failure.isClean)
        for refuse in round.refusals { round.effects.replies.append { refuse(error) } }
        // Batches go on being canceled, but nobody can be told any more how many were.
        for case let reply? in round.cancellations.map(\.reply) {
            round.effects.replies.append { reply(.failure(error)) }
        }
        pending.answers.prepend(contentsOf: round.answers)
        pending.carriers.prepend(contentsOf: round.carriers)
        do throws(StoreError) {
            if failure.isClean {
                dispatcher.roundFailed()
            } else {
                let returned = try dispatcher.roundFailedInPart(store: store)
                // What was recorded is asked about; who asks looks first at what the store has.
                round.effects.doubts = dispatcher.doubts
                round.effects.receiptNews.sent = dispatcher.receiptNews.sent
                if !returned.isEmpty { pending.answers.append(returned) }
            }
            try takeUpStored(now: now)
            mustTakeUp = false
        } catch {
            mustTakeUp = true
            trouble = StoreTrouble(error: error, retryAt: error.isPassing ? now + 1000 : nil)
        }
    }

    private func mayRetry(_ trouble: StoreTrouble, now: Int64) -> Bool {
        guard let retryAt = trouble.retryAt else { return false }
        return now >= retryAt
    }

    /// Tells everybody who waits that nothing can be accepted now.
    private mutating func refuse(_ error: StoreError, now: Int64) {
        let gatewayError = Self.unavailable(error, notProcessed: true)
        refuseMessages(gatewayError)
        for command in pending.commands {
            switch command {
            // What needs no writing is done all the same.
            case .drain: drain()
            case .configure(let tenants): configure(tenants)
            case .configureProviders(let providers, let routes): configure(providers, routes, now: now)
            case .standing(let tenant, let reply):
                let standing = waiting(of: tenant)
                round.effects.replies.append { reply(.success(standing)) }
            case .explain(let batch, let reply):
                var explanation = explain(batch, now: now)
                explanation.trouble = gatewayError.message
                round.effects.replies.append { [explanation] in reply(.success(explanation)) }
            default: round.effects.replies.append { command.refuse(gatewayError) }
            }
        }
        pending.commands = []
    }

    /// Tells those who want to send that nothing can be accepted now.
    private mutating func refuseMessages(_ error: GatewayError) {
        for burst in [pending.urgent, pending.normal, pending.bulk].joined() {
            round.effects.replies.append { burst.reply(.failure(error)) }
        }
        while let progress = bulk.popFirst() {
            var partly = error
            partly.notProcessed = progress.done == 0
            round.effects.replies.append { progress.burst.reply(.failure(partly)) }
        }
        pending.urgent = []
        pending.normal = []
        pending.bulk = []
    }

    /// What is left is kept for what carriers say.
    private var canClaim: Bool {
        if case .carriersOnly = room { return false }
        return true
    }

    /// - Parameter notProcessed: false after a write that failed for another reason than one that passes: it may
    ///   yet be found on the disk at the next start.
    private static func unavailable(_ error: StoreError, notProcessed: Bool) -> GatewayError {
        GatewayError(
            .unavailable, "nothing can be stored now: \(error.text)", retryAfterMilliseconds: 1000,
            notProcessed: notProcessed)
    }

    private mutating func takeEffects() -> RoundEffects {
        let effects = round.effects
        round = Round()
        return effects
    }

    // MARK: Carriers' words

    private mutating func settleInterrupted(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        while let message = interrupted.popLast() {
            try dispatcher.interrupted(message, now: now, store: store)
            round.operations += 1
            if deadline.isOver(after: 1) { return }
        }
    }

    private mutating func takeAnswers(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        while let list = pending.answers.popFirst() {
            round.answers.append(list)
            for answer in list {
                let provider = parked.isEmpty ? nil : dispatcher.provider(of: answer)
                try dispatcher.answered(answer, now: now, store: store)
                if let provider, case .accepted(let id, _, let parts) = answer.outcome {
                    for id in [id] + (parts?.furtherIDs ?? []) {
                        try identified(answer.id, answer.attempt, by: provider, as: id, now: now)
                    }
                }
            }
            round.operations += UInt64(list.count)
            if deadline.isOver(after: list.count) { return }
        }
    }

    /// A message that was being submitted when the gateway stopped is settled first.
    var isReadyForReceipts: Bool { interrupted.isEmpty && dispatcher.takenUpBelow == nil }

    // MARK: Between rounds

    /// Milliseconds until there is something to do without being asked; nil = never.
    mutating func wait(now: Int64) -> Int64? {
        if let trouble { return trouble.retryAt.map { max(0, $0 - now) } }
        if !pending.isEmpty || !bulk.isEmpty || !cancellations.isEmpty || !interrupted.isEmpty { return 0 }
        if dispatcher.takenUpBelow != nil { return 0 }
        let claims = canClaim ? dispatcher.nextDue(now: now) : roomDue
        let due = [claims, parkedDue(now: now), partsDue(now: now), room == .enough ? nil : roomDue, sweepDue]
        return max(0, (due.compactMap(\.self).min() ?? .max) - now)
    }

    private mutating func updateReport(now: Int64) {
        report.waitingUrgent = UInt64(dispatcher.queue.count(.urgent))
        report.waitingNormal = UInt64(dispatcher.queue.count(.normal))
        report.waitingBulk = UInt64(dispatcher.queue.count(.bulk) + dispatcher.parkedCount)
        report.waitingLater = UInt64(dispatcher.delays.count + dispatcher.senders.count)
        report.inFlight = UInt64(dispatcher.inFlight.count)
        report.providers = dispatcher.pool.current.map { $0.report(now: now) }
        report.paused = pausedNames
        report.pausedForAll = pausedForAll
        report.disconnected = dispatcher.pool.disconnected
        report.isConnected = dispatcher.pool.isConnected
        report.isDispatching = !dispatcher.isPaused && !dispatcher.isDraining && trouble == nil && canClaim
        report.isTakingUp = dispatcher.takenUpBelow != nil && trouble == nil
        report.isDraining = dispatcher.isDraining
        report.trouble = trouble?.error.text ?? room.shortage
    }

    /// The last word before the store is let go of.
    mutating func close() {
        // Nothing more is written: who waits still posts it again.
        while let burst = pending.carriers.popFirst() { burst.reply(.writerStops) }
        guard trouble == nil else { return }
        do throws(StoreError) {
            try store.begin()
            if knowsWhatWaits { try store.setLowWater(lowestUnsettled) }
            try store.commit()
            try store.upkeep(isIdle: true)
        } catch {
            store.rollback()
        }
    }
}
