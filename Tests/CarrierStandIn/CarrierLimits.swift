/// What a carrier takes, and how it answers what is more.
struct CarrierLimits {
    /// Shares of the requests that are throttled, or answered 500, whatever their number.
    var throttledShare = 0.0
    var failedShare = 0.0
    /// Whether these answers take as long as others.
    var areErrorsSlow = false
    var isFirstThrottled = false
    /// Messages a second, and how many at once after a pause; 0 = no bound.
    var rate = 0.0
    var burst = 1.0
    /// Messages that are under way at once; 0 = no bound.
    var concurrency = 0
    var retryAfterSeconds: Int?
    var fullSender: String?
}

/// Keeps a carrier's limits. No IO; time is a parameter, in milliseconds.
struct LimitKeeper {
    enum Verdict: String {
        case taken
        /// Answers of a share, whatever the number of requests.
        case throttled, failed
        /// Beyond the rate, or beyond what may be under way.
        case beyond
        case fullSender
    }

    private let limits: CarrierLimits
    private var tokens: Double
    private var refilledAt: Int64?
    private var requests = 0

    init(_ limits: CarrierLimits) {
        self.limits = limits
        tokens = limits.burst
    }

    /// - Parameter underWay: messages that have been taken and not been answered yet.
    mutating func verdict(from sender: String?, underWay: Int, now: Int64, _ chance: inout Chance) -> Verdict {
        requests += 1
        let drawn = Double.random(in: 0..<1, using: &chance)
        if limits.isFirstThrottled, requests == 1 { return .throttled }
        if let full = limits.fullSender, full == sender { return .fullSender }
        if drawn < limits.throttledShare { return .throttled }
        if drawn < limits.throttledShare + limits.failedShare { return .failed }
        if limits.concurrency > 0, underWay >= limits.concurrency { return .beyond }
        guard limits.rate > 0 else { return .taken }
        let elapsed = Double(max(0, now - (refilledAt ?? now)))
        tokens = min(limits.burst, tokens + elapsed / 1000 * limits.rate)
        refilledAt = now
        guard tokens >= 1 else { return .beyond }
        tokens -= 1
        return .taken
    }
}
