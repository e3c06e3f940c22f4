internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct SweepTests {
    @Test func findsWhatIsOverInBlockedFlowsToo() {
        var queue = MessageQueue()
        queue.setAccess(.closed, of: 1)
        queue.setPaused(true, tenant: TenantID(rawValue: 3))
        for number in 0..<300 {
            let expiresAt = epoch + (number % 3 == 0 ? 1000 : 5000)
            queue.push(
                message(number, expiresAt: expiresAt),
                flow: flow(Int32(number % 4), .bulk, set: UInt16(number % 2)))
        }
        let early = queue.sweepExpired(now: epoch + 999, budget: 10_000)
        #expect(early.isEmpty)
        let over = queue.sweepExpired(now: epoch + 1000, budget: 10_000)
        #expect(over.map { number($0.message) }.sorted() == (0..<300).filter { $0 % 3 == 0 })
        #expect(over.allSatisfy { $0.flow.tenant.rawValue == Int32(number($0.message) % 4) })
        #expect(queue.count == 200)
        let rest = queue.sweepExpired(now: epoch + 5000, budget: 10_000)
        #expect(rest.count == 200)
        #expect(queue.isEmpty == true)
    }

    @Test func keepsToItsBudgetAndGoesOn() {
        var queue = MessageQueue()
        for number in 0..<4000 { queue.push(message(number, expiresAt: epoch), flow: flow()) }
        var found: [Int] = []
        var calls = 0
        while found.count < 4000, calls < 1000 {
            let over = queue.sweepExpired(now: epoch, budget: 100)
            #expect(over.count < 140)
            found += over.map { number($0.message) }
            calls += 1
        }
        #expect(found == Array(0..<4000))
        #expect(calls <= 41)
        #expect(queue.isEmpty == true)
    }

    @Test func aBudgetOfNothingDoesNothing() {
        var queue = MessageQueue()
        queue.push(message(0, expiresAt: 0), flow: flow())
        for budget in [0, -1] {
            let none = queue.sweepExpired(now: epoch, budget: budget)
            #expect(none.isEmpty)
        }
        let one = queue.sweepExpired(now: epoch, budget: 2)
        #expect(one.count == 1)
    }

    @Test func goesOnWhileTheFrontIsTakenAway() {
        var queue = MessageQueue()
        for number in 0..<2000 {
            queue.push(message(number, expiresAt: number.isMultiple(of: 7) ? epoch : epoch + 9), flow: flow())
        }
        var swept: [Int] = []
        var popped: [Int] = []
        // The hand-off overtakes the sweep's place again and again.
        while !queue.isEmpty {
            swept += queue.sweepExpired(now: epoch, budget: 80).map { number($0.message) }
            popped += queue.take(120)
        }
        #expect((swept + popped).sorted() == Array(0..<2000))
        #expect(popped == popped.sorted())
        #expect(swept.allSatisfy { $0.isMultiple(of: 7) })
        #expect(swept.count > 50)
    }

    @Test func thinnedFlowsKeepTheirOrder() {
        var queue = MessageQueue()
        for number in 0..<1000 {
            queue.push(message(number, expiresAt: number.isMultiple(of: 10) ? epoch + 9 : epoch), flow: flow())
        }
        _ = queue.sweepExpired(now: epoch, budget: 10_000)
        queue.fill(1000..<1100, flow())
        let all = queue.take(2000)
        #expect(all == Array(stride(from: 0, to: 1000, by: 10)) + Array(1000..<1100))
    }

    @Test func dropsWhatWasCanceledSilently() {
        var queue = MessageQueue()
        for number in 0..<100 { queue.push(message(number, expiresAt: epoch), flow: flow()) }
        for number in 0..<50 { queue.cancel(message(number).id) }
        let over = queue.sweepExpired(now: epoch, budget: 1000)
        #expect(over.map { number($0.message) } == Array(50..<100))
        #expect(queue.tombstoneCount == 0)
    }

    @Test func findsReturnedMessages() {
        var queue = MessageQueue()
        queue.fill(1000..<1010, flow())
        for number in (0..<100).reversed() {
            queue.push(message(number, expiresAt: number.isMultiple(of: 2) ? epoch : epoch + 9), flow: flow())
        }
        var over: [Int] = []
        for _ in 0..<100 { over += queue.sweepExpired(now: epoch, budget: 10).map { number($0.message) } }
        #expect(over.sorted() == Array(stride(from: 0, to: 100, by: 2)))
        let rest = queue.take(1000)
        #expect(rest == Array(stride(from: 1, to: 100, by: 2)) + Array(1000..<1010))
    }
}
