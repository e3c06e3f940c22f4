internal import Scheduling
internal import Testing

@Suite struct LimitProbeTests {
    @Test func stepsGrowUntilTheLimitIsGone() {
        var probe = LimitProbe(ceiling: .infinity, floor: 1, firstStep: 0.2)
        #expect(!probe.isFound)
        probe.lower(to: 100, now: 0)
        #expect(probe.value == 100)
        // The first time it may be tried at once.
        #expect(probe.isDue(now: 0))
        var values: [Int] = []
        while probe.isFound, values.count < 20 {
            probe.probe()
            values.append(Int(probe.value.rounded()))
            probe.probeBorne(now: 0)
        }
        #expect(values == [120, 168, 252, 378, 567])
        #expect(probe.value == .infinity)
    }

    @Test func aStepThatFailsPutsOffTheNext() {
        var probe = LimitProbe(ceiling: 1000, floor: 1, firstStep: 0.05)
        probe.lower(to: 100, now: 0)
        var waits: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<5 {
            probe.probe()
            #expect(probe.value == 105)
            #expect(abs(probe.excess - 5 / 105) < 1e-9)
            probe.probeFailed(borne: 100, pause: 0, now: now)
            #expect(probe.value == 100)
            let start = now
            while !probe.isDue(now: now) { now += 500 }
            waits.append(now - start)
        }
        #expect(waits == [5000, 10_000, 20_000, 30_000, 30_000])
        probe.probe()
        probe.probeFailed(borne: 100, pause: 40_000, now: 0)
        #expect(!probe.isDue(now: 29_999))
        #expect(probe.isDue(now: 30_000))
    }

    @Test func whatWasBorneMeanwhileIsKept() {
        var probe = LimitProbe(ceiling: .infinity, floor: 1, firstStep: 0.5)
        probe.lower(to: 100, now: 0)
        for _ in 0..<3 {
            probe.probe()
            probe.probeBorne(now: 0)
        }
        #expect(probe.value == 337.5)
        probe.probe()
        probe.probeFailed(borne: 250, pause: 0, now: 0)
        #expect(probe.value == 250)
        // Not below what stood before all steps, nor above what was kept to last.
        probe.probe()
        probe.probeFailed(borne: 10, pause: 0, now: 0)
        #expect(probe.value == 250)
        probe.probe()
        probe.probeFailed(borne: 1000, pause: 0, now: 0)
        #expect(probe.value == 250)
    }

    @Test func itStaysBetweenFloorAndCeiling() {
        var probe = LimitProbe(ceiling: 10, floor: 4, firstStep: 0.05)
        probe.lower(to: 1, now: 0)
        #expect(probe.value == 4)
        for value in [5.0, 6, 7.2, 10] {
            probe.probe()
            #expect(abs(probe.value - value) < 0.01, "\(probe.value)")
            probe.probeBorne(now: 0)
        }
        #expect(!probe.isFound)
        #expect(LimitProbe(ceiling: 0.5, floor: 1, firstStep: 0.05).value == 0.5)
        probe.lower(to: 6, now: 0)
        probe.restore(20, now: 0)
        #expect(probe.value == 10)
    }
}
