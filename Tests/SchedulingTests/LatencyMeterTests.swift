internal import Scheduling
internal import Testing

@Suite struct LatencyMeterTests {
    @Test func nothingIsKnownAtFirst() {
        var meter = LatencyMeter(now: 0)
        expect(meter.latency(now: 0), nil)
        expect(meter.errorShare(now: 0), nil)
        expect(meter.expected(now: 0), nil)
    }

    @Test func recentAnswersWeighMore() throws {
        var meter = LatencyMeter(halfLife: 1000, now: 0)
        for _ in 0..<100 { meter.answered(latency: 40, now: 0) }
        expect(meter.latency(now: 999), 40)
        // As many after one half-life weigh twice as much.
        for _ in 0..<100 { meter.answered(latency: 100, now: 1000) }
        let foundMixed = meter.latency(now: 1000)
        let mixed = try #require(foundMixed)
        #expect(abs(mixed - 80) < 1e-9)
        for _ in 0..<100 { meter.answered(latency: 100, now: 11_000) }
        let foundLater = meter.latency(now: 11_000)
        let later = try #require(foundLater)
        #expect(later > 99.9)
    }

    @Test func failuresCountAsTimeToo() throws {
        var meter = LatencyMeter(now: 0)
        for _ in 0..<3 { meter.answered(latency: 90, now: 0) }
        meter.failed(now: 0)
        expect(meter.errorShare(now: 0), 0.25)
        expect(meter.latency(now: 0), 90)
        expect(meter.expected(now: 0), 120)
        var dead = LatencyMeter(now: 0)
        dead.failed(now: 0)
        expect(dead.errorShare(now: 0), 1)
        expect(dead.latency(now: 0), nil)
        expect(dead.expected(now: 0), .infinity)
    }

    @Test func whatIsLongAgoIsForgotten() {
        var meter = LatencyMeter(halfLife: 1000, now: 0)
        meter.failed(now: 0)
        expect(meter.expected(now: 6000), .infinity)
        expect(meter.expected(now: 7000), nil)
        meter.answered(latency: 10, now: .max - 1)
        expect(meter.latency(now: .max - 1), 10)
        // Time that goes back changes nothing.
        expect(meter.latency(now: 0), 10)
    }
}
