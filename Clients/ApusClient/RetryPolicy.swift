internal import SMSModel

/// When a call that failed is tried again: pure.
struct RetryPolicy: Sendable {
    var backoff: Backoff

    /// How long to wait before the next try; nil = the failure stands.
    ///
    /// Tried again is only what the gateway may take later (UNAVAILABLE, or RESOURCE_EXHAUSTED with a time to wait),
    /// and of that only calls that do no harm twice or surely did nothing.
    ///
    /// - Parameters:
    ///   - isRepeatable: a second run has no effect that the first had not.
    ///   - failures: tries that failed, this one included.
    ///   - random: from 0 to 1.
    func delay(after error: GatewayError, isRepeatable: Bool, failures: Int, random: Double) -> Duration? {
        guard isRepeatable || error.notProcessed else { return nil }
        let asked = Duration.milliseconds(Int64(clamping: error.retryAfterMilliseconds))
        switch error.code {
        case .unavailable:
            // A connection that ended is made again at once: that the gateway left does not say that it is busy.
            if asked == .zero, failures == 1 { return .zero }
            return max(asked, backoff.delay(failures: failures, random: random))
        case .resourceExhausted:
            return asked == .zero ? nil : asked + backoff.delay(failures: failures, random: random)
        default:
            return nil
        }
    }
}
