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

    @Test func partsComeBackFromTheirPlaces() {
        let id = MessageID(milliseconds: (1 << 42) - 1, node: MessageID.maximumNode, sequence: 4095)
        #expect(id.rawValue == UInt64(Int64.max))
        #expect(id.milliseconds == 4_398_046_511_103)
        #expect(id.node == 511)
        #expect(id.sequence == 4095)
        #expect(MessageID(ordinal: id.ordinal, node: id.node) == id)
        #expect(MessageID(String(id.rawValue)) == id)
        #expect(MessageID("\(id)") == id)
    }

    @Test func advancesBackToo() {
        let id = MessageID(milliseconds: 1000, node: 3, sequence: 0)
        #expect(id.advanced(by: -1) == MessageID(milliseconds: 999, node: 3, sequence: 4095))
        #expect(id.advanced(by: 10_000).advanced(by: -10_000) == id)
    }

    @Test func generatorFollowsTheClockWithinItsMillisecond() {
        var generator = MessageIDGenerator(after: nil)
        let first = generator.take(1, nowMilliseconds: 5000)
        #expect(first == MessageID(milliseconds: 5000))
        #expect(generator.take(1, nowMilliseconds: 5000) == first.advanced(by: 1))
        #expect(generator.take(3, nowMilliseconds: 5001) == MessageID(milliseconds: 5001))
        #expect(generator.highWater == MessageID(milliseconds: 5001, sequence: 2).ordinal)
    }

    @Test func generatorGoesOnFromTheLastOfABurstLargerThanAMillisecond() {
        var generator = MessageIDGenerator(after: nil)
        let first = generator.take(4096 + 5, nowMilliseconds: 5000)
        #expect(generator.take(1, nowMilliseconds: 5000) == first.advanced(by: 4101))
        #expect(generator.take(1, nowMilliseconds: 5001).milliseconds == 5001)
        #expect(generator.take(1, nowMilliseconds: 5002) == MessageID(milliseconds: 5002))
    }

    @Test func generatorGoesOnAfterAnotherNodesMark() {
        let last = MessageID(milliseconds: 9000, node: 7, sequence: 9)
        var generator = MessageIDGenerator(after: last, node: 7)
        #expect(generator.take(1, nowMilliseconds: 1) == last.advanced(by: 1))
        generator.rewind(to: last.ordinal)
        #expect(generator.take(2, nowMilliseconds: 1) == last.advanced(by: 1))
    }
}
