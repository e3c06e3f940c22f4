internal import Logging
package import Providers
internal import SMSModel
internal import Scheduling
package import Storage
internal import Synchronization
internal import Threading

/// What questions to providers are asked with.
package struct LookUpAccess: Sendable {
    /// Has something read on the reader's thread.
    var read: Reading
    /// The one who can be asked for messages of a provider, known by its number in the store, and the provider's name; nil if it
    /// cannot be asked, or is there no more. Called often: at least once for each message.
    var lookUp: @Sendable (UInt8) -> NamedLookUp?
    /// Milliseconds since the Unix epoch.
    var now: @Sendable () -> Int64
    var log: GatewayLog

    package typealias Reading = @Sendable (@escaping @Sendable (SQLiteStatusReader) -> Void) -> Void
    package typealias NamedLookUp = (provider: String, lookUp: any MessageLookUp)

    package init(
        read: @escaping Reading, lookUp: @escaping @Sendable (UInt8) -> NamedLookUp?,
        now: @escaping @Sendable () -> Int64, log: GatewayLog
    ) {
        self.read = read
        self.lookUp = lookUp
        self.now = now
        self.log = log
    }

    /// Whether there is a provider that can be asked at all.
    var hasLookUps: Bool { (1...UInt8.max).contains { lookUp($0) != nil } }
}

/// Asks providers about messages, on a thread of its own, no more at once than each provider may be asked: what
/// ``Reconciler`` and ``ReceiptInquiry`` have in common.
final class LookUpScheduler: Sendable {
    /// How the log speaks of the questions.
    struct Subject: Sendable {
        /// What a question is about: `about a message`.
        var text: String
        /// The line for a question that isn't asked again.
        var held: String
        /// What becomes of messages for which there is no room, or that cannot be read.
        var otherwise: String
    }

    let access: LookUpAccess
    private let core: Mutex<ReconcilerCore>
    private let thread: WorkerThread
    private let subject: Subject
    private let capacity: Int
    private let lost = Mutex(LogRepeats<UInt8>())

    /// - Parameters:
    ///   - thread: the thread's name.
    ///   - capacity: messages that are asked about or wait for it.
    ///   - atOnce: questions that one provider is asked at one time.
    ///   - seed: the spread of questions follows from it.
    init(
        thread: String, _ subject: Subject, rule: Reconciliation.Rule, capacity: Int, atOnce: Int, seed: UInt64,
        access: LookUpAccess
    ) {
        self.thread = WorkerThread(name: thread)
        self.subject = subject
        self.capacity = capacity
        self.access = access
        core = Mutex(ReconcilerCore(rule: rule, capacity: capacity, atOnce: atOnce, seed: seed))
    }

    // MARK: Beginning and ending

    /// - Parameter turn: returns milliseconds until the next one is due; nil = once it is woken.
    func start(_ turn: @escaping @Sendable () -> Int64?) { thread.start(turn) }

    func stop() { thread.stop() }

    func wake() { thread.wake() }

    /// Takes up what waits in the store, one page after the other: callers' questions go in between.
    /// - Parameter page: takes what a page holds; returns where the next one begins, or nil if there is none or no room.
    func recover(
        from cursor: ListCursor? = nil,
        _ page: @escaping @Sendable (SQLiteStatusReader, ListCursor?) throws(StoreError) -> ListCursor?
    ) {
        access.read { [self] reader in
            do throws(StoreError) {
                if let next = try page(reader, cursor) { recover(from: next, page) }
            } catch {
                access.log.logger.warning(
                    "reading what to ask providers failed; \(subject.otherwise)",
                    metadata: ["reason": "\(error.text)"])
            }
        }
    }

    // MARK: Questions

    func withCore<Result: Sendable>(_ body: (inout ReconcilerCore) -> Result) -> Result { core.withLock { body(&$0) } }

    /// Messages that providers are or will be asked about.
    var count: Int { core.withLock { $0.count } }

    func asked(_ question: ReconcilerCore.Question, _ provider: String) {
        access.log.logger.debug("provider asked \(subject.text)", metadata: fields(question, provider: provider))
    }

    func told(_ answer: String, _ question: ReconcilerCore.Question, providerID: String? = nil) {
        var fields = fields(question)
        fields["answer"] = "\(answer)"
        if let providerID { fields["provider_id"] = "\(providerID)" }
        access.log.logger.debug("provider answered \(subject.text)", metadata: fields)
    }

    /// - Returns: nil if the question was over already.
    @discardableResult
    func conclude(
        _ question: ReconcilerCore.Question, _ verdict: Reconciliation.Conclusion
    ) -> Reconciliation.Decision? {
        let decision = core.withLock { $0.answered(question.ticket, verdict, now: access.now()) }
        if decision == .hold {
            access.log.logger.debug("\(subject.held)", metadata: fields(question))
        }
        thread.wake()
        return decision
    }

    func drop(_ question: ReconcilerCore.Question, _ reason: String) {
        core.withLock { $0.dropped(question.ticket) }
        access.log.logger.debug(
            "provider not asked \(subject.text) any more",
            metadata: fields(question).merging(["because": "\(reason)"]) { $1 })
        thread.wake()
    }

    private func fields(_ question: ReconcilerCore.Question, provider: String? = nil) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "id": "\(question.entry.id)", "attempt": "\(question.entry.attempt)",
            "question": "\(question.entry.reconciliation.questions + 1)",
        ]
        if let provider { fields["provider"] = "\(provider)" }
        return fields
    }

    func noRoom(for count: Int) {
        guard count > 0 else { return }
        let seconds = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = lost.withLock({ $0.occurred(0, at: seconds) }) else { return }
        access.log.logger.warning(
            "queue of questions to providers is full; \(subject.otherwise)",
            metadata: ["messages": "\(count)", "untold": "\(untold)", "limit": "\(capacity)"])
    }
}
