internal import Logging
internal import Providers
package import SMSModel
package import Scheduling
internal import Storage

/// Has providers asked about messages whose answers were lost, and reports to the writer which of them were sent.
///
/// What it knows is derived: the writer reports what has come into doubt, and after a start it reads that from the
/// store. A message for which it has no room, or asks without result, stays held for a receipt or an operator.
package final class Reconciler: Sendable {
    private let scheduler: LookUpScheduler
    private let rule: Reconciliation.Rule
    private let command: @Sendable (WriterCommand) -> Void

    /// - Parameter firstAfter: milliseconds from a message's hand-over until its provider is asked first, no less than
    ///   the provider may take to answer a request; nil = 75 s.
    package convenience init(_ access: LookUpAccess, writer: Writer, firstAfter: Int64? = nil) {
        var rule = Reconciliation.Rule()
        if let firstAfter { rule.firstAfter = firstAfter }
        self.init(rule: rule, access, seed: .random(in: .min ... .max)) { writer.command($0) }
    }

    /// - Parameters:
    ///   - seed: the spread of questions follows from it.
    ///   - command: takes what the writer is to do.
    package init(
        rule: Reconciliation.Rule = Reconciliation.Rule(), capacity: Int = Limits.reconciliations,
        _ access: LookUpAccess, seed: UInt64, command: @escaping @Sendable (WriterCommand) -> Void
    ) {
        self.rule = rule
        self.command = command
        scheduler = LookUpScheduler(
            thread: "apus-reconciler",
            LookUpScheduler.Subject(
                text: "about a message", held: "message stays held: asking does not help",
                otherwise: "further messages stay UNKNOWN"),
            rule: rule, capacity: capacity, atOnce: Limits.lookUpsUnderWay, seed: seed, access: access)
    }

    private var access: LookUpAccess { scheduler.access }

    /// Takes up what came into doubt before this start, and begins to ask.
    package func start() {
        scheduler.start { [self] in turn() }
        recover()
    }

    /// Asks nothing more. What is under way is asked again after the next start.
    package func stop() { scheduler.stop() }

    /// Attempts of which nobody knows whether their providers took them. Called by the writer once that is durable.
    package func heard(_ unresolved: [UnresolvedAttempt]) {
        scheduler.noRoom(for: scheduler.withCore { $0.heard(unresolved) })
        scheduler.wake()
    }

    /// Attempts that providers are or will be asked about.
    var count: Int { scheduler.count }

    /// Reads what has come into doubt recently and is not settled yet, newest messages first.
    package func recover() {
        guard access.hasLookUps else { return }
        let since = access.now() - rule.deadline
        scheduler.recover { [self] reader, cursor throws(StoreError) in
            let page = try reader.unresolvedAttempts(since: since, cursor: cursor, now: access.now())
            heard(page.unresolved)
            return scheduler.withCore { $0.hasRoom } ? page.cursor : nil
        }
    }

    // MARK: Asking

    /// - Returns: milliseconds until the next turn is due; nil = once it is woken.
    package func turn() -> Int64? {
        let news = scheduler.withCore { $0.takeNews() }.filter { access.lookUp($0.provider) != nil }
        let time = access.now()
        let (unanswered, due, unrecorded, lost) = scheduler.withCore { core in
            let unanswered = core.expire(now: time)
            var lost = 0
            for doubt in news where !core.add(doubt, now: time) { lost += 1 }
            return (unanswered, core.takeDue(now: time), core.takeUnrecorded(now: time), lost)
        }
        scheduler.noRoom(for: lost)
        for question in unanswered { scheduler.told("no answer", question) }
        for attempt in unrecorded { reportNotFound(attempt.id, attempt.number) }
        for question in due { ask(question) }
        return scheduler.withCore { $0.wait(now: access.now()) }
    }

    private func ask(_ question: ReconcilerCore.Question) {
        access.read { [self] reader in
            do throws(StoreError) {
                let message = try reader.unresolvedMessage(question.entry.id, attempt: question.entry.attempt)
                ask(question, about: message)
            } catch {
                scheduler.told("it cannot be read: \(error.text)", question)
                conclude(question, .failed)
            }
        }
    }

    private func ask(_ question: ReconcilerCore.Question, about message: UnresolvedMessage?) {
        guard let message else { return scheduler.drop(question, "it has gone on") }
        guard !message.body.isEmpty else { return scheduler.drop(question, "its body has been taken away") }
        guard let source = access.lookUp(question.provider) else {
            return scheduler.drop(question, "its provider is gone, or cannot be asked any more")
        }
        scheduler.asked(question, message.provider)
        let words = LookUpQuestion(
            recipient: message.recipient, body: message.body, begun: message.attempt.begun,
            ended: message.attempt.ended,
            knownIDs: question.entry.knownIDs,
            attempt: CorrelationToken(id: question.entry.id, attempt: question.entry.attempt))
        source.lookUp.ask(words) { [self] answer in answered(question, answer) }
    }

    private func answered(_ question: ReconcilerCore.Question, _ answer: LookUpAnswer) {
        switch answer {
        case .found(let providerID, let status):
            scheduler.told("found", question, providerID: providerID)
            command(
                .reconcile(
                    question.entry.id, attempt: question.entry.attempt, providerID: providerID, status: status
                ) { [self] result in recorded(question, providerID, result) })
        case .nothing:
            scheduler.told("nothing", question)
            conclude(question, .nothing)
        case .ambiguous(let providerIDs):
            scheduler.told("it may be one of several", question)
            command(
                .findBound(providerIDs, provider: question.provider) { [self] result in
                    sorted(question, result)
                })
        case .failed(let code):
            scheduler.told("failed: \(access.log.redaction.code(in: code))", question)
            conclude(question, .failed)
        }
    }

    /// The writer has told which of the messages that could be it are others.
    private func sorted(_ question: ReconcilerCore.Question, _ result: Result<Set<String>, GatewayError>) {
        switch result {
        case .success(let bound) where bound.isSubset(of: question.entry.knownIDs): conclude(question, .ambiguous)
        case .success(let bound): askAgain(question, knowing: bound)
        case .failure(let error):
            scheduler.told("it cannot be looked up: \(error.message)", question)
            conclude(question, .failed)
        }
    }

    /// Asks once more at once, for any but messages of these ids.
    private func askAgain(_ question: ReconcilerCore.Question, knowing ids: Set<String>) {
        switch scheduler.withCore({ $0.askAgain(question.ticket, knowing: ids, now: access.now()) }) {
        case .ask(let question): ask(question)
        case .tooMany: conclude(question, .ambiguous)
        case .over: break
        }
    }

    /// The writer has the last word on what a provider found.
    private func recorded(
        _ question: ReconcilerCore.Question, _ providerID: String, _ result: Result<ReconcileResult, GatewayError>
    ) {
        switch result {
        case .success(.sent): conclude(question, .found)
        case .success(.superseded): scheduler.drop(question, "it has gone on")
        case .success(.boundElsewhere):
            scheduler.told("another attempt's", question, providerID: providerID)
            askAgain(question, knowing: [providerID])
        case .failure(let error):
            scheduler.told("it cannot be recorded: \(error.message)", question)
            conclude(question, .failed)
        }
    }

    // MARK: What follows

    private func conclude(_ question: ReconcilerCore.Question, _ verdict: Reconciliation.Conclusion) {
        let decision = scheduler.conclude(question, verdict)
        if decision == .hold, verdict == .nothing { reportNotFound(question.entry.id, question.entry.attempt) }
    }

    /// Reports that a provider doesn't have a message; again if the writer can't record it now.
    private func reportNotFound(_ id: MessageID, _ attempt: Int) {
        command(
            .attemptNotFound(id, attempt: attempt) { [self] error in
                guard error != nil else { return }
                scheduler.noRoom(
                    for: scheduler.withCore { $0.notRecorded(id, attempt, now: access.now()) } ? 0 : 1)
                scheduler.wake()
            })
    }
}
