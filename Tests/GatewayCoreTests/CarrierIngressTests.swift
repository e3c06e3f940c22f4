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

/// What becomes of what carriers post, and when that is told.
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
    ) async -> IngressResult {
        let receiver = Scripted(verdict: verdict)
        let ingress = CarrierIngress(
            source: { $0 == "p" ? (receiver, 1) : nil }, writer: writer, clock: GatewayClock(log: log),
            log: gatewayLog ?? GatewayLog(log))
        return await ingress.receive(request, for: provider)
    }

    @Test func whatIsNotBelievedIsAnsweredAndToldOnce() async throws {
        let writer = try writer(try open())
        let gatewayLog = GatewayLog(log)
        #expect(await reply(to: .refused(reason: "no signature"), of: "q", by: writer) == .noProvider)
        for _ in 0..<3 {
            #expect(await reply(to: .refused(reason: "no signature"), by: writer, log: gatewayLog) == .refused)
        }
        #expect(await reply(to: .unreadable(reason: "no status"), by: writer, log: gatewayLog) == .unreadable)
        #expect(await reply(to: .undecided(reason: "no certificate"), by: writer, log: gatewayLog) == .undecided)
        writer.stop()
        let told = lines.texts.withLock { $0.filter { $0.hasPrefix("webhook") } }
        #expect(
            told == [
                "webhook refused provider=p reason=no signature result=refused untold=0",
                "webhook refused provider=p reason=no status result=unreadable untold=0",
                "webhook refused provider=p reason=no certificate result=undecided untold=0",
            ])
    }

    @Test func whatIsBelievedIsDurableOnceItIsAnswered() async throws {
        let writer = try writer(try open())
        let answer = WebhookAnswer(status: 200, contentType: "text/xml", body: "<Response/>")
        let reply = await reply(to: .believed([inbound], answer), by: writer)
        #expect(reply == .taken(answer))
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 9).map(\.providerID) == ["in-1"])
    }

    @Test func whatIsUnderstoodInPartIsDurableAndPostedAgain() async throws {
        let writer = try writer(try open())
        let reply = await reply(to: .partly([inbound], reason: "1 of 2"), by: writer)
        #expect(reply == .understoodInPart)
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 9).map(\.providerID) == ["in-1"])
        let told = lines.texts.withLock { $0.filter { $0.hasPrefix("webhook") } }
        #expect(told == ["webhook refused provider=p reason=1 of 2 result=in part untold=0"])
    }

    /// A commit costs nearly the same for one as for many.
    @Test func whoPostAtOnceShareCommits() async throws {
        let count = 200
        let writer = try writer(try open())
        let replies = await withTaskGroup(of: IngressResult.self) { group in
            for number in 0..<count {
                let message = CarrierEvent.inbound(
                    InboundMessage(providerID: "in-\(number)", sender: "+14155550100", recipient: "1", body: "hello"))
                group.addTask { await reply(to: .believed([message], WebhookAnswer()), by: writer) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies == Array(repeating: .taken(WebhookAnswer()), count: count))
        #expect(writer.report.commits < UInt64(count) / 2, "\(writer.report.commits) commits")
        writer.stop()
        #expect(try open().carriers.inbound(before: nil, limit: 999).count == count)
    }

    @Test func progressNeedsNoStore() async throws {
        let writer = try writer(try open())
        writer.stop()
        let progress = CarrierEvent.receipt(CarrierReceipt(providerID: "SM1", status: nil))
        #expect(await reply(to: .believed([progress], WebhookAnswer()), by: writer) == .taken(WebhookAnswer()))
        #expect(await reply(to: .believed([], WebhookAnswer()), by: writer) == .taken(WebhookAnswer()))
    }

    @Test func whatComesAfterTheEndIsToBePostedAgain() async throws {
        let writer = try writer(try open())
        writer.stop()
        #expect(await reply(to: .believed([inbound], WebhookAnswer()), by: writer) == .notStored)
        #expect(try open().carriers.inbound(before: nil, limit: 9).isEmpty)
    }
}
