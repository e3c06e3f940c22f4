internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Storage
internal import Testing

@testable internal import Engine

/// A gateway's life under random load, faults and restarts, from a seed; what must always hold is checked on the way.
final class Simulation {
    private let driver: WriterDriver
    private var generator: SeededGenerator
    /// Messages that somebody was told of or a provider was given, and what is known of each.
    private var known: [MessageID: Known] = [:]
    /// Their ids, in the order of their coming: a dictionary's order is another in every run.
    private var ids: [MessageID] = []
    private var asked: [(messages: [TestMessage], answer: Answer<AcceptedBurst>)] = []
    private var keys: [String: MessageID] = [:]
    /// Submissions of each provider that have been checked.
    private var seenCount: [String: Int] = [:]
    /// What the providers have not answered yet.
    private var open: [Submission] = []
    private let failsInPart: Bool
    /// What providers were given, in order, and in the end each message's history.
    private(set) var transcript: [String] = []

    private struct Known {
        var onUnknown: OnUnknown
        /// The last attempt that a provider was given.
        var attempt = 0
        /// What the gateway knows of it: nil while it is under way.
        var outcome: Outcome?
        var isInterrupted = false
        /// Who was given the last attempt.
        var provider = ""
        /// Providers that refused its sender or route.
        var refusedBy: Set<String> = []
        /// The store has a receipt that proves that an attempt was taken whose answer was lost or not there yet.
        var isProven = false
    }

    /// Ids of the parts that a provider takes a message in, now and then.
    private static let parts = ["p", "q", "r"]
    /// Messages that carriers were made to say something of.
    private var reported: Set<MessageID> = []
    /// What of each attempt they said to be delivered: one of its parts, or "" for the whole.
    private var deliveries: [MessageID: [Int: Set<String>]] = [:]

    /// A rule was broken.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter inPart: commits fail in a way that leaves what they were to record recorded.
    init(seed: UInt64, inPart: Bool) throws {
        failsInPart = inPart
        generator = SeededGenerator(seed: seed)
        var limits = ProviderLimits()
        limits.inFlight = [1, 3, 20, 500].randomElement(using: &generator)!
        var options = WriterOptions()
        options.contentBytes = [0, 5000, 1 << 24].randomElement(using: &generator)!
        options.maximumAttempts = [3, 50].randomElement(using: &generator)!
        options.seed = generator.next()
        let clock = TickingClock()
        driver = try WriterDriver(
            limits: limits, names: ["one", "two"], options: options, monotonic: { clock.look() })
    }

    func run(steps: Int) throws {
        for _ in 0..<steps {
            try step()
            try settle()
        }
        try end()
    }

    // MARK: What happens

    private func step() throws {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<25: submit()
        case 25..<32: bulk()
        case 32..<60: answer()
        case 60..<72: receive()
        case 72..<77: cancel()
        case 77..<79: _ = driver.cancelBatch("b\(Int.random(in: 0..<4, using: &generator))")
        case 79..<85: pause()
        case 85..<93: driver.now += Int64.random(in: 0...4000, using: &generator)
        case 93..<97: fail()
        default: try restart()
        }
        let turns = Int.random(in: 0...3, using: &generator)
        for _ in 0..<turns { driver.turn() }
        if generator.oneIn(3) { driver.run() }
    }

    private func message() -> TestMessage {
        let now = driver.now
        return TestMessage {
            $0.priority = Priority.allCases.randomElement(using: &generator)!
            $0.onUnknown = generator.oneIn(4) ? .resend : .hold
            $0.tenant = generator.oneIn(4) ? .second : .first
            if generator.oneIn(5) { $0.key = "k\(Int.random(in: 0..<30, using: &generator))" }
            if generator.oneIn(6) { $0.sendAt = now + Int64.random(in: -100...20_000, using: &generator) }
            let validity = generator.oneIn(6) ? Int64.random(in: 1000...9000, using: &generator) : 86_400_000
            $0.expiresAt = max($0.sendAt, now) + validity
        }
    }

    private func submit() {
        let messages = (0..<Int.random(in: 1...12, using: &generator)).map { _ in message() }
        asked.append((messages, driver.submit(messages, lane: generator.oneIn(3) ? .urgent : .normal)))
    }

    private func bulk() {
        let first = UInt64.random(in: 0..<3000, using: &generator)
        let count = UInt64(generator.oneIn(4) ? 900 : 40)
        // What stands at an index is the same in each chunk.
        func message(_ index: UInt64) -> TestMessage {
            TestMessage {
                $0.body = "\(index)"
                $0.priority = .bulk
                $0.onUnknown = index % 5 == 0 ? .resend : .hold
            }
        }
        let name = "b\(Int.random(in: 0..<4, using: &generator))"
        let answer = driver.bulk(Array(first..<first + count), of: name, message)
        asked.append(((first..<first + count).map(message), answer))
    }

    private func answer() {
        for provider in driver.providers { open += provider.takeOpen() }
        open.shuffle(using: &generator)
        let count = min(open.count, Int.random(in: 0...60, using: &generator))
        let answers = open.suffix(count).map { item in
            AttemptAnswer(id: item.id, attempt: item.attempt, outcome: outcome())
        }
        open.removeLast(count)
        driver.inbox.answers.append(answers)
        for answer in answers where known[answer.id]?.attempt == answer.attempt {
            known[answer.id]?.outcome = answer.outcome
        }
        // Nonsense: repeated, of other attempts, of nobody.
        if generator.oneIn(3), let id = ids.randomElement(using: &generator), let attempt = known[id]?.attempt {
            let other = generator.oneIn(2) ? attempt - 1 : attempt + 99
            driver.inbox.answers.append([AttemptAnswer(id: id, attempt: other, outcome: outcome())])
        }
        if generator.oneIn(5), let answer = answers.first { driver.inbox.answers.append([answer]) }
    }

    private func outcome() -> Outcome {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: .rejected(.recipient, code: "R", message: "no")
        case 1: .rejected(.route, code: "R", message: "no")
        case 2: .throttled(retryAfterMilliseconds: generator.oneIn(2) ? 3000 : nil)
        case 3: .unavailable(code: "U")
        case 4: .unknown(code: "X")
        case 5: .returned
        case 6:
            .accepted(
                providerID: "p", receipts: true,
                parts: AcceptedParts(
                    furtherIDs: Array(Self.parts.dropFirst()), refusal: generator.oneIn(4) ? "F" : nil))
        default: .accepted(providerID: "p", receipts: true)
        }
    }

    private func receive() {
        guard !ids.isEmpty else { return }
        var receipts: [Receipt] = []
        for _ in 0..<Int.random(in: 1...20, using: &generator) {
            let id = ids.randomElement(using: &generator)!
            let statuses: [ReceiptStatus] = [
                .taken, .taken, .undelivered(code: "C"), .delivered, .delivered, .delivered,
            ]
            let status = statuses.randomElement(using: &generator)!
            let attempt = generator.oneIn(3) ? Int.random(in: 0...3, using: &generator) : known[id]!.attempt
            let part = generator.oneIn(2) ? Self.parts.randomElement(using: &generator) : nil
            receipts.append(
                Receipt(
                    id: id, attempt: attempt, status: status, part: part.map(ReceiptPart.id),
                    providerIDs: part.map { [$0] } ?? []))
            reported.insert(id)
            if status == .delivered { deliveries[id, default: [:]][attempt, default: []].insert(part ?? "") }
        }
        driver.inbox.receipts.append(receipts)
    }

    private func cancel() {
        let count = Int.random(in: 1...10, using: &generator)
        let chosen = (0..<count).compactMap { _ in ids.randomElement(using: &generator) }
        _ = driver.cancel(chosen)
    }

    private func pause() {
        let wishes: [PauseWish] = [
            .everything, .provider("one"), .provider("two"), .batch(.name("b0")), .batch(.name("b1")),
            .tenant(.first), .tenant(.second),
        ]
        driver.pause(wishes.randomElement(using: &generator)!, generator.oneIn(3))
    }

    private func fail() {
        driver.store.failsAt = failsInPart ? .committed : FailingStore.Point.clean.randomElement(using: &generator)
        driver.store.error = failsInPart ? .partial("no room") : .full("no room")
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            if generator.oneIn(2) { submit() }
            driver.turn()
        }
        driver.store.failsAt = nil
        if generator.oneIn(2) { driver.advance(1000) }
    }

    private func restart() throws {
        try settle()
        // Answers that the store has not heard of are lost: those messages may have been sent.
        for (id, state) in known where state.attempt > 0 {
            if try driver.store.lifecycle(of: id)?.lifecycle.state == .submitting {
                known[id]?.outcome = nil
                known[id]?.isInterrupted = true
            }
        }
        // What had been asked and not answered is not known to anybody.
        asked.removeAll()
        seenCount.removeAll()
        open.removeAll()
        try driver.restart()
    }

    // MARK: What must hold

    private func settle() throws {
        var left: [(messages: [TestMessage], answer: Answer<AcceptedBurst>)] = []
        for (messages, answer) in asked {
            if answer.count > 1 { throw Fault(description: "somebody was answered \(answer.count) times") }
            if answer.count == 0 { left.append((messages, answer)) }
            guard let results = answer.value?.results else { continue }
            for (message, result) in zip(messages, results) where result.kind != .conflict {
                if !message.key.isEmpty {
                    let key = "\(message.tenant.rawValue) \(message.key)"
                    if let id = keys[key], id != result.id {
                        throw Fault(description: "the key \(key) made \(id) and \(result.id)")
                    }
                    keys[key] = result.id
                }
                if known[result.id] == nil { note(result.id, Known(onUnknown: message.onUnknown)) }
            }
        }
        asked = left
        for provider in driver.providers {
            let seen = provider.seen
            for submission in seen[seenCount[provider.name, default: 0]...] {
                try check(submission, provider.name)
            }
            seenCount[provider.name] = seen.count
        }
        try noteProofs()
    }

    /// What the store has of receipts by now: after it nothing is to be sent again.
    private func noteProofs() throws {
        for id in reported {
            guard let state = known[id], !state.isProven,
                let lifecycle = try driver.store.lifecycle(of: id)?.lifecycle
            else { continue }
            var mayBeTaken: Set<Int> = []
            lifecycle.history.forEach(from: 0) { event in
                switch event.kind {
                case .submitting, .outcomeUnknown, .interrupted: mayBeTaken.insert(event.attempt)
                case .throttled, .unavailable, .returned, .rejected: mayBeTaken.remove(event.attempt)
                case .identified, .partDelivered, .attemptUndelivered:
                    if mayBeTaken.contains(event.attempt) { known[id]?.isProven = true }
                default: break
                }
            }
        }
    }

    /// A message that a provider has taken in parts is not delivered unless a carrier has said so of each.
    private func checkParts(_ id: MessageID, _ lifecycle: MessageLifecycle) throws {
        var given: [Int: Set<String>] = [:]
        var delivered: Int?
        lifecycle.history.forEach(from: 0) { event in
            guard delivered == nil else { return }
            if event.kind == .sent {
                given[event.attempt, default: []].insert(lifecycle.history.detail(of: event))
            } else if event.kind == .delivered {
                delivered = event.attempt
            }
        }
        guard let delivered, let parts = given[delivered], parts.count > 1 else { return }
        let told = deliveries[id]?[delivered] ?? []
        guard parts.isSubset(of: told) else {
            throw Fault(description: "\(id) is delivered, but of \(parts) only \(told) were")
        }
    }

    /// A message goes out again only if it was surely not taken, or may be sent twice; not to who refused it.
    private func check(_ submission: Submission, _ provider: String) throws {
        transcript.append("\(driver.now) \(provider) \(submission.id) #\(submission.attempt)")
        var state = try known[submission.id] ?? stored(submission.id)
        // A claim that was recorded by a round that failed was never handed over, and counts all the same.
        if failsInPart ? submission.attempt <= state.attempt : submission.attempt != state.attempt + 1 {
            throw Fault(description: "\(submission.id): attempt \(submission.attempt) after \(state.attempt)")
        }
        if state.isProven {
            throw Fault(description: "\(submission.id) went out again after a receipt proved it taken")
        }
        if state.attempt > 0 {
            switch state.outcome {
            case .throttled, .unavailable, .returned: break
            case .rejected(let scope, _, _) where !scope.isFinal: state.refusedBy.insert(state.provider)
            case .unknown where state.onUnknown == .resend: break
            case nil where state.isInterrupted && state.onUnknown == .resend: break
            default:
                throw Fault(
                    description: "\(submission.id) (\(state.onUnknown)) went out again after "
                        + (state.outcome.map { "\($0)" } ?? "no answer"))
            }
        }
        guard !state.refusedBy.contains(provider) else {
            throw Fault(description: "\(submission.id) went to \(provider) again, which had refused it")
        }
        state.attempt = submission.attempt
        state.provider = provider
        state.outcome = nil
        state.isInterrupted = false
        note(submission.id, state)
    }

    private func note(_ id: MessageID, _ state: Known) {
        if known.updateValue(state, forKey: id) == nil { ids.append(id) }
    }

    /// A message that a provider has before anybody was told of it: of a bulk burst that is not done yet, or was
    /// refused half way.
    private func stored(_ id: MessageID) throws -> Known {
        var arena = DraftBatch()
        guard let draft = try driver.store.load(id, into: &arena)?.draft, failsInPart || draft.priority == .bulk else {
            throw Fault(description: "\(id) was sent, but not accepted")
        }
        return Known(onUnknown: draft.onUnknown)
    }

    /// Lets everything come to its end, and checks what is left.
    private func end() throws {
        driver.store.failsAt = nil
        driver.run()
        driver.advance(1000)
        for wish in [PauseWish.everything, .provider("one"), .provider("two"), .tenant(.first), .tenant(.second)] {
            driver.pause(wish, false)
        }
        for name in 0..<4 { driver.pause(.batch(.name("b\(name)")), false) }
        driver.run()
        var rounds = 0
        while rounds < 20_000 {
            rounds += 1
            for provider in driver.providers { open += provider.takeOpen() }
            for item in open where known[item.id]?.attempt == item.attempt {
                known[item.id]?.outcome = .accepted(providerID: "p", receipts: true)
            }
            let taken = Outcome.accepted(providerID: "p", receipts: true)
            driver.inbox.answers.append(
                open.map { AttemptAnswer(id: $0.id, attempt: $0.attempt, outcome: taken) })
            open = []
            driver.run()
            try settle()
            let report = driver.report
            if report.inFlight + report.waitingUrgent + report.waitingNormal + report.waitingBulk == 0 {
                if report.waitingLater == 0 { break }
                driver.now += 60_000
                driver.run()
            }
        }
        if rounds == 20_000 { throw Fault(description: "it never comes to its end: \(driver.report)") }
        for id in known.keys {
            let state = try driver.state(of: id)
            guard let state, state.isFinal || state == .sent || state == .unknown else {
                throw Fault(description: "\(id) ended as \(state.map(\.name) ?? "nothing")")
            }
            if let lifecycle = try driver.store.lifecycle(of: id)?.lifecycle { try checkParts(id, lifecycle) }
        }
        let waiting = try driver.store.recovered(now: driver.now).count
        if waiting > 0 { throw Fault(description: "\(waiting) messages still wait in the store") }
        for id in ids.sorted() {
            try driver.store.lifecycle(of: id)?.lifecycle.history.forEach(from: 0) {
                transcript.append("\(id) \($0.at) \($0.kind) #\($0.attempt) \($0.provider) \($0.detail)")
            }
        }
        try driver.check()
    }
}
