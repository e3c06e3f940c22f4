import ApusClient
import Foundation
import SMSModel
import Testing
import TimeZones

@testable import apus

@Suite struct TimesTests {
    /// - Parameter now: milliseconds since the Unix epoch.
    private func times(_ now: Int64 = 0, local: String = "Europe/Berlin") -> TimeText {
        TimeText(now: now, zones: TimeZoneDatabase(environment: [:]), environment: ["TZ": local])
    }

    /// 2026-11-30T23:30:00Z: in Berlin the next day has begun.
    private static let night: Int64 = 1_796_081_400_000

    @Test(arguments: [
        ("2026-12-05 09:00 Europe/Berlin", 1_796_457_600_000), ("2026-12-05T09:00 Europe/Berlin", 1_796_457_600_000),
        ("2027-07-01 09:00:30 Europe/Berlin", 1_814_425_230_000), ("2026-12-05 09:00 UTC", 1_796_461_200_000),
        ("2026-12-05 09:00 +01:00", 1_796_457_600_000), ("2026-12-05 09:00 Z", 1_796_461_200_000),
        ("tomorrow 09:00 Europe/Berlin", 1_796_198_400_000), ("Today 00:30 Europe/Berlin", 1_796_081_400_000),
        ("tomorrow 09:00Z", 1_796_115_600_000), ("2026-12-05 09:00 America/Argentina/Buenos_Aires", 1_796_472_000_000),
        ("2026-10-25T02:30+02:00", 1_792_888_200_000), ("2026-10-25T02:30+01:00", 1_792_891_800_000),
    ])
    func readsTimesByTheClocksOfAZone(_ text: String, _ milliseconds: Int64) throws {
        #expect(try times(Self.night).time(text) == milliseconds)
    }

    @Test(arguments: [
        (
            "2027-03-28 02:30 Europe/Berlin",
            "is 02:30 on 2027-03-28, which the clocks skip in Europe/Berlin: they go from 02:00 to 03:00"
        ),
        (
            "2026-10-25 02:30 Europe/Berlin",
            "is 02:30 on 2026-10-25, which the clocks show twice in Europe/Berlin: say which, "
                + "2026-10-25T02:30+02:00 or 2026-10-25T02:30+01:00"
        ),
        (
            "2026-12-05 09:00",
            "has no time zone: add Z for UTC, an offset such as +01:00, or a name such as Europe/Berlin"
        ),
        ("2026-12-05", "has no time of the day, such as 09:00"),
        (
            "2026-12-05 09:00 Europe/Berln",
            "is no time zone of this machine (Europe/Berln): names are such as Europe/Berlin, America/New_York or UTC"
        ),
    ])
    func saysWhatIsWrongWithATime(_ text: String, _ problem: String) {
        #expect(throws: TimeProblem(text: problem)) { _ = try times().time(text) }
    }

    @Test(arguments: [
        ("2026-11-30", 1_795_993_200_000), ("today", 1_796_079_600_000), ("yesterday", 1_795_993_200_000),
        ("yesterday 14:00", 1_796_043_600_000), ("2026-11-30 14:00", 1_796_043_600_000),
        ("2026-11-30 UTC", 1_795_996_800_000), ("yesterday 14:00 UTC", 1_795_960_800_000),
        ("1w", 1_795_476_600_000), ("2h ago", 1_796_074_200_000), ("2026-03-29", 1_774_738_800_000),
    ])
    func readsDaysByThePersonsClocks(_ text: String, _ milliseconds: Int64) throws {
        #expect(try times(Self.night).past(text) == milliseconds)
    }

    @Test(arguments: [
        ("1ms", 1), ("90s", 90_000), ("10m", 600_000), ("1h", 3_600_000), ("2d", 172_800_000), ("1h30m", 5_400_000),
        ("1w", 604_800_000), ("1w2d", 777_600_000),
    ])
    func readsDurations(_ text: String, _ milliseconds: Int64) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "0s", "10", "h", "-1h", "+1h", "1 h", "1.5h", "1H", "1y", "99999999999999999999s", "9223372036854775807d",
        "36501d",
    ])
    func refusesWhatIsNoDuration(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2027-01-31T09:00Z", 1_801_386_000_000),
        ("2027-01-31T09:00:01.5Z", 1_801_386_001_500), ("2027-01-31T11:00:00+02:00", 1_801_386_000_000),
        ("2027-01-31T03:30:00-0530", 1_801_386_000_000), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2000-03-01 00:00:00z", 951_868_800_000), ("1969-12-31T23:59:59Z", -1000),
    ])
    func readsTimes(_ text: String, _ milliseconds: Int64) throws {
        #expect(try times().time(text) == milliseconds)
    }

    @Test(arguments: [
        "", "tomorrow", "2027-01-31", "2027-01-31T09:00", "1764493200", "2027-01-31 Europe/Berlin",
        "2027-01-31T09:00 Europe/Berln", "yesterdayZ", "2027-02-29T00:00Z", "2027-13-01T00:00Z",
        "2027-01-31T24:00Z", "2027-01-31T09:60Z", "2027-01-31T09:00:60Z", "2027-01-31T09:00:00.Z",
        "2027-01-31T09:00Zx", "2027-01-00T00:00Z", "1900-02-29T00:00Z", "+", "+10",
    ])
    func refusesWhatIsNoTime(_ text: String) {
        #expect(throws: TimeProblem.self) { _ = try times().time(text) }
    }

    @Test func readsATimeFromNow() throws {
        #expect(try times(1000).time("+10m") == 601_000)
    }

    @Test(arguments: [
        ("10m", 400_000), ("1ms", 999_999), ("10m ago", 400_000), ("+10m", 1_600_000), ("now", 1_000_000),
        ("1970-01-01T00:00:01Z", 1000),
    ])
    func readsATimeThatHasBeen(_ text: String, _ milliseconds: Int64) throws {
        #expect(try times(1_000_000).past(text) == milliseconds)
    }

    @Test(arguments: ["", "10", "-10m", "last week", "2027-02-31", "14:00"])
    func refusesWhatHasNotBeen(_ text: String) {
        #expect(throws: TimeProblem.self) { _ = try times(1_000_000).past(text) }
    }

    @Test(arguments: [
        (250, "0.25 s"), (9999, "9.999 s"), (10_001, "11 s"), (119_000, "119 s"), (119_001, "2 min"),
        (7_140_000, "119 min"), (7_140_001, "2 h 0 min"), (34_211_532, "9 h 31 min"), (1_000_000_000, "12 days"),
    ])
    func writesATimeToWait(_ milliseconds: Int64, _ text: String) {
        #expect(Duration.milliseconds(milliseconds).formattedWait == text)
    }

    @Test func writesWhatItReads() throws {
        var time: Int64 = -2_208_988_800_123
        while time < 4_102_444_800_000 {
            let text = TimeText.rfc3339(Date(timeIntervalSince1970: Double(time) / 1000))
            #expect(try times().time(text) == time)
            time += 86_400_000 * 13 + 12_345_677
        }
        #expect(TimeText.rfc3339(Date(timeIntervalSince1970: 1_801_386_001.5)) == "2027-01-31T09:00:01.500Z")
    }
}
