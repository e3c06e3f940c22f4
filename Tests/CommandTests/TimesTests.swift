import ApusClient
import Foundation
import Testing

@testable import apus

@Suite struct TimesTests {
    @Test(arguments: [
        ("1ms", 1), ("90s", 90_000), ("10m", 600_000), ("1h", 3_600_000), ("2d", 172_800_000), ("1h30m", 5_400_000),
    ])
    func readsDurations(_ text: String, _ milliseconds: Int64) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "0s", "10", "h", "-1h", "+1h", "1 h", "1.5h", "1H", "1w", "99999999999999999999s", "9223372036854775807d",
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
    func readsTimes(_ text: String, _ milliseconds: Int64) {
        #expect(TimeText.parse(text, now: 0) == milliseconds)
    }

    @Test(arguments: [
        "", "tomorrow", "2027-01-31", "2027-01-31T09:00", "2027-02-29T00:00Z", "2027-13-01T00:00Z",
        "2027-01-31T24:00Z", "2027-01-31T09:60Z", "2027-01-31T09:00:60Z", "2027-01-31T09:00:00.Z",
        "2027-01-31T09:00Zx", "2027-01-00T00:00Z", "1900-02-29T00:00Z", "+", "+10",
    ])
    func refusesWhatIsNoTime(_ text: String) {
        #expect(TimeText.parse(text, now: 0) == nil)
    }

    @Test func readsATimeFromNow() {
        #expect(TimeText.parse("+10m", now: 1000) == 601_000)
    }

    @Test(arguments: [("10m", 400_000), ("1ms", 999_999), ("+10m", 1_600_000), ("1970-01-01T00:00:01Z", 1000)])
    func readsATimeThatHasBeen(_ text: String, _ milliseconds: Int64) {
        #expect(TimeText.parsePast(text, now: 1_000_000) == milliseconds)
    }

    @Test(arguments: ["", "10", "-10m", "yesterday", "2027-01-31"])
    func refusesWhatHasNotBeen(_ text: String) {
        #expect(TimeText.parsePast(text, now: 1_000_000) == nil)
    }

    @Test(arguments: [
        (250, "0.25 s"), (9999, "9.999 s"), (10_001, "11 s"), (119_000, "119 s"), (119_001, "2 min"),
        (7_140_000, "119 min"), (7_140_001, "2 h 0 min"), (34_211_532, "9 h 31 min"), (1_000_000_000, "12 days"),
    ])
    func writesATimeToWait(_ milliseconds: Int64, _ text: String) {
        #expect(Duration.milliseconds(milliseconds).formattedWait == text)
    }

    @Test func writesWhatItReads() {
        var time: Int64 = -2_208_988_800_123
        while time < 4_102_444_800_000 {
            let text = TimeText.rfc3339(Date(timeIntervalSince1970: Double(time) / 1000))
            #expect(TimeText.parse(text, now: 0) == time)
            time += 86_400_000 * 13 + 12_345_677
        }
        #expect(TimeText.rfc3339(Date(timeIntervalSince1970: 1_801_386_001.5)) == "2027-01-31T09:00:01.500Z")
    }
}
