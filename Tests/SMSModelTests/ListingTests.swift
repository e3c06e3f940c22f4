import SMSModel
import Testing

@Suite struct ListingTests {
    private let now: Int64 = 1_800_000_000_000

    private func id(_ milliseconds: Int64, _ sequence: UInt64 = 0) -> MessageID {
        MessageID(milliseconds: UInt64(milliseconds), sequence: sequence)
    }

    @Test func statesAreASet() {
        let two: MessageStates = [MessageStates(.queued), MessageStates(.canceled)]
        #expect(MessageState.allCases.filter(two.contains) == [.queued, .canceled])
        #expect(MessageState.allCases.allSatisfy { !MessageStates().contains($0) })
    }

    @Test func timesBecomeIDs() {
        var filter = MessageFilter()
        #expect(filter.ids.contains(MessageID(rawValue: 1)))
        #expect(filter.ids.contains(MessageID(rawValue: .max >> 1 - 1)))
        filter.from = now
        filter.until = now + 2
        #expect(!filter.ids.contains(id(now - 1, 4095)))
        #expect(filter.ids.contains(id(now)))
        #expect(filter.ids.contains(id(now + 1, 4095)))
        #expect(!filter.ids.contains(id(now + 2)))
    }

    @Test(arguments: [(Int64.max, Int64(0)), (2, 1), (5, 5), (1 << 42, .max), (.min, .min), (.max, .min)])
    func timesThatMeanNothingGiveNoIDs(_ from: Int64, _ until: Int64) {
        var filter = MessageFilter()
        filter.from = from
        filter.until = until
        #expect(filter.ids.isEmpty)
    }

    @Test func aPageBeginsBehindTheOneBefore() {
        var query = ListQuery()
        query.filter.from = now
        query.filter.until = now + 10
        let last = id(now + 5, 7)
        query.cursor = ListCursor(last: last)
        #expect(query.ids == id(now)..<last)
        query.oldestFirst = true
        #expect(query.ids == last.advanced(by: 1)..<id(now + 10))
        // Of another listing: nothing, rather than what was not asked for.
        query.cursor = ListCursor(last: id(now + 11))
        #expect(query.ids.isEmpty)
        query.oldestFirst = false
        query.cursor = ListCursor(last: id(now - 1))
        #expect(query.ids.isEmpty)
        query.cursor = nil
        #expect(query.ids == query.filter.ids)
    }

    @Test(arguments: [1, 4096, UInt64.max >> 1])
    func cursorsSurviveARoundTrip(_ id: UInt64) {
        let cursor = ListCursor(last: MessageID(rawValue: id))
        #expect(ListCursor(bytes: cursor.bytes) == cursor)
        var query = ListQuery(cursor: cursor)
        #expect(query.ids.upperBound <= cursor.last)
        query.oldestFirst = true
        #expect(!query.ids.contains(cursor.last))
    }

    @Test func bytesThatNoPageGaveAreNoCursor() {
        let good = ListCursor(last: id(now)).bytes
        #expect(good.count == 9 && good[0] == 1)
        for count in 0..<good.count { #expect(ListCursor(bytes: Array(good.prefix(count))) == nil) }
        #expect(ListCursor(bytes: good + [0]) == nil)
        for version: UInt8 in [0, 2, 255] { #expect(ListCursor(bytes: [version] + good.dropFirst()) == nil) }
        #expect(ListCursor(bytes: [1] + Array(repeating: 0, count: 8)) == nil)
        #expect(ListCursor(bytes: [1, 0x80] + Array(repeating: 0, count: 7)) == nil)
    }
}
