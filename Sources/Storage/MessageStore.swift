package import SMSModel

/// Where messages are durable. One thread calls; what is between ``begin()`` and ``commit()`` happens as a
/// whole or not at all, and ``commit()`` returns once it would survive a loss of power.
///
/// Every verb is a step of a message's life. After an error has been thrown the caller rolls back; nothing
/// of the round is kept then, unless the error says ``StoreError/partial(_:)``.
package protocol MessageStore: AnyObject {
    /// What is durable besides messages.
    var administration: any AdministrationStore { get }
    /// What carriers have told that is no step of a message's life.
    var carriers: any CarrierStore { get }

    /// What tenants may use from the next acceptance on; one that is not named has no bound. Not durable, and no part
    /// of a round.
    func setQuotas(_ quotas: [TenantID: TenantQuota])
    /// How long these tenants' messages are kept from now on; what is nil, and other tenants', by the standard. Outside
    /// of rounds, and not durable.
    func setRetention(of tenants: [TenantID: RetentionPolicy.Days])
    /// What a tenant has used, the round under way included.
    func usage(of tenant: TenantID, now: Int64) throws(StoreError) -> TenantUsage

    func begin() throws(StoreError)

    /// Inserts the drafts of `range` and appends one result each to `results`. The same idempotency key, or
    /// the same place in a batch, gives the message that is there already. A new one that its tenant's quota leaves no
    /// room for is refused by itself.
    ///
    /// A message is charged its segments on the UTC day of its id, and its reserve in that day's month. It stays
    /// charged, also when its row is gone; steps of its life settle what, by ``MessageLifecycle/Cost``.
    /// - Parameter chunk: where the drafts stand in their batch; nil for messages sent one by one.
    func accept(
        _ batch: MessageDrafts, _ range: Range<Int>, chunk: BatchChunk?, now: Int64, results: inout [AcceptResult]
    ) throws(StoreError)

    /// The stored lifecycle; nil while nothing but the acceptance has happened.
    func lifecycle(of id: MessageID) throws(StoreError) -> StoredLifecycle?

    /// Records a step of a message's life.
    /// - Parameters:
    ///   - mark: how it was before.
    ///   - isFirst: nothing but the acceptance was stored before.
    /// - Returns: false, and nothing is recorded, if `isFirst` turns out not to be so, or if the message is gone.
    @discardableResult
    func record(
        _ stored: StoredLifecycle, since mark: MessageLifecycle.Mark, isFirst: Bool
    ) throws(StoreError) -> Bool

    /// Appends the message to `batch` and tells which batch it belongs to; nil if there is no such message.
    func load(_ id: MessageID, into batch: inout MessageDrafts) throws(StoreError) -> LoadedMessage?

    /// The batch of that name, made if there is none.
    func openBatch(tenant: TenantID, name: String, now: Int64) throws(StoreError) -> BatchRecord
    /// The batch by name, or by id.
    func batch(tenant: TenantID, _ reference: BatchReference) throws(StoreError) -> BatchRecord?
    func cancelBatch(_ id: BatchID) throws(StoreError)
    /// Canceled batches of which messages still wait: a cancellation that was cut short.
    func unfinishedCancellations() throws(StoreError) -> [BatchID]
    /// Ids of a batch's messages in the order of their indices, from one index on, at most `limit`; and the index
    /// to go on from, nil at the end.
    func messages(
        of batch: BatchID, from index: UInt64, limit: Int
    ) throws(StoreError) -> (ids: [MessageID], next: UInt64?)

    func setPaused(_ target: PauseTarget, _ paused: Bool) throws(StoreError)
    func pausedTargets() throws(StoreError) -> [PauseTarget]

    /// The number under which histories know the provider: 1 to 255, the same at every start.
    func providerIndex(name: String, kind: String) throws(StoreError) -> UInt8
    /// All that have a number, by name: those that there were once, too.
    func providerNumbers() throws(StoreError) -> [String: UInt8]

    /// A secret of the store's own, by which receipts find their messages: 32 random bytes, which it makes at the first
    /// call and keeps, in backups too.
    func receiptKey() throws(StoreError) -> [UInt8]

    /// The message to which a provider gave this id; nil if there is none. The newest, if it gave it twice.
    func find(providerID: String, provider: UInt8) throws(StoreError) -> MessageID?

    /// Nothing below it waits: where ``recover(from:limit:now:_:)`` may begin next time. nil = nothing waits at all.
    /// To be told before the round changes anything, of what is durable already.
    func setRecoveryStart(_ id: MessageID?) throws(StoreError)

    func commit() throws(StoreError)
    func rollback()

    /// Tries, outside of a round, whether there is room for some rounds' writing.
    func checkRoom() throws(StoreError)

    /// What there is room for, outside of a round. Asked before each round that is to accept something.
    func room() throws(StoreError) -> StoreRoom

    /// Visits, by rising id, what waits or is being submitted among some messages from `cursor` on.
    /// - Parameters:
    ///   - cursor: nil = the first.
    ///   - limit: messages that are looked at, at most.
    /// - Returns: where to go on; nil once all were visited.
    func recover(
        from cursor: MessageID?, limit: Int, now: Int64, _ visit: (RecoveredMessage) throws(StoreError) -> Void
    ) throws(StoreError) -> MessageID?

    /// Does some of what retention asks for, inside of a round: takes the contents, or all, of old settled messages
    /// away.
    /// - Returns: when there may be more to do, in milliseconds since the Unix epoch.
    func applyRetention(now: Int64) throws(StoreError) -> Int64

    /// Why retention deletes nothing, by the last look; nil if nothing keeps it.
    var retentionHold: RetentionHold? { get }

    /// What is best done between rounds, by the store's own lights. Answers are not waiting for it.
    /// - Parameter isIdle: nothing else waits to be done.
    func checkpoint(isIdle: Bool) throws(StoreError)
}

extension MessageStore {
    /// Records a message's life as a whole, where only its standing before is known.
    @discardableResult
    package func record(
        _ stored: StoredLifecycle, previous: MessageLifecycle.AccountedState, isFirst: Bool
    ) throws(StoreError) -> Bool {
        try record(stored, since: MessageLifecycle.Mark(beginning: previous), isFirst: isFirst)
    }

    /// Where only a round can tell.
    package func checkRoom() throws(StoreError) {}
    package func room() throws(StoreError) -> StoreRoom { .enough }
}

/// What a store has room for. Acceptance ends first, so that the rest finds room a while longer: what has been accepted
/// goes on being sent, and then at least what became of it, and what carriers and people say, is still written down.
package enum StoreRoom: Hashable, Sendable {
    case enough
    /// For no new messages. The text says where, and what to do.
    case noNewMessages(String)
    /// Nor for handing messages to providers.
    case carriersOnly(String)

    /// nil where there is enough.
    package var shortage: String? {
        switch self {
        case .enough: nil
        case .noNewMessages(let text), .carriersOnly(let text): text
        }
    }
}

/// What a tenant may use; nil = no bound.
package struct TenantQuota: Hashable, Sendable {
    /// Accepted on a UTC day.
    package var segmentsPerDay: UInt64?
    /// The cost of messages accepted in a UTC month, in millionths of the currency.
    package var costPerMonth: Int64?
    /// Scheduled, queued or with a provider at one time.
    package var waitingMessages: UInt64?

    package init(segmentsPerDay: UInt64? = nil, costPerMonth: Int64? = nil, waitingMessages: UInt64? = nil) {
        self.segmentsPerDay = segmentsPerDay
        self.costPerMonth = costPerMonth
        self.waitingMessages = waitingMessages
    }
}

/// What a tenant has used of what it may.
package struct TenantUsage: Hashable, Sendable {
    package var segmentsToday: UInt64 = 0
    /// Millionths of the currency.
    package var costThisMonth: Int64 = 0
    package var waitingMessages: UInt64 = 0

    package init() {}
}

/// What became of one draft.
package struct AcceptResult: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case accepted
        case duplicate
        /// The key is taken by a message of another content.
        case conflict
        /// Not accepted: more segments than the tenant's quota for the day leaves.
        case overSegments
        /// Not accepted: it may cost more than the tenant's quota for the month leaves.
        case overCost
        /// Not accepted: as many of the tenant's messages wait as may.
        case overWaiting
        /// Not accepted: its send time has passed (``MessageDraft/isLate(now:)``).
        case late

        package var isOverQuota: Bool { self == .overSegments || self == .overCost || self == .overWaiting }
    }

    package var kind: Kind
    package var state: MessageState
    /// 0 where there is no message: it was over a quota, or late.
    package var id: MessageID
    /// How the body of the message that a duplicate repeats is sent; nil = as the draft's would be. It differs where
    /// smart encoding was on for one of the two only.
    package var sentAs: BodyForm?

    package struct BodyForm: Hashable, Sendable {
        package var encoding: Encoding
        package var segments: UInt8
    }

    /// - Parameter draft: what is refused.
    static func refused(_ kind: Kind, _ draft: MessageDraft) -> AcceptResult {
        AcceptResult(kind: kind, state: draft.waitingState, id: MessageID(rawValue: 0))
    }

    package init(kind: Kind, state: MessageState, id: MessageID) {
        self.kind = kind
        self.state = state
        self.id = id
    }
}

/// A lifecycle and whose it is.
package struct StoredLifecycle: Sendable {
    package var lifecycle: MessageLifecycle
    package var tenant: TenantID
    package var batch: BatchID?

    package init(lifecycle: MessageLifecycle, tenant: TenantID, batch: BatchID?) {
        self.lifecycle = lifecycle
        self.tenant = tenant
        self.batch = batch
    }
}

/// A message read back from the store; the draft's slices are of the batch it was loaded into.
package struct LoadedMessage: Sendable {
    package var draft: MessageDraft
    package var batch: BatchID?
}

/// Where a run of drafts stands in its batch.
package struct BatchChunk: Sendable {
    package var tenant: TenantID
    package var batch: BatchID
    /// The index in the batch of each draft, by the draft's place in its `MessageDrafts`; rising.
    package var indices: [UInt64]

    package init(tenant: TenantID, batch: BatchID, indices: [UInt64]) {
        self.tenant = tenant
        self.batch = batch
        self.indices = indices
    }
}

package struct BatchRecord: Hashable, Sendable {
    package var id: BatchID
    package var tenant: TenantID
    package var name: String
    package var canceled: Bool
    package var createdAt: Int64
}

/// What can be paused.
package enum PauseTarget: Hashable, Sendable {
    case everything
    case provider(String)
    case batch(BatchID)
    case tenant(TenantID)
}

/// A message that recovery found unsettled.
package struct RecoveredMessage: Sendable {
    package var id: MessageID
    package var tenant: TenantID
    package var batch: BatchID?
    package var priority: Priority
    package var onUnknown: OnUnknown
    package var sendAt: Int64
    package var expiresAt: Int64
    /// nil: nothing has happened to it yet.
    package var lifecycle: MessageLifecycle?
}

/// Why the store did not do as asked. Texts are for operators: what, where, and what to do.
package enum StoreError: Error, Hashable, Sendable {
    /// No room: worth another try once there is.
    case full(String)
    /// The same, but some of the round's messages were recorded before the room ended, and others not: what is in
    /// the store has to be read again. Each message is whole.
    case partial(String)
    /// Another program has kept the database locked: worth another try.
    case busy(String)
    /// The system refused a read or write: nothing may be acknowledged until a restart.
    case failed(String)
    /// The file is not as it was written.
    case damaged(String)
    /// The file was written by a later version.
    case newerVersion(String)
    /// Another process holds the data directory.
    case locked(String)
    /// The data directory is a backup.
    case notRestored(String)
    /// The clock is too far behind the newest id.
    case clockBehind(String)

    /// It may be over without a restart.
    package var isPassing: Bool {
        switch self {
        case .full, .partial, .busy: true
        case .failed, .damaged, .newerVersion, .locked, .notRestored, .clockBehind: false
        }
    }

    /// Surely nothing of the round is on the disk, now or after a restart.
    package var isClean: Bool {
        if case .partial = self { return false }
        return isPassing
    }

    package var text: String {
        switch self {
        case .full(let text), .partial(let text), .busy(let text), .failed(let text), .damaged(let text),
            .newerVersion(let text), .locked(let text), .notRestored(let text), .clockBehind(let text):
            text
        }
    }
}
