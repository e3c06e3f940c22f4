internal import SMSModel
internal import Scheduling
internal import Testing

/// Random operations on a queue and on a naive model of it.
///
/// Held at every hand-off: the message is alive, its flow's lowest id and may go; URGENT first; the bounds
/// between NORMAL and BULK; nothing is handed off exactly if nothing may go. At the end, everything that was put
/// in has come out once.
@Suite struct MessageQueueModelTests {
    struct Model {
        /// What waits, by flow.
        var waiting: [FlowKey: Set<QueuedMessage>] = [:]
        var flowOf: [MessageID: FlowKey] = [:]
        var access: [UInt16: MessageQueue.Access] = [:]
        var paused: Set<TenantID> = []
        var normalsWhileBulkWaited = 0
        var bulksWhileNormalWaited = 0

        var count: Int { flowOf.count }

        mutating func add(_ message: QueuedMessage, _ flow: FlowKey) {
            waiting[flow, default: []].insert(message)
            flowOf[message.id] = flow
        }

        /// False if it did not wait.
        mutating func remove(_ message: QueuedMessage, _ flow: FlowKey) -> Bool {
            guard flowOf[message.id] == flow, waiting[flow]?.remove(message) != nil else { return false }
            flowOf[message.id] = nil
            return true
        }

        mutating func cancel(_ id: MessageID) {
            guard let flow = flowOf.removeValue(forKey: id) else { return }
            waiting[flow] = waiting[flow]?.filter { $0.id != id }
        }

        func mayGo(_ flow: FlowKey, urgentOnly: Bool) -> Bool {
            if paused.contains(flow.tenant) || (urgentOnly && flow.priority != .urgent) { return false }
            switch access[flow.candidates] ?? .open {
            case .open: return true
            case .urgentOnly: return flow.priority == .urgent
            case .closed: return false
            }
        }

        func mayGo(_ priority: Priority, urgentOnly: Bool) -> Bool {
            waiting.contains { flow, messages in
                flow.priority == priority && !messages.isEmpty && mayGo(flow, urgentOnly: urgentOnly)
            }
        }

        /// Checks a hand-off and takes it over; says what is wrong with it.
        mutating func handOff(
            _ popped: (message: QueuedMessage, flow: FlowKey)?, urgentOnly: Bool, normalPerBulk: Int
        ) -> String? {
            let urgent = mayGo(.urgent, urgentOnly: urgentOnly)
            let normal = mayGo(.normal, urgentOnly: urgentOnly)
            let bulk = mayGo(.bulk, urgentOnly: urgentOnly)
            guard let (message, flow) = popped else {
                return urgent || normal || bulk ? "nothing, though something may go" : nil
            }
            if !mayGo(flow, urgentOnly: urgentOnly) { return "\(flow) may not go" }
            if waiting[flow]?.map(\.id).min() != message.id { return "\(message.id) is not its flow's first" }
            if !remove(message, flow) { return "\(message) did not wait in \(flow)" }
            switch flow.priority {
            case .urgent: return nil
            case .normal:
                if urgent { return "NORMAL before URGENT" }
                normalsWhileBulkWaited = bulk ? normalsWhileBulkWaited + 1 : 0
                bulksWhileNormalWaited = 0
                return normalsWhileBulkWaited > normalPerBulk ? "BULK starves" : nil
            case .bulk:
                if urgent { return "BULK before URGENT" }
                bulksWhileNormalWaited = normal ? bulksWhileNormalWaited + 1 : 0
                normalsWhileBulkWaited = 0
                return bulksWhileNormalWaited > 1 ? "NORMAL starves" : nil
            }
        }
    }

    /// The queue, its model and the source of their operations.
    struct Run: ~Copyable {
        let normalPerBulk: Int
        var queue: MessageQueue
        var model = Model()
        var generator: SeededGenerator
        var nextNumber = 0
        var now = epoch
        /// Handed off and still out: they may come back.
        var out: [(message: QueuedMessage, flow: FlowKey)] = []

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            normalPerBulk = Int.random(in: 1...6, using: &generator)
            queue = MessageQueue(normalPerBulk: normalPerBulk)
        }

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

        mutating func randomFlow() -> FlowKey {
            flow(Int32(below(6)), Priority.allCases[below(3)], set: UInt16(below(4)))
        }

        mutating func pushBurst() {
            let flow = randomFlow()
            var burst: [MessageID] = []
            for _ in 0...below(60) {
                let message = message(nextNumber, expiresAt: now + Int64(below(20_000)))
                nextNumber += 1
                queue.push(message, flow: flow)
                model.add(message, flow)
                burst.append(message.id)
            }
            // Now and then its commit fails, and the ids are given out again.
            guard below(10) == 0 else { return }
            for id in burst.reversed() {
                queue.retract(id, flow: flow)
                model.cancel(id)
            }
            nextNumber -= burst.count
        }

        mutating func popSome() {
            for _ in 0...below(60) {
                let urgentOnly = below(20) == 0
                let popped = queue.pop(urgentOnly: urgentOnly)
                let wrong = model.handOff(popped, urgentOnly: urgentOnly, normalPerBulk: normalPerBulk)
                #expect(wrong == nil)
                guard let popped else { return }
                out.append(popped)
            }
        }

        mutating func returnSome() {
            for _ in 0..<min(out.count, below(20)) {
                let (message, flow) = out.remove(at: below(out.count))
                queue.pushBack(message, flow: flow)
                model.add(message, flow)
            }
        }

        mutating func cancelSome() {
            for _ in 0...below(5) {
                let id = message(below(nextNumber + 10)).id
                queue.cancel(id)
                model.cancel(id)
            }
        }

        mutating func sweepSome(budget: Int) {
            for (message, flow) in queue.sweepExpired(now: now, budget: budget) {
                #expect(message.expiresAt <= now)
                let waited = model.remove(message, flow)
                #expect(waited)
            }
        }

        mutating func block() {
            let set = UInt16(below(4))
            let access: MessageQueue.Access = [.open, .open, .urgentOnly, .closed][below(4)]
            queue.setAccess(access, of: set)
            model.access[set] = access
            let tenant = TenantID(rawValue: Int32(below(6)))
            let paused = below(4) == 0
            queue.setPaused(paused, tenant: tenant)
            if paused { model.paused.insert(tenant) } else { model.paused.remove(tenant) }
            queue.setWeight(below(9), of: TenantID(rawValue: Int32(below(6))))
        }

        /// Parks some and puts them back.
        mutating func hold() {
            let part = UInt64(below(7))
            let extracted = queue.extract { $0.rawValue % 7 == part }
            let expected = Set(model.flowOf.keys.filter { $0.rawValue % 7 == part })
            #expect(Set(extracted.map(\.message.id)) == expected)
            #expect(extracted.count == expected.count)
            for (message, flow) in extracted { queue.push(message, flow: flow) }
        }

        mutating func step() {
            switch below(100) {
            case 0..<35: pushBurst()
            case 35..<70: popSome()
            case 70..<78: returnSome()
            case 78..<86: cancelSome()
            case 86..<92:
                now += Int64(below(1500))
                sweepSome(budget: below(400))
            case 92..<98: block()
            default: hold()
            }
            #expect(queue.count >= model.count)
            #expect(queue.count <= model.count + queue.tombstoneCount)
            if let lowest = model.flowOf.keys.min() {
                let known = queue.lowestID()
                #expect(known.map { $0 <= lowest } == true)
            }
        }

        /// All that is over is found by two rounds; all the rest comes out when nothing is blocked.
        mutating func finish() {
            for _ in 0..<2 { sweepSome(budget: .max) }
            #expect(!model.waiting.values.contains { $0.contains { $0.expiresAt <= now } })
            for set in 0..<4 as Range<UInt16> { queue.setAccess(.open, of: set) }
            for tenant in 0..<6 as Range<Int32> { queue.setPaused(false, tenant: TenantID(rawValue: tenant)) }
            model.access = [:]
            model.paused = []
            while let popped = queue.pop() {
                let wrong = model.handOff(popped, urgentOnly: false, normalPerBulk: normalPerBulk)
                #expect(wrong == nil)
                if wrong != nil { return }
            }
            #expect(model.count == 0)
            #expect(queue.isEmpty == true)
            #expect(queue.tombstoneCount == 0)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func agreesWithTheModel(seed: UInt64) {
        var run = Run(seed: seed)
        for _ in 0..<600 { run.step() }
        run.finish()
    }
}
