internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import Engine

/// Keeps what is logged.
final class KeptLog: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var fields: [String: String]
    }

    private let kept = Mutex<[Line]>([])

    func logger(_ level: Logger.Level) -> Logger {
        Logger(label: "test") { _ in Handler(kept: self, logLevel: level) }
    }

    var lines: [Line] { kept.withLock { $0 } }

    private struct Handler: LogHandler {
        let kept: KeptLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).mapValues(\.description)
            kept.kept.withLock {
                $0.append(Line(level: event.level, message: event.message.description, fields: fields))
            }
        }
    }
}

@Suite struct GatewayLogTests {
    private let kept = KeptLog()
    private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    private func log(_ level: Logger.Level = .debug, _ redaction: Redaction = Redaction()) -> GatewayLog {
        let log = GatewayLog(kept.logger(level), redaction: redaction)
        log.setTenantNames([.first: "shop"])
        return log
    }

    private func message() -> TestMessage {
        TestMessage {
            $0.to = "+4915112345667"
            $0.body = "your code is 4711"
            $0.priority = .urgent
            $0.requestID = "r-1"
            $0.traceparent = Self.traceparent
            $0.generation = 3
        }
    }

    // MARK: Steps

    @Test func eachStepOfAMessageIsTold() throws {
        let driver = try WriterDriver(log: log())
        let id = try driver.accept(message())
        driver.answerAll(.accepted(providerID: "p-1", receipts: true))
        driver.receive(id)
        driver.receive(id)
        let lines = kept.lines
        #expect(
            lines.map(\.message) == [
                "message accepted", "message handed over", "message sent", "message delivered", "receipt ignored",
            ])
        for line in lines {
            #expect(line.level == .debug)
            #expect(line.fields["id"] == "\(id)")
            #expect(line.fields["tenant"] == "shop")
            #expect(line.fields["priority"] == "URGENT")
            #expect(line.fields["request_id"] == "r-1")
            #expect(line.fields["traceparent"] == Self.traceparent)
            #expect(line.fields["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
            #expect(line.fields["span_id"] == "b7ad6b7169203331")
        }
        #expect(lines[0].fields["to"] == "+49…67" && lines[0].fields["body"] == "17 characters")
        #expect(lines[0].fields["generation"] == "3" && lines[0].fields["segments"] == "1")
        #expect(lines.map { $0.fields["state"] } == ["QUEUED", "SUBMITTING", "SENT", "DELIVERED", "DELIVERED"])
        #expect(lines.map { $0.fields["attempt"] } == [nil, "1", "1", "1", "1"])
        #expect(lines[1].fields["provider"] == "scripted" && lines[1].fields["because"] == "only provider")
        #expect(lines[2].fields["provider_id"] == "p-1")
    }

    @Test func whenAndWhyAMessageIsTriedAgainIsTold() throws {
        let driver = try WriterDriver(log: log())
        _ = try driver.accept(message())
        driver.answerAll(.unavailable(code: "DOWN"))
        let wait = try #require(kept.lines.last?.fields["retry_in_ms"].flatMap(Int64.init))
        #expect(kept.lines.last?.message == "message not taken: the provider is unavailable")
        #expect(kept.lines.last?.fields["code"] == "DOWN" && kept.lines.last?.fields["state"] == "QUEUED")
        driver.advance(wait - 1)
        #expect(kept.lines.count == 3)
        driver.advance(1)
        #expect(kept.lines.last?.message == "message handed over" && kept.lines.last?.fields["attempt"] == "2")
        // Both what the provider said and what follows from it; a carrier's prose is left out.
        driver.answerAll(.rejected(.route, code: "NO_ROUTE", message: "+4915112345667 is \"your code is 4711\""))
        #expect(kept.lines.suffix(2).map(\.message) == ["message rejected by the provider", "message failed"])
        #expect(kept.lines.suffix(2).map { $0.fields["code"] } == ["NO_ROUTE", "NO_ROUTE"])
        #expect(kept.lines.suffix(2).map { $0.fields["state"] } == ["QUEUED", "FAILED"])
        #expect(kept.lines.suffix(2).allSatisfy { $0.fields["retry_in_ms"] == nil })
    }

    @Test func endsWithoutAProviderAreTold() throws {
        let driver = try WriterDriver(log: log())
        driver.pause(.everything)
        driver.run()
        let canceled = try driver.accept(message())
        _ = try driver.cancelNow([canceled])
        _ = driver.cancel([canceled])
        driver.run()
        let expired = try driver.accept(
            TestMessage { $0.expiresAt = driver.now + 5000 })
        _ = driver.bulk([0, 1], of: "b")
        driver.run()
        _ = driver.cancelBatch("b")
        driver.advance(6000)
        func told(_ message: String) -> [String?] {
            kept.lines.filter { $0.message == message }.map { $0.fields["id"] }
        }
        #expect(told("message canceled").count == 3 && told("message canceled").first == "\(canceled)")
        #expect(told("message expired") == ["\(expired)"])
        #expect(kept.lines.filter { $0.fields["batch"] != nil }.count == 4)
    }

    @Test func aRepeatIsTold() throws {
        let driver = try WriterDriver(log: log())
        let keyed = TestMessage {
            $0.key = "k"
            $0.tenant = .second
        }
        let id = try driver.accept(keyed)
        #expect(try driver.accept(keyed) == id)
        let last = try #require(kept.lines.last)
        #expect(last.message == "message was accepted before" && last.fields["id"] == "\(id)")
        // A tenant that nobody knows by name any more.
        #expect(last.fields["tenant"] == "#2")
    }

    /// After a restart the messages' requests are still known.
    @Test func aTraceOutlivesARestart() throws {
        let driver = try WriterDriver(log: log())
        driver.pause(.everything)
        driver.run()
        let waiting = try driver.accept(message())
        driver.pause(.everything, false)
        driver.run()
        driver.answerAll(.throttled(retryAfterMilliseconds: nil))
        let before = kept.lines.count
        try driver.restart()
        driver.advance(600_000)
        let lines = kept.lines.dropFirst(before).filter { $0.fields["id"] == "\(waiting)" }
        #expect(lines.first?.message == "message handed over")
        #expect(lines.allSatisfy { $0.fields["request_id"] == "r-1" && $0.fields["traceparent"] == Self.traceparent })
        // It was with the provider this time.
        try driver.restart()
        let last = try #require(kept.lines.last { $0.fields["id"] == "\(waiting)" })
        #expect(last.message == "message perhaps sent: the gateway stopped before the answer")
        #expect(last.fields["state"] == "UNKNOWN" && last.fields["request_id"] == "r-1")
    }

    @Test func whatIsNotDurableIsNotTold() throws {
        let driver = try WriterDriver(log: log())
        driver.store.failsAt = .commit
        let answer = driver.submit([message()])
        driver.turn()
        #expect(answer.error != nil)
        #expect(kept.lines.filter { $0.fields["id"] != nil }.isEmpty)
        driver.store.failsAt = nil
        driver.advance(2000)
        #expect(kept.lines.filter { $0.fields["id"] != nil }.isEmpty)
        let id = try driver.accept(message())
        #expect(kept.lines.last?.fields["id"] == "\(id)")
    }

    @Test func aboveDebugNothingIsGathered() throws {
        let driver = try WriterDriver(log: log(.info))
        let id = try driver.accept(message())
        driver.answerAll()
        driver.receive(id)
        #expect(kept.lines.isEmpty)
        #expect(driver.roundsLogged == 0)
    }

    @Test func whoAsksForItGetsNumbersAndBodies() throws {
        let driver = try WriterDriver(log: log(.debug, Redaction(numbers: .full, bodies: .full)))
        _ = try driver.accept(message())
        #expect(kept.lines[0].fields["to"] == "+4915112345667" && kept.lines[0].fields["body"] == "your code is 4711")
    }

    @Test func administrativeActsAreTold() throws {
        let driver = try WriterDriver(log: log(.notice))
        var tenants = WriterTenants()
        tenants.names = [.second: "bank"]
        driver.inbox.commands.append(.configure(tenants))
        driver.pause(.tenant(.second))
        // What changes nothing is no act, and what is not durable is none either.
        driver.pause(.tenant(.second))
        driver.run()
        driver.store.failsAt = .commit
        driver.pause(.everything)
        driver.turn()
        driver.store.failsAt = nil
        driver.advance(2000)
        try driver.restart()
        driver.pause(.provider("scripted"))
        driver.run()
        let acts = kept.lines.filter { $0.message == "administrative act" }
        #expect(acts.map { $0.fields["subject"] } == ["tenant bank", "provider scripted"])
        #expect(acts[0].level == .notice)
        #expect(
            acts[0].fields == [
                "verb": "pause", "subject": "tenant bank", "actor": "key abc", "peer": "10.0.0.7:5",
            ])
    }

    // MARK: Refusals

    private func refuse(_ log: GatewayLog, _ error: GatewayError, tenant: String = "shop") {
        let (to, body) = (Array("+49151".utf8), Array("your code is 4711".utf8))
        to.withUnsafeBytes { to in
            body.withUnsafeBytes { body in
                log.refused(error, tenant: tenant, to: to, body: body, item: 7) { MessageTrace(requestID: "r-1") }
            }
        }
    }

    @Test func refusalsAreToldEachAtDebugAndOnceAMinuteAtInfo() throws {
        let error = GatewayError.invalid([
            FieldViolation(field: "to", description: "The number is too short."),
            FieldViolation(field: "variables.+4915112345667", description: "no"),
        ])
        let quiet = log(.info)
        for _ in 0..<5 { refuse(quiet, error) }
        refuse(quiet, error, tenant: "other")
        refuse(quiet, .keyTaken)
        #expect(kept.lines.map(\.message) == Array(repeating: "messages are refused", count: 3))
        #expect(kept.lines.map { $0.fields["tenant"] } == ["shop", "other", "shop"])
        #expect(kept.lines[0].level == .info && kept.lines[0].fields["untold"] == "0")
        #expect(kept.lines[0].fields["code"] == "INVALID_ARGUMENT" && kept.lines[0].fields["request_id"] == nil)

        let loud = log()
        for _ in 0..<5 { refuse(loud, error) }
        let each = kept.lines.filter { $0.level == .debug }
        #expect(each.count == 5)
        #expect(
            each[0].fields == [
                "tenant": "shop", "code": "INVALID_ARGUMENT", "reason": "The number is too short.",
                "fields": "to variables", "to": "6 bytes", "body": "17 characters", "item": "7", "request_id": "r-1",
            ])
    }

    @Test func repeatsAreCounted() {
        var repeats = LogRepeats<String>(seconds: 60, keys: 2)
        #expect(repeats.occurred("a", at: 0) == 0)
        #expect(repeats.occurred("a", at: 1) == nil)
        #expect(repeats.occurred("b", at: 2) == 0)
        #expect(repeats.occurred("a", at: 59) == nil)
        #expect(repeats.occurred("a", at: 60) == 2)
        #expect(repeats.occurred("a", at: 61) == nil)
        // No room for a third, until one has been silent for a while.
        #expect(repeats.occurred("c", at: 61) == nil)
        #expect(repeats.occurred("b", at: 62) == 1)
        #expect(repeats.occurred("c", at: 121) == 1)
        #expect(repeats.occurred("a", at: 121) == nil)
        #expect(repeats.occurred("a", at: 122) == 1)
    }

    @Test func aProvidersTroubleIsToldOnceAMinute() {
        var trouble = ProviderTrouble()
        var counts = ProviderTrouble.Counts()
        #expect(trouble.news(counts, at: { 0 }) == nil)
        counts.unknown = 3
        #expect(trouble.news(counts, at: { 5 })?.unknown == 3)
        #expect(trouble.news(counts, at: { 500 }) == nil)
        counts.unknown = 4
        counts.rejected = 2
        #expect(trouble.news(counts, at: { 64 }) == nil)
        let news = trouble.news(counts, at: { 65 })
        #expect(news?.unknown == 1 && news?.rejected == 2 && news?.throttled == 0)
        // A round was taken back.
        counts.rejected = 1
        #expect(trouble.news(counts, at: { 200 }) == nil)
        counts.rejected = 2
        #expect(trouble.news(counts, at: { 300 })?.rejected == 1)
    }

    @Test func aCircuitIsToldWhenItOpensAndWhenItCloses() {
        let log = log(.info)
        func turn(_ circuit: CircuitState, at now: Int64) {
            var provider = ProviderStatistics(name: "eu", kind: "twilio")
            provider.circuit = circuit
            provider.lastError = ProviderError(MessageFailure(code: "REFUSED", message: "no route to host"), at: now)
            log.circuitsChanged([provider], now: now)
        }
        turn(.closed, at: 1000)
        #expect(kept.lines.isEmpty)
        for (time, circuit) in [(2000, .open), (3000, .halfOpen), (4000, .open)] as [(Int64, CircuitState)] {
            turn(circuit, at: time)
        }
        #expect(kept.lines.map(\.level) == [.warning])
        #expect(kept.lines[0].message.hasPrefix("provider circuit opened"))
        #expect(kept.lines[0].fields == ["provider": "eu", "code": "REFUSED", "error": "no route to host"])
        for time in [5000, 6000] { turn(.closed, at: Int64(time)) }
        #expect(kept.lines.map(\.level) == [.warning, .notice])
        #expect(kept.lines[1].message.hasPrefix("provider circuit closed"))
        #expect(kept.lines[1].fields["open_ms"] == "3000" && kept.lines[1].fields["code"] == "REFUSED")
    }
}
