internal import Logging
internal import Providers
internal import SMSModel
package import Scheduling
internal import Storage
internal import Synchronization

/// Has providers asked what became of messages that they took and whose receipts don't come, and reports what they say as
/// if the carrier had.
///
/// Not every carrier posts a receipt again that met nobody, or an error. What is known here is derived: the writer
/// reports messages that were sent and that are settled, and after a start those that wait are read from the store.
package final class ReceiptInquiry: Sendable {
    private let scheduler: LookUpScheduler
    private let awaited: Mutex<AwaitedReceipts>
    /// When to look for late ones again; nil = there are none.
    private let checkDue = Mutex<Int64?>(nil)
    private let rule: Reconciliation.Rule
    private let report: @Sendable (CarrierBurst) -> Void

    /// - Parameter firstAfter: milliseconds from the time at which a message was sent until its provider is asked first.
    package convenience init(
        _ access: LookUpAccess, writer: Writer, firstAfter: Int64 = Limits.receiptLookUpMilliseconds
    ) {
        self.init(rule: .receipts(firstAfter: firstAfter), access, seed: .random(in: .min ... .max)) {
            writer.carrierReported($0)
        }
    }

    /// - Parameters:
    ///   - seed: the spread of questions follows from it.
    ///   - report: takes what providers say of messages that have come to an end.
    package init(
        rule: Reconciliation.Rule, capacity: Int = Limits.awaitedReceipts, _ access: LookUpAccess, seed: UInt64,
        report: @escaping @Sendable (CarrierBurst) -> Void
    ) {
        self.rule = rule
        self.report = report
        awaited = Mutex(AwaitedReceipts(capacity: capacity))
        scheduler = LookUpScheduler(
            thread: "apus-receipts",
            LookUpScheduler.Subject(
                text: "about a late receipt", held: "receipt stays awaited: asking does not help",
                otherwise: "further receipts are only awaited"),
            rule: rule, capacity: capacity, atOnce: Limits.receiptLookUpsUnderWay, seed: seed, access: access)
    }

    private var access: LookUpAccess { scheduler.access }

    /// Takes up what waits since before this start, and begins to ask.
    package func start() {
        scheduler.start { [self] in turn() }
        recover()
    }

    /// Asks nothing more.
    package func stop() { scheduler.stop() }

    /// Messages that are awaited or asked about.
    var count: Int { awaited.withLock { $0.count } + scheduler.count }

    // MARK: What is awaited

    /// Called by the writer once it is durable.
    package func heard(_ news: ReceiptNews) {
        let (unheard, isFirst) = awaited.withLock { awaited in
            let wasEmpty = awaited.isEmpty
            var unheard = 0
            for receipt in news.sent where access.lookUp(receipt.provider) != nil {
                if !awaited.sent(receipt) { unheard += 1 }
            }
            for id in news.settled { awaited.settled(id) }
            return (unheard, wasEmpty && !awaited.isEmpty)
        }
        scheduler.noRoom(for: unheard)
        if isFirst { scheduler.wake() }
    }

    /// Reads what is sent and not settled yet, newest messages first.
    package func recover() {
        guard access.hasLookUps else { return }
        scheduler.recover { [self] reader, cursor throws(StoreError) in
            let page = try reader.awaitedReceipts(cursor: cursor, now: access.now())
            heard(ReceiptNews(sent: page.receipts))
            return awaited.withLock { $0.hasRoom } ? page.cursor : nil
        }
    }

    // MARK: Asking

    /// - Returns: milliseconds until the next turn is due; nil = once it is woken.
    package func turn() -> Int64? {
        let time = access.now()
        if checkDue.withLock({ $0 ?? 0 <= time }) { takeLate(time) }
        let due = scheduler.withCore { core in
            _ = core.expire(now: time)
            return core.takeDue(now: time)
        }
        for question in due { ask(question) }
        let check = checkDue.withLock { $0 }.map { max(0, $0 - time) }
        let wait = scheduler.withCore { $0.wait(now: time) }
        return [check, wait].compactMap(\.self).min()
    }

    /// Receipts that are late are to be asked for.
    private func takeLate(_ time: Int64) {
        let (late, isMore) = awaited.withLock { awaited in
            (awaited.takeSent(until: time - rule.firstAfter), !awaited.isEmpty)
        }
        let unheard = scheduler.withCore { core in
            late.count { receipt in
                !core.add(
                    receipt.id, attempt: receipt.attempt, of: receipt.provider, since: receipt.sentAt, now: time)
            }
        }
        scheduler.noRoom(for: unheard)
        // Going through all of them costs more than being a tenth later.
        checkDue.withLock { $0 = isMore ? time + max(100, rule.firstAfter / 10) : nil }
    }

    private func ask(_ question: ReconcilerCore.Question) {
        access.read { [self] reader in
            do throws(StoreError) {
                let awaited = try reader.awaitedReceipt(of: question.entry.id, now: access.now())
                guard let awaited, awaited.receipt.attempt == question.entry.attempt else {
                    return scheduler.drop(question, "nothing is awaited any more")
                }
                guard let source = access.lookUp(question.provider) else {
                    return scheduler.drop(question, "its provider is gone, or cannot be asked any more")
                }
                scheduler.asked(question, source.provider)
                source.lookUp.askStatus(of: awaited.providerID) { [self] answer in
                    answered(question, source.provider, awaited.providerID, answer)
                }
            } catch {
                scheduler.told("it cannot be read: \(error.text)", question)
                scheduler.conclude(question, .failed)
            }
        }
    }

    private func answered(
        _ question: ReconcilerCore.Question, _ provider: String, _ providerID: String, _ answer: StatusAnswer
    ) {
        switch answer {
        case .pending:
            scheduler.told("under way", question)
            scheduler.conclude(question, .nothing)
        case .ended(let status):
            scheduler.told(status == .delivered ? "delivered" : "undelivered", question)
            report(receipt(status, question, provider, providerID))
        case .unknown:
            scheduler.told("unknown", question)
            scheduler.conclude(question, .ambiguous)
        case .failed(let code):
            scheduler.told("failed: \(access.log.redaction.code(in: code))", question)
            scheduler.conclude(question, .failed)
        }
    }

    /// The carrier's word as if it had posted it. What can't be recorded now is asked about again.
    private func receipt(
        _ status: ReceiptStatus, _ question: ReconcilerCore.Question, _ provider: String, _ providerID: String
    ) -> CarrierBurst {
        let token = CorrelationToken(id: question.entry.id, attempt: question.entry.attempt)
        let receipt = CarrierReceipt(attempt: token, providerID: providerID, status: status)
        return CarrierBurst(events: [.receipt(receipt)], provider: question.provider, name: provider) { [self] error in
            if let error { scheduler.told("it cannot be recorded: \(error.message)", question) }
            scheduler.conclude(question, error == nil ? .found : .failed)
        }
    }
}
