internal import SMSModel
internal import Scheduling
internal import Testing

/// A provider and those who send to it, in steps of a millisecond: each message comes back after the latency that the
/// provider has with as many in flight as there are when it is handed over.
private struct LatencyModel {
    var bound: InFlightBound
    var inFlight = 0
    private var returning: [Int64: [(at: Int64, inFlight: Int)]] = [:]
    private(set) var now: Int64 = 0
    private(set) var answers = 0
    private(set) var bounds: [Int] = []
    private var generator: SeededGenerator
    private var credit = 0.0

    init(_ bound: InFlightBound = InFlightBound(), seed: UInt64 = 1) {
        self.bound = bound
        generator = SeededGenerator(seed: seed)
    }

    /// - Parameter offered: messages a second.
    mutating func run(
        for milliseconds: Int64, offered: Double = .infinity,
        latency: (_ inFlight: Int, _ generator: inout SeededGenerator) -> Int64
    ) {
        bounds = []
        answers = 0
        for _ in 0..<milliseconds {
            now += 1
            for sent in returning.removeValue(forKey: now) ?? [] {
                bound.answered(latency: now - sent.at, inFlight: sent.inFlight, now: now)
                inFlight -= 1
                answers += 1
            }
            credit = min(credit + offered / 1000, 10_000)
            while inFlight < bound.bound, credit >= 1 {
                inFlight += 1
                credit -= 1
                returning[now + max(1, latency(inFlight, &generator)), default: []].append((now, inFlight))
            }
            bounds.append(bound.bound)
        }
    }
}

@Suite struct InFlightBoundTests {
    @Test func startsLowAndKeepsToItsCeiling() {
        #expect(InFlightBound().bound == 32)
        #expect(InFlightBound(ceiling: 10).bound == 10)
        #expect(InFlightBound(ceiling: 0).bound == 1)
        var model = LatencyModel(InFlightBound(ceiling: 50))
        model.run(for: 5000) { _, _ in 40 }
        #expect(model.bound.bound == 50)
        var one = LatencyModel(InFlightBound(ceiling: 1))
        one.run(for: 1000) { _, _ in 40 }
        one.run(for: 60_000) { _, _ in 400 }
        #expect(one.bound.bound == 1)
    }

    @Test func reaches256WithinTwoSecondsAtFortyMilliseconds() {
        var model = LatencyModel()
        model.run(for: 2000, offered: 5000) { _, _ in 40 }
        #expect(model.bound.bound >= 256)
        // So 5,000 a second are possible, and nothing waits any more.
        model.run(for: 5000, offered: 5000) { _, _ in 40 }
        #expect(model.answers >= 24_900)
        model.run(for: 10_000) { _, _ in 40 }
        #expect(model.bound.bound == 1000)
    }

    @Test func doesNotGrowUnused() {
        var model = LatencyModel()
        // 8 in flight.
        model.run(for: 60_000, offered: 200) { _, _ in 40 }
        #expect(model.bound.bound == 32)
    }

    @Test func settlesAtTheCapacityOfTheProvider() {
        var model = LatencyModel()
        func latency(_ inFlight: Int, _: inout SeededGenerator) -> Int64 { 40 * Int64(max(inFlight, 100)) / 100 }
        model.run(for: 5000, latency: latency)
        model.run(for: 600_000, latency: latency)
        #expect(model.bounds.allSatisfy { (50...300).contains($0) }, "\(model.bounds.min()!)…\(model.bounds.max()!)")
        // All that it can: 100 in 40 ms.
        #expect(model.answers >= 600 * 2500 * 95 / 100)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aSlowAnswerNowAndThenChangesNothing(seed: UInt64) {
        var model = LatencyModel(seed: seed)
        model.run(for: 20_000) { _, generator in
            let usual = Int64.random(in: 30...50, using: &generator)
            return Int.random(in: 0..<20, using: &generator) == 0 ? usual + 200 : usual
        }
        #expect(model.bound.bound >= 500, "seed \(seed): \(model.bound.bound)")
    }

    @Test func aProviderThatGetsSlowerForGoodIsLearned() {
        var model = LatencyModel()
        model.run(for: 5000) { _, _ in 40 }
        model.run(for: 5000) { _, _ in 400 }
        #expect((model.bounds.min() ?? 0) < 10)
        // It shrinks to its floor first, and then finds that it was not its doing.
        model.run(for: 60_000) { _, _ in 400 }
        model.run(for: 10_000) { _, _ in 400 }
        #expect(model.bound.bound >= 256, "\(model.bound.bound)")
        // And back: the new best is believed at once.
        model.run(for: 20_000) { _, _ in 40 }
        #expect(model.bound.bound == 1000)
    }

    @Test func aProviderThatStallsIsGivenLess() {
        var model = LatencyModel()
        model.run(for: 3000) { _, _ in 40 }
        let before = model.bound.bound
        model.run(for: 10_000) { inFlight, _ in 40 * Int64(max(inFlight, 10)) / 10 }
        model.run(for: 60_000) { inFlight, _ in 40 * Int64(max(inFlight, 10)) / 10 }
        #expect(before >= 256)
        #expect(model.bounds.allSatisfy { (4...40).contains($0) }, "\(model.bounds.min()!)…\(model.bounds.max()!)")
    }

    @Test func fastAnswersAreNotSlowOnes() {
        var model = LatencyModel(seed: 5)
        model.run(for: 10_000) { _, generator in Int64.random(in: 1...15, using: &generator) }
        #expect(model.bound.bound == 1000)
    }
}
