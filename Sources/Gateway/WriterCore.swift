internal import DequeModule
internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage

/// What the writer's thread owns: the store, the dispatcher, and the work that a bounded round left over.
struct WriterCore: ~Copyable {
    private let store: any MessageStore
    var dispatcher: Dispatcher
    private let log: Logger
    private var pending = WriterInbox()
    /// A bulk burst of which some messages are durable already.
    private var bulk: BulkProgress?
    private var cancellations: [BatchCancellation] = []
    /// Messages that were being submitted when the gateway stopped.
    private var interrupted: [RecoveredMessage] = []
    private var trouble: StoreTrouble?
    private var lowWaterDue: Int64 = 0
    private(set) var report = WriterReport()

    /// Messages of a bulk burst that are accepted at a time.
    private static let sliceMessages = 128
    /// How long a round takes in, and then how long it claims, beside its commit.
    private static let roundNanoseconds: Int64 = 2_000_000
    private let urgency: UrgencySignal
    private var wasExpress = false

    /// What the round under way has done, for the case that its commit fails.
    private var round = Round()

    private struct Round {
        var effects = RoundEffects()
        var answers: [[AttemptAnswer]] = []
        var receipts: [[Receipt]] = []
        /// Of those who asked in this round, to be called if its commit fails.
        var refusals: [(GatewayError) -> Void] = []
        /// As they were before the round.
        var cancellations: [BatchCancellation] = []
        var forgotten: [MessageID] = []
        var operations: UInt64 = 0
        var hasBegun = false
    }

    private struct BulkProgress {
        var burst: SubmitBurst
        var done = 0
        var results: [AcceptResult] = []
    }

    private struct BatchCancellation {
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
        store: any MessageStore, lanes: [ProviderLane], options: WriterOptions, urgency: UrgencySignal, log: Logger
    ) {
        self.store = store
        self.urgency = urgency
        self.log = log
        dispatcher = Dispatcher(
            lanes: lanes,
            retry: RetryPolicy(
                base: options.retryBase, cap: options.retryCap, maximumAttempts: options.maximumAttempts),
            contentBytes: options.contentBytes)
    }

    /// Takes up what the store holds: what is paused, what is being canceled, and what is not settled.
    mutating func takeUp(now: Int64) throws(StoreError) {
        try takeUpStored(now: now)
        updateReport()
    }

    private mutating func takeUpStored(now: Int64) throws(StoreError) {
        for target in try store.pausedTargets() { apply(target, paused: true) }
        cancellations = try store.unfinishedCancellations().map { BatchCancellation(batch: $0) }
        dispatcher.cancelingBatches = Set(cancellations.map(\.batch))
        try recover(now: now)
    }

    private mutating func recover(now: Int64) throws(StoreError) {
        interrupted.removeAll()
        var count = 0
        var found: [RecoveredMessage] = []
        // The visitor can't capture a noncopyable self: the few messages of interest are gathered by burst.
        try store.recover(now: now) { (message) throws(StoreError) in
            found.append(message)
            if found.count >= 4096 {
                count += found.count
                takeUp(found, now: now)
                found.removeAll(keepingCapacity: true)
            }
        }
        takeUp(found, now: now)
        count += found.count
        if count > 0 {
            log.notice(
                "took up unsettled messages",
                metadata: ["messages": "\(count)", "possibly_sent": "\(interrupted.count)"])
        }
    }

    private mutating func takeUp(_ messages: [RecoveredMessage], now: Int64) {
        for message in messages where !dispatcher.recover(message, now: now) { interrupted.append(message) }
    }

    // MARK: A round

    /// Does what fits into one commit.
    mutating func round(_ work: WriterInbox, now: Int64) -> RoundEffects {
        pending.append(work)
        if let trouble, !mayRetry(trouble, now: now) {
            refuse(trouble.error)
            updateReport()
            return takeEffects()
        }
        round = Round()
        round.cancellations = cancellations
        dispatcher.roundBegan()
        do throws(StoreError) {
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
        updateReport()
        return takeEffects()
    }

    private mutating func workOff(now: Int64) throws(StoreError) {
        if trouble != nil {
            try store.checkRoom()
            try begin()
            try store.setLowWater(lowestUnsettled)
            return
        }
        if !pending.urgent.isEmpty, !wasExpress {
            wasExpress = true
            return try express(now: now)
        }
        wasExpress = false
        var deadline = RoundDeadline(nanoseconds: Self.roundNanoseconds, urgency: urgency)
        if !interrupted.isEmpty || !pending.isEmpty || bulk != nil || !cancellations.isEmpty
            || (dispatcher.nextDue(now: now) ?? .max) <= now
        {
            try begin()
        } else {
            return
        }
        try settleInterrupted(now: now, &deadline)
        try accept(\.urgent, now: now, &deadline)
        try takeAnswers(now: now, &deadline)
        try runCommands(now: now)
        try accept(\.normal, now: now, &deadline)
        try takeReceipts(now: now, &deadline)
        try acceptBulk(now: now, &deadline)
        try cancelSlices(now: now)
        var claims = RoundDeadline(nanoseconds: Self.roundNanoseconds, urgency: urgency)
        try dispatcher.claim(now: now, store: store, deadline: &claims)
        if now >= lowWaterDue {
            lowWaterDue = now + 10_000
            try store.setLowWater(lowestUnsettled)
        }
    }

    /// A round for urgent messages alone, as short as can be. The next one is for everybody.
    private mutating func express(now: Int64) throws(StoreError) {
        var deadline = RoundDeadline(nanoseconds: Self.roundNanoseconds, urgency: UrgencySignal())
        try begin()
        try accept(\.urgent, now: now, &deadline)
        try dispatcher.claim(now: now, store: store, urgentOnly: true, deadline: &deadline)
    }

    /// No message that waits, is in flight or was when the gateway stopped has a lower id.
    private var lowestUnsettled: MessageID? {
        [dispatcher.lowestID(), interrupted.lazy.map(\.id).min()].compactMap(\.self).min()
    }

    private mutating func begin() throws(StoreError) {
        try store.begin()
        round.hasBegun = true
    }

    /// The round is durable: only now may anybody be told.
    private mutating func committed() {
        for id in round.forgotten { dispatcher.forget(id) }
        round.effects.submissions = dispatcher.takeSubmissions()
        if trouble != nil {
            log.notice("the store writes again")
            trouble = nil
        }
    }

    /// Nothing of the round happened: callers are told, carriers' words are kept for the next round, and what
    /// waits is built anew from the store.
    private mutating func failed(_ error: StoreError, now: Int64) {
        store.rollback()
        let wasWell = trouble == nil
        trouble = StoreTrouble(error: error, retryAt: error.isPassing ? now + 1000 : nil)
        let draining = round.effects.draining
        round.effects = RoundEffects()
        round.effects.draining = draining
        // A round that only tried whether the store writes again has changed nothing.
        if wasWell {
            log.error("the store does not write", metadata: ["reason": "\(error.text)"])
            undo(Self.unavailable(error, notProcessed: error.isPassing), now: now)
        }
        refuse(error)
    }

    private mutating func undo(_ error: GatewayError, now: Int64) {
        for refuse in round.refusals { round.effects.replies.append { refuse(error) } }
        // Batches go on being canceled, but nobody can be told any more how many were.
        for case let reply? in round.cancellations.map(\.reply) {
            round.effects.replies.append { reply(.failure(error)) }
        }
        pending.answers.prepend(contentsOf: round.answers)
        pending.receipts.prepend(contentsOf: round.receipts)
        dispatcher.roundFailed()
        do throws(StoreError) { try takeUpStored(now: now) } catch {
            trouble = StoreTrouble(error: error, retryAt: nil)
        }
    }

    private func mayRetry(_ trouble: StoreTrouble, now: Int64) -> Bool {
        guard let retryAt = trouble.retryAt else { return false }
        return now >= retryAt
    }

    /// Tells everybody who waits that nothing can be accepted now.
    private mutating func refuse(_ error: StoreError) {
        let gatewayError = Self.unavailable(error, notProcessed: true)
        for burst in [pending.urgent, pending.normal, pending.bulk].joined() {
            round.effects.replies.append { burst.reply(.failure(gatewayError)) }
        }
        if let bulk {
            let partly = Self.unavailable(error, notProcessed: bulk.done == 0)
            round.effects.replies.append { bulk.burst.reply(.failure(partly)) }
        }
        bulk = nil
        pending.urgent = []
        pending.normal = []
        pending.bulk = []
        for command in pending.commands {
            if case .drain = command { drain() }
            round.effects.replies.append { command.refuse(gatewayError) }
        }
        pending.commands = []
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

    // MARK: Accepting

    private mutating func accept(
        _ lane: WritableKeyPath<WriterInbox, Deque<SubmitBurst>>, now: Int64, _ deadline: inout RoundDeadline
    ) throws(StoreError) {
        while let burst = pending[keyPath: lane].popFirst() {
            round.refusals.append { burst.reply(.failure($0)) }
            let count = burst.drafts.drafts.count
            var results: [AcceptResult] = []
            results.reserveCapacity(count)
            try store.accept(burst.drafts, 0..<count, chunk: nil, now: now, results: &results)
            enqueue(burst.drafts, from: 0, results, batch: nil, now: now)
            let accepted = AcceptedBurst(results: results, batch: nil)
            round.effects.replies.append { burst.reply(.success(accepted)) }
            if deadline.isOver(after: count) { return }
        }
    }

    /// Puts what was accepted into the queue, and keeps the contents of each run of new ids.
    private mutating func enqueue(
        _ drafts: DraftBatch, from start: Int, _ results: [AcceptResult], batch: BatchID?, now: Int64
    ) {
        var position = 0
        while position < results.count {
            guard results[position].kind == .accepted else {
                position += 1
                continue
            }
            var end = position
            let first = results[position].id
            while end < results.count, results[end].kind == .accepted,
                results[end].id.ordinal == first.ordinal + UInt64(end - position)
            {
                dispatcher.accepted(results[end].id, drafts.drafts[start + end], now: now)
                end += 1
            }
            dispatcher.contents.keep(drafts, places: start + position..<start + end, first: first, batch: batch)
            position = end
        }
        round.operations += UInt64(results.count)
    }

    /// Accepts slices of bulk bursts until the time is up. A burst is answered once its last slice is durable;
    /// should the gateway stop before, a repeat finds the slices that were.
    private mutating func acceptBulk(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        repeat {
            if bulk == nil {
                guard let next = pending.bulk.popFirst() else { return }
                bulk = BulkProgress(burst: next)
            }
            if try acceptSlice(now: now), let burst = bulk.take()?.burst {
                // Slices of it may be durable since earlier rounds.
                round.refusals.append { error in
                    var error = error
                    error.notProcessed = false
                    burst.reply(.failure(error))
                }
            }
        } while !deadline.isOver(after: Self.sliceMessages)
    }

    /// - Returns: whether the burst is done; until then a failure refuses it where it stands.
    private mutating func acceptSlice(now: Int64) throws(StoreError) -> Bool {
        guard let burst = bulk?.burst, let done = bulk?.done, let chunk = burst.chunk else { return true }
        let batch = try store.openBatch(tenant: chunk.tenant, name: chunk.batchName, now: now)
        guard !batch.canceled else {
            let error = GatewayError(
                .failedPrecondition, "batch \(chunk.batchName) is canceled: it takes no more messages")
            round.effects.replies.append { burst.reply(.failure(error)) }
            return true
        }
        let count = burst.drafts.drafts.count
        let end = min(count, done + Self.sliceMessages)
        if done < end {
            var results: [AcceptResult] = []
            results.reserveCapacity(end - done)
            try store.accept(
                burst.drafts, done..<end,
                chunk: BatchChunk(tenant: chunk.tenant, batch: batch.id, indices: chunk.indices), now: now,
                results: &results)
            enqueue(burst.drafts, from: done, results, batch: batch.id, now: now)
            bulk!.results += results
            bulk!.done = end
        }
        guard end == count else { return false }
        let accepted = AcceptedBurst(results: bulk!.results, batch: batch.id)
        round.effects.replies.append { burst.reply(.success(accepted)) }
        return true
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
            for answer in list { try dispatcher.answered(answer, now: now, store: store) }
            round.operations += UInt64(list.count)
            if deadline.isOver(after: list.count) { return }
        }
    }

    private mutating func takeReceipts(now: Int64, _ deadline: inout RoundDeadline) throws(StoreError) {
        // A message that was being submitted when the gateway stopped is settled first.
        guard interrupted.isEmpty else { return }
        while let list = pending.receipts.popFirst() {
            round.receipts.append(list)
            for receipt in list {
                let known = try ReceiptIntake.apply(receipt, now: now, store: store, dispatcher: &dispatcher)
                if !known { log.warning("a receipt matches no attempt", metadata: ["id": "\(receipt.id)"]) }
            }
            round.operations += UInt64(list.count)
            if deadline.isOver(after: list.count) { return }
        }
    }

    // MARK: Commands

    private mutating func runCommands(now: Int64) throws(StoreError) {
        let commands = pending.commands
        pending.commands = []
        for command in commands {
            round.refusals.append { command.refuse($0) }
            switch command {
            case .cancel(let ids, let tenant, let reply):
                var verdicts: [CancelVerdict] = []
                for id in ids { verdicts.append(try cancel(id, tenant: tenant, now: now)) }
                round.effects.replies.append { [verdicts] in reply(.success(verdicts)) }
            case .cancelBatch(let reference, let tenant, let reply):
                try startCancellation(reference, tenant, reply)
            case .pause(let wish, let tenant, let paused, let reply):
                try pause(wish, tenant: tenant, paused: paused, reply)
            case .drain: drain()
            }
        }
    }

    private mutating func drain() {
        dispatcher.isDraining = true
        round.effects.draining = dispatcher.lanes.map(\.provider)
    }

    private mutating func cancel(_ id: MessageID, tenant: TenantID, now: Int64) throws(StoreError) -> CancelVerdict {
        let nobody = CancelVerdict(id: id, canceled: false, state: nil)
        let known = try store.lifecycle(of: id)
        guard var stored = known == nil ? try waiting(id) : known, stored.tenant == tenant else { return nobody }
        let previous = stored.lifecycle.state
        let canceled = stored.lifecycle.canceled(at: now)
        if canceled, previous != .canceled {
            try store.record(stored, previous: previous, isFirst: known == nil)
            round.forgotten.append(id)
            round.operations += 1
        }
        return CancelVerdict(id: id, canceled: canceled, state: stored.lifecycle.state)
    }

    /// A message that has no lifecycle yet.
    private func waiting(_ id: MessageID) throws(StoreError) -> StoredLifecycle? {
        var arena = DraftBatch()
        guard let loaded = try store.load(id, into: &arena) else { return nil }
        return StoredLifecycle(
            lifecycle: MessageLifecycle(id: id, waiting: loaded.draft.waitingState), tenant: loaded.draft.tenant,
            batch: loaded.batch)
    }

    private mutating func startCancellation(
        _ reference: BatchReference, _ tenant: TenantID,
        _ reply: @escaping @Sendable (Result<BatchCancelCount, GatewayError>) -> Void
    ) throws(StoreError) {
        guard let batch = try store.batch(tenant: tenant, reference) else {
            round.effects.replies.append { reply(.failure(.noSuchBatch)) }
            return
        }
        try store.cancelBatch(batch.id)
        dispatcher.cancelingBatches.insert(batch.id)
        cancellations.append(BatchCancellation(batch: batch.id, reply: reply))
    }

    /// Cancels some more messages of the batches that are being canceled.
    private mutating func cancelSlices(now: Int64) throws(StoreError) {
        guard var job = cancellations.first else { return }
        let slice = try store.messages(of: job.batch, from: job.next, limit: 500)
        for id in slice.ids {
            let known = try store.lifecycle(of: id)
            guard var stored = known == nil ? try waiting(id) : known else { continue }
            let previous = stored.lifecycle.state
            guard stored.lifecycle.canceled(at: now) else {
                job.count.tooLate += 1
                continue
            }
            job.count.canceled += 1
            guard previous != .canceled else { continue }
            try store.record(stored, previous: previous, isFirst: known == nil)
            round.forgotten.append(id)
        }
        round.operations += UInt64(slice.ids.count)
        if let next = slice.next {
            job.next = next
            cancellations[0] = job
            return
        }
        cancellations.removeFirst()
        dispatcher.dropParked(job.batch)
        dispatcher.cancelingBatches.remove(job.batch)
        if let reply = job.reply { round.effects.replies.append { [count = job.count] in reply(.success(count)) } }
    }

    private mutating func pause(
        _ wish: PauseWish, tenant: TenantID, paused: Bool,
        _ reply: @escaping @Sendable (Result<[String], GatewayError>) -> Void
    ) throws(StoreError) {
        let target: PauseTarget
        switch wish {
        case .everything: target = .everything
        case .provider(let name):
            guard dispatcher.lanes.contains(where: { $0.provider.name == name }) else {
                let error = GatewayError(.notFound, "there is no provider \(name)")
                round.effects.replies.append { reply(.failure(error)) }
                return
            }
            target = .provider(name)
        case .batch(let reference):
            guard let batch = try store.batch(tenant: tenant, reference) else {
                round.effects.replies.append { reply(.failure(.noSuchBatch)) }
                return
            }
            target = .batch(batch.id)
        }
        try store.setPaused(target, paused)
        apply(target, paused: paused)
        round.effects.replies.append { [names = pausedNames] in reply(.success(names)) }
    }

    private mutating func apply(_ target: PauseTarget, paused: Bool) {
        switch target {
        case .everything: dispatcher.isPaused = paused
        case .provider(let name):
            for index in dispatcher.lanes.indices where dispatcher.lanes[index].provider.name == name {
                dispatcher.lanes[index].setPaused(paused)
            }
        case .batch(let id):
            if paused {
                dispatcher.pausedBatches.insert(id)
            } else {
                dispatcher.pausedBatches.remove(id)
                dispatcher.unpark(id)
            }
        }
    }

    private var pausedNames: [String] {
        (dispatcher.isPaused ? ["everything"] : [])
            + dispatcher.lanes.filter(\.isPaused).map { "provider \($0.provider.name)" }
            + dispatcher.pausedBatches.sorted().map { "batch \($0)" }
    }

    // MARK: Between rounds

    /// Milliseconds until there is something to do without being asked; nil = never.
    mutating func wait(now: Int64) -> Int64? {
        if let trouble { return trouble.retryAt.map { max(0, $0 - now) } }
        if !pending.isEmpty || bulk != nil || !cancellations.isEmpty || !interrupted.isEmpty { return 0 }
        return dispatcher.nextDue(now: now).map { max(0, $0 - now) }
    }

    private mutating func updateReport() {
        report.waitingUrgent = UInt64(dispatcher.queue.count(.urgent))
        report.waitingNormal = UInt64(dispatcher.queue.count(.normal))
        report.waitingBulk = UInt64(dispatcher.queue.count(.bulk) + dispatcher.parkedCount)
        report.waitingLater = UInt64(dispatcher.delays.count)
        report.inFlight = UInt64(dispatcher.inFlight.count)
        report.providers = dispatcher.lanes.map { lane in
            var statistics = lane.statistics
            statistics.inFlight = UInt64(lane.slots.inFlight)
            return statistics
        }
        report.paused = pausedNames
        report.isDispatching = !dispatcher.isPaused && !dispatcher.isDraining && trouble == nil
        report.isDraining = dispatcher.isDraining
        report.trouble = trouble?.error.text
    }

    /// The last word before the store is let go of.
    mutating func close() {
        guard trouble == nil else { return }
        do throws(StoreError) {
            try store.begin()
            try store.setLowWater(lowestUnsettled)
            try store.commit()
        } catch {
            store.rollback()
        }
    }
}

extension WriterCommand {
    func refuse(_ error: GatewayError) {
        switch self {
        case .cancel(_, _, let reply): reply(.failure(error))
        case .cancelBatch(_, _, let reply): reply(.failure(error))
        case .pause(_, _, _, let reply): reply(.failure(error))
        case .drain: break
        }
    }
}

extension GatewayError {
    static let noSuchBatch = GatewayError(.notFound, "there is no such batch")
}
