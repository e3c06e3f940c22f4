internal import ConfigurationModel
internal import Engine
internal import GatewayTestKit
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Synchronization

/// A gateway's life under random load, faults, changes and restarts, from a seed. What it promises is checked after each
/// step, and once more when everything has come to its end.
package final class Simulation {
    private let gateway: SimulatedGateway
    private var generator: SeededGenerator
    private var judge: Judge
    private var asked: [(messages: [TestMessage], answer: Reply<AcceptedBurst>)] = []
    /// Orders whose replies are not there yet: each is called until it says that it is done.
    private var orders: [(inout Judge) throws -> Bool] = []
    /// What carriers have taken, by carrier's number.
    private var taken: [UInt8: [SimulatedCarrier.Taken]] = [:]
    /// Reports that the gateway has not kept, to be made again.
    private var refused: [Report] = []
    private var underWay: [Report] = []
    private var bodies = 0
    private let inPart: Bool
    /// What happened in each step, and in the end each message's history.
    package private(set) var transcript: [String] = []

    struct Report {
        let provider: UInt8
        let events: [CarrierEvent]
        /// Messages that are delivered as a whole by it.
        let delivered: [MessageID]
        let reply: Reply<Bool>
    }

    /// - Parameters:
    ///   - inPart: commits fail in a way that leaves what they were to record recorded.
    ///   - plant: a fault that is to be found.
    package init(seed: UInt64, inPart: Bool, plant: Plant? = nil) throws {
        self.inPart = inPart
        generator = SeededGenerator(seed: seed)
        judge = Judge(inPart: inPart)
        var options = WriterOptions()
        options.contentBytes = [0, 5000, 1 << 24].randomElement(using: &generator)!
        options.maximumAttempts = [3, 50].randomElement(using: &generator)!
        options.seed = generator.next()
        gateway = try SimulatedGateway(
            limits: Self.limits(&generator), options: options, seeds: SeededGenerator(seed: generator.next()),
            plant: plant)
        gateway.afterTurn = { [unowned self] in try settle() }
    }

    private static func limits(_ generator: inout SeededGenerator) -> ProviderLimits {
        var limits = ProviderLimits()
        limits.inFlight = [1, 3, 20, 500].randomElement(using: &generator)!
        return limits
    }

    /// - Throws: ``SimulationFailure`` where a promise is broken.
    package func run(steps: Int) throws {
        var step = 0
        do {
            while step < steps {
                step += 1
                try self.step(step)
                try settle()
                try judge.look(StoreView(store: gateway.store))
            }
            step = steps + 1
            try end()
        } catch {
            throw SimulationFailure(step: min(step, steps), isAtTheEnd: step > steps, description: "\(error)")
        }
    }

    // MARK: What happens

    private func step(_ number: Int) throws {
        let what: String
        switch Int.random(in: 0..<120, using: &generator) {
        case 0..<24: what = submit()
        case 24..<30: what = bulk()
        case 30..<56: what = answer()
        case 56..<70: what = receive()
        case 70..<78: what = lookUp()
        case 78..<83: what = cancel()
        case 83..<85: what = cancelBatch()
        case 85..<91: what = pause()
        case 91..<95: what = operate()
        case 95..<99: what = changeLink()
        case 99..<102: what = configure()
        case 102..<112: what = try passTime()
        case 112..<116: what = try fail()
        default: what = try restart()
        }
        transcript.append("step \(number): \(what)")
        for _ in 0..<Int.random(in: 0...3, using: &generator) { try gateway.turn() }
        if generator.oneIn(3) { try gateway.run() }
    }

    private func message() -> TestMessage {
        bodies += 1
        return TestMessage {
            $0.body = "m\(bodies)"
            $0.priority = Priority.allCases.randomElement(using: &generator)!
            $0.onUnknown = generator.oneIn(4) ? .resend : .hold
            $0.tenant = generator.oneIn(4) ? .second : .first
            if generator.oneIn(5) {
                // The same key may come again, with the same content.
                let key = Int.random(in: 0..<30, using: &generator)
                ($0.key, $0.body) = ("k\(key)", "key \(key) of \($0.tenant.rawValue)")
            }
            if generator.oneIn(6) { $0.sendAt = gateway.now + Int64.random(in: -100...20_000, using: &generator) }
            let validity = generator.oneIn(6) ? Int64.random(in: 1000...9000, using: &generator) : 86_400_000
            $0.expiresAt = max($0.sendAt, gateway.now) + validity
        }
    }

    private func submit() -> String {
        let messages = (0..<Int.random(in: 1...12, using: &generator)).map { _ in message() }
        let reply = Reply<AcceptedBurst>()
        asked.append((messages, reply))
        gateway.writer.submit(
            SubmitBurst(drafts: MessageDrafts(messages)) { reply.take($0) },
            index: generator.oneIn(3) ? .urgent : .normal)
        return "\(messages.count) messages are sent"
    }

    private func bulk() -> String {
        let first = UInt64.random(in: 0..<3000, using: &generator)
        let count = UInt64(generator.oneIn(4) ? 900 : 40)
        let name = "b\(Int.random(in: 0..<4, using: &generator))"
        // What stands at an index is the same in each chunk.
        let messages = (first..<first + count).map { index in
            TestMessage {
                $0.body = "\(name) \(index)"
                $0.priority = .bulk
                $0.onUnknown = index % 5 == 0 ? .resend : .hold
            }
        }
        let reply = Reply<AcceptedBurst>()
        asked.append((messages, reply))
        let chunk = BurstChunk(tenant: .first, batchName: name, indices: Array(first..<first + count))
        gateway.writer.submit(
            SubmitBurst(drafts: MessageDrafts(messages), chunk: chunk) { reply.take($0) }, index: .bulk)
        return "\(count) messages of batch \(name) from \(first) on are sent"
    }

    // MARK: Carriers

    private func answer() -> String {
        var count = 0
        for carrier in gateway.carriers where carrier.openCount > 0 && !generator.oneIn(4) {
            let items = carrier.takeOpen(Int.random(in: 0...40, using: &generator), using: &generator)
            count += items.count
            answer(items.map { ($0, outcome(to: $0, of: carrier)) }, by: carrier)
        }
        // Nonsense: of other attempts, of nobody.
        if generator.oneIn(3), let id = judge.ids.randomElement(using: &generator),
            let carrier = gateway.current.randomElement(using: &generator)
        {
            let attempt = judge.attempt(of: id)
            let other = generator.oneIn(2) ? attempt - 1 : attempt + 99
            carrier.events?.answered([AttemptAnswer(id: id, attempt: other, outcome: .unavailable(code: "U"))])
        }
        return "carriers answer \(count) attempts"
    }

    private func answer(_ items: [(Submission, (Outcome, [String]))], by carrier: SimulatedCarrier) {
        guard !items.isEmpty else { return }
        var answers: [AttemptAnswer] = []
        for (item, (outcome, ids)) in items {
            if !ids.isEmpty {
                taken[carrier.number, default: []].append(
                    .init(message: item.id, attempt: item.attempt, ids: ids, body: carrier.body(of: item.id)))
            }
            judge.answered(item.id, item.attempt, outcome, isTaken: !ids.isEmpty)
            answers.append(AttemptAnswer(id: item.id, attempt: item.attempt, outcome: outcome))
        }
        carrier.events?.answered(answers)
        if generator.oneIn(5) { carrier.events?.answered(Array(answers.prefix(1))) }
    }

    /// - Returns: the answer, and the ids under which the carrier has taken it: none if it hasn't.
    private func outcome(to item: Submission, of carrier: SimulatedCarrier) -> (Outcome, [String]) {
        let id = "\(carrier.name)-\(item.id)-\(item.attempt)"
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return (.rejected(.recipient, code: "R", message: "no"), [])
        case 1: return (.rejected(.route, code: "R", message: "no"), [])
        case 2:
            let scopes: [ThrottleScope] = [.request, .request, .sender, .account]
            return (
                .throttled(
                    retryAfterMilliseconds: generator.oneIn(2) ? 3000 : nil,
                    scope: scopes.randomElement(using: &generator)!), []
            )
        case 3: return (.unavailable(code: "U"), [])
        case 4: return (.unknown(code: "X"), generator.oneIn(2) ? [id] : [])
        case 5: return (.returned, [])
        case 6:
            let further = ["\(id)-2", "\(id)-3"]
            let parts = AcceptedParts(furtherIDs: further, refusal: generator.oneIn(4) ? "F" : nil)
            return (.accepted(providerID: id, receipts: true, parts: parts), [id] + further)
        default: return (.accepted(providerID: id, receipts: !generator.oneIn(8)), [id])
        }
    }

    private func receive() -> String {
        let again = refused
        refused = []
        for report in again { make(report) }
        var count = 0
        for provider in taken.keys.sorted() {
            var events: [CarrierEvent] = []
            var delivered: [MessageID] = []
            for _ in 0..<Int.random(in: 0...10, using: &generator) {
                guard let message = taken[provider]!.randomElement(using: &generator) else { continue }
                let (event, isWhole) = receipt(for: message)
                events.append(event)
                if isWhole { delivered.append(message.message) }
            }
            if generator.oneIn(6) { events.append(inbound()) }
            guard !events.isEmpty else { continue }
            count += events.count
            make(Report(provider: provider, events: events, delivered: delivered, reply: Reply()))
        }
        return "carriers report \(count) events, and \(again.count) reports again"
    }

    /// - Returns: and whether the whole message is delivered by it, and is known by the attempt's token.
    private func receipt(for message: SimulatedCarrier.Taken) -> (CarrierEvent, Bool) {
        let statuses: [ReceiptStatus] = [.taken, .undelivered(code: "C"), .delivered, .delivered, .delivered]
        let status = statuses.randomElement(using: &generator)!
        let hasParts = message.ids.count > 1
        let id = message.ids.randomElement(using: &generator)!
        judge.reports(message.message, message.attempt, status, part: hasParts ? id : "")
        var receipt = CarrierReceipt(status: status)
        if !generator.oneIn(4) {
            receipt.attempt = CorrelationToken(id: message.message, attempt: message.attempt)
        }
        // Some carriers call a message otherwise in their receipts than in their answers.
        if hasParts || receipt.attempt == nil {
            receipt.providerID = id
        } else if generator.oneIn(2) {
            receipt.providerID = generator.oneIn(2) ? id : "\(id)-too"
        }
        if hasParts { receipt.part = .id(id) }
        return (.receipt(receipt), receipt.attempt != nil && !hasParts && status == .delivered)
    }

    private func inbound() -> CarrierEvent {
        bodies += 1
        return .inbound(
            InboundMessage(providerID: "in \(bodies)", sender: "+14155550177", recipient: "12345", body: "hello"))
    }

    private func make(_ report: Report) {
        let carrier = gateway.carriers.last { $0.number == report.provider && !$0.isStopped }
        guard let events = carrier?.events else { return refused.append(report) }
        underWay.append(report)
        events.reported(report.events) { error in report.reply.take(error.map { .failure($0) } ?? .success(true)) }
    }

    /// A provider answers what it was asked, truly as far as it answers.
    private func lookUp() -> String {
        var count = 0
        for number in gateway.lookUps.keys.sorted() {
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                guard let question = gateway.lookUps[number]!.takeFirst() else { break }
                count += 1
                let own = taken[number] ?? []
                switch question {
                case .message(let question, let reply):
                    let found = own.filter { $0.body == question.body && !question.knownIDs.contains($0.ids[0]) }
                    reply(answer(to: found))
                case .status(let id, let reply): reply(status(of: own.first { $0.ids.contains(id) }))
                }
            }
        }
        return "providers answer \(count) questions"
    }

    private func answer(to found: [SimulatedCarrier.Taken]) -> LookUpAnswer {
        if generator.oneIn(5) { return .failed(code: "F") }
        guard let message = found.first else { return .nothing }
        // It may be that the provider doesn't show it yet.
        if generator.oneIn(5) { return .nothing }
        if found.count > 1 { return .ambiguous(providerIDs: found.map { $0.ids[0] }) }
        guard generator.oneIn(3), message.ids.count == 1 else { return .found(providerID: message.ids[0]) }
        judge.reports(message.message, message.attempt, .delivered, part: "")
        return .found(providerID: message.ids[0], status: .delivered)
    }

    private func status(of message: SimulatedCarrier.Taken?) -> StatusAnswer {
        guard let message else { return .unknown }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: return .pending
        case 1: return .failed(code: "F")
        case 2: return .ended(.undelivered(code: "C"))
        default:
            guard message.ids.count == 1 else { return .pending }
            judge.reports(message.message, message.attempt, .delivered, part: "")
            return .ended(.delivered)
        }
    }

    // MARK: Callers and operators

    private var context: AuditContext { AuditContext(actor: "simulation", at: gateway.now) }

    private func some(_ most: Int) -> [MessageID] {
        let count = Int.random(in: 1...most, using: &generator)
        return (0..<count).compactMap { _ in judge.ids.randomElement(using: &generator) }
    }

    private func cancel() -> String {
        let ids = some(10)
        let reply = Reply<[MessageCancelResult]>()
        gateway.writer.command(.cancel(ids, .first) { reply.take($0) })
        orders.append { judge in
            guard let result = reply.result else { return false }
            for verdict in (try? result.get()) ?? [] {
                if let outcome = verdict.outcome { try judge.canceled(verdict.id, outcome) }
            }
            return true
        }
        return "\(ids.count) messages are canceled"
    }

    private func cancelBatch() -> String {
        let name = "b\(Int.random(in: 0..<4, using: &generator))"
        gateway.writer.command(.cancelBatch(.name(name), .first) { _ in })
        return "batch \(name) is canceled"
    }

    private func pause() -> String {
        let targets: [PauseScope] = [
            .everything, .provider("one"), .provider("two"), .batch(.name("b0")), .batch(.name("b1")),
            .tenant(.first), .tenant(.second),
        ]
        let target = targets.randomElement(using: &generator)!
        let paused = generator.oneIn(3)
        pause(target, paused)
        return "\(target) is \(paused ? "paused" : "resumed")"
    }

    private func pause(_ target: PauseScope, _ paused: Bool) {
        let reply = Reply<[String]>()
        if !paused { judge.mayBeResumed(target) }
        pauses += 1
        let number = pauses
        lastPause[target] = number
        gateway.writer.command(.pause(target, .first, paused: paused, by: context) { reply.take($0) })
        guard paused else { return }
        orders.append { [self] judge in
            guard let result = reply.result else { return false }
            if case .success = result, lastPause[target] == number { judge.isPaused(target) }
            return true
        }
    }

    private var pauses = 0
    private var lastPause: [PauseScope: Int] = [:]

    private func operate() -> String {
        let ids = some(20)
        let states = MessageLifecycle.settlements
        let wish: UnknownRequest = generator.oneIn(2) ? .resend : .settle(states.randomElement(using: &generator)!)
        let reply = Reply<[UnknownResult]>()
        gateway.writer.command(.actOnUnknown(wish, ids, nil, by: context) { reply.take($0) })
        // Some of it may be recorded, whatever is said of the round.
        if case .settle(let state) = wish, state == .failed { for id in ids { judge.maySettleAsNotSent(id) } }
        if wish == .resend {
            orders.append { judge in
                switch reply.result {
                case nil: return false
                case .success(let verdicts): for verdict in verdicts where verdict.isDone { judge.resent(verdict.id) }
                // Some of it may have been recorded.
                case .failure: for id in ids { judge.resent(id) }
                }
                return true
            }
        }
        return "an operator does \(wish) with \(ids.count) messages"
    }

    // MARK: Surroundings

    private func changeLink() -> String {
        guard let carrier = gateway.current.randomElement(using: &generator) else { return "there is no carrier" }
        let link = generator.oneIn(3) ? LinkState.down(reason: "the link was lost") : .up
        carrier.setLink(link)
        return "the link of \(carrier.name) is \(link)"
    }

    private func configure() -> String {
        let names = SimulatedGateway.names.filter { _ in !generator.oneIn(3) }
        let replaced = Set(names.filter { _ in generator.oneIn(4) })
        var routes: [Route]?
        if !generator.oneIn(3), !names.isEmpty {
            var route = Route(name: "all", providers: names.shuffled(using: &generator).map(SimulatedGateway.number))
            route.policy = [.order, .weight, .leastCost, .fastest].randomElement(using: &generator)!
            route.overflows = !generator.oneIn(3)
            routes = [route]
        }
        gateway.configure(names, replacing: replaced, routes: routes, limits: Self.limits(&generator))
        return "providers are \(names), new of them \(replaced.sorted()), \(routes == nil ? "no route" : "a route")"
    }

    private func passTime() throws -> String {
        let milliseconds = generator.oneIn(6) ? 90_000 : Int64.random(in: 0...4000, using: &generator)
        gateway.advance(milliseconds)
        return "\(milliseconds) ms pass"
    }

    private func fail() throws -> String {
        gateway.store.failsAt = inPart ? .committed : FailingStore.Point.clean.randomElement(using: &generator)
        gateway.store.error = inPart ? .partial("no room") : .full("no room")
        let point = gateway.store.failsAt!
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            if generator.oneIn(2) { _ = submit() }
            if generator.oneIn(3) { _ = receive() }
            try gateway.turn()
        }
        gateway.store.failsAt = nil
        if generator.oneIn(2) { try gateway.run(for: 1000) }
        return "the store fails at \(point)"
    }

    private func restart() throws -> String {
        try settle()
        try judge.interrupted(StoreView(store: gateway.store))
        // What had been asked and not answered is not known to anybody, and is reported again.
        asked.removeAll()
        orders.removeAll()
        refused += underWay
        underWay.removeAll()
        try gateway.restart()
        return "the gateway is killed, and starts again"
    }

    // MARK: What must hold

    private func settle() throws {
        try takeReplies()
        for carrier in gateway.carriers {
            let (submissions, faults) = carrier.takeFresh()
            if let fault = faults.first { throw Fault(fault) }
            for submission in submissions {
                transcript.append("\(gateway.now) \(carrier.name) \(submission.id) #\(submission.attempt)")
                try judge.handedOver(submission, to: carrier.name, store: StoreView(store: gateway.store))
            }
        }
    }

    private func takeReplies() throws {
        var left: [(messages: [TestMessage], answer: Reply<AcceptedBurst>)] = []
        for (messages, reply) in asked {
            if reply.count > 1 { throw Fault("somebody was answered \(reply.count) times") }
            guard let result = reply.result else {
                left.append((messages, reply))
                continue
            }
            for (message, result) in zip(messages, (try? result.get())?.results ?? []) where result.kind != .conflict {
                let facts = TestMessageFacts(key: message.key, tenant: message.tenant, onUnknown: message.onUnknown)
                try judge.accepted(facts, as: result.id)
            }
        }
        asked = left
        var waiting: [(inout Judge) throws -> Bool] = []
        for order in orders where try !order(&judge) { waiting.append(order) }
        orders = waiting
        var stillUnderWay: [Report] = []
        for report in underWay {
            if report.reply.count > 1 { throw Fault("a carrier was answered \(report.reply.count) times") }
            switch report.reply.result {
            case nil: stillUnderWay.append(report)
            case .success: for id in report.delivered { judge.deliveryIsDurable(id) }
            case .failure:
                refused.append(
                    Report(
                        provider: report.provider, events: report.events, delivered: report.delivered, reply: Reply()))
            }
        }
        underWay = stillUnderWay
    }

    /// Lets everything come to its end, and checks what is left.
    private func end() throws {
        gateway.store.failsAt = nil
        try gateway.run()
        try gateway.run(for: 1000)
        try settle()
        for target in [PauseScope.everything, .tenant(.first), .tenant(.second)] { pause(target, false) }
        for name in SimulatedGateway.names { pause(.provider(name), false) }
        for name in 0..<4 { pause(.batch(.name("b\(name)")), false) }
        gateway.configure(SimulatedGateway.names, replacing: [], routes: nil, limits: ProviderLimits())
        for carrier in gateway.current { carrier.setLink(.up) }
        // Paused providers that were not there when they were resumed.
        try gateway.run()
        for name in SimulatedGateway.names { pause(.provider(name), false) }
        try gateway.run()
        var rounds = 0
        while rounds < 20_000 {
            rounds += 1
            for carrier in gateway.carriers where carrier.openCount > 0 {
                let items = carrier.takeOpen(.max, using: &generator)
                answer(
                    items.map { item in
                        let id = "\(carrier.name)-\(item.id)-\(item.attempt)"
                        return (item, (.accepted(providerID: id, receipts: true), [id]))
                    }, by: carrier)
            }
            let again = refused
            refused = []
            for report in again { make(report) }
            gateway.advance(1000)
            try gateway.run()
            let report = gateway.writer.report
            if report.inFlight + report.waitingUrgent + report.waitingNormal + report.waitingBulk == 0 {
                if report.waitingLater == 0, refused.isEmpty { break }
                gateway.advance(60_000)
                try gateway.run()
            }
        }
        if rounds == 20_000 { throw Fault("it never comes to its end: \(gateway.writer.report)") }
        try judge.look(StoreView(store: gateway.store))
        try judge.end(StoreView(store: gateway.store))
        let waiting = try gateway.store.recovered(now: gateway.now).count
        if waiting > 0 { throw Fault("\(waiting) messages still wait in the store") }
        for id in judge.ids.sorted() {
            try gateway.store.lifecycle(of: id)?.lifecycle.history.forEach(from: 0) {
                transcript.append("\(id) \($0.at) \($0.kind) #\($0.attempt) \($0.provider) \($0.detail)")
            }
        }
        try requireSound(gateway.directory.path)
    }
}

/// What somebody who asked was told, and how often.
final class Reply<Value: Sendable>: Sendable {
    private let told = Mutex<[Result<Value, GatewayError>]>([])

    func take(_ result: Result<Value, GatewayError>) { told.withLock { $0.append(result) } }

    var count: Int { told.withLock { $0.count } }
    var result: Result<Value, GatewayError>? { told.withLock { $0.first } }
}
