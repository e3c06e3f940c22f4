package import SMSModel
internal import Synchronization
internal import Threading

/// Settings of the sandbox. Times are milliseconds.
package struct SandboxOptions: Hashable, Sendable {
    package var latency: Int64 = 0
    package var receiptDelay: Int64 = 50
    /// Messages a second that it takes before it answers `throttled`; 0 = no bound.
    package var rate: Double = 0
    package var faults = SandboxFaults()
    /// Where the JSON lines go; nil = nowhere.
    package var recordPath: String?
    /// When that file is renamed to `PATH.1`, in bytes.
    package var recordBytes = 256 * 1024 * 1024
    package var seed: UInt64 = 1

    package init() {}
}

/// The built-in stand-in for a carrier: needs no account, records what it was sent, sends receipts and
/// misbehaves on demand. It has one thread of its own, which answers by the burst.
package final class SandboxProvider: SMSProvider {
    package let name: String
    package let kind = "sandbox"
    private let thread: WorkerThread
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// The name of the one that is built into a gateway for trying out.
    package static let builtInName = "sandbox"

    /// - Parameter now: milliseconds since the Unix epoch.
    package init(name: String = builtInName, options: SandboxOptions, now: @escaping @Sendable () -> Int64) {
        self.name = name
        self.now = now
        state = Mutex(State(options: options))
        thread = WorkerThread(name: "apus-\(name)")
    }

    package func start(events: any ProviderEvents) {
        thread.start { [self] in turn(events) }
    }

    package func submit(_ batch: Submissions) {
        state.withLock { $0.waiting.append(batch) }
        thread.wake()
    }

    package func drain() {
        state.withLock { $0.draining = true }
        thread.wake()
    }

    package func stop() {
        thread.stop()
    }

    /// The newest records, oldest first, and how many there have been since the start.
    package func records(limit: Int, to recipient: String?) -> (records: [SandboxRecord], total: UInt64) {
        state.withLock { ($0.ledger.newest(limit, to: recipient), $0.ledger.total) }
    }

    /// One turn of the thread: what is due goes out.
    /// - Returns: milliseconds until the next turn is due; nil = until woken.
    private func turn(_ events: any ProviderEvents) -> Int64? {
        let now = now()
        let (due, next) = state.withLock { state in
            state.take(now: now)
            return (state.popDue(now: now), state.nextDue)
        }
        for event in due {
            switch event {
            case .answers(let answers): events.answered(answers)
            case .receipts(let receipts, isRepeated: _): report(receipts, to: events)
            }
        }
        return next.map { max(0, $0 - now) }
    }

    /// What could not be kept is reported again, as a carrier posts again.
    private func report(_ receipts: [CarrierEvent], to events: any ProviderEvents) {
        events.reported(receipts) { [weak self] error in
            guard error != nil, let self else { return }
            let due = now() + Limits.recordAgainMilliseconds
            state.withLock { $0.schedule(.receipts(receipts, isRepeated: true), at: due) }
            thread.wake()
        }
    }

    private enum Event {
        case answers([AttemptAnswer])
        case receipts([CarrierEvent], isRepeated: Bool = false)

        var isRepeated: Bool {
            if case .receipts(_, isRepeated: true) = self { true } else { false }
        }
    }

    /// Behind the lock: bursts that wait, and what is to be told when.
    private struct State: ~Copyable {
        var waiting: [Submissions] = []
        var draining = false
        var ledger: SandboxLedger
        private let options: SandboxOptions
        private let behavior: SandboxBehavior
        /// Events to come, by time; equal times in the order of their making.
        private var timeline: [(at: Int64, event: Event)] = []
        private var random: SeededGenerator
        private var tokens: Double
        private var refilledAt: Int64 = 0

        init(options: SandboxOptions) {
            self.options = options
            behavior = SandboxBehavior(faults: options.faults)
            ledger = SandboxLedger(path: options.recordPath, fileBytes: options.recordBytes)
            random = SeededGenerator(seed: options.seed)
            tokens = options.rate
        }

        var nextDue: Int64? { timeline.first?.at }

        mutating func take(now: Int64) {
            let batches = waiting
            waiting.removeAll(keepingCapacity: true)
            for batch in batches {
                if draining {
                    let answers = batch.items.map { AttemptAnswer(id: $0.id, attempt: $0.attempt, outcome: .returned) }
                    schedule(.answers(answers), at: now)
                } else {
                    take(batch, now: now)
                }
            }
            ledger.flush()
        }

        private mutating func take(_ batch: Submissions, now: Int64) {
            var answers: [AttemptAnswer] = []
            var early: [CarrierEvent] = []
            var receipts: [CarrierEvent] = []
            answers.reserveCapacity(batch.items.count)
            receipts.reserveCapacity(batch.items.count)
            refill(now)
            batch.bytes.withUnsafeBytes { bytes in
                for (index, item) in batch.items.enumerated() {
                    let recipient = UnsafeRawBufferPointer(rebasing: bytes[item.recipient.range])
                    var plan = behavior.plan(recipient: recipient, attempt: item.attempt, chance: random.unit())
                    if options.rate > 0, plan.answer == .accepted {
                        if tokens >= 1 { tokens -= 1 } else { plan = .init(answer: .throttled, receipt: .none) }
                    }
                    let (outcome, label) = answer(plan.answer, item)
                    answers.append(AttemptAnswer(id: item.id, attempt: item.attempt, outcome: outcome))
                    plan.receipt.append(item, early: &early, late: &receipts)
                    var providerID = ""
                    if case .accepted(let id, _, _) = outcome { providerID = id }
                    ledger.record(
                        item, of: batch, at: now, providerID: providerID, outcome: label,
                        keep: batch.items.count - index <= Limits.sandboxRecords)
                }
            }
            schedule(early, at: now)
            schedule(.answers(answers), at: now + options.latency)
            schedule(receipts, at: now + options.latency + options.receiptDelay)
        }

        private mutating func schedule(_ receipts: [CarrierEvent], at time: Int64) {
            for first in stride(from: 0, to: receipts.count, by: Limits.reportedEvents) {
                let end = min(first + Limits.reportedEvents, receipts.count)
                schedule(.receipts(Array(receipts[first..<end])), at: time)
            }
        }

        private func answer(_ answer: SandboxBehavior.Answer, _ item: Submission) -> (Outcome, StaticString) {
            switch answer {
            case .accepted:
                return (.accepted(providerID: Self.providerID(item), receipts: true), "accepted")
            case .rejectedRecipient:
                return (
                    .rejected(.recipient, code: "INVALID_RECIPIENT", message: "the carrier does not know this number"),
                    "rejected"
                )
            case .rejectedRoute:
                return (
                    .rejected(.route, code: "ROUTE_REFUSED", message: "the carrier does not serve this route"),
                    "rejected"
                )
            case .optedOut:
                return (
                    .rejected(
                        .optedOut, code: "OPTED_OUT", message: "the recipient has sent STOP to this sender"), "rejected"
                )
            case .throttled: return (.throttled(retryAfterMilliseconds: nil), "throttled")
            case .unavailable: return (.unavailable(code: "SANDBOX_DOWN"), "unavailable")
            case .answerLost: return (.unknown(code: "ANSWER_LOST"), "unknown")
            }
        }

        /// Unique over restarts, since ids are; up to attempt 9 it fits a string without an allocation.
        private static func providerID(_ item: Submission) -> String {
            item.attempt == 1
                ? "s" + String(item.id.rawValue, radix: 36) : "s\(item.attempt)-" + String(item.id.rawValue, radix: 36)
        }

        private mutating func refill(_ now: Int64) {
            tokens = min(options.rate, tokens + options.rate * Double(max(0, now - refilledAt)) / 1000)
            refilledAt = now
        }

        mutating func schedule(_ event: Event, at time: Int64) {
            var index = timeline.count
            while index > 0, timeline[index - 1].at > time { index -= 1 }
            timeline.insert((time, event), at: index)
        }

        /// Once draining, what is owed goes out at once: the receipts that are left would die with the sandbox. Those
        /// that were refused keep their time all the same.
        mutating func popDue(now: Int64) -> [Event] {
            let end = timeline.firstIndex { $0.at > now } ?? timeline.count
            var due = timeline[..<end].map(\.event)
            timeline.removeSubrange(..<end)
            if draining {
                due += timeline.map(\.event).filter { !$0.isRepeated }
                timeline.removeAll { !$0.event.isRepeated }
            }
            return due
        }
    }
}

extension SandboxBehavior.ReceiptPlan {
    fileprivate func append(_ item: Submission, early: inout [CarrierEvent], late: inout [CarrierEvent]) {
        let delivered = receipt(item, .delivered)
        switch self {
        case .none: break
        case .delivered: late.append(delivered)
        case .undelivered: late.append(receipt(item, Self.unreachable))
        case .deliveredBeforeTheAnswer: early.append(delivered)
        case .repeatedAndOutOfOrder: late += [delivered, receipt(item, Self.unreachable), delivered]
        }
    }

    private static let unreachable = ReceiptStatus.undelivered(code: "HANDSET_UNREACHABLE")

    /// It names the attempt by the token, as most carriers' do, and so is matched without looking for an id.
    private func receipt(_ item: Submission, _ status: ReceiptStatus) -> CarrierEvent {
        .receipt(
            CarrierReceipt(attempt: CorrelationToken(id: item.id, attempt: item.attempt), status: status))
    }
}
