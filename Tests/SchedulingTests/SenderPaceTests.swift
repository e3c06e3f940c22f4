internal import Scheduling
internal import Testing

@Suite struct SenderPaceTests {
    @Test func nothingGoesBeforeThePauseIsOver() {
        let pace = SenderPace(retryAfter: 0, now: 0)
        #expect(pace.nextTime == 1000)
        #expect(pace.available(now: 999) == 0)
        #expect(pace.available(now: 1000) == 1)
        #expect(SenderPace(retryAfter: 30_000, now: 0).nextTime == 30_000)
        #expect(SenderPace(retryAfter: 100_000_000, now: 0).nextTime == SenderPace.longestPause)
    }

    @Test func eachThatIsThrottledAgainDoublesTheInterval() {
        var pace = SenderPace(retryAfter: 0, now: 0)
        var waits: [Int64] = []
        for _ in 0..<7 {
            let now = pace.nextTime
            pace.take(now: now)
            pace.throttled(retryAfter: 0, sentAt: now, now: now + 1)
            waits.append(pace.nextTime - now - 1)
        }
        #expect(waits == [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    }

    /// What was on its way when the first was throttled counts as one.
    @Test func answersToWhatWasSentBeforeCountOnce() {
        var pace = SenderPace(retryAfter: 0, now: 100)
        for answer in Int64(0)..<50 { pace.throttled(retryAfter: 0, sentAt: 90 + answer % 10, now: 101 + answer) }
        #expect(pace.nextTime == 1150)
        pace.accepted(sentAt: 95)
        pace.take(now: 1150)
        pace.throttled(retryAfter: 0, sentAt: 1150, now: 1151)
        #expect(pace.nextTime == 3151)
    }

    /// A sender's queue at the carrier lets one message a second through.
    @Test func itSettlesAtWhatTheProviderTakes() {
        var pace = SenderPace(retryAfter: 0, now: 0)
        var (taken, throttled) = (0, 0)
        var room = 0.0
        for now in stride(from: Int64(0), to: 600_000, by: 10) {
            room = min(1, room + 0.01)
            guard pace.available(now: now) > 0 else { continue }
            pace.take(now: now)
            if room >= 1 {
                room -= 1
                taken += 1
                pace.accepted(sentAt: now)
            } else {
                throttled += 1
                pace.throttled(retryAfter: 0, sentAt: now, now: now)
            }
        }
        #expect(taken >= 400, "\(taken) of 600")
        #expect(throttled * 4 <= taken, "\(throttled) throttled, \(taken) taken")
    }

    @Test func aSenderThatIsFreeAgainGoesAsFastAsOthersSoon() {
        var pace = SenderPace(retryAfter: 0, now: 0)
        var now: Int64 = 0
        while !pace.isOver(now: now), now < 60_000 {
            now += 1
            while pace.available(now: now) > 0 {
                pace.take(now: now)
                pace.accepted(sentAt: now)
            }
        }
        #expect(now < 20_000, "\(now) ms")
    }
}
