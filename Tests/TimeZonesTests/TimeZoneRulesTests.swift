internal import Foundation
internal import SMSModel
internal import Testing
internal import TimeZones

private let database = TimeZoneDatabase(environment: [:])

private func wall(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) throws -> WallTime {
    WallTime(
        date: try #require(CalendarDate(year: year, month: month, day: day)), secondOfDay: (hour * 60 + minute) * 60)
}

@Suite struct TimeZoneRulesTests {
    /// Foundation has another implementation and data of its own.
    @Test(arguments: [
        "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles",
        "America/St_Johns", "Australia/Lord_Howe", "Australia/Sydney", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo",
        "Pacific/Apia", "Pacific/Chatham", "UTC", "Etc/GMT+5",
    ]) func offsetsAreThoseOfFoundation(_ name: String) throws {
        let rules = try database.rules(named: name)
        let judge = try #require(TimeZone(identifier: name))
        // Each 50 hours and some seconds, from 2000 to 2037.
        for time in stride(from: Int64(946_684_800), to: 2_145_916_800, by: 180_017) {
            let expected = judge.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time)))
            guard rules.offset(at: time) != expected else { continue }
            Issue.record("\(name) at \(time): \(rules.offset(at: time)), and not \(expected)")
            return
        }
    }

    /// A zone's rule alone gives what its file gives, where that has both.
    @Test(arguments: [
        ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
        ("Australia/Lord_Howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), ("Asia/Kolkata", "IST-5:30"),
        ("Pacific/Chatham", "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"),
    ]) func rulesAreThoseOfFiles(_ name: String, _ rule: String) throws {
        let rules = try #require(TimeZoneRules(posix: rule))
        let file = try database.rules(named: name)
        // 2020 to 2060.
        for time in stride(from: Int64(1_577_836_800), to: 2_840_140_800, by: 90_007) {
            guard rules.offset(at: time) != file.offset(at: time) else { continue }
            Issue.record("\(name) at \(time): \(rules.offset(at: time)), and not \(file.offset(at: time))")
            return
        }
    }

    @Test func otherFormsOfRules() throws {
        // Days of the year, with a leap day and without; summer all year; hours below zero.
        let julian = try #require(TimeZoneRules(posix: "AAA0BBB,J60/0,J61/0"))
        let ofYear = try #require(TimeZoneRules(posix: "AAA0BBB,59/0,60/0"))
        let (leap, common) = (try wall(2028, 3, 1).seconds, try wall(2027, 3, 1).seconds)
        #expect(julian.offset(at: leap) == 3600 && julian.offset(at: leap - 1) == 0)
        #expect(julian.offset(at: common) == 3600 && julian.offset(at: common - 1) == 0)
        #expect(ofYear.offset(at: leap - 86_400) == 3600 && ofYear.offset(at: leap) == 0)
        #expect(ofYear.offset(at: common) == 3600)
        let always = try #require(TimeZoneRules(posix: "XXX3EDT4,0/0,J365/23"))
        for time in stride(from: common, to: common + 400 * 86_400, by: 3601) {
            #expect(always.offset(at: time) == -4 * 3600)
        }
        let early = try #require(TimeZoneRules(posix: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"))
        let change = try wall(2027, 3, 27, 23).seconds + 2 * 3600
        #expect(early.offset(at: change - 1) == -7200 && early.offset(at: change) == -3600)
    }

    @Test(arguments: [
        "", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-25", "<>-1", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J366", "CET-1x",
    ]) func whatIsNoRuleIsRefused(_ text: String) {
        #expect(TimeZoneRules(posix: text) == nil)
    }

    // MARK: Moments

    @Test func aTimeIsAMoment() throws {
        let berlin = try database.rules(named: "Europe/Berlin")
        #expect(try berlin.moment(of: wall(2026, 12, 5, 9)) == 1_796_457_600)
        #expect(try berlin.moment(of: wall(2027, 7, 1, 9)) == 1_814_425_200)
        #expect(try TimeZoneRules(offset: 19_800).moment(of: wall(1970, 1, 1)) == -19_800)
    }

    @Test func aTimeThatIsSkippedIsNone() throws {
        for (name, time, from, to) in [
            ("Europe/Berlin", try wall(2027, 3, 28, 2, 30), try wall(2027, 3, 28, 2), try wall(2027, 3, 28, 3)),
            ("America/New_York", try wall(2027, 3, 14, 2), try wall(2027, 3, 14, 2), try wall(2027, 3, 14, 3)),
            (
                "Australia/Lord_Howe", try wall(2027, 10, 3, 2, 15), try wall(2027, 10, 3, 2),
                try wall(2027, 10, 3, 2, 30)
            ),
            ("Pacific/Apia", try wall(2011, 12, 30, 12), try wall(2011, 12, 30), try wall(2011, 12, 31)),
        ] {
            let rules = try database.rules(named: name)
            #expect(throws: TimeZoneRules.Problem.skipped(from: from, to: to)) { _ = try rules.moment(of: time) }
        }
    }

    @Test func aTimeThatComesTwiceIsNotGuessed() throws {
        let berlin = try database.rules(named: "Europe/Berlin")
        #expect(throws: TimeZoneRules.Problem.twice(earlier: 7200, later: 3600)) {
            _ = try berlin.moment(of: wall(2026, 10, 25, 2, 30))
        }
        #expect(try berlin.moment(of: wall(2026, 10, 25, 3)) == 1_792_893_600)
        #expect(try berlin.moment(of: wall(2026, 10, 25, 1, 59)) == 1_792_886_340)
        let lordHowe = try database.rules(named: "Australia/Lord_Howe")
        #expect(throws: TimeZoneRules.Problem.twice(earlier: 39_600, later: 37_800)) {
            _ = try lordHowe.moment(of: wall(2027, 4, 4, 1, 45))
        }
    }

    @Test func aDayBeginsWhereItsMidnightIsSkippedOrTwice() throws {
        let day = try #require(CalendarDate(year: 2027, month: 3, day: 28))
        let beirut = try #require(TimeZoneRules(posix: "EET-2EEST,M3.5.0/0,M10.5.0/0"))
        #expect(beirut.start(of: day) == (try wall(2027, 3, 28).seconds) - 7200)
        let autumn = try #require(CalendarDate(year: 2027, month: 11, day: 7))
        let havana = try #require(TimeZoneRules(posix: "CST5CDT,M3.2.0/0,M11.1.0/1"))
        #expect(havana.start(of: autumn) == (try wall(2027, 11, 7).seconds) + 4 * 3600)
        #expect(TimeZoneRules.utc.start(of: day) == (try wall(2027, 3, 28).seconds))
    }

    // MARK: Files

    @Test func aFileIsReadAsAWholeOrNotAtAll() throws {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Berlin")))
        #expect(TimeZoneRules(tzif: bytes) != nil)
        for count in 0..<bytes.count { #expect(TimeZoneRules(tzif: Array(bytes[..<count])) == nil) }
        for place in 0..<4 {
            var wrong = bytes
            wrong[place] = 0
            #expect(TimeZoneRules(tzif: wrong) == nil)
        }
        // A file with leap seconds, such as those below right/, counts otherwise.
        var leap = bytes
        let second = try #require(bytes.dropFirst(4).firstRange(of: Array("TZif".utf8)))
        leap[second.lowerBound + 31] = 1
        #expect(TimeZoneRules(tzif: leap) == nil)
    }

    @Test func namesLeadToFilesOfTheDatabaseOnly() throws {
        for name in ["Europe/Berln", "Europe", "../../../etc/localtime", "/etc/localtime", "", "tzdata.zi"] {
            #expect(throws: TimeZoneDatabase.Problem.unknown(name)) { _ = try database.rules(named: name) }
        }
        let nowhere = TimeZoneDatabase(environment: ["TZDIR": "/nowhere"])
        #expect(throws: TimeZoneDatabase.Problem.notInstalled) { _ = try nowhere.rules(named: "Europe/Berlin") }
        #expect(try nowhere.rules(named: "UTC") == .utc)
        #expect(TimeZoneDatabase.Problem.notInstalled.description.contains("tzdata"))
    }

    @Test func theLocalZoneIsThatOfTheEnvironment() throws {
        let berlin = try database.rules(named: "Europe/Berlin")
        for text in ["Europe/Berlin", ":Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin"] {
            #expect(try database.local(environment: ["TZ": text]) == berlin)
        }
        #expect(try database.local(environment: ["TZ": ""]) == .utc)
        #expect(try database.local(environment: ["TZ": "XYZ5"]).offset(at: 0) == -18_000)
        #expect(throws: TimeZoneDatabase.Problem.self) { _ = try database.local(environment: ["TZ": "Nowhere/At_All"]) }
        _ = try database.local(environment: [:])
    }
}

@Suite struct CalendarDateTests {
    @Test func daysAreCountedBothWays() throws {
        for day in stride(from: -1_000_000, to: 1_000_000, by: 97) {
            let date = CalendarDate(daysSinceEpoch: day)
            #expect(date.daysSinceEpoch == day)
            #expect(CalendarDate(year: date.year, month: date.month, day: date.day) == date)
        }
        #expect(CalendarDate(daysSinceEpoch: 0).text == "1970-01-01")
        #expect(CalendarDate(daysSinceEpoch: 20_787).text == "2026-11-30")
        for (year, month, day) in [
            (2027, 2, 29), (2027, 13, 1), (2027, 0, 1), (2027, 4, 31), (1900, 2, 29), (2027, 1, 0),
        ] {
            #expect(CalendarDate(year: year, month: month, day: day) == nil)
        }
        #expect(WallTime.utcText(milliseconds: -1) == "1969-12-31T23:59:59Z")
    }
}
