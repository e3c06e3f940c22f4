/// How ``GatewayClient/bulk(_:batch:options:progress:)`` sends.
public struct BulkOptions: Sendable {
    /// The most messages in one call, 1 to 10,000. Bytes bound a call too.
    public var messagesPerChunk = 1000
    /// Calls in flight at a time, from 1.
    public var chunksInFlight = 4
    /// What one call may take, repeats included; nil = the client's time-out. As long, too, a call waits at most where
    /// messages come faster than the gateway lets them.
    public var timeout: Duration?
    /// Only checks the messages, as the gateway would on their acceptance: nothing is accepted, recorded or taken of any
    /// rate or quota, and the batch's name says nothing. ``BulkReport/accepted`` counts what would be. Whether there is
    /// a route, and room in the quotas, is not looked at: ``GatewayClient/explain(_:timeout:)`` tells it.
    public var isDryRun = false

    public init() {}
}

/// What became of a batch so far.
public struct BulkReport: Hashable, Codable, Sendable {
    /// The batch's name: the same one again continues it.
    public var batch: String
    /// nil until the gateway has answered once.
    public var batchID: MessageID?
    /// Newly accepted.
    public var accepted: UInt64 = 0
    /// Accepted before, in an earlier run of the same batch.
    public var duplicates: UInt64 = 0
    public var refused: UInt64 = 0
    /// The first refusals, at most ``refusalsKept``; ``BulkProgress/refusals`` tells them all as they come.
    public var refusals: [BulkRefusal] = []

    /// What a dry run found out.
    public var dryRun = DryRunReport()

    public static let refusalsKept = 1000

    public init(batch: String) {
        self.batch = batch
    }
}

/// What a dry run tells of the messages that would be accepted.
public struct DryRunReport: Hashable, Codable, Sendable {
    public var segments: UInt64 = 0
    /// Messages that would be sent as UCS-2.
    public var ucs2: UInt64 = 0
    /// Messages in which smart encoding would replace characters.
    public var replaced: UInt64 = 0

    public init() {}
}

/// A message of a dry run that would be sent as UCS-2.
public struct UCS2Message: Hashable, Sendable {
    /// Its place in the batch, from 0.
    public var index: UInt64
    public var segments: Int
    public var cause: UCS2Cause
}

/// A message of a batch that was not accepted.
public struct BulkRefusal: Hashable, Codable, Sendable {
    /// Its place in the batch, from 0.
    public var index: UInt64
    public var code: ApusError.Code
    public var message: String
    public var violations: [ApusError.Violation]

    public init(index: UInt64, code: ApusError.Code, message: String, violations: [ApusError.Violation] = []) {
        self.index = index
        self.code = code
        self.message = message
        self.violations = violations
    }
}

/// Tells that one more chunk of a batch has been answered.
public struct BulkProgress: Sendable {
    /// The whole batch so far.
    public var report: BulkReport
    /// The place in the batch of the chunk's first message.
    public var firstIndex: UInt64
    /// The chunk's messages, in their order; nil = refused.
    public var ids: [MessageID?]
    /// The chunk's refusals. Those of a chunk with very many may be cut; `report.refused` is the true count.
    public var refusals: [BulkRefusal]
    /// The chunk's messages that a dry run finds to be UCS-2; those of a chunk with very many may be cut,
    /// `report.dryRun.ucs2` is the true count.
    public var ucs2: [UCS2Message] = []
}
