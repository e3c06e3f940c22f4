package import Admission
package import ConfigurationModel
internal import DequeModule
internal import Providers
package import Routing
package import SMSModel
package import Storage
internal import Synchronization

/// A burst of checked messages for the writer, and whom to tell.
package struct SubmitBurst: Sendable {
    package var drafts: MessageDrafts
    /// nil: messages sent one by one.
    package var chunk: BurstChunk?
    /// Called once, on any thread: the whole burst is durable, or refused as a whole.
    package var reply: @Sendable (Result<AcceptedBurst, GatewayError>) -> Void

    package init(
        drafts: MessageDrafts, chunk: BurstChunk? = nil,
        reply: @escaping @Sendable (Result<AcceptedBurst, GatewayError>) -> Void
    ) {
        self.drafts = drafts
        self.chunk = chunk
        self.reply = reply
    }

    /// Memory that the messages take.
    package var size: Int { drafts.bytes.count + drafts.drafts.count * MemoryLayout<MessageDraft>.stride }
}

/// Where a bulk call's messages stand in their batch.
package struct BurstChunk: Sendable {
    package var tenant: TenantID
    package var batchName: String
    /// The index in the batch of each draft; rising.
    package var indices: [UInt64]

    package init(tenant: TenantID, batchName: String, indices: [UInt64]) {
        self.tenant = tenant
        self.batchName = batchName
        self.indices = indices
    }
}

package struct AcceptedBurst: Sendable {
    /// One a draft, in order.
    package var results: [AcceptResult]
    package var batch: BatchID?
    /// The quotas that some of the messages were refused for, as they were then.
    package var quotas: [TenantID: TenantQuota] = [:]
}

/// What operators and callers ask of the writer, besides sending.
package enum WriterCommand: Sendable {
    /// Cancels messages of a tenant, or any's where that is nil.
    /// - by: the one to whom it is an administrative act, for the audit log; nil = to cancel one's own is none.
    case cancel(
        [MessageID], TenantID?, by: AuditContext? = nil,
        reply: @Sendable (Result<[MessageCancelResult], GatewayError>) -> Void)
    case cancelBatch(
        BatchReference, TenantID, by: AuditContext? = nil,
        reply: @Sendable (Result<BatchCancelCount, GatewayError>) -> Void)
    case pause(
        PauseScope, TenantID, paused: Bool, by: AuditContext, reply: @Sendable (Result<[String], GatewayError>) -> Void
    )
    /// Sends again or settles messages of which nobody knows whether they were sent; any tenant's, where that is nil.
    case actOnUnknown(
        UnknownRequest, [MessageID], TenantID?, by: AuditContext,
        reply: @Sendable (Result<[UnknownResult], GatewayError>) -> Void)
    /// A provider was asked about a message of which nobody knows, and has it; nil = it doesn't say what became of it.
    case reconcile(
        MessageID, attempt: Int, providerID: String, status: ReceiptStatus? = nil,
        reply: @Sendable (Result<ReconcileResult, GatewayError>) -> Void)
    /// A provider was asked about a message of which nobody knows as often as it is asked, and doesn't have it.
    /// - reply: called once: nil = that is recorded, or changes nothing; else it is to be reported again.
    case attemptNotFound(MessageID, attempt: Int, reply: @Sendable (GatewayError?) -> Void)
    /// Which of these ids a provider gave to some message.
    case findBound([String], provider: UInt8, reply: @Sendable (Result<Set<String>, GatewayError>) -> Void)
    /// The configuration has a new generation.
    case configure(WriterTenants)
    /// The providers that there are now, and the routes over their numbers; nil = every message may go to each of them.
    case configureProviders([ConfiguredProvider], routes: [Route]?)
    /// What tenants have used of their quotas, in the order in which they are asked for.
    case usage([TenantID], reply: @Sendable (Result<[TenantUsageReport], GatewayError>) -> Void)
    /// What a tenant has waiting, and what of it is paused.
    case load(TenantID, reply: @Sendable (Result<TenantLoad, GatewayError>) -> Void)
    /// Why messages that wait are not handed over now; those that don't wait have no answer.
    /// - Parameter tellsWho: whether it is told who has paused what is not the tenant's own.
    case waitReasons(
        [MessageID], tellsWho: Bool, reply: @Sendable (Result<[MessageID: WaitReason], GatewayError>) -> Void)
    /// What would become of a message, of which there is one in the batch. Nothing does.
    case explain(MessageDrafts, reply: @Sendable (Result<MessageExplanation, GatewayError>) -> Void)
    /// Carriers that refuse these recipients because they have opted out there are asked again.
    case forgetCarrierOptOuts([UInt64], TenantID, reply: @Sendable (Result<Set<UInt64>, GatewayError>) -> Void)
    /// Something about tenants, keys or the configuration.
    case administer(AdministrativeAct)
    /// No message is claimed any more; what the providers have not begun is returned.
    case drain
}

/// What the writer has to know of tenants.
package struct WriterTenants: Sendable {
    /// The weights that aren't 1.
    package var weights: [TenantID: Int] = [:]
    package var quotas: [TenantID: TenantQuota] = [:]
    /// The retention of those that set it themselves.
    package var retention: [TenantID: RetentionPolicy.Days] = [:]
    /// The names that reports have for them.
    package var names: [TenantID: String] = [:]
    /// The senders of those that name theirs, or one of them.
    package var senders: [TenantID: [String]] = [:]
    /// The policies of those that may not use every sender.
    package var senderPolicies: [TenantID: SenderPolicy] = [:]
    /// Tenants whose messages always have a sender.
    package var withDefaultSender: Set<TenantID> = []
    /// The settings of tenants that say something of messages from people.
    package var inbound: [TenantID: InboundSettings] = [:]

    package init() {}
}

/// What a tenant has used, and whom carriers refuse of its recipients.
package struct TenantUsageReport: Sendable {
    package var used: TenantUsage
    package var optedOutAtCarriers: UInt64

    init(_ used: TenantUsage, optedOutAtCarriers: UInt64) {
        self.used = used
        self.optedOutAtCarriers = optedOutAtCarriers
    }
}

/// Work on the store that is no message's, done within a round.
package struct AdministrativeAct: Sendable {
    /// Called on the writer's thread. What it returns is called once all is durable.
    package var perform: @Sendable (any MessageStore, _ now: Int64) throws(StoreError) -> (@Sendable () -> Void)
    /// Called if nothing of it happened.
    package var refuse: @Sendable (GatewayError) -> Void

    package init(
        perform:
            @escaping @Sendable (any MessageStore, _ now: Int64) throws(StoreError) -> (
                @Sendable () -> Void
            ),
        refuse: @escaping @Sendable (GatewayError) -> Void
    ) {
        self.perform = perform
        self.refuse = refuse
    }
}

/// What became of one message that was to be canceled.
package struct MessageCancelResult: Hashable, Sendable {
    package var id: MessageID
    /// Now, or before; nil: no such message.
    package var outcome: MessageLifecycle.CancelOutcome?
    /// nil: no such message.
    package var state: MessageState?

    package var isCanceled: Bool { outcome == .canceled }
}

/// How many messages of a batch each outcome of its cancellation has.
package struct BatchCancelCount: Hashable, Sendable {
    package var canceled: UInt64 = 0
    package var tooLate: UInt64 = 0
    package var mayHaveBeenSent: UInt64 = 0

    mutating func add(_ outcome: MessageLifecycle.CancelOutcome) {
        switch outcome {
        case .canceled: canceled += 1
        case .mayHaveBeenSent: mayHaveBeenSent += 1
        case .tooLate: tooLate += 1
        }
    }
}

/// What an operator wants of messages of which nobody knows whether they were sent.
package enum UnknownRequest: Hashable, Sendable {
    /// Sent again: perhaps twice.
    case resend
    /// To be taken for one of ``MessageLifecycle/settlements``.
    case settle(MessageState)
}

/// What follows from a provider's word that it has a message.
package enum ReconcileResult: Hashable, Sendable {
    /// It is SENT.
    case sent
    /// Nothing: it is known by now what became of it, another attempt has begun, or there is no such message.
    case superseded
    /// Nothing: the id is another message's, or another attempt's.
    case boundElsewhere
}

/// What is to be paused or resumed, as the caller names it.
package enum PauseScope: Hashable, Sendable {
    case everything
    case provider(String)
    case batch(BatchReference)
    case tenant(TenantID)
}

/// What waits for the writer: put in by any thread, taken out by the writer's.
struct WriterInbox {
    var urgent: Deque<SubmitBurst> = []
    var normal: Deque<SubmitBurst> = []
    var bulk: Deque<SubmitBurst> = []
    var answers: Deque<[AttemptAnswer]> = []
    var carriers: Deque<CarrierBurst> = []
    var commands: [WriterCommand] = []
    /// The replies to questions about what waits.
    var surveys: [@Sendable (WaitingSurvey) -> Void] = []
    /// The link of some provider is another.
    var hasNewLinks = false
    /// Carriers posted recently: what they post now waits a moment for company, unless there is enough of it already.
    var isGathering = false
    /// Nobody takes anything out any more.
    var isClosed = false

    var isEmpty: Bool {
        urgent.isEmpty && normal.isEmpty && bulk.isEmpty && answers.isEmpty && carriers.isEmpty
            && commands.isEmpty && surveys.isEmpty && !hasNewLinks
    }

    /// Whether the writer has to be woken for what carriers have posted.
    var isCarriersTurn: Bool { !isGathering || carriers.count >= Self.gatheredCarriers }

    /// While carriers go on posting, the time between a commit and the next one that is for them alone: a commit of
    /// one receipt costs nearly as much as one of many, and a carrier waits for an answer as long as it takes to reach
    /// it from far away.
    static let gatheringMilliseconds: Int64 = 4
    static let gatheredCarriers = 64

    mutating func append(_ work: WriterInbox) {
        urgent += work.urgent
        normal += work.normal
        bulk += work.bulk
        answers += work.answers
        carriers += work.carriers
        commands += work.commands
        surveys += work.surveys
        hasNewLinks = hasNewLinks || work.hasNewLinks
    }
}

/// Bytes of messages that wait for the writer or are being written.
package final class WaitingBytes: Sendable {
    private let count = Atomic(0)
    /// The bytes of bulk bursts among them, by tenant.
    private let bulk = Mutex<[TenantID: Int]>([:])
    private let bound: Int

    package init(bound: Int = Limits.waitingBytes) {
        self.bound = bound
    }

    /// - Returns: false if there is no room; then they are not counted.
    package func add(_ size: Int) -> Bool { add(size, upTo: bound) }

    /// Whether ``add(_:)`` would find room.
    package func hasRoom(for size: Int) -> Bool { count.load(ordering: .relaxed) + size <= bound }

    /// Adds a bulk burst. Such may take half of it all, to leave room for the others; and no tenant more
    /// than is left of that half, to leave room for other tenants.
    package func addBulk(_ size: Int, of tenant: TenantID) -> Bool {
        bulk.withLock { bulk in
            let own = bulk[tenant, default: 0] + size
            guard add(size, upTo: bound / 2 - own) else { return false }
            bulk[tenant] = own
            return true
        }
    }

    package func remove(_ size: Int) { count.subtract(size, ordering: .relaxed) }

    package func removeBulk(_ size: Int, of tenant: TenantID) {
        bulk.withLock { bulk in
            let own = bulk[tenant, default: size] - size
            bulk[tenant] = own == 0 ? nil : own
        }
        remove(size)
    }

    private func add(_ size: Int, upTo bound: Int) -> Bool {
        guard count.add(size, ordering: .relaxed).newValue > bound else { return true }
        remove(size)
        return false
    }
}

/// Tells a round that an urgent message has come in the meantime.
final class UrgencySignal: Sendable {
    private let isRaised = Atomic(false)

    func raise() { isRaised.store(true, ordering: .relaxed) }
    func lower() { isRaised.store(false, ordering: .relaxed) }
    var isUp: Bool { isRaised.load(ordering: .relaxed) }
}

/// How long a round may work before it commits: some time, or until an urgent message waits for the next one.
struct RoundDeadline {
    private let end: Int64
    private let urgency: UrgencySignal
    private let monotonic: @Sendable () -> Int64
    private var unchecked = 0

    /// - Parameter monotonic: a clock that never goes back, in nanoseconds.
    init(nanoseconds: Int64, urgency: UrgencySignal, monotonic: @escaping @Sendable () -> Int64) {
        end = monotonic() + nanoseconds
        self.urgency = urgency
        self.monotonic = monotonic
    }

    /// Looks every few messages only.
    mutating func isOver(after messages: Int) -> Bool {
        unchecked += messages
        guard unchecked >= 16 else { return false }
        guard urgency.isUp || monotonic() >= end else {
            unchecked = 0
            return false
        }
        return true
    }
}
