internal import SMSModel
internal import Testing

@testable internal import Storage

@Suite struct DayTests {
    @Test func aDayHasAName() {
        #expect(Day(containing: 0).description == "1970-01-01")
        #expect(Day(containing: 1_800_000_000_000).description == "2027-01-15")
        #expect(Day(containing: 1_835_395_199_999).description == "2028-02-28")
        #expect(Day(containing: 1_835_395_200_000).description == "2028-02-29")
        for number in stride(from: UInt64(0), to: 60_000, by: 7) {
            #expect(Day(Day(number: number).description) == Day(number: number))
        }
    }

    @Test(
        arguments: [
            "", "2027-1-15", "2027-02-30", "2027-13-01", "2027-01-15.db", "xxxx-01-01", "-027-01-01", "2027/01/15",
        ])
    func otherNamesAreNone(_ name: String) {
        #expect(Day(name) == nil)
    }

    @Test func idsAreOfTheDayOfTheirTime() {
        let day = Day(containing: 1_800_000_000_000)
        #expect(Day(of: day.firstID) == day)
        #expect(Day(of: MessageID(rawValue: day.firstID.rawValue - 1)) == day.previous)
        #expect(Day(of: day.next.firstID.advanced(by: -1)) == day)
        #expect(day.days(until: day.next.next) == 2)
        #expect(day.next.days(until: day) == -1)
    }
}
