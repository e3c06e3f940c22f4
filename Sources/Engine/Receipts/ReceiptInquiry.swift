internal import Logging
internal import Providers
internal import SMSModel
internal import Scheduling
internal import Storage
internal import Synchronization
internal import Threading

/// Has providers asked what became of messages that they took and whose receipts don't come, and the writer told.
///
/// Not every carrier posts a receipt again that met nobody, or an error. What is known here is derived: the writer tells
/// of messages that were sent and that are settled, and after a start those that wait are read from the store.
package final class ReceiptInquiry: Sendable {
    private let thread = WorkerThread(name: "apus-receipts")
    private let awaited: Mutex<AwaitedReceipts>
    private let core: Mutex<ReconcilerCore>
    /// When to look for late ones again; nil = there are none.
    private let checkDue = Mutex<Int64?>(nil)
    private let lost = Mutex(LogRepeats<UInt8>())
    private let rule: Reconciliation.Rule
    private let read: Reconciler.Reading
    private let receive: @Sendable ([Receipt]) -> Void
    private let now: @Sendable () -> Int64
    private let sources: any LookUpSources
    private let log: GatewayLog

    /// - Parameter firstAfter: milliseconds from the time at which a message was sent until its provider is asked first.
    package convenience init(
        reader: StoreReader, writer: Writer, clock: GatewayClock, sources: any LookUpSources, log: GatewayLog,
        firstAfter: Int64 = Limits.receiptLookUpMilliseconds
    ) {
        self.init(
            rule: .receipts(firstAfter: firstAfter), read: { reader.ask(.receiptInquiry, $0) },
            receive: { writer.receiptsReceived($0) }, now: { clock.now() }, sources: sources, log: log)
    }

    /// - Parameters:
    ///   - receive: takes what providers say of messages that have come to an end.
    ///   - now: milliseconds since the Unix epoch.
    init(
        rule: Reconciliation.Rule, capacity: Int = Limits.awaitedReceipts, read: @escaping Reconciler.Reading,
        receive: @escaping @Sendable ([Receipt]) -> Void, now: @escaping @Sendable () -> Int64,
        sources: any LookUpSources, log: GatewayLog
    ) {
        self.rule = rule
        awaited = Mutex(AwaitedReceipts(capacity: capacity))
        core = Mutex(
            ReconcilerCore(
                rule: rule, capacity: capacity, atOnce: Limits.receiptLookUpsUnderWay, seed: .random(in: .min ... .max))
        )
        self.read = read
        self.receive = receive
        self.now = now
        self.sources = sources
        self.log = log
    }

    /// Takes up what waits since before this start, and begins to ask.
    package func start() {
        thread.start { [self] in turn() }
        takeUp()
    }

    /// Asks nothing more.
    package func stop() { thread.stop() }

    /// Messages that are awaited or asked about.
    var count: Int { awaited.withLock { $0.count } + core.withLock { $0.count } }

    // MARK: What is awaited

    /// Called by the writer once it is durable.
    package func heard(_ news: ReceiptNews) {
        let (unheard, isFirst) = awaited.withLock { awaited in
            let wasEmpty = awaited.isEmpty
            var unheard = 0
            for receipt in news.sent where sources.lookUp(of: receipt.provider) != nil {
                if !awaited.sent(receipt) { unheard += 1 }
            }
            for id in news.settled { awaited.settled(id) }
            return (unheard, wasEmpty && !awaited.isEmpty)
        }
        noRoom(for: unheard)
        if isFirst { thread.wake() }
    }

    /// Reads what is sent and not settled yet, newest messages first.
    func takeUp() {
        guard (1...UInt8.max).contains(where: { sources.lookUp(of: $0) != nil }) else { return }
        takeUp(from: nil)
    }

    private func takeUp(from cursor: ListCursor?) {
        read { [self] reader in
            do throws(StoreError) {
                let page = try reader.awaitedReceipts(cursor: cursor, now: now())
                heard(ReceiptNews(sent: page.receipts))
                // One page after the other: callers' questions go in between.
                if let next = page.cursor, awaited.withLock({ $0.hasRoom }) { takeUp(from: next) }
            } catch {
                log.logger.warning(
                    "messages whose receipts are awaited cannot be read: their providers are not asked",
                    metadata: ["reason": "\(error.text)"])
            }
        }
    }

    // MARK: Asking

    /// - Returns: milliseconds until the next turn is due; nil = once it is woken.
    func turn() -> Int64? {
        let time = now()
        if checkDue.withLock({ $0 ?? 0 <= time }) { takeLate(time) }
        let due = core.withLock { core in
            _ = core.expire(now: time)
            return core.takeDue(now: time)
        }
        for question in due { ask(question) }
        let check = checkDue.withLock { $0 }.map { max(0, $0 - time) }
        let wait = core.withLock { $0.wait(now: time) }
        return [check, wait].compactMap(\.self).min()
    }

    /// Receipts that are late are to be asked for.
    private func takeLate(_ time: Int64) {
        let (late, isMore) = awaited.withLock { awaited in
            (awaited.takeSent(until: time - rule.firstAfter), !awaited.isEmpty)
        }
        let unheard = core.withLock { core in
            late.count { receipt in
                !core.add(
                    receipt.id, attempt: receipt.attempt, of: receipt.provider, since: receipt.sentAt, now: time)
            }
        }
        noRoom(for: unheard)
        // Going through all of them costs more than being a tenth later.
        checkDue.withLock { $0 = isMore ? time + max(100, rule.firstAfter / 10) : nil }
    }

    private func ask(_ question: ReconcilerCore.Question) {
        read { [self] reader in
            do throws(StoreError) {
                let awaited = try reader.awaitedReceipt(of: question.entry.id, now: now())
                guard let awaited, awaited.receipt.attempt == question.entry.attempt else {
                    return drop(question, "nothing is awaited any more")
                }
                guard let lookUp = sources.lookUp(of: question.provider) else {
                    return drop(question, "its provider is gone, or cannot be asked any more")
                }
                log.logger.debug("provider asked what became of a message", metadata: fields(question))
                lookUp.askStatus(of: awaited.providerID) { [self] answer in
                    answered(question, awaited.providerID, answer)
                }
            } catch {
                told("it cannot be read: \(error.text)", question)
                conclude(question, .failed)
            }
        }
    }

    private func answered(_ question: ReconcilerCore.Question, _ providerID: String, _ answer: StatusAnswer) {
        switch answer {
        case .pending:
            told("under way", question)
            conclude(question, .nothing)
        case .ended(let status):
            told(status == .delivered ? "delivered" : "undelivered", question)
            // As if the carrier had posted it.
            let entry = question.entry
            receive([Receipt(id: entry.id, attempt: entry.attempt, status: status, providerIDs: [providerID])])
            conclude(question, .found)
        case .unknown:
            told("unknown", question)
            conclude(question, .ambiguous)
        case .failed(let code):
            told("failed: \(log.redaction.code(in: code))", question)
            conclude(question, .failed)
        }
    }

    // MARK: What follows

    private func conclude(_ question: ReconcilerCore.Question, _ verdict: Reconciliation.Verdict) {
        _ = core.withLock { $0.answered(question.ticket, verdict, now: now()) }
        thread.wake()
    }

    private func drop(_ question: ReconcilerCore.Question, _ reason: String) {
        core.withLock { $0.dropped(question.ticket) }
        log.logger.debug(
            "provider not asked what became of a message",
            metadata: fields(question).merging(["because": "\(reason)"]) { $1 })
        thread.wake()
    }

    private func told(_ answer: String, _ question: ReconcilerCore.Question) {
        log.logger.debug(
            "provider told what became of a message",
            metadata: fields(question).merging(["answer": "\(answer)"]) { $1 })
    }

    private func fields(_ question: ReconcilerCore.Question) -> Logger.Metadata {
        [
            "id": "\(question.entry.id)", "attempt": "\(question.entry.attempt)",
            "question": "\(question.entry.reconciliation.questions + 1)",
        ]
    }

    private func noRoom(for count: Int) {
        guard count > 0 else { return }
        let seconds = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = lost.withLock({ $0.occurred(0, at: seconds) }) else { return }
        log.logger.warning(
            "receipts are awaited of too many messages: providers are not asked about the others",
            metadata: ["messages": "\(count)", "untold": "\(untold)", "limit": "\(Limits.awaitedReceipts)"])
    }
}
