internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct AdaptiveRateTests {
    @Test func itBeginsWithTheConfiguredRate() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        let burst = (0..<11).map { _ in rate.take(urgent: true, now: 0) }
        #expect(burst == Array(repeating: true, count: 10) + [false])
        expect(rate.nextTime(urgent: true, now: 0), 10)
        var unbounded = AdaptiveRate(ceiling: nil, now: 0)
        #expect(unbounded.rate == nil)
        expect(unbounded.available(now: 0), .max)
        expect(unbounded.take(now: 0), true)
        expect(unbounded.nextTime(now: 5), 5)
    }

    @Test(arguments: [0.5, 1, 5, 20] as [Double]) func theLastOfABurstIsForUrgent(ceiling: Double) {
        var rate = AdaptiveRate(ceiling: ceiling, now: 0)
        expect(rate.available(now: 0), 1)
        expect(rate.available(urgent: true, now: 0), 2)
        expect(rate.take(now: 0), true)
        expect(rate.take(now: 0), false)
        expect(rate.take(urgent: true, now: 0), true)
        rate.putBack()
        expect(rate.available(urgent: true, now: 0), 1)
    }

    @Test func whatWasSavedUpStaysAndNoMore() {
        var rate = AdaptiveRate(ceiling: nil, now: 0)
        rate.setRate(100, now: 0)
        expect(rate.available(urgent: true, now: 0), 0)
        expect(rate.nextTime(urgent: true, now: 0), 10)
        // At a limit, no more than a twentieth of a second's.
        expect(rate.available(urgent: true, now: 1000), 5)
        rate.setRate(40, now: 1000)
        expect(rate.available(urgent: true, now: 1000), 2)
        rate.setRate(200, now: 1000)
        expect(rate.available(urgent: true, now: 1000), 2)
        rate.setRate(nil, now: 1000)
        expect(rate.available(now: 1000), .max)
    }

    @Test func aPauseIsOfAMinuteAtMost() {
        var rate = AdaptiveRate(ceiling: 100, now: 0)
        rate.hold(for: 5000, now: 0)
        expect(rate.available(urgent: true, now: 4999), 0)
        expect(rate.take(urgent: true, now: 4999), false)
        expect(rate.nextTime(now: 10), 5000)
        expect(rate.available(urgent: true, now: 5000) > 0, true)
        // A shorter one does not end a longer one; a long one is not believed.
        rate.hold(for: 3_600_000, now: 6000)
        rate.hold(for: 1, now: 6001)
        rate.hold(for: 0, now: 6001)
        expect(rate.nextTime(urgent: true, now: 6001), 66_000)
        expect(rate.take(urgent: true, now: 66_000), true)
        var unbounded = AdaptiveRate(ceiling: nil, now: 0)
        unbounded.hold(for: 1000, now: 0)
        expect(unbounded.available(now: 999), 0)
    }
}
