internal import Admission
internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// Decides what is handed to which provider, and what follows from each answer.
///
/// Owned by the writer and called inside its rounds, so that a claim is durable, and confirmed, before a
/// provider is called. It asks no store: the writer reads the rows that a decision needs, asks, and records what was
/// decided. All that it holds is derived; ``undo()`` takes a failed round back.
struct Dispatcher: ~Copyable {
    var pool: ProviderPool
    /// The messages in memory, and where each of them is.
    var open: OpenMessages
    var isPaused = false
    var isDraining = false
    var pausedBatches: Set<BatchID> = []
    private(set) var pausedTenants: Set<TenantID> = []
    private var weights: [TenantID: Int] = [:]
    /// The policies of tenants that may not use every sender.
    var senderPolicies: [TenantID: SenderPolicy] = [:]
    /// Batches being canceled: their messages leave the queue without being sent.
    var cancelingBatches: Set<BatchID> = []
    /// Providers that were up when it was last looked whether messages that wait for a throttled sender could go
    /// elsewhere; nil = none waited then.
    var wholeProviders: Set<UInt8>?
    let suppressions: SuppressionList
    var carrierOptOuts = CarrierOptOuts()
    /// Answers to keywords that may wait, and the number of the provider that each is for.
    var replies: [MessageID: UInt8] = [:]
    let retry: RetryPolicy
    /// The source of choices by weight and of the spread of retries.
    var random: SeededGenerator
    var expiryDue: Int64 = 0

    init(
        pool: ProviderPool, suppressions: SuppressionList, retry: RetryPolicy, contentBytes: Int, seed: UInt64
    ) {
        self.pool = pool
        self.suppressions = suppressions
        self.retry = retry
        random = SeededGenerator(seed: seed)
        open = OpenMessages(contentBytes: contentBytes)
    }

    // MARK: Waiting

    /// A message has been accepted in this round.
    /// - Parameter arena: of its texts.
    mutating func accepted(_ id: MessageID, _ draft: MessageDraft, _ arena: MessageDrafts, now: Int64) {
        let isRoutedLater = draft.sendAt > now || (!replies.isEmpty && replies[id] != nil)
        let candidates = isRoutedLater ? CandidateSets.unrouted : pool.candidates(of: draft, arena)
        open.accepted(
            QueuedEntry(
                message: QueuedMessage(id: id, expiresAt: draft.expiresAt),
                flow: FlowKey(candidates: candidates, priority: draft.priority, tenant: draft.tenant)),
            due: draft.sendAt, now: now)
    }

    /// Takes in a message that the store had at the start.
    /// - Returns: false if it was being submitted when the gateway stopped:
    ///   ``possiblySent(_:_:isBatchCanceled:now:)`` settles it.
    mutating func recover(_ message: RecoveredMessage, now: Int64) -> Bool {
        guard open.flight(of: message.id) == nil else { return true }
        guard let lifecycle = message.lifecycle else {
            open.recovered(message.entry, hasStoredLifecycle: false, due: message.sendAt, now: now)
            return true
        }
        guard lifecycle.state == .queued else { return false }
        open.recovered(message.entry, hasStoredLifecycle: true, due: lifecycle.due, now: now)
        return true
    }

    /// A message of which nobody knew whether it was sent waits again, in its old place.
    mutating func requeue(_ stored: StoredLifecycle, _ draft: MessageDraft, now: Int64) {
        let id = stored.lifecycle.id
        _ = open.takeLifecycle(of: id)
        let flow = FlowKey(candidates: CandidateSets.unrouted, priority: draft.priority, tenant: draft.tenant)
        open.requeued(
            QueuedEntry(message: QueuedMessage(id: id, expiresAt: draft.expiresAt), flow: flow), due: now, now: now)
    }

    // MARK: Tenants, pauses

    /// - Parameter weights: of the tenants whose weight isn't 1.
    mutating func setWeights(_ weights: [TenantID: Int]) {
        for tenant in self.weights.keys where weights[tenant] == nil { open.queue.setWeight(1, of: tenant) }
        for (tenant, weight) in weights where self.weights[tenant] != weight {
            open.queue.setWeight(weight, of: tenant)
        }
        self.weights = weights
    }

    mutating func setPaused(_ paused: Bool, tenant: TenantID) {
        if paused { pausedTenants.insert(tenant) } else { pausedTenants.remove(tenant) }
        open.queue.setPaused(paused, tenant: tenant)
    }

    mutating func setPaused(_ paused: Bool, batch: BatchID) {
        if paused {
            pausedBatches.insert(batch)
        } else {
            pausedBatches.remove(batch)
            open.release(batch)
        }
    }

    /// Pauses these targets, and resumes all others.
    mutating func setPaused(_ targets: [PauseTarget]) {
        isPaused = false
        pool.resumeAll()
        for tenant in pausedTenants { setPaused(false, tenant: tenant) }
        pausedBatches.removeAll()
        for target in targets { setPaused(true, target) }
        for batch in open.held.batches where !pausedBatches.contains(batch) { open.release(batch) }
    }

    mutating func setPaused(_ paused: Bool, _ target: PauseTarget) {
        switch target {
        case .everything: isPaused = paused
        case .provider(let name): pool.setPaused(paused, provider: name)
        case .batch(let id): setPaused(paused, batch: id)
        case .tenant(let id): setPaused(paused, tenant: id)
        }
    }

    // MARK: The round's end

    /// The round is durable.
    mutating func committed() {
        open.committed()
        pool.committed()
    }

    /// Nothing of the round has happened.
    mutating func undo() {
        open.undo()
        pool.undo()
    }

    /// Forgets all that waits, to be recovered from the store. What is in flight stays.
    mutating func forgetWaiting() {
        open.forgetWaiting()
        for (tenant, weight) in weights { open.queue.setWeight(weight, of: tenant) }
        for tenant in pausedTenants { open.queue.setPaused(true, tenant: tenant) }
    }

    /// A claim of a round that failed was recorded all the same: it takes a slot, though it is not handed over.
    mutating func claimRecorded(_ claim: InFlight) {
        if let former = open.claimRecorded(claim) { pool.update(former.provider) { $0.release() } }
        pool.update(claim.provider) { $0.hold() }
    }

    /// Takes over how the store has a message in flight after a round that failed.
    mutating func stepRecorded(_ stored: StoredLifecycle) {
        if let former = open.stepRecorded(stored) { pool.update(former.provider) { $0.release() } }
    }
}

extension RecoveredMessage {
    /// To be routed in its turn.
    var entry: QueuedEntry {
        QueuedEntry(
            message: QueuedMessage(id: id, expiresAt: expiresAt),
            flow: FlowKey(candidates: CandidateSets.unrouted, priority: priority, tenant: tenant))
    }
}
