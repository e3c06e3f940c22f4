internal import Logging
package import Providers
package import SMSModel
internal import Scheduling
internal import Storage
internal import Synchronization
internal import Threading

/// Where providers' look-ups are to be had.
package protocol LookUpSources: Sendable {
    /// - Parameter provider: the number that the store knows it by.
    /// - Returns: nil if it cannot be asked, or is there no more. Called often: at least once for each message whose
    ///   answer was lost.
    func lookUp(of provider: UInt8) -> (any MessageLookUp)?
}

/// Has providers asked about messages whose answers were lost, and the writer told which of them were sent.
///
/// What it knows is derived: the writer tells it what has come into doubt, and after a start it reads that from the
/// store. Whatever it has no room for, or asks about in vain, stays held for a receipt or an operator.
package final class Reconciler: Sendable {
    /// Has something read on the reader's thread.
    typealias Reading = @Sendable (@escaping @Sendable (SQLiteStatusReader) -> Void) -> Void

    private let thread = WorkerThread(name: "apus-reconciler")
    private let core: Mutex<ReconcilerCore>
    private let lost = Mutex(LogRepeats<UInt8>())
    private let rule: Reconciliation.Rule
    private let read: Reading
    private let tell: @Sendable (WriterCommand) -> Void
    private let now: @Sendable () -> Int64
    private let sources: any LookUpSources
    private let log: GatewayLog

    /// - Parameter firstAfter: milliseconds from a message's hand-over until its provider is asked first, no less than
    ///   the provider may take to answer a request; nil = 75 s.
    package convenience init(
        reader: StoreReader, writer: Writer, clock: GatewayClock, sources: any LookUpSources, log: GatewayLog,
        firstAfter: Int64? = nil
    ) {
        var rule = Reconciliation.Rule()
        if let firstAfter { rule.firstAfter = firstAfter }
        self.init(
            rule: rule, read: { reader.ask(.reconciler, $0) }, tell: { writer.command($0) }, now: { clock.now() },
            sources: sources, log: log)
    }

    /// - Parameter now: milliseconds since the Unix epoch.
    init(
        rule: Reconciliation.Rule = Reconciliation.Rule(), capacity: Int = Limits.reconciliations,
        read: @escaping Reading, tell: @escaping @Sendable (WriterCommand) -> Void,
        now: @escaping @Sendable () -> Int64, sources: any LookUpSources, log: GatewayLog
    ) {
        self.rule = rule
        core = Mutex(ReconcilerCore(rule: rule, capacity: capacity, seed: .random(in: .min ... .max)))
        self.read = read
        self.tell = tell
        self.now = now
        self.sources = sources
        self.log = log
    }

    /// Takes up what came into doubt before this start, and begins to ask.
    package func start() {
        thread.start { [self] in turn() }
        takeUp()
    }

    /// Asks nothing more. What is under way is asked again after the next start.
    package func stop() {
        thread.stop()
    }

    /// Attempts of which nobody knows whether their providers took them. Called by the writer once that is durable.
    package func heard(_ doubts: [Doubt]) {
        noRoom(for: core.withLock { $0.heard(doubts) })
        thread.wake()
    }

    /// Attempts that providers are or will be asked about.
    var count: Int { core.withLock { $0.count } }

    // MARK: After a start

    /// Reads what has come into doubt lately and is not settled yet, newest messages first.
    func takeUp() {
        guard (1...UInt8.max).contains(where: { sources.lookUp(of: $0) != nil }) else { return }
        takeUp(since: now() - rule.deadline, from: nil)
    }

    private func takeUp(since: Int64, from cursor: ListCursor?) {
        read { [self] reader in
            do throws(StoreError) {
                let page = try reader.doubts(since: since, cursor: cursor, now: now())
                heard(page.doubts)
                // One page after the other: callers' questions go in between.
                if let next = page.cursor, core.withLock({ $0.hasRoom }) { takeUp(since: since, from: next) }
            } catch {
                log.logger.warning(
                    "messages of which nobody knows whether they were sent cannot be read: their providers are not asked",
                    metadata: ["reason": "\(error.text)"])
            }
        }
    }

    // MARK: Asking

    /// - Returns: milliseconds until the next turn is due; nil = once it is woken.
    func turn() -> Int64? {
        let news = core.withLock { $0.takeNews() }.filter { sources.lookUp(of: $0.provider) != nil }
        let (unanswered, due, lost) = core.withLock { core in
            let unanswered = core.expire(now: now())
            var lost = 0
            for doubt in news where !core.add(doubt, now: now()) { lost += 1 }
            return (unanswered, core.takeDue(now: now()), lost)
        }
        noRoom(for: lost)
        for question in unanswered { told("no answer", question) }
        for question in due { ask(question) }
        return core.withLock { $0.wait(now: now()) }
    }

    private func ask(_ question: ReconcilerCore.Question) {
        read { [self] reader in
            do throws(StoreError) {
                let message = try reader.doubted(question.entry.id, attempt: question.entry.attempt)
                ask(question, about: message)
            } catch {
                told("it cannot be read: \(error.text)", question)
                conclude(question, .failed)
            }
        }
    }

    private func ask(_ question: ReconcilerCore.Question, about message: DoubtedMessage?) {
        guard let message else { return drop(question, "it has gone on") }
        guard !message.body.isEmpty else { return drop(question, "its body has been taken away") }
        guard let lookUp = sources.lookUp(of: question.provider) else {
            return drop(question, "its provider is gone, or cannot be asked any more")
        }
        log.logger.debug("provider asked about a message", metadata: fields(question, provider: message.provider))
        let words = LookUpQuestion(
            recipient: message.recipient, body: message.body, begun: message.doubt.begun, ended: message.doubt.ended,
            knownIDs: question.entry.knownIDs,
            attempt: CorrelationToken(id: question.entry.id, attempt: question.entry.attempt))
        lookUp.ask(words) { [self] answer in answered(question, answer) }
    }

    private func answered(_ question: ReconcilerCore.Question, _ answer: LookUpAnswer) {
        switch answer {
        case .found(let providerID, let status):
            told("found", question, providerID: providerID)
            tell(
                .reconcile(
                    question.entry.id, attempt: question.entry.attempt, providerID: providerID, status: status
                ) { [self] result in recorded(question, providerID, result) })
        case .nothing:
            told("nothing", question)
            conclude(question, .nothing)
        case .ambiguous(let providerIDs):
            told("it may be one of several", question)
            tell(
                .findBound(providerIDs, provider: question.provider) { [self] result in
                    sorted(question, result)
                })
        case .failed(let code):
            told("failed: \(log.redaction.code(in: code))", question)
            conclude(question, .failed)
        }
    }

    /// The writer has told which of the messages that could be it are others.
    private func sorted(_ question: ReconcilerCore.Question, _ result: Result<Set<String>, GatewayError>) {
        switch result {
        case .success(let bound) where bound.isSubset(of: question.entry.knownIDs): conclude(question, .ambiguous)
        case .success(let bound): askAgain(question, knowing: bound)
        case .failure(let error):
            told("it cannot be looked up: \(error.message)", question)
            conclude(question, .failed)
        }
    }

    /// Asks once more at once, for any but messages of these ids.
    private func askAgain(_ question: ReconcilerCore.Question, knowing ids: Set<String>) {
        switch core.withLock({ $0.askAgain(question.ticket, knowing: ids, now: now()) }) {
        case .ask(let question): ask(question)
        case .tooMany: conclude(question, .ambiguous)
        case .over: break
        }
    }

    /// The writer has the last word on what a provider found.
    private func recorded(
        _ question: ReconcilerCore.Question, _ providerID: String, _ result: Result<ReconcileVerdict, GatewayError>
    ) {
        switch result {
        case .success(.sent): conclude(question, .found)
        case .success(.goneOn): drop(question, "it has gone on")
        case .success(.boundElsewhere):
            told("another attempt's", question, providerID: providerID)
            askAgain(question, knowing: [providerID])
        case .failure(let error):
            told("it cannot be recorded: \(error.message)", question)
            conclude(question, .failed)
        }
    }

    // MARK: What follows

    private func conclude(_ question: ReconcilerCore.Question, _ verdict: Reconciliation.Verdict) {
        let decision = core.withLock { $0.answered(question.ticket, verdict, now: now()) }
        if decision == .hold {
            if verdict == .nothing { tell(.attemptNotFound(question.entry.id, attempt: question.entry.attempt)) }
            log.logger.debug("message stays held: asking does not help", metadata: fields(question))
        }
        thread.wake()
    }

    private func drop(_ question: ReconcilerCore.Question, _ reason: String) {
        core.withLock { $0.dropped(question.ticket) }
        log.logger.debug(
            "provider not asked about a message any more",
            metadata: fields(question).merging(["because": "\(reason)"]) { $1 })
        thread.wake()
    }

    private func told(_ answer: String, _ question: ReconcilerCore.Question, providerID: String? = nil) {
        var fields = fields(question)
        fields["answer"] = "\(answer)"
        if let providerID { fields["provider_id"] = "\(providerID)" }
        log.logger.debug("provider answered about a message", metadata: fields)
    }

    private func fields(_ question: ReconcilerCore.Question, provider: String? = nil) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "id": "\(question.entry.id)", "attempt": "\(question.entry.attempt)",
            "question": "\(question.entry.reconciliation.questions + 1)",
        ]
        if let provider { fields["provider"] = "\(provider)" }
        return fields
    }

    private func noRoom(for count: Int) {
        guard count > 0 else { return }
        let seconds = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = lost.withLock({ $0.occurred(0, at: seconds) }) else { return }
        log.logger.warning(
            "providers are to be asked about too many messages: the others stay held",
            metadata: ["messages": "\(count)", "untold": "\(untold)", "limit": "\(Limits.reconciliations)"])
    }
}
