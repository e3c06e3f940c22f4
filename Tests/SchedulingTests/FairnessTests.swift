internal import SMSModel
internal import Scheduling
internal import Testing

/// The next among flows: priorities, shares, tenants, and what may not go.
@Suite struct FairnessTests {
    func share(_ flows: [FlowKey], of tenant: Int32) -> Int { flows.filter { $0.tenant.rawValue == tenant }.count }

    // MARK: Priorities

    @Test func urgentGoesFirstAlways() {
        var queue = MessageQueue()
        queue.fill(0..<1000, flow(1, .bulk))
        queue.fill(1000..<2000, flow(1, .normal))
        _ = queue.take(17)
        queue.fill(5000..<5010, flow(2, .urgent))
        let first = queue.take(10)
        #expect(first == Array(5000..<5010))
    }

    @Test func bulkGetsEveryFifthTurn() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow(1, .normal))
        queue.fill(1000..<1100, flow(1, .bulk))
        let order = queue.takeFlows(50).map(\.priority)
        #expect(order == (1...50).map { $0 % 5 == 0 ? .bulk : .normal })
    }

    @Test func theBoundHoldsForOtherSharesAndWithUrgentBetween() {
        var queue = MessageQueue(normalPerBulk: 1)
        queue.fill(0..<10, flow(1, .normal))
        queue.fill(1000..<1010, flow(1, .bulk))
        var order = queue.takeFlows(3).map(\.priority)
        queue.fill([5000], flow(1, .urgent))
        order += queue.takeFlows(3).map(\.priority)
        #expect(order == [.normal, .bulk, .normal, .urgent, .bulk, .normal])
    }

    @Test func turnsOfNormalCountOnlyWhileBulkCouldGo() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow(1, .normal))
        _ = queue.take(50)
        queue.fill(1000..<1100, flow(1, .bulk))
        queue.setAccess(.urgentOnly, of: 0)
        let blocked = queue.take(1)
        #expect(blocked.isEmpty)
        queue.setAccess(.open, of: 0)
        let order = queue.takeFlows(5).map(\.priority)
        #expect(order == [.normal, .normal, .normal, .normal, .bulk])
    }

    @Test func whatIsLeftGetsAllTurns() {
        var queue = MessageQueue()
        queue.fill(0..<3, flow(1, .normal))
        queue.fill(1000..<1010, flow(1, .bulk))
        let order = queue.takeFlows(20).map(\.priority)
        #expect(order.count == 13)
        #expect(order.prefix(3).allSatisfy { $0 == .normal })
    }

    // MARK: Tenants

    @Test func aNewcomerIsNotBehindAMillion() {
        var queue = MessageQueue()
        queue.fill(0..<20_000, flow(1, .bulk))
        _ = queue.take(5000)
        queue.fill(30_000..<30_010, flow(2, .bulk))
        let next = queue.takeFlows(21)
        #expect(share(next, of: 2) == 10)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func weightsShareAtEveryMoment(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = MessageQueue()
        let weights = (0..<8).map { _ in Int.random(in: 1...20, using: &generator) }
        for (index, weight) in weights.enumerated() {
            queue.setWeight(weight, of: TenantID(rawValue: Int32(index)))
            queue.fill(index * 10_000..<index * 10_000 + 3000, flow(Int32(index)))
        }
        var served = [Int](repeating: 0, count: weights.count)
        for _ in 0..<2000 {
            guard let next = queue.pop() else { break }
            served[Int(next.flow.tenant.rawValue)] += 1
            // Fair queueing's bound: normalised service differs by no more than one message of each.
            for a in weights.indices {
                for b in 0..<a {
                    let apart =
                        Double(served[a]) / Double(weights[a]) - Double(served[b]) / Double(weights[b])
                    #expect(abs(apart) <= 1 / Double(weights[a]) + 1 / Double(weights[b]) + 0.001)
                }
            }
        }
        #expect(served.reduce(0, +) == 2000)
    }

    @Test func weightsAreBounded() {
        var queue = MessageQueue()
        queue.setWeight(0, of: TenantID(rawValue: 1))
        queue.setWeight(.max, of: TenantID(rawValue: 2))
        queue.fill(0..<10, flow(1))
        queue.fill(10_000..<15_000, flow(2))
        let first = queue.takeFlows(2010)
        #expect(share(first, of: 1) == 2)
    }

    @Test func aWeightTakesEffectOnWhatWaits() {
        var queue = MessageQueue()
        queue.fill(0..<1000, flow(1))
        queue.fill(1000..<2000, flow(2))
        _ = queue.take(10)
        queue.setWeight(4, of: TenantID(rawValue: 2))
        let next = queue.takeFlows(100)
        #expect((79...81).contains(share(next, of: 2)))
    }

    @Test func comingAndGoingGivesNoAdvantage() {
        var queue = MessageQueue()
        queue.fill(0..<1000, flow(1))
        var mine = 0
        for turn in 0..<200 {
            // Never more than one waits: its flow ends and begins again each time.
            if mine == turn || queue.count(.normal) == 1000 - (turn - mine) {
                queue.fill([10_000 + turn], flow(2))
            }
            if let next = queue.pop(), next.flow.tenant.rawValue == 2 { mine += 1 }
        }
        #expect((95...101).contains(mine))
    }

    @Test func eachSetOfCandidatesCountsForItself() {
        var queue = MessageQueue()
        queue.fill(0..<100, flow(1, set: 1))
        queue.fill(1000..<1100, flow(2, set: 2))
        queue.fill(2000..<2100, flow(3, set: 2))
        let next = queue.takeFlows(90)
        #expect((1...3).map { share(next, of: $0) } == [30, 30, 30])
    }

    // MARK: What may not go

    @Test func closedSetsWaitAside() {
        var queue = MessageQueue()
        queue.setAccess(.closed, of: 7)
        for priority in Priority.allCases { queue.fill([Int(priority.rawValue)], flow(1, priority, set: 7)) }
        queue.fill(100..<103, flow(1, .bulk, set: 3))
        let open = queue.take(10)
        #expect(open == [100, 101, 102])
        queue.setAccess(.urgentOnly, of: 7)
        let urgent = queue.take(10)
        #expect(urgent == [1])
        queue.setAccess(.open, of: 7)
        let rest = queue.take(10)
        #expect(rest == [2, 3])
    }

    @Test func urgentOnlyForOnePop() {
        var queue = MessageQueue()
        queue.fill(0..<3, flow(1, .normal))
        queue.fill(10..<13, flow(1, .bulk))
        queue.fill([20], flow(1, .urgent))
        let urgent = queue.take(5, urgentOnly: true)
        #expect(urgent == [20])
        let next = queue.take(1)
        #expect(next == [0])
    }

    @Test func aPausedTenantWaitsAside() {
        var queue = MessageQueue()
        queue.fill(0..<10, flow(1))
        queue.fill(10..<20, flow(2))
        queue.setPaused(true, tenant: TenantID(rawValue: 1))
        queue.setPaused(true, tenant: TenantID(rawValue: 1))
        queue.fill(20..<25, flow(1, .urgent))
        queue.fill([5], flow(2))
        let others = queue.take(30)
        #expect(others == [5] + Array(10..<20))
        queue.setPaused(false, tenant: TenantID(rawValue: 1))
        let rest = queue.take(30)
        #expect(rest == Array(20..<25) + Array(0..<10))
    }

    @Test func whatWaitsForATenantThatIsNotPausedIsTold() {
        var queue = MessageQueue()
        func unpaused() -> [Bool] { [queue.hasUnpaused(), queue.hasUnpaused(urgentOnly: true)] }
        #expect(unpaused() == [false, false])
        queue.setPaused(true, tenant: TenantID(rawValue: 1))
        queue.fill(0..<3, flow(1, .urgent))
        queue.fill(5..<6, flow(1, .bulk))
        #expect(unpaused() == [false, false])
        queue.fill(10..<11, flow(2))
        #expect(unpaused() == [true, false])
        // Whether the set is open makes no difference.
        queue.setAccess(.closed, of: 0)
        queue.setPaused(false, tenant: TenantID(rawValue: 1))
        #expect(unpaused() == [true, true])
        queue.setAccess(.open, of: 0)
        _ = queue.take(4)
        #expect(unpaused() == [true, false])
        _ = queue.take(1)
        #expect(unpaused() == [false, false])
    }

    @Test func aPausedTenantInAClosedSetNeedsBoth() {
        var queue = MessageQueue()
        let tenant = TenantID(rawValue: 1)
        queue.fill(0..<2, flow(1, set: 1))
        queue.setPaused(true, tenant: tenant)
        queue.setAccess(.closed, of: 1)
        queue.setPaused(false, tenant: tenant)
        var taken = queue.take(5)
        #expect(taken.isEmpty)
        queue.setPaused(true, tenant: tenant)
        queue.setAccess(.open, of: 1)
        taken = queue.take(5)
        #expect(taken.isEmpty)
        queue.setPaused(false, tenant: tenant)
        taken = queue.take(5)
        #expect(taken == [0, 1])
    }

    @Test func timeBlockedIsNotSavedUp() {
        var queue = MessageQueue()
        queue.fill(0..<3000, flow(1, set: 1))
        queue.fill(10_000..<13_000, flow(2, set: 2))
        queue.fill(20_000..<23_000, flow(3, set: 1))
        queue.setAccess(.closed, of: 2)
        queue.setPaused(true, tenant: TenantID(rawValue: 3))
        _ = queue.take(1000)
        queue.setAccess(.open, of: 2)
        queue.setPaused(false, tenant: TenantID(rawValue: 3))
        let next = queue.takeFlows(300)
        for tenant in Int32(1)...3 { #expect((99...101).contains(share(next, of: tenant))) }
    }

    @Test func weightsHoldWhereProvidersAreSlow() {
        var queue = MessageQueue()
        queue.setWeight(9, of: TenantID(rawValue: 2))
        queue.fill(0..<30_000, flow(1, set: 1))
        queue.fill(100_000..<101_000, flow(2, set: 2))
        queue.fill(200_000..<201_000, flow(3, set: 2))
        queue.setAccess(.closed, of: 2)
        var slow: [FlowKey] = []
        for _ in 0..<100 {
            _ = queue.take(200)
            // The slow provider has room for one message.
            queue.setAccess(.open, of: 2)
            while let next = queue.pop() {
                if next.flow.candidates == 2 {
                    slow.append(next.flow)
                    break
                }
            }
            queue.setAccess(.closed, of: 2)
        }
        #expect(slow.count == 100)
        #expect((89...91).contains(share(slow, of: 2)))
    }

    @Test func noFlowOfATenantStarvesForItsOthers() {
        var queue = MessageQueue()
        queue.fill(0..<5000, flow(1, set: 1))
        queue.fill(10_000..<10_100, flow(1, set: 2))
        queue.fill(20_000..<20_100, flow(2, set: 2))
        queue.setAccess(.closed, of: 2)
        _ = queue.take(2000)
        queue.setAccess(.closed, of: 1)
        queue.setAccess(.open, of: 2)
        let next = queue.takeFlows(20)
        #expect(share(next, of: 1) == 10)
    }
}
