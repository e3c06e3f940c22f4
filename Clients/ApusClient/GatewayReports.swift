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

        public init(id: MessageID, canceled: Bool, state: MessageState?) {
            self.id = id
            self.canceled = canceled
            self.state = state
        }
    }

    public init() {}

    /// One result for each id, in their order; empty for a batch.
    public var results: [Result] = []
    public var canceled: UInt64 = 0
    /// Already with a provider, or settled.
    public var tooLate: UInt64 = 0
    public var notFound: UInt64 = 0

    mutating func add(_ response: CancelResponse) {
        results += response.results.map {
            Result(
                id: MessageID($0.id), canceled: $0.canceled, state: MessageState($0.state, number: $0.unknownState))
        }
        canceled += response.canceled
        tooLate += response.tooLate
        notFound += response.notFound
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
        encoding = MessageEncoding(record.encoding)
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
        public var detail: String
    }

    /// New messages are taken.
    public var accepting: Bool
    /// Messages are handed to providers.
    public var dispatching: Bool
    public var checks: [Check]

    public var isHealthy: Bool { accepting && dispatching && checks.allSatisfy(\.ok) }

    init(_ report: HealthReport) {
        accepting = report.accepting
        dispatching = report.dispatching
        checks = report.checks.map { Check(name: $0.name, ok: $0.ok, detail: $0.detail) }
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

    init(_ description: ServiceDescription) {
        serverAgent = description.serverAgent
        serverID = description.serverID
        versions = description.versions
        methods = description.methods.map(\.name)
        limits = description.limits.map { ApusError.Quota(limit: $0.limit, maximum: $0.maximum, unit: $0.unit) }
        tenant = description.tenant
    }
}
