internal import Foundation
internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Testing

private func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

private func options(_ change: (inout SandboxOptions) -> Void = { _ in }) -> SandboxOptions {
    var options = SandboxOptions()
    options.receiptDelay = 0
    change(&options)
    return options
}

@Suite(.timeLimit(.minutes(2))) struct SandboxProviderTests {
    @Test(arguments: ProviderConformance.cases)
    func conforms(_ test: ProviderConformance.Case) async throws {
        try await test.run(SandboxProvider(options: options(), now: wallClock))
        let misbehaving = options {
            $0.latency = 3
            $0.receiptDelay = 2
            $0.rate = 50
            $0.faults.throttled = 0.2
            $0.faults.unknown = 0.2
        }
        try await test.run(SandboxProvider(name: "second-1", options: misbehaving, now: wallClock))
    }

    /// Submits, and waits for as many receipts.
    private func run(
        _ messages: [(id: MessageID, to: String, body: String)], receipts: Int, attempt: Int = 1,
        _ options: SandboxOptions
    ) async -> ProviderEventLog.Content {
        let provider = SandboxProvider(options: options, now: wallClock)
        let events = ProviderEventLog()
        provider.start(events: events)
        provider.submit(Submissions(messages, attempt: attempt))
        await events.wait { $0.answers.count >= messages.count && $0.receipts.count >= receipts }
        provider.stop()
        return events.content
    }

    private func message(_ number: Int, to recipient: String = "+447400123456") -> (MessageID, String, String) {
        (MessageID(rawValue: UInt64(number)), recipient, "hello")
    }

    @Test func magicRecipientsAnswerAsTheyShould() async throws {
        let messages = (1...9).map { message($0, to: "+1500555000\($0)") }
        let found = await run(messages, receipts: 5, options())
        let answers = Dictionary(uniqueKeysWithValues: found.answers.map { ($0.id.rawValue, $0.outcome) })
        guard case .rejected(.recipient, _, _)? = answers[1] else { throw Wrong() }
        guard case .rejected(.route, _, _)? = answers[2] else { throw Wrong() }
        #expect(answers[3] == .throttled(retryAfterMilliseconds: nil))
        guard case .unavailable? = answers[4] else { throw Wrong() }
        guard case .unknown? = answers[5] else { throw Wrong() }
        for number in UInt64(6)...9 {
            guard case .accepted(let providerID, true, nil)? = answers[number] else { throw Wrong() }
            #expect(!providerID.isEmpty)
        }
        func receipts(_ number: UInt64) -> [ReceiptStatus] {
            found.receipts.filter { $0.id.rawValue == number }.map(\.status)
        }
        let undelivered = ReceiptStatus.undelivered(code: "HANDSET_UNREACHABLE")
        for number in UInt64(1)...5 { #expect(receipts(number) == []) }
        #expect(receipts(6) == [undelivered])
        #expect(receipts(7) == [])
        #expect(receipts(8) == [.delivered])
        #expect(receipts(9) == [.delivered, undelivered, .delivered])
        let order = found.order.filter { $0.id.rawValue == 8 }.map(\.isAnswer)
        #expect(order == [false, true])
        for number in [6, 9] { #expect(found.order.first { $0.id.rawValue == UInt64(number) }?.isAnswer == true) }
    }

    private struct Wrong: Error {}

    @Test func providerIDsDifferByMessageAndAttempt() async {
        var ids: [String] = []
        for attempt in [1, 2, 12] {
            let found = await run((1...50).map { message($0) }, receipts: 50, attempt: attempt, options())
            for answer in found.answers { if case .accepted(let id, _, _) = answer.outcome { ids.append(id) } }
        }
        #expect(ids.count == 150)
        #expect(Set(ids).count == 150)
    }

    @Test func faultsFollowTheirSharesAndTheirSeed() async {
        let faulty = options {
            $0.faults.throttled = 0.1
            $0.faults.unavailable = 0.1
            $0.faults.rejected = 0.1
            $0.faults.unknown = 0.1
            $0.seed = 7
        }
        let count = 4000
        var runs: [[MessageID: Outcome]] = []
        for seed in [UInt64(7), 7, 8] {
            var options = faulty
            options.seed = seed
            let found = await run((1...count).map { message($0) }, receipts: count * 6 / 10, options)
            runs.append(Dictionary(uniqueKeysWithValues: found.answers.map { ($0.id, $0.outcome) }))
        }
        #expect(runs[0] == runs[1])
        #expect(runs[0] != runs[2])
        var counts = [0, 0, 0, 0, 0]
        for outcome in runs[0].values {
            switch outcome {
            case .throttled: counts[0] += 1
            case .unavailable: counts[1] += 1
            case .rejected: counts[2] += 1
            case .unknown: counts[3] += 1
            default: counts[4] += 1
            }
        }
        // Three standard deviations of a share of a tenth are 57 of 4000.
        for share in counts[0..<4] { #expect(abs(share - 400) < 80, "\(counts)") }
    }

    @Test func theRateThrottlesWhatComesTooFast() async {
        let time = ManualTime()
        let provider = SandboxProvider(options: options { $0.rate = 10 }, now: { time.now })
        let events = ProviderEventLog()
        provider.start(events: events)
        func accepted() -> Int {
            events.answers.count { if case .accepted = $0.outcome { true } else { false } }
        }
        provider.submit(Submissions(count: 25, from: 1, attempt: 1))
        await events.wait { $0.answers.count >= 25 }
        #expect(accepted() == 10)
        time.advance(500)
        provider.submit(Submissions(count: 25, from: 100, attempt: 1))
        await events.wait { $0.answers.count >= 50 }
        #expect(accepted() == 15)
        // A long pause fills it up to one second's worth, not more.
        time.advance(3_600_000)
        provider.submit(Submissions(count: 25, from: 200, attempt: 1))
        await events.wait { $0.answers.count >= 75 }
        #expect(accepted() == 25)
        provider.stop()
    }

    @Test func answersAndReceiptsComeAtTheirTimes() async {
        let provider = SandboxProvider(
            options: options {
                $0.latency = 15
                $0.receiptDelay = 10
            }, now: wallClock)
        let events = TimedEvents()
        provider.start(events: events)
        let begin = wallClock()
        for burst in 0..<5 { provider.submit(Submissions(count: 3, from: 1 + 10 * burst, attempt: 1)) }
        await events.log.wait { $0.receipts.count >= 15 }
        provider.stop()
        #expect(events.answerTimes.count == 15)
        for (at, _) in events.answerTimes { #expect(at >= begin + 15) }
        for (at, receipt) in events.receiptTimes {
            #expect(at >= begin + 25)
            #expect(events.answerTimes.contains { $0.1 == receipt && $0.0 <= at })
        }
    }

    @Test func drainingReturnsWhatWasNotBegun() async {
        let provider = SandboxProvider(options: options { $0.latency = 60_000 }, now: wallClock)
        let events = ProviderEventLog()
        provider.drain()
        provider.start(events: events)
        provider.submit(Submissions(count: 10, from: 1, attempt: 1))
        await events.wait { $0.answers.count >= 10 }
        provider.stop()
        #expect(events.answers.allSatisfy { $0.outcome == .returned })
        #expect(events.receipts.isEmpty)
        #expect(provider.records(limit: 10, to: nil).total == 0)
    }

    /// The value as a carrier posts again what was answered with an error.
    @Test(arguments: [false, true])
    func whatCouldNotBeKeptIsReportedAgain(_ isDraining: Bool) async {
        let time = ManualTime()
        let provider = SandboxProvider(options: options(), now: { time.now })
        let refusal = GatewayError(.unavailable, "nothing can be stored now")
        let events = ProviderEventLog(refusals: [refusal, refusal])
        provider.start(events: events)
        provider.submit(Submissions(count: Limits.reportedEvents + 1, from: 1, attempt: 1))
        await events.wait { $0.reports.count >= 2 }
        if isDraining { provider.drain() }
        #expect(events.content.reports.map(\.count) == [Limits.reportedEvents, 1])
        #expect(events.receipts.isEmpty)
        time.advance(1000)
        // It looks at the clock when it is woken.
        provider.submit(Submissions())
        await events.wait { $0.reports.count >= 4 }
        provider.stop()
        #expect(events.receipts.map(\.id.rawValue) == Array(1...UInt64(Limits.reportedEvents + 1)))
    }

    // MARK: Records

    @Test func theNewestRecordsAreKept() async throws {
        let provider = SandboxProvider(options: options(), now: wallClock)
        let events = ProviderEventLog()
        provider.start(events: events)
        for burst in 0..<3 { provider.submit(Submissions(count: 700, from: 1 + 700 * burst, attempt: 2)) }
        provider.submit(Submissions([message(9000, to: "+15005550001")]))
        await events.wait { $0.answers.count >= 2101 }
        provider.stop()
        let all = provider.records(limit: Limits.sandboxRecords, to: nil)
        #expect(all.total == 2101)
        #expect(all.records.map(\.id.rawValue) == Array(1102...2100) + [9000])
        #expect(provider.records(limit: 3, to: nil).records.map(\.id.rawValue) == [2099, 2100, 9000])
        let one = try #require(provider.records(limit: 10, to: "+15005550001").records.first)
        #expect(one.outcome == "rejected")
        #expect(one.providerID == "")
        #expect(one.to == "+15005550001")
        #expect(one.body == "hello")
        #expect(one.sender == "Apus")
        #expect(all.records[0].attempt == 2)
        #expect(all.records[0].outcome == "accepted")
    }

    @Test func linesAreJSONWhateverTheTexts() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("sandbox.jsonl")
        var bodies = (0..<32).map { String(UnicodeScalar($0)!) + "x" }
        bodies += [
            "\"", "\\", "\\\"\\", "a\nb\r\nc\td", "Привет 👋", "\u{7F}\u{80}\u{2028}\u{FFFF}", "é\u{301}",
            String(repeating: "\"", count: 1600), "</script>", "/",
        ]
        let messages = bodies.enumerated().map {
            (MessageID(rawValue: UInt64($0.offset + 1)), "+447400123456", $0.element)
        }
        _ = await run(messages, receipts: messages.count, options { $0.recordPath = path })
        let lines = try directory.read("sandbox.jsonl").split(separator: 10)
        #expect(lines.count == bodies.count)
        for (line, message) in zip(lines, messages) {
            let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
            #expect(object["body"] as? String == message.2)
            #expect(object["id"] as? String == "\(message.0)")
            #expect(object["to"] as? String == "+447400123456")
            #expect(object["sender"] as? String == "Apus")
            #expect(object["attempt"] as? Int == 1)
            #expect(object["segments"] as? Int == 1)
            #expect(object["encoding"] as? String == "GSM7")
            #expect(object["outcome"] as? String == "accepted")
            #expect((object["provider_id"] as? String)?.isEmpty == false)
            #expect((object["at_ms"] as? Int ?? 0) > 1_700_000_000_000)
        }
    }

    @Test func theFileTurnsOverAtItsBound() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("sandbox.jsonl")
        let provider = SandboxProvider(
            options: options {
                $0.recordPath = path
                $0.recordBytes = 20_000
            }, now: wallClock)
        let events = ProviderEventLog()
        provider.start(events: events)
        for burst in 0..<40 {
            provider.submit(Submissions(count: 10, from: 1 + burst * 10, attempt: 1))
            let count = (burst + 1) * 10
            await events.wait { $0.answers.count >= count }
            let sizes = try ["sandbox.jsonl", "sandbox.jsonl.1"].map {
                FileManager.default.fileExists(atPath: directory.file($0)) ? try directory.read($0).count : 0
            }
            // The bound, and the burst that passed it.
            #expect(sizes.allSatisfy { $0 < 20_000 + 10 * 200 })
        }
        provider.stop()
        var ids: [Int] = []
        for name in ["sandbox.jsonl.1", "sandbox.jsonl"] {
            for line in try directory.read(name).split(separator: 10) {
                let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
                ids.append(try #require(Int(object["id"] as? String ?? "")))
            }
        }
        #expect(ids == Array((400 - ids.count + 1)...400))
        #expect(ids.count < 400)
    }

    @Test func recordsGoOnInTheSameFileAfterARestart() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("sandbox.jsonl")
        for start in [1, 100] {
            _ = await run((start..<start + 5).map { message($0) }, receipts: 5, options { $0.recordPath = path })
        }
        #expect(try directory.read("sandbox.jsonl").split(separator: 10).count == 10)
    }
}

/// Notes the time at which each report comes.
private final class TimedEvents: ProviderEvents, @unchecked Sendable {
    // Sendable by hand: written by the provider's thread alone, read once it has stopped.
    let log = ProviderEventLog()
    private(set) var answerTimes: [(Int64, MessageID)] = []
    private(set) var receiptTimes: [(Int64, MessageID)] = []

    func answered(_ answers: [AttemptAnswer]) {
        answerTimes += answers.map { (wallClock(), $0.id) }
        log.answered(answers)
    }

    func reported(_ events: [CarrierEvent], done: @escaping @Sendable (GatewayError?) -> Void) {
        receiptTimes += events.compactMap(\.receiptByToken).map { (wallClock(), $0.id) }
        log.reported(events, done: done)
    }

    func linkChanged() { log.linkChanged() }
}
