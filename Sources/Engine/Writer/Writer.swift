package import Admission
internal import ConfigurationModel
internal import DequeModule
package import Providers
package import Routing
package import SMSModel
internal import Scheduling
package import Storage
internal import Synchronization
internal import Threading

/// Settings of the writer. Times are milliseconds.
package struct WriterOptions: Sendable {
    /// Memory for the contents of waiting messages, in bytes; past it they are read back from the store.
    package var contentBytes = 64 * 1024 * 1024
    package var retryBase: Int64 = 1000
    package var retryCap: Int64 = 60_000
    package var maximumAttempts = 50
    /// Choices by weight and the spread of retries follow from it.
    package var seed = UInt64.random(in: .min ... .max)

    package init() {}
}

/// The one thread that writes: it drains whatever waits, commits once, then answers.
///
/// A round is one transaction: what the providers answered, what callers sent, and the claims of what can be
/// handed over now, so that a message may be accepted and claimed by the same commit. Urgent messages come
/// first, and a round works for a bounded time, so that none waits behind a full one.
package final class Writer: Sendable {
    private let thread = WorkerThread(name: "apus-writer")
    private let inbox = Mutex(WriterInbox())
    private let core: Mutex<WriterCore>
    private let urgency = UrgencySignal()
    package let waiting = WaitingBytes()
    private let published: Mutex<WriterReport>
    private let clock: GatewayClock
    private let log: GatewayLog
    private let turnCount = Atomic<UInt64>(0)
    private let doubted = Mutex<(@Sendable ([UnresolvedAttempt]) -> Void)?>(nil)
    private let received = Mutex<(@Sendable (ReceiptNews) -> Void)?>(nil)

    /// Takes up what the store holds; nothing is handed to a provider before ``start()``.
    /// - Parameters:
    ///   - routes: over the providers' numbers; nil = every message may go to each of them.
    ///   - tenants: until ``WriterCommand/configure(_:)`` brings others.
    ///   - monotonic: nanoseconds, by which rounds are bounded.
    package init(
        store: sending any MessageStore, providers: [ConfiguredProvider], routes: [Route]? = nil,
        tenants: WriterTenants = WriterTenants(), suppressions: SuppressionList,
        options: WriterOptions,
        clock: GatewayClock, log: GatewayLog,
        monotonic: @escaping @Sendable () -> Int64 = { GatewayClock.monotonicNanoseconds() }
    ) throws(StoreError) {
        self.clock = clock
        self.log = log
        let now = clock.now()
        var core = WriterCore(
            store: store, pool: ProviderPool(providers, routes: routes, now: now), suppressions: suppressions,
            options: options,
            urgency: urgency, log: log, monotonic: monotonic)
        core.configure(tenants)
        core.owners.configure(providers, routes)
        try core.recover(now: now)
        published = Mutex(core.report)
        self.core = Mutex(core)
    }

    /// The providers have been started, or are now.
    package func start() {
        thread.start { [self] in turn() }
        thread.wake()
    }

    /// From now on it is told of attempts of which nobody knows whether they were taken, once that is durable.
    /// - Parameter hear: called on the writer's thread: it must not take long.
    package func onUnresolved(_ hear: @escaping @Sendable ([UnresolvedAttempt]) -> Void) {
        doubted.withLock { $0 = hear }
    }

    /// From now on it is told which receipts of providers that can be asked for them are awaited, and which no more, once
    /// that is durable.
    /// - Parameter hear: called on the writer's thread: it must not take long.
    package func tellReceipts(to hear: @escaping @Sendable (ReceiptNews) -> Void) {
        received.withLock { $0 = hear }
    }

    /// Ends after the round under way. What the providers still have is told apart at the next start.
    package func stop() {
        thread.stop()
        // What carriers said while the thread ended is not lost either.
        _ = turn()
        core.withLock { $0.close() }
        let late = inbox.withLock { inbox in
            inbox.isClosed = true
            defer { inbox.carriers = [] }
            return inbox.carriers
        }
        for burst in late { burst.reply(.writerStops) }
    }

    // MARK: What other threads hand in

    /// Takes messages in, or refuses them at once where too many wait already.
    package func submit(_ burst: SubmitBurst, index: Priority) {
        let size = burst.size
        let tenant = burst.chunk?.tenant
        guard tenant.map({ waiting.addBulk(size, of: $0) }) ?? waiting.add(size) else {
            return burst.reply(.failure(.tooMuchWaits))
        }
        var burst = burst
        burst.reply = { [waiting, reply = burst.reply] result in
            if let tenant { waiting.removeBulk(size, of: tenant) } else { waiting.remove(size) }
            reply(result)
        }
        inbox.withLock { inbox in
            switch index {
            case .urgent:
                inbox.urgent.append(burst)
                urgency.raise()
            case .normal: inbox.normal.append(burst)
            case .bulk: inbox.bulk.append(burst)
            }
        }
        thread.wake()
    }

    package func command(_ command: WriterCommand) {
        inbox.withLock { $0.commands.append(command) }
        thread.wake()
    }

    package func answered(_ answers: [AttemptAnswer]) {
        inbox.withLock { inbox in
            for piece in answers.pieces { inbox.answers.append(piece) }
        }
        thread.wake()
    }

    /// Looks at the providers' links again.
    package func linkChanged() {
        inbox.withLock { $0.hasNewLinks = true }
        thread.wake()
    }

    /// Takes what a carrier has reported; once the writer has ended it is refused.
    package func carrierReported(_ burst: CarrierBurst) {
        let (isClosed, isTurn) = inbox.withLock { inbox in
            if !inbox.isClosed { inbox.carriers.append(burst) }
            return (inbox.isClosed, inbox.isCarriersTurn)
        }
        if isClosed {
            burst.reply(.writerStops)
        } else if isTurn {
            thread.wake()
        }
    }

    /// Has what waits be counted.
    /// - Parameter reply: called once, on the writer's thread.
    package func survey(_ reply: @escaping @Sendable (WaitingSurvey) -> Void) {
        inbox.withLock { $0.surveys.append(reply) }
        thread.wake()
    }

    /// Asks the thread for a turn that has nothing to do.
    package func wake() { thread.wake() }

    /// The turns that the thread has taken: they rise as long as it works and is woken.
    package var turns: UInt64 { turnCount.load(ordering: .relaxed) }

    /// Counts as of the last round.
    package var report: WriterReport { published.withLock { $0 } }

    /// Whether something waits that no turn has taken.
    package var hasWork: Bool { inbox.withLock { !$0.isEmpty } }

    /// Takes one turn: a round with all that waits, and what follows from it. For the writer's thread; or where it is not
    /// started, for one other.
    /// - Returns: milliseconds until the next is due; nil = once it is woken.
    package func turn() -> Int64? {
        let work = inbox.withLock { inbox in
            let work = inbox
            inbox = WriterInbox()
            // The turn after this one is due by itself: anyone who posts meanwhile needs not wake anybody.
            inbox.isGathering = !work.carriers.isEmpty
            urgency.lower()
            return work
        }
        let isGathering = !work.carriers.isEmpty
        let (effects, report) = core.withLock { core in
            let effects = core.round(work, now: clock.now())
            return (effects, core.report)
        }
        published.withLock { $0 = report }
        // Callers wait, and providers mostly have enough to do.
        for reply in effects.replies { reply() }
        for submission in effects.submissions { submission.provider.submit(submission.batch) }
        for provider in effects.draining { provider.drain() }
        for provider in effects.ended { provider.stop() }
        for act in effects.acts { log.done(act) }
        if let steps = effects.steps { log.tell(steps, now: clock.now()) }
        if !effects.unresolved.isEmpty { doubted.withLock { $0 }?(effects.unresolved) }
        if !effects.receiptNews.isEmpty { received.withLock { $0 }?(effects.receiptNews) }
        log.providersAnswered(report.providers)
        log.circuitsChanged(report.providers, now: clock.now())
        turnCount.add(1, ordering: .relaxed)
        let hasMore = !inbox.withLock { $0.isEmpty }
        let (wait, after) = core.withLock { core in
            let now = clock.now()
            core.checkpoint(isIdle: !hasMore && !isGathering && core.wait(now: now) != 0, now: now)
            return (core.wait(now: now), core.report)
        }
        if after.trouble != report.trouble { published.withLock { $0 = after } }
        return isGathering ? min(wait ?? .max, WriterInbox.gatheringMilliseconds) : wait
    }
}

extension GatewayError {
    package static let writerStops = GatewayError(.unavailable, "the gateway stops", retryAfterMilliseconds: 1000)

    package static let tooMuchWaits = GatewayError(
        .resourceExhausted, "more messages wait to be stored than may", retryAfterMilliseconds: 1000,
        quota: QuotaDetail(limit: "waiting", maximum: UInt64(Limits.waitingBytes), unit: "bytes"), notProcessed: true)
}

/// What a committed round leaves to be done outside the writer's lock.
struct RoundEffects {
    var replies: [() -> Void] = []
    var submissions: [(provider: any SMSProvider, batch: Submissions)] = []
    var draining: [any SMSProvider] = []
    /// To be stopped.
    var ended: [any SMSProvider] = []
    /// Administrative ones, to log.
    var acts: [AuditRecord] = []
    /// nil = there is nothing to log.
    var steps: MessageSteps?
    /// Attempts that their providers may be asked about.
    var unresolved: [UnresolvedAttempt] = []
    /// Receipts that are awaited of providers that can be asked for them.
    var receiptNews = ReceiptNews()
}

/// The writer's counts, for Stats and Health.
package struct WriterReport: Sendable {
    package var waitingUrgent: UInt64 = 0
    package var waitingNormal: UInt64 = 0
    package var waitingBulk: UInt64 = 0
    package var waitingLater: UInt64 = 0
    package var inFlight: UInt64 = 0
    package var commits: UInt64 = 0
    package var operations: UInt64 = 0
    package var providers: [ProviderStatistics] = []
    package var paused: [String] = []
    /// What is paused for everybody, everything or a provider: anybody may know it.
    package var pausedForAll: [String] = []
    package var isDispatching = true
    /// What waits is still being read from the store; nothing is handed over before all of it is known.
    package var isTakingUp = false
    /// Why retention deletes nothing; nil if nothing keeps it.
    package var retentionHold: String?
    package var isDraining = false
    /// Why nothing can be accepted; nil while all is well.
    package var trouble: String?

    package init() {}
}

extension Array {
    /// The list in lists short enough that a round can end between them.
    fileprivate var pieces: [[Element]] {
        guard count > 64 else { return [self] }
        return stride(from: 0, to: count, by: 64).map { Array(self[$0..<Swift.min(count, $0 + 64)]) }
    }
}
