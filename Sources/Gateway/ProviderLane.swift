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

    package init() {}
}

/// One provider as the dispatcher sees it: its slots, its rate, whether it is paused, and its counts.
struct ProviderLane {
    let provider: any SMSProvider
    /// The provider's number in histories.
    let number: UInt8
    private(set) var limits: ProviderLimits
    var slots: ProviderSlots
    private var bucket: TokenBucket?
    private(set) var isPaused = false
    /// Another lane has taken its place, or none: it takes nothing new, and ends with its last answer.
    private(set) var isRetired = false
    /// It has ended: its place can be given to another.
    var isGone = false
    var statistics: ProviderStatistics
    /// Claimed in this round, to be submitted after its commit.
    var batch = SubmissionBatch()
    /// As they were before the round.
    private var saved: (slots: ProviderSlots, bucket: TokenBucket?, statistics: ProviderStatistics)

    init(provider: any SMSProvider, number: UInt8, limits: ProviderLimits, now: Int64) {
        self.provider = provider
        self.number = number
        self.limits = limits
        slots = ProviderSlots(capacity: limits.inFlight, reserved: limits.inFlight > 1 ? 1 : 0)
        bucket = Self.bucket(limits, now: now)
        statistics = ProviderStatistics(name: provider.name, kind: provider.kind)
        saved = (slots, bucket, statistics)
    }

    private static func bucket(_ limits: ProviderLimits, now: Int64) -> TokenBucket? {
        guard limits.rate > 0 else { return nil }
        let burst = max(1, limits.rate / 10)
        return TokenBucket(rate: limits.rate, burst: burst, reserved: burst >= 2 ? 1 : 0, now: now)
    }

    mutating func configure(_ limits: ProviderLimits, now: Int64) {
        let former = self.limits
        self.limits = limits
        slots.setCapacity(limits.inFlight)
        if limits.rate != former.rate { bucket = Self.bucket(limits, now: now) }
        // Also if the round under way should fail.
        saved.slots.setCapacity(limits.inFlight)
        saved.bucket = bucket
    }

    /// Takes the place of a lane of the same provider, with other settings.
    mutating func goOn(from former: ProviderLane) {
        setPaused(former.isPaused)
        let paused = statistics.paused
        statistics = former.statistics
        statistics.paused = paused
        saved.statistics = statistics
    }

    mutating func retire() { isRetired = true }

    /// What is for or against handing it a message now.
    mutating func verdict(urgent: Bool, now: Int64) -> ProviderVerdict {
        if isRetired || !limits.isEnabled { return .isOff }
        if isPaused { return .isPaused }
        if slots.free(urgent: urgent) == 0 { return .isFull }
        guard bucket != nil else { return .hasRoom }
        return bucket!.available(urgent: urgent, now: now) > 0 ? .hasRoom : .isPaced
    }

    /// Milliseconds that an answer took of late; nil = none has come yet.
    var latency: Double? { nil }

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
        guard !isPaused, !isRetired, limits.isEnabled, slots.free(urgent: false) > 0, bucket != nil else { return nil }
        return bucket!.nextTime(now: now)
    }

    /// The provider has answered for a message.
    /// - Parameter milliseconds: since it was handed over.
    mutating func answered(_ outcome: Outcome, after milliseconds: Int64, now: Int64) {
        slots.release()
        count(outcome)
    }

    private mutating func count(_ outcome: Outcome) {
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
