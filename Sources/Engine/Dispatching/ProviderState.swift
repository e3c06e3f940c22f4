internal import Providers
internal import Routing
internal import SMSModel
internal import Scheduling

/// How much a provider may be given, and how routes weigh it.
package struct ProviderLimits: Hashable, Sendable {
    /// Messages in flight, of which the last is kept for URGENT.
    package var inFlight = 1000
    /// Messages a second; 0 = no bound.
    package var rate: Double = 0
    /// Its share where a route chooses by weight; at least 1.
    package var weight = 1
    /// The price of a segment, in millionths of the currency.
    package var price: Int64 = 0
    /// false = it takes no new messages.
    package var isEnabled = true
    /// Whether it is found out by its answers how much it can be given: ``inFlight`` and ``rate`` are then what it is at
    /// most, and it is left alone while it fails.
    package var adapts = false

    package init() {}
}

/// One provider as the dispatcher sees it: what it may be given, whether it is paused, how it has done, its counts.
struct ProviderState {
    let provider: any SMSProvider
    /// The provider's number in histories.
    let number: UInt8
    private(set) var limits: ProviderLimits
    private(set) var isPaused = false
    /// The value as the provider last said.
    private(set) var link: LinkState
    /// Since when the link is down, in milliseconds since the Unix epoch.
    private var disconnectedSince: Int64?
    /// Another provider of the same number has taken its place, or none: it takes nothing new, and ends with its last
    /// answer.
    private(set) var isRetired = false
    /// It has ended: its place can be given to another.
    var isClosed = false
    /// Claimed in this round, to be submitted after its commit.
    var batch = Submissions()
    /// What changes with each message and answer.
    var load: Load

    struct Load {
        fileprivate var pace: ProviderPace
        fileprivate var statistics: ProviderStatistics
        /// Since when its circuit is not closed.
        fileprivate var failingSince: Int64?
    }

    init(provider: any SMSProvider, number: UInt8, limits: ProviderLimits, now: Int64) {
        self.provider = provider
        self.number = number
        self.limits = limits
        link = provider.link
        if !link.isUp { disconnectedSince = now }
        load = Load(
            pace: ProviderPace(limits.pace, now: now),
            statistics: ProviderStatistics(name: provider.name, kind: provider.kind))
    }

    mutating func configure(_ limits: ProviderLimits, now: Int64) {
        guard limits != self.limits else { return }
        load.pace.configure(limits.pace, now: now)
        self.limits = limits
        load.noteCircuit(now: now)
    }

    /// Takes the place of a state of the same provider, with other settings.
    mutating func goOn(from former: ProviderState) {
        load.statistics = former.load.statistics
        load.statistics.kind = provider.kind
    }

    mutating func retire() { isRetired = true }

    /// - Returns: false if the provider's link is as it was.
    mutating func takeLink(now: Int64) -> Bool {
        let before = link
        link = provider.link
        disconnectedSince = link.isUp ? nil : disconnectedSince ?? now
        return link != before
    }

    /// What the message costs here; nil where that is what was reserved for it.
    func price(of draft: MessageDraft) -> Money? {
        let price = Int64(draft.segments) * limits.price
        return price == draft.reserve ? nil : Money(millionths: price)
    }

    // MARK: What it may be given

    /// What is for or against handing it a message now.
    mutating func verdict(urgent: Bool, now: Int64) -> ProviderAvailability {
        if isRetired || !limits.isEnabled { return .isDisabled }
        if isPaused { return .isPaused }
        if !link.isUp { return .isDisconnected }
        return switch load.pace.room(urgent: urgent, now: now) {
        case .open: .hasRoom
        case .broken: .isBroken
        case .full: .isFull
        case .paced: .isPaced
        }
    }

    /// When the next message may go, if only time holds it back.
    mutating func nextTime(now: Int64) -> Int64? {
        !isPaused && !isRetired && limits.isEnabled && link.isUp ? load.pace.nextTime(now: now) : nil
    }

    /// Milliseconds that it takes until it has answered, recently; nil = not known.
    mutating func latency(now: Int64) -> Double? { load.pace.expectedLatency(now: now) }

    /// Whether it takes messages, but for room and pace.
    var isWhole: Bool { condition == .ready }

    var inFlight: Int { load.pace.inFlight }

    // MARK: Messages and answers

    mutating func take(urgent: Bool, now: Int64) -> ProviderPace.Sent {
        load.statistics.submitted += 1
        return load.pace.take(urgent: urgent, now: now)
    }

    /// Counts a claim that was recorded by a round that failed.
    mutating func hold() {
        load.pace.hold()
        load.statistics.submitted += 1
    }

    /// It doesn't have the message any more, whatever became of it.
    mutating func release() { load.pace.release() }

    /// It has answered for a message.
    mutating func answered(_ outcome: Outcome, to sent: ProviderPace.Sent, now: Int64) {
        load.statistics.count(outcome)
        if let failure = MessageFailure(of: outcome) { load.statistics.lastError = ProviderError(failure, at: now) }
        load.pace.answered(ProviderPace.Answer(outcome), to: sent, now: now)
        load.noteCircuit(now: now)
    }

    // MARK: Pausing, reporting

    mutating func setPaused(_ paused: Bool) {
        isPaused = paused
        load.statistics.paused = paused
    }

    /// Why it takes no messages at all, if it takes none.
    var condition: ProviderCondition {
        if isRetired || !limits.isEnabled { return .disabled }
        if isPaused { return .paused }
        if !link.isUp { return .disconnected }
        return (load.pace.circuit ?? .closed) == .closed ? .ready : .failing
    }

    /// For Stats.
    func report(now: Int64) -> ProviderStatistics {
        var statistics = load.statistics
        statistics.condition = condition
        switch condition {
        case .failing: statistics.conditionSince = load.failingSince
        case .disconnected:
            statistics.conditionSince = disconnectedSince
            if case .down(let reason) = link { statistics.conditionDetail = reason }
        case .ready, .paused, .disabled: break
        }
        var pace = load.pace
        statistics.inFlight = UInt64(pace.inFlight)
        statistics.inFlightBound = UInt64(pace.inFlightBound)
        statistics.rate = pace.rate ?? 0
        statistics.circuit = pace.circuit ?? statistics.circuit
        statistics.latencyMilliseconds = pace.latency(now: now).map { UInt64($0.rounded(.up)) } ?? 0
        return statistics
    }
}

extension ProviderState.Load {
    /// Notes since when the circuit is not closed.
    fileprivate mutating func noteCircuit(now: Int64) {
        failingSince = (pace.circuit ?? .closed) == .closed ? nil : failingSince ?? now
    }
}

extension MessageFailure {
    /// - Returns: nil for an answer that doesn't say that the provider fails.
    fileprivate init?(of outcome: Outcome) {
        switch outcome {
        case .unavailable(let code): self.init(code: code, message: "it could not be reached, or takes nothing")
        case .unknown(let code): self.init(code: code, message: "its answer was lost")
        case .throttled(_, .account): self.init(code: "THROTTLED", message: ThrottleScope.account.text)
        case .rejected(.route, let code, let message): self.init(code: code, message: message)
        case .accepted, .rejected, .throttled, .returned: return nil
        }
    }
}

extension ProviderLimits {
    fileprivate var pace: ProviderPace.Limits {
        ProviderPace.Limits(inFlight: inFlight, rate: rate > 0 ? rate : nil, adapts: adapts)
    }
}

extension ProviderPace.Answer {
    fileprivate init(_ outcome: Outcome) {
        self =
            switch outcome {
            case .accepted: .accepted
            case .rejected: .refused
            // What one sender gets says nothing of the others.
            case .throttled(_, .sender): .refused
            case .throttled(let retryAfter, let scope):
                .throttled(retryAfter: retryAfter.map { Int64(clamping: $0) } ?? 0, all: scope == .account)
            case .unavailable, .unknown: .failed
            case .returned: .returned
            }
    }
}

extension ProviderStatistics {
    fileprivate mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .accepted: accepted += 1
        case .rejected: rejected += 1
        case .throttled: throttled += 1
        case .unavailable: unavailable += 1
        case .unknown: unknown += 1
        case .returned: submitted -= 1
        }
    }
}
