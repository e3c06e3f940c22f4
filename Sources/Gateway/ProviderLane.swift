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
    /// Of a segment, in millionths of the currency.
    package var price: Int64 = 0
    /// false = it takes no new messages.
    package var isEnabled = true
    /// Whether it is found out by its answers how much it can be given: ``inFlight`` and ``rate`` are then what it is at
    /// most, and it is left alone while it fails.
    package var adapts = false

    package init() {}
}

/// One provider as the dispatcher sees it: what it may be given, whether it is paused, how it has done, its counts.
struct ProviderLane {
    let provider: any SMSProvider
    /// The provider's number in histories.
    let number: UInt8
    private(set) var limits: ProviderLimits
    private(set) var isPaused = false
    /// Another lane has taken its place, or none: it takes nothing new, and ends with its last answer.
    private(set) var isRetired = false
    /// It has ended: its place can be given to another.
    var isGone = false
    /// Claimed in this round, to be submitted after its commit.
    var batch = SubmissionBatch()
    private var standing: Standing
    /// As it was before the round.
    private var saved: Standing

    /// What changes with each message and answer.
    fileprivate struct Standing {
        var slots: ProviderSlots
        var rate: AdaptiveRate
        /// nil = it does not adapt.
        var adaptation: Adaptation?
        var statistics: ProviderStatistics
    }

    fileprivate struct Adaptation {
        var breaker: CircuitBreaker
        var bound: InFlightBound
        var meter: LatencyMeter
    }

    /// A message that was handed over.
    struct Submitted {
        var ticket: CircuitBreaker.Ticket?
        /// Messages that the provider had then, with this one.
        var inFlight: Int
        /// Milliseconds since the Unix epoch.
        var at: Int64
    }

    init(provider: any SMSProvider, number: UInt8, limits: ProviderLimits, now: Int64) {
        self.provider = provider
        self.number = number
        self.limits = limits
        standing = Standing(
            slots: ProviderSlots(capacity: limits.inFlight, reserved: limits.inFlight > 1 ? 1 : 0),
            rate: AdaptiveRate(ceiling: limits.rate > 0 ? limits.rate : nil, now: now),
            statistics: ProviderStatistics(name: provider.name, kind: provider.kind))
        if limits.adapts { standing.adapt(to: limits, now: now) }
        saved = standing
    }

    mutating func configure(_ limits: ProviderLimits, now: Int64) {
        guard limits != self.limits else { return }
        // Also if the round under way should fail.
        standing.configure(limits, from: self.limits, now: now)
        saved.configure(limits, from: self.limits, now: now)
        self.limits = limits
    }

    /// Takes the place of a lane of the same provider, with other settings.
    mutating func goOn(from former: ProviderLane) {
        var statistics = former.standing.statistics
        statistics.kind = provider.kind
        standing.statistics = statistics
        saved.statistics = statistics
    }

    mutating func retire() { isRetired = true }

    /// What the message costs here; nil where that is what was reserved for it.
    func price(of draft: MessageDraft) -> Money? {
        let price = Int64(draft.segments) * limits.price
        return price == draft.reserve ? nil : Money(millionths: price)
    }

    // MARK: What it may be given

    /// What is for or against handing it a message now.
    mutating func verdict(urgent: Bool, now: Int64) -> ProviderVerdict {
        if isRetired || !limits.isEnabled { return .isOff }
        if isPaused { return .isPaused }
        if let room = standing.adaptation?.breaker.room(now: now), room == 0 { return .isBroken }
        if standing.slots.free(urgent: urgent) == 0 { return .isFull }
        return standing.rate.available(urgent: urgent, now: now) > 0 ? .hasRoom : .isPaced
    }

    /// When the next message may go, if only time holds it back.
    mutating func nextTime(now: Int64) -> Int64? {
        guard !isPaused, !isRetired, limits.isEnabled, standing.slots.free(urgent: false) > 0 else { return nil }
        guard let byRate = standing.rate.nextTime(now: now) else { return nil }
        guard standing.adaptation != nil else { return byRate }
        return standing.adaptation?.breaker.nextTime(now: now).map { max($0, byRate) }
    }

    /// Milliseconds that it takes until it has answered, as of late; nil = not known.
    mutating func latency(now: Int64) -> Double? { standing.adaptation?.meter.expected(now: now) }

    var inFlight: Int { standing.slots.inFlight }

    // MARK: Messages and answers

    mutating func take(urgent: Bool, now: Int64) -> Submitted {
        _ = standing.slots.take(urgent: urgent)
        _ = standing.rate.take(urgent: urgent, now: now)
        standing.statistics.submitted += 1
        return Submitted(ticket: standing.adaptation?.breaker.taken(), inFlight: standing.slots.inFlight, at: now)
    }

    /// Counts a claim that was recorded by a round that failed.
    mutating func hold() {
        standing.slots.hold()
        standing.statistics.submitted += 1
    }

    /// It doesn't have the message any more, whatever became of it.
    mutating func release() { standing.slots.release() }

    /// It has answered for a message.
    mutating func answered(_ outcome: Outcome, to submitted: Submitted, now: Int64) {
        standing.slots.release()
        standing.statistics.count(outcome)
        guard limits.adapts else { return }
        standing.learn(outcome, from: submitted, now: now)
    }

    // MARK: Rounds

    mutating func setPaused(_ paused: Bool) {
        isPaused = paused
        standing.statistics.paused = paused
    }

    mutating func roundBegan() { saved = standing }

    /// The round's commit failed: as if it had not been.
    mutating func roundFailed() {
        standing = saved
        batch = SubmissionBatch()
    }

    /// For Stats.
    func report(now: Int64) -> ProviderStatistics {
        var statistics = standing.statistics
        statistics.inFlight = UInt64(standing.slots.inFlight)
        statistics.inFlightBound = UInt64(standing.slots.capacity)
        statistics.rate = standing.rate.rate ?? 0
        guard var adaptation = standing.adaptation else { return statistics }
        statistics.circuit = adaptation.breaker.state
        statistics.latencyMilliseconds = adaptation.meter.latency(now: now).map { UInt64($0.rounded(.up)) } ?? 0
        return statistics
    }
}

extension ProviderLane.Standing {
    fileprivate mutating func configure(_ limits: ProviderLimits, from former: ProviderLimits, now: Int64) {
        if limits.rate != former.rate { rate = AdaptiveRate(ceiling: limits.rate > 0 ? limits.rate : nil, now: now) }
        if limits.adapts, limits.inFlight != former.inFlight || !former.adapts {
            adapt(to: limits, now: now)
        } else if !limits.adapts {
            adaptation = nil
            slots.setCapacity(limits.inFlight)
        }
    }

    fileprivate mutating func adapt(to limits: ProviderLimits, now: Int64) {
        let bound = InFlightBound(ceiling: limits.inFlight)
        adaptation = ProviderLane.Adaptation(
            breaker: CircuitBreaker(now: now), bound: bound, meter: LatencyMeter(now: now))
        slots.setCapacity(bound.bound)
    }

    fileprivate mutating func learn(_ outcome: Outcome, from submitted: ProviderLane.Submitted, now: Int64) {
        guard adaptation != nil else { return }
        let latency = max(0, now - submitted.at)
        var failed = false
        switch outcome {
        case .returned:
            if let ticket = submitted.ticket { adaptation?.breaker.returned(ticket) }
            rate.putBack()
            return
        case .throttled(let retryAfter):
            rate.throttled(retryAfter: retryAfter.map { Int64(clamping: $0) }, roundTrip: latency, now: now)
        case .accepted, .rejected: rate.answered(now: now)
        case .unavailable, .unknown:
            rate.answered(now: now)
            failed = true
        }
        if let ticket = submitted.ticket {
            if failed {
                adaptation?.breaker.failed(ticket, now: now)
            } else {
                adaptation?.breaker.succeeded(ticket, now: now)
            }
        }
        guard !failed else {
            adaptation?.meter.failed(now: now)
            return
        }
        adaptation?.meter.answered(latency: latency, now: now)
        adaptation?.bound.answered(latency: latency, inFlight: submitted.inFlight, now: now)
        if let bound = adaptation?.bound.bound { slots.setCapacity(bound) }
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
