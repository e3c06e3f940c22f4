internal import SMSModel
internal import Testing

@testable internal import GatewayCore

@Suite struct ListQueryTests {
    private func violations(_ filter: MessageFilter, cursor: [UInt8] = []) -> [String] {
        do throws(GatewayError) {
            _ = try ListQuery(checking: filter, limit: nil, cursor: cursor, oldestFirst: false)
            return []
        } catch {
            #expect(error.code == .invalidArgument && error.notProcessed)
            return error.violations.map(\.field)
        }
    }

    private func filter(from: Int64 = 0, until: Int64 = 0, to: String = "") -> MessageFilter {
        var filter = MessageFilter()
        filter.from = from
        filter.until = until
        filter.recipient = to
        return filter
    }

    @Test func whatIsNotSaidHasADefault() throws {
        let query = try ListQuery(checking: MessageFilter(), limit: nil, cursor: [], oldestFirst: false)
        #expect(query == ListQuery(limit: Limits.listMessagesDefault))
    }

    @Test func allThatIsSaidIsTaken() throws {
        var filter = MessageFilter()
        filter.states = MessageStates(.sent)
        filter.batch = .name("b")
        let cursor = ListCursor(last: MessageID(rawValue: 77))
        let query = try ListQuery(checking: filter, limit: 1000, cursor: cursor.bytes, oldestFirst: true)
        #expect(query == ListQuery(filter, limit: 1000, cursor: cursor, oldestFirst: true))
    }

    @Test func timesHaveTheirOrder() {
        #expect(violations(filter(from: 5, until: 5)).isEmpty)
        #expect(violations(filter(from: 5)).isEmpty)
        #expect(violations(filter(until: 5)).isEmpty)
        #expect(violations(filter(from: .max, until: .max)).isEmpty)
        #expect(violations(filter(from: 6, until: 5)) == ["from_ms"])
        #expect(violations(filter(from: -1)) == ["from_ms"])
        #expect(violations(filter(from: -1, until: -2)) == ["from_ms", "until_ms"])
    }

    @Test func recipientsAreNumbers() {
        #expect(violations(filter(to: "+14155550100")).isEmpty)
        for wrong in ["4155550100", "+1415555010", "+141555501000", "+1 4155550100", "+999", "\u{0}"] {
            #expect(violations(filter(to: wrong)) == ["to"])
        }
    }

    @Test func allThatIsWrongIsNamedAtOnce() {
        let found = violations(filter(from: 6, until: 5, to: "x"), cursor: [1])
        #expect(found == ["from_ms", "to", "cursor"])
    }
}
