package import SMSModel

/// What a provider may be given now: slots for messages in flight, tokens of its rate, and, where it adapts, what its
/// answers teach about both and whether it can be reached at all.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct ProviderPace: Sendable {
    /// What is configured.
    package struct Limits: Hashable, Sendable {
        /// Messages in flight, of which the last is kept for URGENT; at least 1.
        package var inFlight: Int
        /// Messages a second; nil = no bound.
        package var rate: Double?
        /// Whether both are only what it gets at most.
        package var adapts: Bool

        package init(inFlight: Int, rate: Double? = nil, adapts: Bool) {
            self.inFlight = inFlight
            self.rate = rate
            self.adapts = adapts
        }
    }

    /// Whether a message may be handed over, and if not, what stands against it.
    package enum Room: Hashable, Sendable {
        case open, broken, full, paced
    }

    /// What an answer says about the provider.
    package enum Answer: Hashable, Sendable {
        case accepted
        /// The message was not taken, for a reason that has nothing to do with how many there are.
        case refused
        /// It was too much. Milliseconds to wait, 0 = not said; `all` = the provider says that of everything.
        case throttled(retryAfter: Int64, all: Bool)
        /// The provider was not reached, or its answer never came.
        case failed
        /// The message came back without having been tried.
        case returned
    }

    /// A message that was handed over.
    package struct Sent: Sendable {
        fileprivate var at: Int64
        /// Messages that the provider had then, with this one.
        fileprivate var inFlight: Int
        /// nil = the provider did not adapt then.
        fileprivate var place: Place?

        /// When it was handed over.
        package var time: Int64 { at }
    }

    fileprivate struct Place: Sendable {
        var cohort: Int
        var ticket: CircuitBreaker.Ticket
    }

    private struct Adaptation: Sendable {
        var cohorts = Cohorts()
        var breaker: CircuitBreaker
        var throttle: ThrottleControl
        var bound: InFlightBound
        var meter: LatencyMeter
    }

    private var limits: Limits
    private var slots: ProviderSlots
    private var tokens: AdaptiveRate
    private var adaptation: Adaptation?

    package init(_ limits: Limits, now: Int64) {
        self.limits = limits
        slots = ProviderSlots(capacity: limits.inFlight, reserved: limits.inFlight > 1 ? 1 : 0)
        tokens = AdaptiveRate(ceiling: limits.rate, now: now)
        if limits.adapts { adapt(now: now) }
    }

    package mutating func configure(_ new: Limits, now: Int64) {
        let former = limits
        guard new != former else { return }
        limits = new
        if new.rate != former.rate { tokens = AdaptiveRate(ceiling: new.rate, now: now) }
        if new.adapts {
            adapt(now: now)
        } else {
            if former.adapts { tokens.setRate(new.rate, now: now) }
            adaptation = nil
            slots.setCapacity(new.inFlight)
        }
    }

    private mutating func adapt(now: Int64) {
        // What has been sent already was sent under other limits.
        var cohorts = adaptation?.cohorts ?? Cohorts()
        cohorts.close(now: now)
        var bound = InFlightBound(ceiling: limits.inFlight)
        if let known = adaptation?.bound, known.ceiling == bound.ceiling { bound = known }
        adaptation = Adaptation(
            cohorts: cohorts, breaker: adaptation?.breaker ?? CircuitBreaker(now: now),
            throttle: ThrottleControl(rate: limits.rate, window: limits.inFlight, since: cohorts.next), bound: bound,
            meter: adaptation?.meter ?? LatencyMeter(now: now))
        applyBounds(now: now)
    }

    // MARK: Looking

    package mutating func room(urgent: Bool, now: Int64) -> Room {
        if let room = adaptation?.breaker.room(now: now), room == 0 { return .broken }
        if slots.free(urgent: urgent) == 0 { return .full }
        return tokens.available(urgent: urgent, now: now) > 0 ? .open : .paced
    }

    /// When the next message may go, if only time holds it back; nil = something else does.
    package mutating func nextTime(now: Int64) -> Int64? {
        guard slots.free() > 0, let byRate = tokens.nextTime(now: now) else { return nil }
        guard adaptation != nil else { return byRate }
        return adaptation?.breaker.nextTime(now: now).map { max($0, byRate) }
    }

    package var inFlight: Int { slots.inFlight }

    /// Messages that may be in flight now.
    package var inFlightBound: Int { slots.capacity }

    /// Messages a second now; nil = no bound.
    package var rate: Double? { tokens.rate }

    /// nil where it does not adapt.
    package var circuit: CircuitState? { adaptation?.breaker.state }

    /// Milliseconds until the provider has answered, on average; nil = not known.
    package mutating func latency(now: Int64) -> Double? { adaptation?.meter.latency(now: now) }

    /// The same, with what failed counted as repeated.
    package mutating func expectedLatency(now: Int64) -> Double? { adaptation?.meter.expected(now: now) }

    // MARK: Messages and answers

    /// A message is handed over, for which there was room.
    package mutating func take(urgent: Bool, now: Int64) -> Sent {
        _ = slots.take(urgent: urgent)
        _ = tokens.take(urgent: urgent, now: now)
        guard let cohort = adaptation?.cohorts.sent(inFlight: slots.inFlight, now: now),
            let ticket = adaptation?.breaker.taken(cohort: cohort)
        else { return Sent(at: now, inFlight: slots.inFlight) }
        return Sent(at: now, inFlight: slots.inFlight, place: Place(cohort: cohort, ticket: ticket))
    }

    /// Counts one that turns out to be in flight, beyond the bound if it must be.
    package mutating func hold() { slots.hold() }

    /// The provider doesn't have a message any more, whatever became of it.
    package mutating func release() { slots.release() }

    /// The provider has answered for a message.
    package mutating func answered(_ answer: Answer, to sent: Sent, now: Int64) {
        slots.release()
        guard limits.adapts else { return }
        if answer == .returned { tokens.putBack() }
        guard let place = sent.place else { return }
        let latency = max(0, now - sent.at)
        switch answer {
        case .returned:
            adaptation?.cohorts.returned(place.cohort)
            adaptation?.breaker.returned(place.ticket)
            return
        case .accepted:
            adaptation?.cohorts.answered(place.cohort, .accepted, latency: latency)
            adaptation?.bound.answered(latency: latency, inFlight: sent.inFlight, now: now)
            adaptation?.meter.answered(latency: latency, now: now)
        case .refused:
            adaptation?.cohorts.answered(place.cohort, .refused, latency: latency)
            adaptation?.meter.answered(latency: latency, now: now)
        case .throttled(let retryAfter, let all):
            adaptation?.cohorts.answered(place.cohort, .throttled(retryAfter: retryAfter), latency: latency)
            if all { tokens.hold(for: retryAfter, now: now) }
        case .failed:
            adaptation?.cohorts.answered(place.cohort, .failed, latency: latency)
            adaptation?.meter.failed(now: now)
        }
        if answer == .failed {
            adaptation?.breaker.failed(place.ticket, now: now)
        } else {
            adaptation?.breaker.succeeded(place.ticket, now: now)
        }
        judge(now: now)
    }

    /// Draws conclusions from the cohorts that have been answered.
    private mutating func judge(now: Int64) {
        while let (cohort, counts) = adaptation?.cohorts.takeJudged(now: now) {
            adaptation?.breaker.judged(cohort, counts, now: now)
            if let next = adaptation?.cohorts.next,
                adaptation?.throttle.judged(cohort, counts, next: next, now: now) == true
            {
                adaptation?.cohorts.close(now: now)
            }
            // Whether it says so or not, it means everything.
            if counts.throttled == counts.answered, counts.answered >= Cohorts.leastRequests {
                tokens.hold(for: counts.retryAfter, now: now)
            }
        }
        applyBounds(now: now)
    }

    private mutating func applyBounds(now: Int64) {
        guard let adaptation else { return }
        tokens.setRate(adaptation.throttle.messagesPerSecond, now: now)
        slots.setCapacity(min(adaptation.bound.bound, adaptation.throttle.inFlight))
    }
}
