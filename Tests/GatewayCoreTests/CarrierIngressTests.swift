internal import Admission
internal import Engine
internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Storage
internal import Synchronization
internal import Testing

@testable internal import GatewayCore

private let start: Int64 = 1_800_000_000_000

/// What the senders of webhooks are answered, and when.
@Suite(.timeLimit(.minutes(1))) struct CarrierIngressTests {
    /// Says of each request what it was told to say.
    private struct Scripted: WebhookReceiver {
        var verdict: WebhookResult

        func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult { verdict }
    }

    /// Lines that were logged.
    private final class Lines: Sendable {
        let texts = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.texts.withLock { $0.append("\(event.message) \(fields.joined(separator: " "))") }
        }
    }

    private let directory = TemporaryDirectory()
    private let lines = Lines()
    private let request = WebhookRequest(method: "POST", url: "https://x/webhooks/p")
    private let inbound = CarrierEvent.inbound(
        InboundMessage(providerID: "in-1", sender: "+14155550100", recipient: "12345", body: "hello"))

    private var log: Logger { Logger(label: "test") { [lines] _ in Handler(lines: lines) } }

    private func open() throws -> FailingStore {
        FailingStore(try SQLiteMessageStore(directory: directory.path, now: start) { _ in })
    }

    private func writer(_ store: sending FailingStore) throws -> Writer {
        let writer = try Writer(
            store: store, providers: [ConfiguredProvider(provider: ScriptedProvider(name: "p"), number: 1)],
            suppressions: SuppressionList(), options: WriterOptions(), clock: GatewayClock(log: log),
            log: GatewayLog(log))
        writer.start()
        return writer
    }

    private func reply(
        to verdict: WebhookResult, of provider: String = "p", by writer: Writer, log gatewayLog: GatewayLog? = nil
    ) async -> WebhookReply {
        let receiver = Scripted(verdict: verdict)
        let ingress = CarrierIngress(
            source: { $0 == "p" ? (receiver, 1) : nil }, writer: writer, clock: GatewayClock(log: log),
            log: gatewayLog ?? GatewayLog(log))
        return await ingress.receive(request, for: provider)
    }

    @Test func whatIsNotBelievedIsAnsweredAndToldOnce() async throws {
        let writer = try writer(try open())
        let gatewayLog = GatewayLog(log)
        var reply = await reply(to: .refused(reason: "no signature"), of: "q", by: writer)
        #expect(reply.status == 404)
        for _ in 0..<3 {
            reply = await self.reply(to: .refused(reason: "no signature"), by: writer, log: gatewayLog)
            #expect(reply.status == 403 && reply.retryAfterSeconds == nil)
        }
        reply = await self.reply(to: .unreadable(reason: "no status"), by: writer, log: gatewayLog)
        #expect(reply.status == 400)
        reply = await self.reply(to: .undecided(reason: "no certificate"), by: writer, log: gatewayLog)
        #expect(reply.status == 503 && reply.retryAfterSeconds == Limits.webRetryAfterSeconds)
        #expect(reply.contentType == "application/json" && reply.body == #"{"error":"not decided yet"}"#)
        writer.stop()
        let told = lines.texts.withLock { $0.filter { $0.hasPrefix("webhook") } }
        #expect(
            told == [
                "webhook refused provider=p reason=no signature status=403 untold=0",
                "webhook refused provider=p reason=no status status=400 untold=0",
                "webhook refused provider=p reason=no certificate status=503 untold=0",
            ])
    }

    @Test func whatIsBelievedIsDurableOnceItIsAnswered() async throws {
        let writer = try writer(try open())
        let answer = WebhookAnswer(status: 200, contentType: "text/xml", body: "<Response/>")
        let reply = await reply(to: .believed([inbound], answer), by: writer)
        #expect(reply == WebhookReply(status: 200, contentType: "text/xml", body: "<Response/>"))
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 9).map(\.providerID) == ["in-1"])
    }

    @Test func whatIsUnderstoodInPartIsDurableAndPostedAgain() async throws {
        let writer = try writer(try open())
        let reply = await reply(to: .partly([inbound], reason: "1 of 2"), by: writer)
        #expect(reply.status == 503 && reply.retryAfterSeconds == Limits.webRetryAfterSeconds)
        #expect(reply.body == #"{"error":"not all of it is understood"}"#)
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 9).map(\.providerID) == ["in-1"])
        let told = lines.texts.withLock { $0.filter { $0.hasPrefix("webhook") } }
        #expect(told == ["webhook refused provider=p reason=1 of 2 status=503 untold=0"])
    }

    /// A commit costs nearly the same for one as for many.
    @Test func whoPostAtOnceShareCommits() async throws {
        let count = 200
        let writer = try writer(try open())
        let statuses = await withTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                let message = CarrierEvent.inbound(
                    InboundMessage(providerID: "in-\(number)", sender: "+14155550100", recipient: "1", body: "hello"))
                group.addTask { await reply(to: .believed([message], WebhookAnswer()), by: writer).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 204, count: count))
        #expect(writer.report.commits < UInt64(count) / 2, "\(writer.report.commits) commits")
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 999).count == count)
    }

    @Test func progressNeedsNoStore() async throws {
        let writer = try writer(try open())
        writer.stop()
        let progress = CarrierEvent.receipt(CarrierReceipt(providerID: "SM1", status: nil))
        #expect(await reply(to: .believed([progress], WebhookAnswer()), by: writer).status == 204)
        #expect(await reply(to: .believed([], WebhookAnswer()), by: writer).status == 204)
    }

    @Test func whatComesAfterTheEndIsToBePostedAgain() async throws {
        let writer = try writer(try open())
        writer.stop()
        let reply = await reply(to: .believed([inbound], WebhookAnswer()), by: writer)
        #expect(reply.status == 503 && reply.retryAfterSeconds == Limits.webRetryAfterSeconds)
        #expect(try open().carriers.inbound(before: nil, limit: 9).isEmpty)
    }
}
