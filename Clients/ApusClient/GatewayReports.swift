public import FoundationEssentials
internal import RPCWire
internal import SMSModel

/// The gateway's counts and load, as a tenant sees them.
public struct GatewayStatistics: Hashable, Sendable {
    /// The tenant's messages.
    public var states: StateCounts
    public var waitingUrgent: UInt64
    public var waitingNormal: UInt64
    public var waitingBulk: UInt64
    /// Scheduled or backed off.
    public var waitingLater: UInt64
    /// With a provider now.
    public var inFlight: UInt64
    public var uptime: Duration
    /// The daemon's user and system time.
    public var cpu: Duration
    public var residentBytes: UInt64
    public var connections: UInt64
    public var commits: UInt64
    public var committedOperations: UInt64
    public var providers: [ProviderStatistics]
    /// What is paused: `everything`, `provider NAME`, `tenant NAME`, `batch ID`.
    public var paused: [String]

    init(_ statistics: SMSModel.GatewayStatistics) {
        states = StateCounts(statistics.states)
        waitingUrgent = statistics.waitingUrgent
        waitingNormal = statistics.waitingNormal
        waitingBulk = statistics.waitingBulk
        waitingLater = statistics.waitingLater
        inFlight = statistics.inFlight
        uptime = .milliseconds(Int64(clamping: statistics.uptimeMilliseconds))
        cpu = .microseconds(Int64(clamping: statistics.cpuMicroseconds))
        residentBytes = statistics.residentBytes
        connections = statistics.connections
        commits = statistics.commits
        committedOperations = statistics.committedOperations
        providers = statistics.providers.map(ProviderStatistics.init)
        paused = statistics.paused
    }
}

/// A provider's counts since the daemon started.
public struct ProviderStatistics: Hashable, Sendable {
    public var name: String
    public var kind: String
    public var submitted: UInt64
    public var accepted: UInt64
    public var rejected: UInt64
    public var throttled: UInt64
    public var unavailable: UInt64
    public var unknown: UInt64
    public var inFlight: UInt64
    public var paused: Bool
    /// Whether messages are kept from it because it could not be reached; nil where the gateway doesn't find out what
    /// it bears, as of the sandbox.
    public var circuit: Circuit?
    /// Messages that it is given at one time at most, as of now.
    public var inFlightBound: UInt64
    /// Messages a second that it is given at most, as of now; nil = no bound.
    public var rate: Double?
    /// Until it has answered, recently; nil = not known.
    public var latency: Duration?
    /// Whether it takes messages; nil where the gateway doesn't tell.
    public var condition: Condition?
    /// For people; "" = there is nothing to say.
    public var conditionDetail: String
    /// Since when it fails or is not connected; nil = neither.
    public var conditionSince: Date?
    /// Its last answer that says that it fails.
    public var lastError: LastError?
    /// Messages that wait and that it may be handed.
    public var waiting: UInt64
    /// The part of ``waiting`` whose route has no other provider.
    public var waitingOnly: UInt64
    /// Since when the one that waits longest does; nil = none waits.
    public var oldestWaiting: Date?

    /// Raw values are the protocol's names.
    public enum Condition: String, CaseIterable, Sendable {
        case ready = "READY"
        /// Its circuit is open or half open.
        case failing = "FAILING"
        /// The link to its carrier is down.
        case disconnected = "DISCONNECTED"
        /// An operator has paused it.
        case paused = "PAUSED"
        /// The configuration has it take no messages.
        case disabled = "DISABLED"
    }

    public struct LastError: Hashable, Sendable {
        public var failure: MessageFailure
        public var at: Date
    }

    /// Raw values are the protocol's names.
    public enum Circuit: String, CaseIterable, Sendable {
        /// All may go.
        case closed = "CLOSED"
        /// None may go for a while.
        case open = "OPEN"
        /// Single ones go, to try it.
        case halfOpen = "HALF_OPEN"
    }

    init(_ statistics: SMSModel.ProviderStatistics) {
        name = statistics.name
        kind = statistics.kind
        submitted = statistics.submitted
        accepted = statistics.accepted
        rejected = statistics.rejected
        throttled = statistics.throttled
        unavailable = statistics.unavailable
        unknown = statistics.unknown
        inFlight = statistics.inFlight
        paused = statistics.paused
        circuit = statistics.circuit.map(Circuit.init)
        inFlightBound = statistics.inFlightBound
        rate = statistics.rate > 0 ? statistics.rate : nil
        latency =
            statistics.latencyMilliseconds > 0
            ? .milliseconds(Int64(clamping: statistics.latencyMilliseconds)) : nil
        condition = statistics.condition.map(Condition.init)
        conditionDetail = statistics.conditionDetail
        conditionSince = statistics.conditionSince.map(Date.init(milliseconds:))
        lastError = statistics.lastError.map {
            LastError(
                failure: MessageFailure(code: $0.failure.code, message: $0.failure.message),
                at: Date(milliseconds: $0.at))
        }
        waiting = statistics.waiting
        waitingOnly = statistics.waitingOnly
        oldestWaiting = statistics.oldestWaiting.map(Date.init(milliseconds:))
    }
}

extension ProviderStatistics.Condition {
    init(_ condition: ProviderCondition) {
        switch condition {
        case .ready: self = .ready
        case .failing: self = .failing
        case .disconnected: self = .disconnected
        case .paused: self = .paused
        case .disabled: self = .disabled
        }
    }
}

extension ProviderStatistics.Circuit {
    init(_ state: CircuitState) {
        switch state {
        case .closed: self = .closed
        case .open: self = .open
        case .halfOpen: self = .halfOpen
        }
    }
}

/// What became of a cancellation.
public struct CancelReport: Hashable, Codable, Sendable {
    public struct Result: Hashable, Codable, Sendable {
        public var id: MessageID
        /// Now, or before.
        public var canceled: Bool
        /// nil = there is no such message.
        public var state: MessageState?
        /// It isn't sent again, now or before, but an attempt whose answer was lost may have been taken: it is UNKNOWN.
        public var mayHaveBeenSent: Bool

        public init(id: MessageID, canceled: Bool, state: MessageState?, mayHaveBeenSent: Bool = false) {
            self.id = id
            self.canceled = canceled
            self.state = state
            self.mayHaveBeenSent = mayHaveBeenSent
        }
    }

    public init() {}

    /// One result for each id, in their order; empty for a batch.
    public var results: [Result] = []
    public var canceled: UInt64 = 0
    /// Already with a provider, or settled.
    public var tooLate: UInt64 = 0
    public var notFound: UInt64 = 0
    /// They aren't sent again, but attempts whose answers were lost may have been taken.
    public var mayHaveBeenSent: UInt64 = 0

    mutating func add(_ response: CancelResponse) {
        results += response.results.map {
            Result(
                id: MessageID($0.id), canceled: $0.canceled, state: MessageState($0.state, number: $0.unknownState),
                mayHaveBeenSent: $0.mayHaveBeenSent)
        }
        canceled += response.canceled
        tooLate += response.tooLate
        notFound += response.notFound
        mayHaveBeenSent += response.mayHaveBeenSent
    }
}

/// What can be paused and resumed.
public enum PauseSubject: Hashable, Sendable {
    case everything
    /// One provider, by its name.
    case provider(String)
    case batch(BatchReference)
    /// One tenant, by its name.
    case tenant(String)

    var wire: PauseRequest.Subject {
        switch self {
        case .everything: .everything
        case .provider(let name): .provider(name)
        case .tenant(let name): .tenant(name)
        case .batch(.name(let name)): .batchName(name)
        case .batch(.id(let id)): .batchID(id.model)
        }
    }
}

/// What the sandbox provider was sent.
public struct SandboxRecord: Hashable, Sendable {
    public var at: Date
    public var id: MessageID
    public var attempt: Int
    public var to: String
    public var sender: String
    public var body: String
    public var segments: Int
    public var encoding: MessageEncoding
    public var providerID: String
    /// What it answered: accepted, rejected, throttled, unavailable or unknown.
    public var outcome: String

    init(_ record: SMSModel.SandboxRecord) {
        at = Date(milliseconds: record.at)
        id = MessageID(record.id)
        attempt = record.attempt
        to = record.to
        sender = record.sender
        body = record.body
        segments = record.segments
        encoding = MessageEncoding(record.encoding, number: record.unknownEncoding)
        providerID = record.providerID
        outcome = record.outcome
    }
}

/// What the sandbox provider was sent, oldest first.
public struct SandboxLog: Hashable, Sendable {
    public var records: [SandboxRecord]
    /// Taken since the daemon started.
    public var total: UInt64
}

public struct GatewayHealth: Hashable, Sendable {
    public struct Check: Hashable, Sendable {
        public var name: String
        public var ok: Bool
        /// For people; "" = there is nothing to say.
        public var detail: String
        /// It is ok, and yet worth a look.
        public var warning: Bool
    }

    /// New messages are taken.
    public var accepting: Bool
    /// Messages are handed to providers, as far as those take them.
    public var dispatching: Bool
    /// It does both, but no provider of some route takes messages, or messages wait for too long: the checks say which.
    public var degraded: Bool
    public var checks: [Check]
    /// How each provider is; for administrators, else empty.
    public var providers: [ProviderStatistics]
    /// The gateway's clock; nil where it doesn't tell.
    public var now: Date?

    public var isHealthy: Bool { accepting && dispatching && !degraded && checks.allSatisfy(\.ok) }

    init(_ report: HealthReport) {
        accepting = report.accepting
        dispatching = report.dispatching
        degraded = report.degraded
        providers = report.providers.map(ProviderStatistics.init)
        checks = report.checks.map { Check(name: $0.name, ok: $0.ok, detail: $0.detail, warning: $0.warning) }
        now = report.now == 0 ? nil : Date(milliseconds: report.now)
    }
}

/// What the gateway is and can do.
public struct GatewayDescription: Hashable, Sendable {
    public var serverAgent: String
    public var serverID: String
    /// Versions of the wire protocol.
    public var versions: [UInt32]
    /// Names of the methods.
    public var methods: [String]
    public var limits: [ApusError.Quota]
    /// The caller's.
    public var tenant: String
    /// The caller's, by name.
    public var scopes: [String]

    init(_ description: ServiceDescription) {
        serverAgent = description.serverAgent
        serverID = description.serverID
        versions = description.versions
        methods = description.methods.map(\.name)
        limits = description.limits.map { ApusError.Quota(limit: $0.limit, maximum: $0.maximum, unit: $0.unit) }
        tenant = description.tenant
        scopes = description.scopes
    }
}
