internal import ConfigurationModel
internal import SMSModel
internal import Storage

/// The decisions of one round of the writer: plain values, which say what is to be durable and nothing of who is told.
///
/// The value can be replayed: first what was accepted, then the steps of messages' lives, then the operations, each in
/// their order. The order between the three doesn't matter: a step holds the whole life, an operation what it makes of
/// its subject, and neither asks what the others have done.
struct Round: Sendable {
    /// Messages of one burst, or of one slice of a bulk burst.
    struct Acceptance: Sendable {
        var drafts: MessageDrafts
        /// The place in `drafts` of the first result.
        var start: Int
        var results: [AcceptResult]
        var batch: BatchID?
    }

    /// A step of a message's life.
    struct Step: Sendable {
        var stored: StoredLifecycle
        /// How it was before.
        var since: MessageLifecycle.Mark
        /// Nothing but the acceptance was stored before.
        var isFirst: Bool
    }

    /// A change that is no step of a message's life.
    enum Operation: Hashable, Sendable {
        case batchOpened(BatchRecord)
        case batchCanceled(BatchID)
        case paused(PauseTarget)
        case resumed(PauseTarget)
        case providerNumbered(name: String, kind: String, number: UInt8)
        /// Nothing below the message waits; nil = nothing waits at all.
        case recoveryStartMoved(MessageID?)
        /// Contents and messages were removed as retention asks for at that time.
        case retentionApplied(at: Int64)

        case unmatchedReceiptAdded(UnmatchedReceipt)
        case unmatchedReceiptsRemoved([Int64])
        case inboundKept(InboundRecord)
        case inboundPartKept(InboundPartRecord)
        case inboundPartsFinished([Int64])
        case carrierOptOutRemembered(CarrierOptOut)
        case carrierOptOutsForgotten([CarrierOptOut])
        case keywordAnswered(OptOutReply)

        case tenantNamed(TenantID, String, at: Int64)
        case generationMade(UInt32, [ConfigurationChange], by: AuditContext)
        case keyInserted(KeyRecord)
        case keyRevoked(String, at: Int64)
        case keyUsed(String, at: Int64)
        case suppressed(SuppressionRecord)
        case unsuppressed(SuppressionRecord)
        case audited(AuditRecord)
        case valueSet(String, [UInt8])
    }

    var accepted: [Acceptance] = []
    var steps: [Step] = []
    var operations: [Operation] = []
    /// Attempts whose messages are held since this round, because nobody knows whether they were taken.
    var unresolved: [UnresolvedAttempt] = []

    var isEmpty: Bool { accepted.isEmpty && steps.isEmpty && operations.isEmpty }

    /// Whether the audit log has new entries.
    var isAudited: Bool {
        operations.contains { if case .audited = $0 { true } else { false } }
    }

    /// Drops what the round has decided: nothing of it has happened.
    mutating func removeAll() {
        accepted.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
        operations.removeAll(keepingCapacity: true)
        unresolved.removeAll(keepingCapacity: true)
    }
}
