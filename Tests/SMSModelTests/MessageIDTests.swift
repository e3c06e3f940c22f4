import SMSModel
import Testing

@Suite struct MessageIDTests {
    @Test func advancesThroughTheSequenceIntoTheNextMillisecond() {
        let id = MessageID(milliseconds: 1_700_000_000_000, node: 5, sequence: 4095)
        let next = id.advanced(by: 1)
        #expect(next.milliseconds == 1_700_000_000_001)
        #expect(next.node == 5)
        #expect(next.sequence == 0)
        #expect(id < next)
    }

    @Test func generatorRisesWhenTheClockStepsBack() {
        var generator = MessageIDGenerator(after: nil)
        let first = generator.take(10_000, nowMilliseconds: 2000)
        let second = generator.take(1, nowMilliseconds: 1000)
        #expect(second.ordinal == first.ordinal + 10_000)
    }

    @Test func textIsDecimalOnly() {
        #expect(MessageID("123")?.rawValue == 123)
        for text in ["", "0", "-1", "+5", "12a", "9223372036854775808", "１２"] {
            #expect(MessageID(text) == nil, "\(text)")
        }
    }
}
