internal import ConfigurationModel
internal import SMSModel
internal import Testing

@testable internal import Access

/// Rates at the door.
@Suite struct TenantLimitsTests {
    private func limits(
        rate: UInt32? = nil, connection: UInt32? = nil, goingOnFrom former: TenantLimits? = nil
    ) -> TenantLimits {
        var settings = TenantSettings()
        settings.rate = rate.map { RateLimit(messagesPerSecond: $0, burst: $0) }
        settings.connectionRate = connection.map { RateLimit(messagesPerSecond: $0, burst: $0) }
        return TenantLimits(settings, goingOnFrom: former)
    }

    /// Why messages are refused; nil if they are let in.
    private func refusal(
        _ messages: Int, _ limits: TenantLimits, now: Int64, _ connection: inout RateBucket
    ) -> GatewayError? {
        do throws(GatewayError) {
            try limits.admit(messages, &connection, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func withoutRatesAllAreLetIn() {
        let limits = limits()
        var connection = RateBucket()
        #expect(refusal(1_000_000, limits, now: 0, &connection) == nil)
        #expect(refusal(1, limits, now: 0, &connection) == nil)
    }

    @Test func aRefusalSaysWhichRateAndForHowLong() {
        let limits = limits(rate: 4)
        var (one, other) = (RateBucket(), RateBucket())
        #expect(refusal(4, limits, now: 5, &one) == nil)
        // All connections share it.
        let refused = refusal(1, limits, now: 6, &other)
        #expect(refused?.code == .resourceExhausted)
        #expect(refused?.quota == QuotaDetail(limit: "rate", maximum: 4, unit: "messages a second"))
        // Rounded up: an earlier try would be refused.
        #expect(refused?.retryAfterMilliseconds == 250)
        #expect(refused?.notProcessed == true)
        #expect(refusal(1, limits, now: 250_000_006, &other) == nil)
    }

    @Test func eachConnectionHasItsOwnRate() {
        let limits = limits(rate: 100, connection: 2)
        var (one, other) = (RateBucket(), RateBucket())
        #expect(refusal(2, limits, now: 0, &one) == nil)
        #expect(
            refusal(1, limits, now: 0, &one)?.quota
                == QuotaDetail(limit: "connection_rate", maximum: 2, unit: "messages a second"))
        #expect(refusal(2, limits, now: 0, &other) == nil)
    }

    /// What one rate refuses is not taken from the other.
    @Test func aRefusalTakesNothing() {
        let both = limits(rate: 3, connection: 2)
        var (one, other) = (RateBucket(), RateBucket())
        #expect(refusal(2, both, now: 0, &one) == nil)
        for _ in 0..<10 { #expect(refusal(1, both, now: 0, &one)?.quota?.limit == "connection_rate") }
        #expect(refusal(1, both, now: 0, &other) == nil)
        for _ in 0..<10 { #expect(refusal(1, both, now: 0, &other)?.quota?.limit == "rate") }
        #expect(refusal(1, both, now: 333_333_334, &other) == nil)
    }

    /// What is only asked says the same as a refusal, and takes nothing.
    @Test func askingTakesNothing() {
        let both = limits(rate: 3, connection: 2)
        var (one, other) = (RateBucket(), RateBucket())
        for _ in 0..<10 { #expect(both.refusals(now: 0, one).isEmpty) }
        #expect(refusal(2, both, now: 0, &one) == nil)
        #expect(both.refusals(now: 0, one) == [refusal(1, both, now: 0, &one)])
        #expect(both.refusals(now: 0, other).isEmpty)
        #expect(refusal(1, both, now: 0, &other) == nil)
        #expect(both.refusals(now: 0, one).map(\.quota?.limit) == ["connection_rate", "rate"])
        #expect(both.refusals(now: 0, other) == [refusal(1, both, now: 0, &other)])
        #expect(both.refusals(now: 333_333_334, other).isEmpty)
        #expect(limits().refusals(now: 0, one).isEmpty)
    }

    @Test func aBulkCallIsAskedForBeforeItIsCounted() {
        let limits = limits(rate: 10)
        var connection = RateBucket()
        #expect(refusal(0, limits, now: 0, &connection) == nil)
        #expect(refusal(1000, limits, now: 0, &connection) == nil)
        #expect(refusal(0, limits, now: 0, &connection)?.retryAfterMilliseconds == 99_100)
    }

    @Test func anotherGenerationGoesOnFromWhatWasTaken() {
        let before = limits(rate: 10)
        var connection = RateBucket()
        #expect(refusal(10, before, now: 0, &connection) == nil)
        let after = limits(rate: 20, goingOnFrom: before)
        // It would have been full again in a second; by the new rate the first of its twenty is there 50 ms later.
        #expect(refusal(1, after, now: 0, &connection)?.retryAfterMilliseconds == 50)
        #expect(refusal(1, after, now: 50_000_000, &connection) == nil)
        #expect(refusal(1, after, now: 50_000_000, &connection) != nil)
        // Without a rate for a while, nothing is counted.
        let none = limits(goingOnFrom: after)
        #expect(refusal(1000, none, now: 0, &connection) == nil)
    }
}
