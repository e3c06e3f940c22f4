internal import SMSModel
internal import Testing

@testable internal import Access

@Suite struct GuessLimitTests {
    private let now: Int64 = 1_800_000_000_000

    private func peer(_ address: String) -> PeerOrigin { PeerOrigin(address: address, uid: nil) }

    @Test func twentyAtOnceThenOneASecond() throws {
        let limit = GuessLimit()
        let (guesser, other) = (peer("192.0.2.1"), peer("192.0.2.2"))
        for _ in 0..<Limits.guesses {
            try limit.check(guesser, now: now)
            limit.failed(guesser, now: now)
        }
        let error = #expect(throws: GatewayError.self) { try limit.check(guesser, now: now) }
        #expect(error?.code == .resourceExhausted && error?.retryAfterMilliseconds == 1000)
        #expect(error?.quota?.limit == "guesses")
        try limit.check(other, now: now)
        #expect(throws: GatewayError.self) { try limit.check(guesser, now: now + 999) }
        try limit.check(guesser, now: now + 1000)
        limit.failed(guesser, now: now + 1000)
        #expect(throws: GatewayError.self) { try limit.check(guesser, now: now + 1000) }
        // Who looks without failing takes nothing, and time gives all back.
        for _ in 0..<100 { try limit.check(guesser, now: now + 2000) }
        for _ in 0..<Limits.guesses { limit.failed(guesser, now: now + 60_000) }
        #expect(throws: GatewayError.self) { try limit.check(guesser, now: now + 60_000) }
    }

    @Test func originsAreWhatCannotBeChanged() {
        #expect(peer("192.0.2.1") != peer("192.0.2.2"))
        #expect(peer("::ffff:192.0.2.1") == peer("192.0.2.1"))
        #expect(peer("2001:db8:1:2::1") == peer("2001:db8:1:2:ffff::9"))
        #expect(peer("2001:db8:1:2::1") != peer("2001:db8:1:3::1"))
        #expect(PeerOrigin(address: nil, uid: 1000) == .uid(1000))
        #expect(PeerOrigin(address: nil, uid: nil) == .unknown && PeerOrigin(address: "unix", uid: nil) == .unknown)
    }

    @Test func theTableIsBounded() {
        var table = GuessTable(capacity: 100)
        func origin(_ number: Int) -> PeerOrigin { .ipv4(UInt32(number)) }
        for number in 0..<1000 {
            for _ in 0..<Limits.guesses { table.failed(origin(number), now: now) }
        }
        // A hundred, and one for all that came when there was no room for more.
        #expect(table.count == 101)
        #expect(table.wait(for: origin(50), now: now) > 0)
        #expect(table.wait(for: origin(999), now: now) > 0)
        #expect(table.wait(for: origin(5000), now: now) > 0)
        // As soon as nothing counts any more there is room again.
        let later = now + Int64(Limits.guesses) * 1000
        table.failed(origin(5000), now: later)
        #expect(table.count == 1)
        #expect(table.wait(for: origin(6000), now: later) == 0)
    }
}
