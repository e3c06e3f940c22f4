internal import Admission
internal import ConfigurationModel
internal import GatewayTestKit
internal import Logging
internal import Providers
internal import Routing
internal import SMSModel
internal import Storage
internal import Synchronization
internal import Testing

@testable internal import Engine

let start: Int64 = 1_800_000_000_000

/// What somebody who asked was told, and how often.
final class Answer<Value: Sendable>: Sendable {
    private let told = Mutex<[Result<Value, GatewayError>]>([])

    func tell(_ result: Result<Value, GatewayError>) {
        told.withLock { $0.append(result) }
    }

    var count: Int { told.withLock { $0.count } }
    var result: Result<Value, GatewayError>? { told.withLock { $0.first } }
    var value: Value? { try? result?.get() }

    var error: GatewayError? {
        if case .failure(let error)? = result { error } else { nil }
    }
}

/// A clock that goes on by the same time at each look: a round's bound falls behind the same message in every run.
final class TickingClock: Sendable {
    private let nanoseconds = Mutex<Int64>(0)
    private let tick: Int64

    /// - Parameter tick: nanoseconds.
    init(tick: Int64 = 20_000) { self.tick = tick }

    func look() -> Int64 {
        nanoseconds.withLock {
            $0 += tick
            return $0
        }
    }
}

/// The writer without its thread: a test turns it round by round, is the clock and stands in for the providers.
final class WriterDriver {
    let directory = TemporaryDirectory()
    var options = WriterOptions()
    var limits: ProviderLimits
    var names: [String]
    /// Over the providers' numbers, which are 1 and up in the order of their names; nil = the gateway's own.
    var routes: [Route]?
    private let log: GatewayLog
    let suppressions = SuppressionList()
    private(set) var store: FailingStore
    private(set) var providers: [ScriptedProvider] = []
    private(set) var core: WriterCore
    private(set) var drained: [String] = []
    /// Providers that were stopped.
    private(set) var ended: [String] = []
    /// Rounds whose steps were gathered for the log.
    private(set) var roundsLogged = 0
    private var unresolved: [UnresolvedAttempt] = []
    private var receiptNews: [ReceiptNews] = []
    private let monotonic: @Sendable () -> Int64
    var inbox = WriterInbox()
    static let startTime = start
    var now = start

    /// - Parameters:
    ///   - data: whose data it is to start over; they are copied.
    ///   - now: when it starts.
    ///   - monotonic: nanoseconds, for the rounds' bounds.
    init(
        limits: ProviderLimits = ProviderLimits(), names: [String] = ["scripted"],
        routes: [Route]? = nil, options: WriterOptions = WriterOptions(), over data: TemporaryDirectory? = nil,
        now: Int64 = start,
        log: GatewayLog = GatewayLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
        monotonic: @escaping @Sendable () -> Int64 = GatewayClock.monotonicNanoseconds
    ) throws {
        self.log = log
        self.monotonic = monotonic
        self.now = now
        if let data { try data.copy(to: directory) }
        self.limits = limits
        self.names = names
        self.routes = routes
        self.options = options
        providers = names.map { ScriptedProvider(name: $0) }
        store = FailingStore(try SQLiteMessageStore(directory: directory.path, now: now) { _ in })
        core = try Self.recover(store, providers, routes, suppressions, limits, options, log, monotonic, now: now)
    }

    private static func recover(
        _ store: FailingStore, _ providers: [ScriptedProvider], _ routes: [Route]?, _ suppressions: SuppressionList,
        _ limits: ProviderLimits, _ options: WriterOptions, _ log: GatewayLog,
        _ monotonic: @escaping @Sendable () -> Int64, now: Int64
    ) throws -> WriterCore {
        var pooled: [ConfiguredProvider] = []
        try store.begin()
        for provider in providers {
            let number = try store.providerIndex(name: provider.name, kind: provider.kind)
            pooled.append(ConfiguredProvider(provider: provider, number: number, limits: limits))
        }
        try store.commit()
        var core = WriterCore(
            store: store, pool: ProviderPool(pooled, routes: routes, now: now), suppressions: suppressions,
            options: options, urgency: UrgencySignal(), log: log, monotonic: monotonic)
        try core.recover(now: now)
        return core
    }

    /// Ends without a word, and starts again over the same data. Whatever the providers had is not answered.
    func restart() throws {
        try restartQuietly()
        run()
    }

    /// Restarts as ``restart()`` does, up to the first round.
    func restartQuietly() throws {
        inbox = WriterInbox()
        providers = names.map { ScriptedProvider(name: $0) }
        store = FailingStore(try SQLiteMessageStore(directory: directory.path, now: now) { _ in })
        core = try Self.recover(store, providers, routes, suppressions, limits, options, log, monotonic, now: now)
    }

    /// Ends as the gateway does.
    func stop() { core.close() }

    var provider: ScriptedProvider { providers[0] }

    /// Takes out what the rounds so far have told of attempts in doubt.
    func takeUnresolved() -> [UnresolvedAttempt] {
        defer { unresolved = [] }
        return unresolved
    }

    /// Takes out what the rounds so far have told of receipts that are awaited.
    func takeReceiptNews() -> [ReceiptNews] {
        defer { receiptNews = [] }
        return receiptNews
    }

    // MARK: Turning

    /// One round with what is in the inbox.
    func turn() {
        let work = inbox
        inbox = WriterInbox()
        let effects = core.round(work, now: now)
        for reply in effects.replies { reply() }
        for submission in effects.submissions { submission.provider.submit(submission.batch) }
        for act in effects.acts { log.done(act) }
        if let steps = effects.steps {
            roundsLogged += 1
            log.tell(steps, now: now)
        }
        for provider in effects.draining {
            provider.drain()
            drained.append(provider.name)
        }
        ended += effects.ended.map(\.name)
        unresolved += effects.unresolved
        if !effects.receiptNews.isEmpty { receiptNews.append(effects.receiptNews) }
    }

    /// Rounds until nothing is left to do at this moment.
    func run() {
        turn()
        var rounds = 0
        while !inbox.isEmpty || core.wait(now: now) == 0 {
            turn()
            rounds += 1
            guard rounds < 10_000 else {
                Issue.record("the writer does not come to rest")
                return
            }
        }
    }

    /// Lets time pass, waking the writer exactly when it asked to be.
    func advance(_ milliseconds: Int64) {
        let end = now + milliseconds
        run()
        while let wait = core.wait(now: now), now + wait <= end {
            now += max(1, wait)
            run()
        }
        now = max(now, end)
        run()
    }

    // MARK: Asking

    @discardableResult
    func submit(_ messages: [TestMessage], index: Priority = .normal) -> Answer<AcceptedBurst> {
        let answer = Answer<AcceptedBurst>()
        let burst = SubmitBurst(drafts: MessageDrafts(messages)) { answer.tell($0) }
        switch index {
        case .urgent: inbox.urgent.append(burst)
        case .normal: inbox.normal.append(burst)
        case .bulk: inbox.bulk.append(burst)
        }
        return answer
    }

    func bulk(
        _ indices: [UInt64], of batch: String, tenant: TenantID = .first,
        _ message: (UInt64) -> TestMessage = { index in
            TestMessage {
                $0.body = "\(index)"
                $0.priority = .bulk
            }
        }
    ) -> Answer<AcceptedBurst> {
        let answer = Answer<AcceptedBurst>()
        let chunk = BurstChunk(tenant: tenant, batchName: batch, indices: indices)
        inbox.bulk.append(SubmitBurst(drafts: MessageDrafts(indices.map(message)), chunk: chunk) { answer.tell($0) })
        return answer
    }

    /// Submits one message and runs.
    func accept(_ message: TestMessage = TestMessage()) throws -> MessageID {
        let answer = submit([message], index: message.priority == .urgent ? .urgent : .normal)
        run()
        return try #require(answer.value).results[0].id
    }

    func cancel(_ ids: [MessageID], tenant: TenantID = .first) -> Answer<[MessageCancelResult]> {
        let answer = Answer<[MessageCancelResult]>()
        inbox.commands.append(.cancel(ids, tenant) { answer.tell($0) })
        return answer
    }

    func cancelBatch(_ name: String, tenant: TenantID = .first) -> Answer<BatchCancelCount> {
        let answer = Answer<BatchCancelCount>()
        inbox.commands.append(.cancelBatch(.name(name), tenant) { answer.tell($0) })
        return answer
    }

    @discardableResult
    func pause(_ wish: PauseScope, _ paused: Bool = true) -> Answer<[String]> {
        let answer = Answer<[String]>()
        let context = AuditContext(actor: "key abc", peer: "10.0.0.7:5", at: now, note: "")
        inbox.commands.append(.pause(wish, .first, paused: paused, by: context) { answer.tell($0) })
        return answer
    }

    /// Answers all that the first provider has, and runs.
    func answerAll(_ outcome: Outcome = .accepted(providerID: "p", receipts: true)) {
        inbox.answers.append(provider.answers { _ in outcome })
        run()
    }

    func receive(_ id: MessageID, attempt: Int = 1, _ status: ReceiptStatus = .delivered) {
        report([Receipt(id: id, attempt: attempt, status: status)])
        run()
    }

    /// Has carriers report in the next round, by the attempts' tokens. Each provider reports what is its own.
    func report(_ receipts: [Receipt]) {
        var events: [(provider: UInt8, events: [CarrierEvent])] = []
        for receipt in receipts {
            let provider = (try? store.lifecycle(of: receipt.id)?.lifecycle.provider(ofAttempt: receipt.attempt)) ?? 1
            if events.last?.provider != provider { events.append((provider, [])) }
            events[events.count - 1].events.append(receipt.byToken)
        }
        for (provider, events) in events { post(events, of: provider) }
    }

    /// Has the providers' links looked at in the next round.
    func setLink(_ link: LinkState, of provider: Int = 0) {
        providers[provider].setLink(link)
        inbox.hasNewLinks = true
    }

    // MARK: Looking

    /// What the writer has in memory; rounds go on as if it had not been looked at.
    func memory() -> WriterMemory { core.memory(now: now) }

    func state(of id: MessageID) throws -> MessageState? {
        if let stored = try store.lifecycle(of: id) { return stored.lifecycle.state }
        var arena = MessageDrafts()
        return try store.load(id, into: &arena)?.draft.waitingState
    }

    func events(of id: MessageID) throws -> [EventKind] {
        var kinds: [EventKind] = []
        try store.lifecycle(of: id)?.lifecycle.history.forEach(from: 0) { kinds.append($0.kind) }
        return kinds
    }

    /// Milliseconds until the writer wants to be woken; nil = never.
    var wait: Int64? { core.wait(now: now) }

    var report: WriterReport { core.report }

    /// Ids that the first provider was ever given, in order.
    var seen: [MessageID] { provider.seen.map(\.id) }

    /// The file is sound and its counts are those of its rows.
    func check() throws {
        try requireSound(directory.path)
    }
}
