internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import Logging
internal import Providers
internal import SMSModel
internal import Storage
internal import Synchronization
internal import Testing

@testable internal import Engine

/// The writer on its own thread, with the sandbox, by the real clock.
@Suite(.timeLimit(.minutes(2))) struct WriterThreadTests {
    private let directory = TemporaryDirectory()
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// How many messages have come to each state, durably, and who waits for that.
    private final class Progress: Sendable {
        private typealias Waiter = (state: MessageState, count: Int, continuation: CheckedContinuation<Void, Never>)
        private let content = Mutex((counts: [MessageState: Set<MessageID>](), waiters: [Waiter]()))

        func note(_ steps: [StoredLifecycle]) {
            let due = content.withLock { content in
                for step in steps { content.counts[step.lifecycle.state, default: []].insert(step.lifecycle.id) }
                let counts = content.counts
                let isDue = { (waiter: Waiter) in counts[waiter.state, default: []].count >= waiter.count }
                let due = content.waiters.filter(isDue)
                content.waiters.removeAll(where: isDue)
                return due
            }
            for waiter in due { waiter.continuation.resume() }
        }

        func reach(_ count: Int, _ state: MessageState) async {
            await withCheckedContinuation { continuation in
                let isThere = content.withLock { content in
                    if content.counts[state, default: []].count >= count { return true }
                    content.waiters.append((state, count, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }

    private func start(
        _ sandbox: SandboxOptions, _ progress: Progress, inFlight: Int = 100
    ) throws -> (writer: Writer, provider: SandboxProvider) {
        let clock = GatewayClock(log: log)
        let provider = SandboxProvider(options: sandbox, now: { clock.now() })
        var limits = ProviderLimits()
        limits.inFlight = inFlight
        let store = try SQLiteMessageStore(directory: directory.path, now: clock.now()) { _ in }
        let number = try store.transaction { () throws(StoreError) in
            try store.providerIndex(name: provider.name, kind: provider.kind)
        }
        let pooled = ConfiguredProvider(provider: provider, number: number, limits: limits)
        let writer = try Writer(
            store: FailingStore(store, committed: { progress.note($0) }),
            providers: [pooled],
            suppressions: SuppressionList(), options: WriterOptions(), clock: clock, log: GatewayLog(log))
        pooled.start(reportingTo: writer)
        writer.start()
        return (writer, provider)
    }

    private func submit(_ messages: [TestMessage], to writer: Writer, _ index: Priority) async throws -> [AcceptResult]
    {
        try await withCheckedContinuation { continuation in
            writer.submit(
                SubmitBurst(drafts: MessageDrafts(messages)) { continuation.resume(returning: $0) }, index: index)
        }.get().results
    }

    @Test func manyCallersAtOnceAndEachMessageIsDelivered() async throws {
        let progress = Progress()
        var options = SandboxOptions()
        options.receiptDelay = 1
        let (writer, provider) = try start(options, progress)
        let ids = try await withThrowingTaskGroup(of: [MessageID].self) { group in
            for caller in 0..<8 {
                group.addTask {
                    var ids: [MessageID] = []
                    for round in 0..<20 {
                        let index = Priority.allCases[round % 2]
                        let message = TestMessage {
                            $0.priority = index
                            $0.body = "\(caller) \(round)"
                        }
                        // The same key from all callers: one message between them.
                        let shared = TestMessage { $0.key = "round \(round)" }
                        ids += try await submit([message, shared, message], to: writer, index).map(\.id)
                    }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(ids.count == 480)
        let different = Set(ids)
        #expect(different.count == 8 * 20 * 2 + 20)
        await progress.reach(different.count, .delivered)
        provider.stop()
        writer.stop()
        #expect(writer.report.inFlight == 0)
        #expect(writer.report.providers[0].accepted == UInt64(different.count))
        #expect(provider.records(limit: 1000, to: nil).total == UInt64(different.count))
        try requireSound(directory.path)
        let reader = try SQLiteStatusReader(directory: directory.path)
        #expect(try reader.states(tenant: .first) == [StateCount(state: .delivered, count: UInt64(different.count))])
        for id in different {
            let status = try reader.status(of: id, tenant: .first, now: 0, timeline: true)
            #expect(status?.timeline.map(\.event) == [.accepted, .queued, .submitting, .sent, .delivered])
        }
    }

    @Test func whatAProviderHadAtTheStopIsUnknownAtTheNextStart() async throws {
        let progress = Progress()
        var options = SandboxOptions()
        options.latency = 3_600_000
        let (first, provider) = try start(options, progress, inFlight: 11)
        let results = try await submit(Array(repeating: TestMessage(), count: 30), to: first, .normal)
        await progress.reach(10, .submitting)
        provider.stop()
        first.stop()

        let again = Progress()
        options.latency = 0
        options.receiptDelay = 0
        let (second, sandbox) = try start(options, again, inFlight: 11)
        await again.reach(10, .unknown)
        await again.reach(20, .delivered)
        sandbox.stop()
        second.stop()
        let reader = try SQLiteStatusReader(directory: directory.path)
        let states = try results.map { try reader.status(of: $0.id, tenant: .first, now: 0, timeline: false)?.state }
        #expect(states == Array(repeating: .unknown, count: 10) + Array(repeating: .delivered, count: 20))
        #expect(sandbox.records(limit: 100, to: nil).total == 20)
    }

    @Test func drainingHandsNothingMoreOver() async throws {
        let progress = Progress()
        let (writer, provider) = try start(SandboxOptions(), progress)
        await withCheckedContinuation { continuation in
            writer.command(.drain)
            writer.command(
                .pause(.everything, .first, paused: false, by: AuditContext(actor: "tests", at: 0)) { _ in
                    continuation.resume()
                })
        }
        let results = try await submit([TestMessage()], to: writer, .normal)
        provider.stop()
        writer.stop()
        let reader = try SQLiteStatusReader(directory: directory.path)
        #expect(try reader.status(of: results[0].id, tenant: .first, now: 0, timeline: false)?.state == .queued)
        #expect(provider.records(limit: 1, to: nil).total == 0)
    }
}
