package import ConfigurationModel
package import SMSModel

/// How fast a tenant may hand in messages: what is asked at the door, before anything is known of a message. How many
/// it may have is the store's matter (``TenantQuota``).
///
/// A value of one generation of the configuration. What was taken of the rate goes on from one to the next.
package struct TenantLimits: Sendable {
    private let rate: RatePace?
    private let connectionRate: RatePace?
    /// Shared by all connections.
    private let limiter: RateLimiter

    /// - Parameter former: of the generation before.
    package init(_ settings: TenantSettings = TenantSettings(), goingOnFrom former: TenantLimits? = nil) {
        rate = settings.rate.map(RatePace.init)
        connectionRate = settings.connectionRate.map(RatePace.init)
        limiter = former?.limiter ?? RateLimiter()
    }

    /// Lets messages in: all of them if one more may come now, so that none have to be counted before they are read.
    /// - Parameters:
    ///   - bucket: the connection's own.
    ///   - now: nanoseconds of the monotonic clock; asked for only where there is a rate.
    /// - Throws: RESOURCE_EXHAUSTED, and nothing is taken.
    @inline(__always)
    package func admit(
        _ messages: Int, _ bucket: inout RateBucket, now: @autoclosure () -> Int64
    ) throws(GatewayError) {
        guard rate != nil || connectionRate != nil else { return }
        try take(messages, &bucket, now: now())
    }

    private func take(_ messages: Int, _ bucket: inout RateBucket, now: Int64) throws(GatewayError) {
        if let connectionRate, case let wait = connectionRate.wait(bucket.arrival, now: now), wait > 0 {
            throw Self.refusal(by: connectionRate, named: "connection_rate", of: "the connection", wait: wait)
        }
        if let rate, case let wait = limiter.take(messages, rate, now: now), wait > 0 {
            throw Self.refusal(by: rate, named: "rate", of: "the tenant", wait: wait)
        }
        if let connectionRate {
            bucket.arrival = connectionRate.arrival(bucket.arrival, after: messages, now: now)
        }
    }

    /// What ``admit(_:_:now:)`` would say to one message, but nothing is taken: one refusal for each rate that is
    /// exceeded.
    package func refusals(now: Int64, _ bucket: RateBucket) -> [GatewayError] {
        let arrival = bucket.arrival
        var refusals: [GatewayError] = []
        if let connectionRate, case let wait = connectionRate.wait(arrival, now: now), wait > 0 {
            refusals.append(
                Self.refusal(by: connectionRate, named: "connection_rate", of: "the connection", wait: wait))
        }
        if let rate, case let wait = limiter.wait(rate, now: now), wait > 0 {
            refusals.append(Self.refusal(by: rate, named: "rate", of: "the tenant", wait: wait))
        }
        return refusals
    }

    /// What those are told who exceed a rate.
    /// - Parameter nanoseconds: until one message would pass.
    private static func refusal(
        by pace: RatePace, named name: String, of whose: String, wait nanoseconds: Int64
    ) -> GatewayError {
        let limit = pace.limit
        return GatewayError(
            .resourceExhausted,
            "\(whose) hands in more than its \(limit.messagesPerSecond) messages a second, and \(limit.burst) at once",
            retryAfterMilliseconds: UInt64((nanoseconds + 999_999) / 1_000_000),
            quota: QuotaDetail(limit: name, maximum: UInt64(limit.messagesPerSecond), unit: "messages a second"),
            notProcessed: true)
    }
}
