import SMSModel
import Testing

@Suite struct SuppressionCursorTests {
    @Test func aPageBeginsBehindTheLastNumber() {
        let cursor = SuppressionCursor(last: 14_155_550_100)
        #expect(SuppressionCursor(bytes: cursor.bytes) == cursor)
    }

    /// The page begins with the next number: behind the greatest there is none to count to.
    @Test func whatNobodyGaveOutIsRefused() {
        #expect(SuppressionCursor(bytes: [1] + [UInt8](repeating: 0xFF, count: 8)) == nil)
        #expect(SuppressionCursor(bytes: [1, 0x7F] + [UInt8](repeating: 0xFF, count: 7)) == nil)
        #expect(SuppressionCursor(bytes: [2] + [UInt8](repeating: 0, count: 8)) == nil)
        #expect(SuppressionCursor(bytes: []) == nil)
    }
}
