internal import SMSModel
internal import Testing

@testable internal import GatewayCore

@Suite struct RecentReadingsTests {
    private let now: Int64 = 1_800_000_000_000
    private let period = Limits.readingAuditMilliseconds

    private func reading(_ actor: String, _ tenant: Int32? = 2) -> Reading {
        Reading(actor: actor, tenant: tenant.map(TenantID.init(rawValue:)))
    }

    @Test func aReadingIsEnteredOnceInItsPeriod() {
        var recent = RecentReadings<Int>()
        #expect(recent.requested(reading("a"), at: now, by: 1) == .enter)
        #expect(recent.ended(reading("a"), enteredAt: now) == [])
        #expect(recent.requested(reading("a"), at: now + period - 1, by: 2) == .proceed)
        #expect(recent.requested(reading("a"), at: now + period, by: 3) == .enter)
        // A clock that was set back.
        _ = recent.ended(reading("a"), enteredAt: now + period)
        #expect(recent.requested(reading("a"), at: now, by: 4) == .enter)
    }

    @Test func eachKeyAndTenantIsEnteredByItself() {
        var recent = RecentReadings<Int>()
        for other in [reading("a"), reading("b"), reading("a", 3), reading("a", nil)] {
            #expect(recent.requested(other, at: now, by: 1) == .enter)
            #expect(recent.ended(other, enteredAt: now) == [])
        }
    }

    @Test func whoComesMeanwhileWaits() {
        var recent = RecentReadings<Int>()
        #expect(recent.requested(reading("a"), at: now, by: 1) == .enter)
        #expect(recent.requested(reading("a"), at: now, by: 2) == .wait)
        #expect(recent.requested(reading("a"), at: now + period, by: 3) == .wait)
        #expect(recent.ended(reading("a"), enteredAt: nil) == [2, 3])
        // What could not be entered is tried again.
        #expect(recent.requested(reading("a"), at: now, by: 4) == .enter)
    }

    @Test func whatFindsNoRoomIsEnteredEachTime() {
        var recent = RecentReadings<Int>()
        for number in 0..<Limits.readingAudits {
            #expect(recent.requested(reading("a\(number)"), at: now, by: 0) == .enter)
            _ = recent.ended(reading("a\(number)"), enteredAt: now)
        }
        #expect(recent.requested(reading("a0"), at: now, by: 0) == .proceed)
        for _ in 0..<2 {
            #expect(recent.requested(reading("more"), at: now, by: 0) == .enter)
            #expect(recent.ended(reading("more"), enteredAt: now) == [])
        }
        // Those that are to be entered again make room.
        #expect(recent.requested(reading("more"), at: now + period, by: 0) == .enter)
        _ = recent.ended(reading("more"), enteredAt: now + period)
        #expect(recent.requested(reading("more"), at: now + period, by: 0) == .proceed)
    }
}
