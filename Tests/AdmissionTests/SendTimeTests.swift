internal import Admission
internal import SMSModel
internal import Testing

@Suite struct SendTimeTests {
    /// 2026-11-30T14:00:00Z.
    private static let now: Int64 = 1_796_047_200_000
    private static let past = Limits.sendAtPastMilliseconds
    private static let ahead = Limits.sendAtAheadMilliseconds

    private func problem(_ time: Int64) -> String? { SendTime.violation(time, now: Self.now)?.description }

    @Test(arguments: [0, now - past, now, now + ahead]) func whatCanBeMeantIsFine(_ time: Int64) {
        #expect(problem(time) == nil)
    }

    @Test(arguments: [
        (
            now - past - 1,
            "1796046599999 is 2026-11-30T13:49:59Z, 10 minutes in the past; at most 10 minutes are allowed."
        ),
        (
            now - 365 * 86_400_000,
            "1764511200000 is 2025-11-30T14:00:00Z, 365 days in the past; at most 10 minutes are allowed. "
                + "Is 2026-11-30T14:00:00Z meant?"
        ),
        (
            now + ahead + 60_000, "1799071260000 is 2027-01-04T14:01:00Z, 35 days ahead; at most 35 days are allowed."
        ),
        (
            now / 1000 + 3600,
            "1796050800 is 1970-01-21T18:54:10Z, 20766 days in the past; at most 10 minutes are allowed. "
                + "It looks like seconds: milliseconds are counted."
        ),
    ]) func theTextSaysWhatWasGivenAndWhatMayBeMeant(_ time: Int64, _ text: String) {
        #expect(problem(time) == "The send time " + text)
    }

    @Test func otherUnitsAreSeen() {
        #expect(problem(Self.now * 1000)?.hasSuffix("It looks like microseconds: milliseconds are counted.") == true)
        #expect(
            problem(Self.now * 1_000_000)?.hasSuffix("It looks like nanoseconds: milliseconds are counted.") == true)
        #expect(problem(-5) == "The send time -5 is negative; it counts milliseconds since 1970.")
        for time in [Int64.min, .max, 1, 10_000] { #expect(problem(time)?.hasSuffix(".") == true) }
        // A leap day has none a year later.
        #expect(problem(1_709_164_800_000)?.contains("meant?") == false)
    }
}
