internal import Providers
internal import SMSModel
internal import Scheduling

/// How much a provider may be given. Times are milliseconds.
package struct ProviderLimits: Sendable {
    /// Messages in flight, of which the last is kept for URGENT.
    package var inFlight = 1000
    /// Messages a second; 0 = no bound.
    package var rate: Double = 0

    package init() {}
}

/// One provider as the dispatcher sees it: its slots, its rate, whether it is paused, and its counts.
struct ProviderLane {
    let provider: any SMSProvider
    /// The provider's number in histories.
    let number: UInt8
    var slots: ProviderSlots
    private var bucket: TokenBucket?
    private(set) var isPaused = false
    var statistics: ProviderStatistics
    /// Claimed in this round, to be submitted after its commit.
    var batch = SubmissionBatch()
    /// As they were before the round.
    private var saved: (slots: ProviderSlots, bucket: TokenBucket?, statistics: ProviderStatistics)

    init(provider: any SMSProvider, number: UInt8, limits: ProviderLimits, now: Int64) {
        self.provider = provider
        self.number = number
        slots = ProviderSlots(capacity: limits.inFlight, reserved: limits.inFlight > 1 ? 1 : 0)
        if limits.rate > 0 {
            let burst = max(1, limits.rate / 10)
            bucket = TokenBucket(rate: limits.rate, burst: burst, reserved: burst >= 2 ? 1 : 0, now: now)
        }
        statistics = ProviderStatistics(name: provider.name, kind: provider.kind)
        saved = (slots, bucket, statistics)
    }

    /// Messages that could be handed over now.
    mutating func room(urgent: Bool, now: Int64) -> Int {
        guard !isPaused else { return 0 }
        let slots = slots.free(urgent: urgent)
        guard slots > 0, bucket != nil else { return slots }
        return min(slots, bucket!.available(urgent: urgent, now: now))
    }

    mutating func take(urgent: Bool, now: Int64) {
        _ = slots.take(urgent: urgent)
        _ = bucket?.take(urgent: urgent, now: now)
        statistics.submitted += 1
    }

    /// Counts a claim that was recorded by a round that failed.
    mutating func hold() {
        slots.hold()
        statistics.submitted += 1
    }

    mutating func setPaused(_ paused: Bool) {
        isPaused = paused
        statistics.paused = paused
    }

    mutating func roundBegan() {
        saved = (slots, bucket, statistics)
    }

    /// The round's commit failed: as if it had not been.
    mutating func roundFailed() {
        (slots, bucket, statistics) = saved
        batch = SubmissionBatch()
    }

    /// When the rate lets the next message go, if it is the rate that holds it back.
    mutating func nextTime(now: Int64) -> Int64? {
        guard !isPaused, slots.free(urgent: false) > 0, bucket != nil else { return nil }
        return bucket!.nextTime(now: now)
    }

    mutating func count(_ outcome: Outcome) {
        switch outcome {
        case .accepted: statistics.accepted += 1
        case .rejected: statistics.rejected += 1
        case .throttled: statistics.throttled += 1
        case .unavailable: statistics.unavailable += 1
        case .unknown: statistics.unknown += 1
        case .returned: statistics.submitted -= 1
        }
    }
}
