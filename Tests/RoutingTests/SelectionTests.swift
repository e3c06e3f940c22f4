internal import ConfigurationModel
internal import GatewayTestKit
internal import Routing
internal import SMSModel
internal import Testing

private func choice(
    _ policy: RouteSettings.Policy, overflows: Bool = true, seed: UInt64 = 1, _ contenders: [Contender]
) -> Int? {
    var route = Route(name: "r", providers: Array(1...UInt8(contenders.count)))
    route.policy = policy
    route.overflows = overflows
    var random = SeededGenerator(seed: seed)
    return route.choice({ contenders[$0] }, using: &random)
}

@Suite struct SelectionTests {
    private let down: [ProviderAvailability] = [
        .isPaused, .isBroken, .isDisabled, .hasRefused, .hasFailed, .isDisconnected,
    ]
    private let busy: [ProviderAvailability] = [.isFull, .isPaced]

    @Test(arguments: RouteSettings.Policy.allCases) func whoHasNoRoomIsNotChosen(_ policy: RouteSettings.Policy) {
        for verdict in down + busy {
            #expect(choice(policy, [Contender(verdict: verdict)]) == nil)
            #expect(choice(policy, [Contender(verdict: verdict), Contender(verdict: .hasRoom)]) == 1)
        }
    }

    @Test func theFirstOfTheOrderGoesFirst() {
        #expect(choice(.order, [Contender(verdict: .hasRoom), Contender(verdict: .hasRoom)]) == 0)
    }

    @Test(arguments: [RouteSettings.Policy.order, .leastCost, .fastest])
    func withoutOverflowABusyOneIsWaitedForADownOneIsNot(_ policy: RouteSettings.Policy) {
        func contenders(_ first: ProviderAvailability) -> [Contender] {
            [
                Contender(verdict: first, price: 1, latency: 1),
                Contender(verdict: .hasRoom, price: 2, latency: 2),
            ]
        }
        for verdict in busy { #expect(choice(policy, overflows: false, contenders(verdict)) == nil) }
        for verdict in down { #expect(choice(policy, overflows: false, contenders(verdict)) == 1) }
        #expect(choice(policy, overflows: false, contenders(.hasRoom)) == 0)
    }

    @Test func theCheapestThatHasRoom() {
        let contenders = [
            Contender(verdict: .hasRoom, price: 7), Contender(verdict: .isFull, price: 1),
            Contender(verdict: .hasRoom, price: 3),
        ]
        #expect(choice(.leastCost, contenders) == 2)
    }

    @Test func theFastestAndWhoeverHasNotBeenAsked() {
        let slow = Contender(verdict: .hasRoom, latency: 90)
        let fast = Contender(verdict: .hasRoom, latency: 40)
        #expect(choice(.fastest, [slow, fast]) == 1)
        #expect(choice(.fastest, [slow, fast, Contender(verdict: .hasRoom)]) == 2)
    }

    @Test(arguments: [RouteSettings.Policy.weight, .leastCost])
    func equalOnesShareByWeight(_ policy: RouteSettings.Policy) {
        var route = Route(name: "r", providers: [1, 2, 3])
        route.policy = policy
        let contenders = [
            Contender(verdict: .hasRoom, weight: 1), Contender(verdict: .hasRoom, weight: 3),
            Contender(verdict: .isFull, weight: 100),
        ]
        var random = SeededGenerator(seed: 7)
        var counts = [0, 0, 0]
        for _ in 0..<4000 {
            if let place = route.choice({ contenders[$0] }, using: &random) { counts[place] += 1 }
        }
        #expect(counts[0] + counts[1] == 4000 && counts[2] == 0)
        #expect((850...1150).contains(counts[0]), "\(counts)")
    }

    @Test func theChoiceIsExplained() {
        var route = Route(name: "germany", providers: [1, 2, 3])
        let contenders = [
            Contender(verdict: .isBroken, price: 5000), Contender(verdict: .hasRoom, price: 7500),
            Contender(verdict: .hasRoom, price: 9000, latency: 40.4),
        ]
        let names = ["a", "b", "c"]
        #expect(
            route.explanation(chosen: 1, contenders, names: names) == "route germany, ORDER: b; not a is failing, c")
        route.policy = .leastCost
        #expect(
            route.explanation(chosen: 1, contenders, names: names)
                == "route germany, LEAST_COST: b at 0.0075; not a is failing, c at 0.009")
        route.policy = .fastest
        #expect(
            route.explanation(chosen: nil, contenders, names: names)
                == "route germany, FASTEST: none has room; not a is failing, b not asked yet, c at 40 ms")
        // One that has only failed recently.
        let failing = [contenders[0], Contender(verdict: .hasRoom, latency: .infinity), contenders[2]]
        #expect(
            route.explanation(chosen: 2, failing, names: names)
                == "route germany, FASTEST: c at 40 ms; not a is failing, b that has only failed recently")
    }
}

@Suite struct CandidateSetsTests {
    @Test func numbersAreGivenAnewOnceNothingWaitsUnderThem() {
        var sets = CandidateSets()
        let first = sets.number(of: CandidateSet(route: 0))
        #expect(first == (2, true) && sets.nowhere == 1)
        #expect(sets.number(of: CandidateSet(route: 0)) == (2, false))
        let second = sets.number(of: CandidateSet(route: 0, excluded: 1)).number
        #expect(second == 3 && sets[second]?.excludes(0) == true && sets[second]?.excludes(1) == false)
        sets.routesChanged()
        // What no route was for is routed again as well.
        #expect(sets[first.number] == nil && sets.outdated == [2, 3, 1] && sets.nowhere == 4)
        #expect(sets.number(of: CandidateSet(route: 0)) == (5, true))
        sets.free { $0 == 2 }
        #expect(sets.outdated == [3, 1])
        #expect(sets.number(of: CandidateSet(route: 5)) == (2, true))
        #expect(sets.number(of: CandidateSet(route: 6)) == (6, true))
    }

    @Test func withoutNumbersMessagesStayUnrouted() {
        var sets = CandidateSets()
        for route in 0..<Int(UInt16.max) - 2 { _ = sets.number(of: CandidateSet(route: route)) }
        #expect(sets.number(of: CandidateSet(route: 0, excluded: 3)) == (CandidateSets.unrouted, false))
    }
}
