internal import Admission
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// A message in a queue, and which.
struct QueuedEntry {
    var message: QueuedMessage
    var flow: FlowKey

    /// The same, to be routed again in its turn: outside of the queue a set's number may have come to mean another.
    var unrouted: QueuedEntry {
        let key = FlowKey(candidates: CandidateSets.unrouted, priority: flow.priority, tenant: flow.tenant)
        return QueuedEntry(message: message, flow: key)
    }
}

/// Decides what is handed to which provider, and what follows from each answer.
///
/// Owned by the writer and called inside its rounds, so that a claim is durable, and confirmed, before a
/// provider is called: ``claim(now:store:urgentOnly:deadline:)`` gathers the submissions, ``takeSubmissions()``
/// gives them out after the commit. All it holds is derived: after a round that failed it is built again from the
/// store.
struct Dispatcher: ~Copyable {
    var pool: ProviderPool
    var queue = MessageQueue()
    var delays = DelayHeap()
    var contents: WaitingContents
    var recent = RecentLifecycles(capacity: 16_384)
    private(set) var inFlight: [MessageID: InFlight] = [:]
    /// Attempts whose messages are held since this round, because nobody knows whether they were taken.
    private(set) var doubts: [Doubt] = []
    /// What this round tells of receipts of providers that can be asked for them.
    private(set) var receiptNews = ReceiptNews()
    /// Whether there is such a provider.
    private var followsReceipts = false
    /// What was in flight as it was before this round's answers and receipts, in the order of their coming.
    private var touched: [InFlight] = []
    /// Waiting messages that have a lifecycle in the store already.
    var attempted: Set<MessageID> = []
    /// While what waits is being taken up from the store: messages from this id on are still to be found there. The
    /// queue has none of them, and nothing is claimed. nil = all have been taken up.
    var takenUpBelow: MessageID?
    var isPaused = false
    var isDraining = false
    var pausedBatches: Set<BatchID> = []
    private(set) var pausedTenants: Set<TenantID> = []
    private var weights: [TenantID: Int] = [:]
    /// The policies of tenants that may not use every sender.
    var senderPolicies: [TenantID: SenderPolicy] = [:]
    /// Messages of paused batches that came to their turn.
    var parked: [BatchID: [QueuedEntry]] = [:]
    /// When the validity of the first of them is over.
    var parkedOver = Int64.max
    /// Batches being canceled: their messages leave the queue without being sent.
    var cancelingBatches: Set<BatchID> = []
    /// Senders that providers throttle, and messages that wait for them.
    var senders = ThrottledSenders()
    /// Providers that were up when it was last looked whether such messages could go elsewhere; nil = none waited then.
    var wholeProviders: Set<UInt8>?
    let suppressions: SuppressionList
    var carrierOptOuts = CarrierOptOuts()
    /// Answers to keywords that may wait, and the number of the provider that each is for.
    var replies: [MessageID: UInt8] = [:]
    /// What this round has done so far, for the log.
    var steps: MessageSteps
    private let retry: RetryPolicy
    /// What choices by weight and the spread of retries are drawn from.
    private(set) var random: SeededGenerator
    var sweepDue: Int64 = 0

    init(
        pool: ProviderPool, suppressions: SuppressionList, retry: RetryPolicy, contentBytes: Int, tellsSteps: Bool,
        seed: UInt64
    ) {
        self.pool = pool
        self.suppressions = suppressions
        self.retry = retry
        steps = MessageSteps(isGathering: tellsSteps)
        random = SeededGenerator(seed: seed)
        contents = WaitingContents(budget: contentBytes)
    }

    // MARK: Waiting

    /// A message has been accepted in this round.
    /// - Parameter arena: of its texts.
    mutating func accepted(_ id: MessageID, _ draft: MessageDraft, _ arena: DraftBatch, now: Int64) {
        let isRoutedLater = draft.sendAt > now || (!replies.isEmpty && replies[id] != nil)
        let candidates = isRoutedLater ? CandidateSets.unrouted : pool.candidates(of: draft, arena)
        wait(
            QueuedEntry(
                message: QueuedMessage(id: id, expiresAt: draft.expiresAt),
                flow: FlowKey(candidates: candidates, priority: draft.priority, tenant: draft.tenant)),
            due: draft.sendAt, now: now)
    }

    private mutating func wait(_ entry: QueuedEntry, due: Int64, now: Int64) {
        guard isTakenUp(entry.message.id) else { return }
        push(entry, due: due, now: now)
    }

    /// Whether the queue knows of the message, or what waits there of its age.
    func isTakenUp(_ id: MessageID) -> Bool { takenUpBelow.map { id < $0 } ?? true }

    private mutating func push(_ entry: QueuedEntry, due: Int64, now: Int64) {
        if due > now {
            delays.push(entry.message, due: min(due, entry.message.expiresAt), flow: entry.flow)
        } else {
            queue.push(entry.message, flow: entry.flow)
        }
    }

    /// Takes up a message that the store had at the start.
    /// - Returns: false if it was being submitted when the gateway stopped: ``interrupted(_:now:store:)`` settles it.
    mutating func recover(_ message: RecoveredMessage, now: Int64) -> Bool {
        guard inFlight[message.id] == nil else { return true }
        let entry = QueuedEntry(
            message: QueuedMessage(id: message.id, expiresAt: message.expiresAt),
            flow: FlowKey(candidates: CandidateSets.unrouted, priority: message.priority, tenant: message.tenant))
        guard let lifecycle = message.lifecycle else {
            push(entry, due: message.sendAt, now: now)
            return true
        }
        guard lifecycle.state == .queued else { return false }
        attempted.insert(message.id)
        push(entry, due: lifecycle.due, now: now)
        return true
    }

    /// Settles a message that was being submitted when the gateway stopped: it may have been sent.
    mutating func interrupted(_ message: RecoveredMessage, now: Int64, store: any MessageStore) throws(StoreError) {
        guard let lifecycle = message.lifecycle else { return }
        var stored = StoredLifecycle(lifecycle: lifecycle, tenant: message.tenant, batch: message.batch)
        let before = lifecycle.mark
        let after = stored.lifecycle.interrupted(at: now, onUnknown: message.onUnknown)
        let flow = FlowKey(candidates: CandidateSets.unrouted, priority: message.priority, tenant: message.tenant)
        let entry = QueuedEntry(message: QueuedMessage(id: message.id, expiresAt: message.expiresAt), flow: flow)
        try follow(after, &stored, entry, now: now, store: store)
        if try record(stored, since: before, isFirst: false, store: store) { noteDoubt(stored.lifecycle) }
    }

    mutating func noteDoubt(_ lifecycle: MessageLifecycle) {
        if lifecycle.state == .unknown, let doubt = lifecycle.doubt { doubts.append(doubt) }
    }

    /// Records what became of a message.
    /// - Returns: whether it is there to be recorded.
    @discardableResult
    mutating func record(
        _ stored: StoredLifecycle, since before: MessageLifecycle.Mark, isFirst: Bool, store: any MessageStore
    ) throws(StoreError) -> Bool {
        guard try store.record(stored, since: before, isFirst: isFirst) else { return false }
        steps.changed(stored, since: before)
        return true
    }

    // MARK: Claims

    /// Claims what the providers have room for, the best message first.
    mutating func claim(
        now: Int64, store: any MessageStore, urgentOnly: Bool = false, deadline: inout RoundDeadline
    ) throws(StoreError) {
        guard takenUpBelow == nil else { return }
        for entry in delays.popDue(now: now, limit: 1024) { queue.push(entry.message, flow: entry.flow) }
        returnSetAsideIfProviderRecovered()
        for entry in senders.takeDue(now: now, limit: Limits.sendersReturned) {
            queue.pushBack(entry.message, flow: entry.flow)
        }
        try sweep(now: now, store: store)
        guard !isPaused, !isDraining else { return }
        pool.refresh(&queue, now: now)
        while let (message, flow) = queue.pop(urgentOnly: urgentOnly) {
            try claim(QueuedEntry(message: message, flow: flow), now: now, store: store)
            if deadline.isOver(after: 1) { break }
        }
    }

    private mutating func claim(_ entry: QueuedEntry, now: Int64, store: any MessageStore) throws(StoreError) {
        let id = entry.message.id
        guard let content = try content(of: id, store: store) else { return }
        let draft = content.draft
        if let batch = content.batch {
            if cancelingBatches.contains(batch) { return }
            if pausedBatches.contains(batch) {
                parked[batch, default: []].append(entry)
                parkedOver = min(parkedOver, entry.message.expiresAt)
                return
            }
        }
        var isFirst = true
        var stored = StoredLifecycle(
            lifecycle: MessageLifecycle(id: id, waiting: draft.waitingState), tenant: draft.tenant,
            batch: content.batch)
        if attempted.contains(id), let known = try store.lifecycle(of: id) {
            isFirst = false
            stored = known
        }
        let before = stored.lifecycle.mark
        let urgent = draft.priority == .urgent
        let isOver = entry.message.expiresAt <= now
        let reply = replies.isEmpty ? nil : replies[id]
        if isOver || (reply == nil && hasOptedOut(content)) {
            let isSettled =
                isOver
                ? stored.lifecycle.expired(at: now)
                : stored.lifecycle.gaveUp(at: now, code: "SUPPRESSED", message: "the recipient has opted out")
            guard isSettled else { return }
            try record(stored, since: before, isFirst: isFirst, store: store)
            attempted.remove(id)
            return
        }
        let trouble = isFirst ? AttemptTrouble() : AttemptTrouble(stored.lifecycle)
        if let reply {
            switch lane(forReply: reply, trouble, urgent: urgent, now: now) {
            case .none:
                stored.lifecycle.gaveUp(
                    at: now, code: "NO_PROVIDER", message: "the provider that brought the keyword takes no answer")
                try record(stored, since: before, isFirst: isFirst, store: store)
                attempted.remove(id)
            case .later: delays.push(entry.message, due: now + Self.replyPause, flow: entry.unrouted.flow)
            case .now(let lane):
                let choice = (lane: lane, reason: "answers a keyword by the provider that brought it")
                try handOver(
                    content, &stored, since: before, isFirst: isFirst, to: choice, from: nil, entry.unrouted,
                    now: now, store: store)
            }
            return
        }
        var candidates = entry.flow.candidates
        if !isFirst || !pool.isRouted(candidates) {
            switch pool.route(content.draft, content.arena, trouble) {
            case .candidates(let number): candidates = number
            case .refusedByAll:
                stored.lifecycle.gaveUp(
                    at: now, code: "NO_PROVIDER", message: "every provider of its route has refused it")
                try record(stored, since: before, isFirst: isFirst, store: store)
                attempted.remove(id)
                return
            case .rejected(let reason):
                stored.lifecycle.gaveUp(at: now, code: "ROUTE_REFUSES", message: reason)
                try record(stored, since: before, isFirst: isFirst, store: store)
                attempted.remove(id)
                return
            }
        }
        if !carrierOptOuts.isEmpty, let optOut = optOut(atCarrierOf: candidates, content, now: now) {
            let carrier = pool.lane(of: optOut.provider).map { pool.lanes[$0].provider.name } ?? "the carrier"
            stored.lifecycle.gaveUp(
                at: now, code: "OPTED_OUT", message: "the recipient has opted out at \(carrier) (\(optOut.code))")
            try record(stored, since: before, isFirst: isFirst, store: store)
            attempted.remove(id)
            return
        }
        let flow = FlowKey(candidates: candidates, priority: draft.priority, tenant: draft.tenant)
        let throttled = throttledSenders(of: content, candidates)
        let held = throttled.filter { senders.isHeld($0, now: now) }
        guard
            let choice = pool.choose(
                candidates, trouble, held: Set(held.map(\.provider)), urgent: urgent, now: now, using: &random)
        else { return waitForRoom(QueuedEntry(message: entry.message, flow: flow), held, now: now) }
        let sender = pool.sender(
            of: draft, content.arena, senderPolicies[draft.tenant], by: candidates, through: choice.lane)
        try handOver(
            content, &stored, since: before, isFirst: isFirst,
            to: (choice.lane, sender?.added(to: choice.reason) ?? choice.reason), from: sender?.sender,
            throttled: throttled.first { $0.provider == pool.lanes[choice.lane].number },
            QueuedEntry(message: entry.message, flow: flow), now: now, store: store)
    }

    /// Claims a message for a provider that has room, to be submitted once that is durable.
    /// - Parameters:
    ///   - sender: instead of the message's own; nil = that one.
    ///   - throttled: the sender, if the provider throttles it.
    private mutating func handOver(
        _ content: MessageContent, _ stored: inout StoredLifecycle, since before: MessageLifecycle.Mark, isFirst: Bool,
        to choice: (lane: Int, reason: String), from sender: [UInt8]?, throttled: ThrottledSenders.Key? = nil,
        _ entry: QueuedEntry, now: Int64, store: any MessageStore
    ) throws(StoreError) {
        let (id, draft) = (entry.message.id, content.draft)
        guard stored.lifecycle.claimed(at: now, provider: pool.lanes[choice.lane].number, reason: choice.reason),
            try record(stored, since: before, isFirst: isFirst, store: store)
        else { return }
        attempted.remove(id)
        if let throttled { senders.take(throttled, now: now) }
        let submitted = pool.update(choice.lane) {
            $0.batch.append(content, id: id, attempt: stored.lifecycle.attempts, sender: sender)
            return $0.take(urgent: draft.priority == .urgent, now: now)
        }
        pool.refresh(&queue, lane: choice.lane, now: now)
        inFlight[id] = InFlight(
            stored: stored, message: entry, provider: choice.lane,
            onUnknown: draft.onUnknown, submitted: submitted, sender: throttled,
            price: pool.lanes[choice.lane].price(of: draft), routesEpoch: pool.routesEpoch)
    }

    /// The submissions of a round that has been committed.
    mutating func takeSubmissions() -> [(provider: any SMSProvider, batch: SubmissionBatch)] {
        var submissions: [(any SMSProvider, SubmissionBatch)] = []
        for index in pool.lanes.indices where !pool.lanes[index].batch.items.isEmpty {
            submissions.append((pool.lanes[index].provider, pool.lanes[index].batch))
            pool.update(index) { $0.batch = SubmissionBatch() }
        }
        return submissions
    }

    // MARK: Answers

    /// A provider's answer; one to an attempt that is not under way is ignored.
    mutating func answered(_ answer: AttemptAnswer, now: Int64, store: any MessageStore) throws(StoreError) {
        guard let flight = inFlight[answer.id], flight.stored.lifecycle.attempts == answer.attempt else { return }
        inFlight[answer.id] = nil
        touched.append(flight)
        pool.update(flight.provider) { $0.answered(answer.outcome, to: flight.submitted, now: now) }
        var stored = flight.stored
        let before = stored.lifecycle.mark
        let provider = pool.lanes[flight.provider].number
        if case .accepted = answer.outcome, let price = flight.price {
            stored.lifecycle.priced(price, at: now, provider: provider)
        }
        if case .rejected(.optedOut, let code, _) = answer.outcome {
            try remember(
                answer.id, stored.tenant, provider: provider, code: code, now: now, store: store)
        }
        let after = stored.lifecycle.answered(
            attempt: answer.attempt, answer.outcome, at: now, provider: provider, onUnknown: flight.onUnknown)
        let entry = flight.routesEpoch == pool.routesEpoch ? flight.message : flight.message.unrouted
        let due = try learnOfSender(answer.outcome, flight, now: now, store: store)
        try follow(after, &stored, entry, senderDue: due, now: now, store: store)
        if try record(stored, since: before, isFirst: false, store: store) {
            noteDoubt(stored.lifecycle)
            noteReceipt(stored.lifecycle)
        }
        keepRecent(stored)
    }

    /// Notes whether a receipt is awaited of it, where its provider can be asked for one.
    private mutating func noteReceipt(_ lifecycle: MessageLifecycle) {
        guard followsReceipts else { return }
        if lifecycle.state.isFinal {
            receiptNews.settled.append(lifecycle.id)
        } else if let receipt = lifecycle.awaitedReceipt, let lane = pool.lane(of: receipt.provider),
            pool.lanes[lane].provider.canBeAsked
        {
            receiptNews.sent.append(receipt)
        }
    }

    /// Keeps a lifecycle for the receipt that is expected. A message that waits is not kept: its next claim changes
    /// it elsewhere.
    private mutating func keepRecent(_ stored: StoredLifecycle) {
        if stored.lifecycle.state == .sent || stored.lifecycle.state == .unknown { recent.insert(stored) }
    }

    /// Does what an outcome asks: a retry later, at once, or none.
    private mutating func follow(
        _ after: MessageLifecycle.AfterOutcome, _ stored: inout StoredLifecycle, _ entry: QueuedEntry,
        senderDue: Int64? = nil, now: Int64, store: any MessageStore
    ) throws(StoreError) {
        switch after {
        case .nothing: return
        case .tryAnother(let code, let message):
            let trouble = AttemptTrouble(stored.lifecycle)
            switch pool.alternative(to: entry.flow.candidates, trouble, now: now) {
            case .none:
                stored.lifecycle.gaveUp(at: now, code: code, message: "\(message); no other provider serves it")
            case .now, .later: try tryAgain(&stored, entry, due: now, now: now, store: store)
            }
        case .waitForSender:
            let isElsewhere = isBetterElsewhere(stored.lifecycle, entry, counted: false, now: now)
            try tryAgain(&stored, entry, due: isElsewhere ? now : senderDue ?? now, now: now, store: store)
        case .retry(let counted, let retryAfter):
            let attempts = stored.lifecycle.countedAttempts
            if counted, retry.isExhausted(attempts: attempts) {
                stored.lifecycle.gaveUp(
                    at: now, code: "ATTEMPTS_EXHAUSTED", message: "no provider took it in \(attempts) attempts")
                return
            }
            var due = now
            if retryAfter != 0, !isBetterElsewhere(stored.lifecycle, entry, counted: counted, now: now) {
                due += retry.delay(
                    afterAttempt: counted ? attempts : stored.lifecycle.attempts,
                    retryAfter: retryAfter.map { Int64(clamping: $0) }, using: &random)
            }
            try tryAgain(&stored, entry, due: due, now: now, store: store)
        }
    }

    /// Whether another provider can be tried at once.
    private mutating func isBetterElsewhere(
        _ lifecycle: MessageLifecycle, _ entry: QueuedEntry, counted: Bool, now: Int64
    ) -> Bool {
        let trouble = AttemptTrouble(lifecycle)
        let provider = lifecycle.lastProvider
        if counted {
            return pool.alternative(to: entry.flow.candidates, trouble, failed: provider, now: now) == .now
        }
        return pool.hasRoomElsewhere(entry.flow.candidates, than: provider, trouble, now: now)
    }

    /// Brings a message back that was surely not taken; it is routed again in its turn.
    private mutating func tryAgain(
        _ stored: inout StoredLifecycle, _ entry: QueuedEntry, due: Int64, now: Int64, store: any MessageStore
    ) throws(StoreError) {
        // Its batch may have been canceled while the provider had it.
        if let batch = stored.batch, try store.batch(tenant: stored.tenant, .id(batch))?.canceled == true {
            _ = stored.lifecycle.canceled(at: now)
            return
        }
        stored.lifecycle.retry(at: due)
        if isTakenUp(stored.lifecycle.id) { attempted.insert(stored.lifecycle.id) }
        wait(entry.unrouted, due: due, now: now)
    }

    /// A message of which nobody knew whether it was sent waits again, in its old place.
    mutating func requeue(_ stored: StoredLifecycle, _ draft: MessageDraft, now: Int64) {
        let id = stored.lifecycle.id
        _ = recent.remove(id)
        if isTakenUp(id) { attempted.insert(id) }
        let flow = FlowKey(candidates: CandidateSets.unrouted, priority: draft.priority, tenant: draft.tenant)
        wait(
            QueuedEntry(message: QueuedMessage(id: id, expiresAt: draft.expiresAt), flow: flow), due: now, now: now)
    }

    // MARK: Receipts

    /// What is known of a message that a receipt is for.
    mutating func lifecycle(for receipt: Receipt, store: any MessageStore) throws(StoreError) -> StoredLifecycle? {
        if let flight = inFlight[receipt.id] { return flight.stored }
        if let stored = recent.remove(receipt.id) { return stored }
        return try store.lifecycle(of: receipt.id)
    }

    /// What is known of a message that was handed over once.
    func known(_ id: MessageID, store: any MessageStore) throws(StoreError) -> StoredLifecycle? {
        if let flight = inFlight[id] { return flight.stored }
        if let stored = recent[id] { return stored }
        return try store.lifecycle(of: id)
    }

    /// The number of the provider that an answer is of; nil if it is to an attempt that is not under way.
    func provider(of answer: AttemptAnswer) -> UInt8? {
        guard let flight = inFlight[answer.id], flight.stored.lifecycle.attempts == answer.attempt else { return nil }
        return pool.lanes[flight.provider].number
    }

    /// Keeps what a receipt made of a message.
    mutating func update(_ stored: StoredLifecycle) {
        noteReceipt(stored.lifecycle)
        let id = stored.lifecycle.id
        if let flight = inFlight[id] {
            touched.append(flight)
            inFlight[id]!.stored = stored
        } else {
            // A receipt may show that it need not be sent again.
            let waits = stored.lifecycle.state == .queued || stored.lifecycle.state == .scheduled
            if !waits, attempted.contains(id) { forget(id) }
            keepRecent(stored)
        }
    }

    // MARK: Leaving the queue

    /// The message will not be sent (again): it has been canceled, or a receipt has shown that a provider has it.
    mutating func forget(_ id: MessageID) {
        guard isTakenUp(id) else { return }
        queue.cancel(id)
        delays.cancel(id)
        senders.cancel(id)
        contents.forget(id)
        attempted.remove(id)
    }

    /// Messages whose validity is over that one sweep settles, at most, of each place where they wait.
    private static let sweptAtATime = 2048

    /// Settles messages whose validity is over, also in flows that wait for a provider.
    private mutating func sweep(now: Int64, store: any MessageStore) throws(StoreError) {
        guard now >= sweepDue else { return }
        sweepDue = now + 50
        var over = queue.sweepExpired(now: now, budget: Self.sweptAtATime)
            .map { QueuedEntry(message: $0.message, flow: $0.flow) }
        over += senders.takeExpired(now: now, limit: Self.sweptAtATime)
        if now >= parkedOver {
            parkedOver = .max
            for (batch, entries) in parked.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                over += entries.filter { $0.message.expiresAt <= now }
                let left = entries.filter { $0.message.expiresAt > now }
                parked[batch] = left.isEmpty ? nil : left
                for entry in left { parkedOver = min(parkedOver, entry.message.expiresAt) }
            }
        }
        for entry in over {
            guard let content = try content(of: entry.message.id, store: store) else { continue }
            let known = attempted.remove(entry.message.id) == nil ? nil : try store.lifecycle(of: entry.message.id)
            var stored =
                known
                ?? StoredLifecycle(
                    lifecycle: MessageLifecycle(id: entry.message.id, waiting: content.draft.waitingState),
                    tenant: content.draft.tenant, batch: content.batch)
            let before = stored.lifecycle.mark
            guard stored.lifecycle.expired(at: now) else { continue }
            try record(stored, since: before, isFirst: known == nil, store: store)
        }
    }

    /// Brings the messages of a batch back that were parked while it was paused.
    mutating func unpark(_ batch: BatchID) {
        for entry in parked.removeValue(forKey: batch) ?? [] {
            queue.pushBack(entry.message, flow: entry.unrouted.flow)
        }
    }

    mutating func dropParked(_ batch: BatchID) {
        parked[batch] = nil
    }

    // MARK: Tenants

    /// - Parameter weights: of the tenants whose weight isn't 1.
    mutating func setWeights(_ weights: [TenantID: Int]) {
        for tenant in self.weights.keys where weights[tenant] == nil { queue.setWeight(1, of: tenant) }
        for (tenant, weight) in weights where self.weights[tenant] != weight { queue.setWeight(weight, of: tenant) }
        self.weights = weights
    }

    mutating func setPaused(_ paused: Bool, tenant: TenantID) {
        if paused { pausedTenants.insert(tenant) } else { pausedTenants.remove(tenant) }
        queue.setPaused(paused, tenant: tenant)
    }

    // MARK: Undoing

    mutating func roundBegan() {
        touched.removeAll(keepingCapacity: true)
        steps.removeAll()
        doubts.removeAll(keepingCapacity: true)
        receiptNews.removeAll()
        followsReceipts = pool.lanes.contains { $0.provider.canBeAsked }
        pool.updateAll { $0.roundBegan() }
    }

    /// The round's commit failed: what was in flight is so again, as it was. What waits, and what is paused, is
    /// forgotten, to be built again from the store.
    mutating func roundFailed() {
        for lane in pool.lanes {
            for item in lane.batch.items { inFlight[item.id] = nil }
        }
        pool.updateAll { $0.roundFailed() }
        // From the last to the first: a message that was touched twice becomes as it was before both.
        for flight in touched.reversed() { inFlight[flight.stored.lifecycle.id] = flight }
        touched.removeAll()
        isPaused = false
        pool.resumeAll()
        pausedBatches.removeAll()
        pausedTenants.removeAll()
        parkedOver = .max
        queue = MessageQueue()
        for (tenant, weight) in weights { queue.setWeight(weight, of: tenant) }
        delays = DelayHeap()
        senders.removeWaiting()
        contents.removeAll()
        recent.removeAll()
        attempted.removeAll()
        parked.removeAll()
    }

    /// Does what ``roundFailed()`` does where some of the round was recorded: what was in flight is as the store has
    /// it.
    /// - Returns: of the round's claims those that were recorded. They were not handed over, so they are to be
    ///   returned.
    mutating func roundFailedInPart(store: any MessageStore) throws(StoreError) -> [AttemptAnswer] {
        let claims = pool.lanes.flatMap(\.batch.items).compactMap { inFlight[$0.id] }
        let changed = Set(touched.map(\.stored.lifecycle.id))
        roundFailed()
        var returned: [AttemptAnswer] = []
        for claim in claims {
            let id = claim.stored.lifecycle.id
            guard let stored = try store.lifecycle(of: id), stored.lifecycle == claim.stored.lifecycle else { continue }
            if let flight = inFlight[id] { pool.update(flight.provider) { $0.release() } }
            pool.update(claim.provider) { $0.hold() }
            inFlight[id] = claim
            returned.append(AttemptAnswer(id: id, attempt: stored.lifecycle.attempts, outcome: .returned))
        }
        let kept = Set(returned.map(\.id))
        for id in changed where !kept.contains(id) {
            guard let flight = inFlight[id], let stored = try store.lifecycle(of: id) else { continue }
            // A receipt that came before the answer settles the message, but the provider still has it.
            if stored.lifecycle.state == .submitting || !stored.lifecycle.isAnswered {
                inFlight[id]!.stored = stored
            } else {
                inFlight[id] = nil
                pool.update(flight.provider) { $0.release() }
            }
        }
        return returned
    }
}
