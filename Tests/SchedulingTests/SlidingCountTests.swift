internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct SlidingCountTests {
    @Test func countsTheWindowAsANaiveOneDoes() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            var now = Int64.random(in: -5000...5000, using: &generator)
            var count = SlidingCount(window: 1000, now: now)
            var all: [Int64] = []
            for _ in 0..<300 {
                now += Int64.random(in: 0...80, using: &generator)
                if Int.random(in: 0..<40, using: &generator) == 0 { now += 3000 }
                count.add(now: now)
                all.append(now)
                // By slots of a tenth: never more than the window, never less than nine tenths of it.
                let counted = count.count(now: now)
                #expect(counted <= all.filter { $0 > now - 1000 }.count)
                #expect(counted >= all.filter { $0 > now - 900 }.count)
            }
        }
    }

    @Test func timeGoingBackStandsStill() {
        var count = SlidingCount(window: 1000, now: 10_000)
        count.add(now: 10_000)
        count.add(now: 0)
        expect(count.count(now: 0), 2)
        expect(count.count(now: 11_000), 0)
        count.add(3, now: 11_000)
        count.removeAll(now: 11_000)
        #expect(count.total == 0)
    }
}
