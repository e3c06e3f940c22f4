internal import SMSModel
internal import Scheduling
internal import Testing

/// A provider that learns from a carrier's answers, over simulated seconds. The same seed gives the same run.
@Suite struct ProviderPaceTests {
    private static let rounds: [Int64] = [1, 2, 5, 10]
    private static let seconds = 20.0

    private func model(_ configure: (inout CarrierRules) -> Void, round: Int64 = 2, seed: UInt64 = 1) -> CarrierModel {
        var rules = CarrierRules()
        configure(&rules)
        return CarrierModel(rules, round: round, seed: seed)
    }

    // MARK: A few errors

    /// Each share of throttled answers and of failures, answered at once or as late as the others.
    @Test(arguments: [(0.01, 0), (0.05, 0), (0, 0.01), (0, 0.05)] as [(Double, Double)], [1, 20] as [Int64])
    func aFewErrorsDoNotStopACarrier(shares: (throttled: Double, failed: Double), errorLatency: Int64) {
        for round in [2, 10] as [Int64] {
            var well = model({ _ in }, round: round)
            let all = well.run(for: 10_000).accepted
            var failing = model(
                {
                    $0.throttled = shares.throttled
                    $0.failed = shares.failed
                    $0.errorLatency = errorLatency
                }, round: round)
            let counts = failing.run(for: 10_000)
            #expect(counts.accepted * 10 >= all * 9, "\(counts) of \(all), round \(round)")
            #expect(counts.openings == 0)
            // So few move nothing.
            #expect(failing.pace.rate == nil)
        }
    }

    @Test(arguments: [0, 1000] as [Int64]) func oneEarlyThrottledAnswerChangesNothing(retryAfter: Int64) {
        for round in [2, 10] as [Int64] {
            var well = model({ _ in }, round: round)
            var model = model(
                {
                    $0.isFirstThrottled = true
                    $0.retryAfter = retryAfter
                }, round: round)
            #expect(model.run(for: 5000).accepted >= well.run(for: 5000).accepted - 10)
            #expect(model.pace.rate == nil)
        }
    }

    /// A share that sending less doesn't lower is not for what is sent.
    @Test func manyThrottledAnswersAtAnyRateAreFoundOut() {
        for seed in UInt64(1)...2 {
            var well = model({ _ in }, seed: seed)
            let all = well.run(for: 30_000).accepted
            var model = model({ $0.throttled = 0.3 }, seed: seed)
            // Seven tenths would be the most.
            #expect(Double(model.run(for: 30_000).accepted) > 0.45 * Double(all), "seed \(seed)")
        }
    }

    // MARK: A carrier's own limit

    @Test(arguments: [0, 1000] as [Int64]) func aRateIsFoundAndKept(retryAfter: Int64) {
        for round in Self.rounds {
            for seed in UInt64(1)...3 {
                var model = model(
                    {
                        $0.rate = 100
                        $0.burst = 20
                        $0.retryAfter = retryAfter
                    }, round: round, seed: seed)
                let first = model.run(for: 5000)
                let rest = model.run(for: 15_000)
                let accepted = first.accepted + rest.accepted
                #expect(Double(accepted) >= 0.9 * 100 * Self.seconds, "\(accepted), round \(round), seed \(seed)")
                #expect(rest.throttledShare <= 0.02, "\(rest), round \(round), seed \(seed)")
            }
        }
    }

    @Test(arguments: [(20, 20), (20, 200), (200, 100)] as [(Int, Int64)])
    func aNumberAtOnceIsFoundAndKept(concurrency: Int, latency: Int64) {
        for round in Self.rounds {
            var model = model(
                {
                    $0.concurrency = concurrency
                    $0.latency = latency
                }, round: round)
            let first = model.run(for: 5000)
            let rest = model.run(for: 15_000)
            // The gateway learns of an answer in the next round.
            let most = Double(concurrency) * 1000 / Double((latency + round - 1) / round * round) * Self.seconds
            let accepted = Double(first.accepted + rest.accepted)
            #expect(accepted >= 0.85 * most, "\(accepted) of \(most), round \(round)")
            #expect(rest.throttledShare <= 0.02, "\(rest), round \(round)")
            #expect(model.pace.inFlightBound < concurrency * 5 / 4, "\(model.pace.inFlightBound)")
        }
    }

    @Test func latenciesThatVaryHideNoLimit() {
        for seed in UInt64(1)...5 {
            var atOnce = model(
                {
                    $0.concurrency = 20
                    $0.jitter = 20
                }, seed: seed)
            // 29.5 ms on average, and half a round.
            #expect(Double(atOnce.run(for: 20_000).accepted) >= 0.8 * 20 / 0.0305 * Self.seconds, "seed \(seed)")
            var rate = model(
                {
                    $0.rate = 100
                    $0.burst = 20
                    $0.jitter = 20
                }, seed: seed)
            #expect(Double(rate.run(for: 20_000).accepted) >= 0.9 * 100 * Self.seconds, "seed \(seed)")
        }
    }

    @Test(arguments: [(50.0, 1000.0), (1000, 400)] as [(Double, Double)])
    func theConfiguredRateIsTheMost(ceiling: Double, capacity: Double) {
        var rules = CarrierRules()
        rules.rate = capacity
        rules.burst = capacity / 10
        var model = CarrierModel(rules, limits: .init(inFlight: 1000, rate: ceiling, adapts: true))
        let most = min(ceiling, capacity) * 60
        let counts = model.run(for: 60_000)
        #expect(Double(counts.accepted) >= 0.9 * most)
        #expect(Double(counts.accepted) <= most + max(rules.burst, ceiling / 10))
        #expect(counts.throttledShare <= 0.02 || ceiling > capacity)
    }

    // MARK: Changes

    @Test func aLimitThatIsLiftedIsLeftBehind() {
        var model = model {
            $0.rate = 100
            $0.burst = 20
            $0.hasLimitsUntil = 20_000
        }
        model.run(for: 20_000)
        #expect(model.pace.rate.map { $0 < 120 } == true)
        // It doubles in some seconds.
        model.run(for: 40_000)
        #expect(model.run(for: 5000).accepted > 20_000)
        #expect(model.pace.rate == nil)
    }

    @Test func aCarrierThatThrottlesAllIsAskedSeldomAndFoundAgain() {
        var model = model { $0.throttlesAll = 5000..<20_000 }
        let before = model.run(for: 5000)
        let during = model.run(for: 15_000)
        #expect(during.throttled < before.accepted / 10, "\(during)")
        #expect(model.pace.rate.map { $0 < 10 } == true)
        model.run(for: 30_000)
        #expect(model.run(for: 5000).accepted > 20_000)
    }

    @Test func whatIsThrottledAsAWholeWaitsAsLongAsItIsTold() {
        var model = model {
            $0.throttlesAll = 0..<4000
            $0.retryAfter = 5000
        }
        #expect(model.run(for: 1000).throttled >= Cohorts.leastRequests)
        #expect(model.run(for: 3000) == CarrierModel.Counts())
        #expect(model.run(for: 10_000).accepted > 10)
    }

    @Test func anAccountThatIsThrottledWaitsAtOnce() {
        var model = model {
            $0.isFirstThrottled = true
            $0.isAccountThrottled = true
            $0.retryAfter = 3000
        }
        #expect(model.run(for: 100).accepted < 100)
        #expect(model.run(for: 2900).accepted == 0)
        #expect(model.run(for: 1000).accepted > 1000)
    }

    // MARK: Failures

    @Test func aCarrierThatIsDownIsLeftAloneAtOnce() {
        var model = model { $0.failsAll = 5000..<15_000 }
        #expect(model.run(for: 5000).openings == 0)
        let down = model.run(for: 10_000)
        #expect(down.openings >= 3)
        // What was under way, and then probes.
        #expect(down.failed < 200, "\(down)")
        model.run(for: 10_000)
        #expect(model.run(for: 5000).accepted > 20_000)
    }

    @Test func aCarrierThatWasNeverThereIsLeftAloneAfterFive() {
        var rules = CarrierRules()
        rules.failsAll = 0..<10_000
        var model = CarrierModel(rules, offered: 20)
        #expect(model.run(for: 1200).failed == 5)
        #expect(model.pace.circuit == .open)
    }

    // MARK: URGENT

    @Test func urgentKeepsAPartAtEveryRate() {
        for rate in [1.0, 5, 15, 100] {
            var pace = ProviderPace(.init(inFlight: 100, rate: rate, adapts: true), now: 0)
            while pace.room(urgent: false, now: 0) == .open { _ = pace.take(urgent: false, now: 0) }
            expect(pace.room(urgent: true, now: 0), .open)
        }
    }

    @Test func otherSettingsBeginAgainWithWhatIsKnown() {
        var model = model { $0.concurrency = 20 }
        model.run(for: 10_000)
        #expect(model.pace.inFlightBound < 30)
        model.pace.configure(.init(inFlight: 8, rate: 500, adapts: true), now: model.now)
        #expect(model.pace.inFlightBound == 8)
        #expect(model.pace.rate == 500)
        #expect(model.run(for: 5000).throttled == 0)
        model.pace.configure(.init(inFlight: 8, adapts: false), now: model.now)
        #expect(model.pace.rate == nil)
        #expect(model.pace.circuit == nil)
        #expect(model.run(for: 1000).accepted > 100)
    }
}
