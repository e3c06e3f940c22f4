import Foundation
import SMSModel
import Testing

private let start: Int64 = 1_800_000_000_000
private let id = MessageID(milliseconds: UInt64(start))

/// The life cycle under every order of answers, receipts, operators' and callers' acts and time, up to a number of them.
/// What each message has really met is kept apart from it, by rules that know nothing of the life cycle's own, and each
/// sentence that the documentation promises is held against the two.
@Suite struct LifecycleModelTests {
    private let isSoak = ProcessInfo.processInfo.environment["APUS_SOAK"] != nil

    /// 13,000 lives with everything that can happen.
    @Test func whateverTheOrder() throws {
        try check(ModelEvent.all, events: isSoak ? 7 : 6)
    }

    /// 28,000 longer ones with what leaves attempts in doubt.
    @Test func longerWhereAttemptsAreInDoubt() throws {
        try check(ModelEvent.aboutDoubt, events: isSoak ? 11 : 9)
    }

    private func check(_ events: [ModelEvent], events most: Int) throws {
        var front: [(life: ModelLife, way: [ModelEvent])] = [(ModelLife(), [])]
        var seen: Set<ModelLife> = [front[0].life]
        var reached: Set<MessageState> = []
        for _ in 0..<most {
            var next: [(life: ModelLife, way: [ModelEvent])] = []
            for (life, way) in front {
                // Nothing leads on from there but what the step before has shown.
                if life.lifecycle.state == .delivered, way.last?.isDelivery != true { continue }
                for event in events {
                    var after = life
                    guard after.take(event), seen.insert(after).inserted else { continue }
                    reached.insert(after.lifecycle.state)
                    if let broken = after.brokenPromise(since: life, by: event) {
                        Issue.record("\(broken): \(way + [event])")
                        return
                    }
                    next.append((after, way + [event]))
                }
            }
            front = next
        }
        print("life cycle: \(seen.count) lives of up to \(most) events")
        #expect(reached == Set(MessageState.allCases).subtracting([.accepted, .scheduled]))
    }
}

/// What can happen to a message.
enum ModelEvent: Hashable {
    case claim, taken, takenForGood, refused, refusedHere, unavailable
    case lost(OnUnknown)
    case interrupted(OnUnknown)
    case gaveUp, expired, canceled
    case receipt(Int, ReceiptStatus)
    case resent
    case settled(MessageState)
    case foundByLookUp, notFoundByLookUp, restored

    static let receipts = [1, 2].flatMap { attempt in
        [ReceiptStatus.taken, .delivered, .undelivered(code: "C")].map { ModelEvent.receipt(attempt, $0) }
    }
    static let all: [ModelEvent] =
        [
            .claim, .taken, .takenForGood, .refused, .refusedHere, .unavailable, .lost(.hold), .lost(.resend),
            .interrupted(.hold), .interrupted(.resend), .gaveUp, .expired, .canceled, .resent, .settled(.sent),
            .settled(.undelivered), .settled(.failed), .foundByLookUp, .notFoundByLookUp, .restored,
        ] + receipts
    static let aboutDoubt: [ModelEvent] = [
        .claim, .taken, .refused, .unavailable, .lost(.resend), .gaveUp, .expired, .canceled, .resent,
        .receipt(1, .undelivered(code: "C")), .receipt(2, .undelivered(code: "C")), .receipt(1, .delivered),
    ]

    var isDelivery: Bool {
        if case .receipt(_, .delivered) = self { true } else { false }
    }
}

/// A lifecycle, and what has really happened to its message.
struct ModelLife: Hashable {
    private(set) var lifecycle = MessageLifecycle(id: id, waiting: .queued)
    private var attempts: [Attempt] = []
    /// It waited when a backup was made, and nobody knows what was tried since.
    private var isInDoubtSinceBackup = false
    /// It comes from a backup, and no operator has asked to send it since.
    private var isRestored = false
    /// An operator has taken the risk that these attempts were taken.
    private var attemptsRisked = 0
    /// A receipt has shown that an attempt was taken, since an operator last asked to send it again.
    private var isProven = false
    private var isCanceled = false
    private var isDelivered = false
    private var operatorsWord: MessageState?
    private var cancelOutcome: MessageLifecycle.CancelOutcome?

    enum Attempt: Hashable {
        case underWay
        case refused
        case lost(OnUnknown)
        case taken
        case undelivered

        /// It may be on its way to the recipient, for all that anybody knows.
        var isOpen: Bool {
            switch self {
            case .underWay, .lost, .taken: true
            case .refused, .undelivered: false
            }
        }
    }

    // MARK: What happens

    /// - Returns: false if this can't happen now.
    mutating func take(_ event: ModelEvent) -> Bool {
        cancelOutcome = nil
        switch event {
        case .claim:
            guard lifecycle.claimed(at: start, provider: 1, reason: "only provider") else { return false }
            attempts.append(.underWay)
        case .taken: return answer(.accepted(providerID: "p\(attempts.count)", receipts: true), .taken)
        case .takenForGood: return answer(.accepted(providerID: "p\(attempts.count)", receipts: false), .taken)
        case .refused: return answer(.rejected(.recipient, code: "R", message: "m"), .refused)
        case .refusedHere: return answer(.rejected(.route, code: "R", message: "m"), .refused)
        case .unavailable: return answer(.unavailable(code: "U"), .refused)
        case .lost(let onUnknown): return answer(.unknown(code: "X"), .lost(onUnknown), onUnknown)
        case .interrupted(let onUnknown):
            guard lifecycle.state == .submitting else { return false }
            _ = lifecycle.interrupted(at: start, onUnknown: onUnknown)
            learn(.lost(onUnknown))
        case .gaveUp: lifecycle.gaveUp(at: start, code: "G", message: "m")
        case .expired: _ = lifecycle.expired(at: start)
        case .canceled:
            let waits = lifecycle.state == .queued
            cancelOutcome = lifecycle.canceled(at: start)
            isCanceled = isCanceled || waits
        case .receipt(let attempt, let status): return receive(attempt, status)
        case .resent, .settled, .foundByLookUp, .notFoundByLookUp: return actOnUnknown(event)
        case .restored:
            let waits = lifecycle.state == .queued
            guard lifecycle.restored(at: start) else { return false }
            learn(.lost(.hold))
            isRestored = true
            isInDoubtSinceBackup = isInDoubtSinceBackup || waits
        }
        return true
    }

    private mutating func answer(_ outcome: Outcome, _ truth: Attempt, _ onUnknown: OnUnknown = .hold) -> Bool {
        guard !lifecycle.isAnswered, !attempts.isEmpty else { return false }
        _ = lifecycle.answered(attempt: attempts.count, outcome, at: start, provider: 1, onUnknown: onUnknown)
        learn(truth)
        return true
    }

    /// What was not known of the last attempt yet.
    private mutating func learn(_ truth: Attempt) {
        if attempts.last == .underWay { attempts[attempts.count - 1] = truth }
    }

    private mutating func receive(_ attempt: Int, _ status: ReceiptStatus) -> Bool {
        guard attempt <= attempts.count else { return false }
        _ = lifecycle.receiptReceived(attempt: attempt, status, at: start)
        switch status {
        case .delivered: isDelivered = true
        case .taken where attempts[attempt - 1].isOpen:
            attempts[attempt - 1] = .taken
            isProven = true
        case .undelivered where attempts[attempt - 1].isOpen:
            attempts[attempt - 1] = .undelivered
            isProven = true
        default: break
        }
        return true
    }

    private mutating func actOnUnknown(_ event: ModelEvent) -> Bool {
        switch event {
        case .resent:
            guard lifecycle.resend(at: start, detail: "key abc") else { return false }
            attemptsRisked = attempts.count
            isProven = false
            isRestored = false
        case .settled(let state):
            guard lifecycle.settledByOperator(as: state, at: start, detail: "key abc") else { return false }
            operatorsWord = state
            if state == .sent, let last = attempts.indices.last, attempts[last].isOpen { attempts[last] = .taken }
        case .foundByLookUp:
            guard let attempt = lifecycle.unresolvedAttempt?.attempt,
                lifecycle.reconciled(attempt: attempt, providerID: "found", at: start)
            else { return false }
            attempts[attempt - 1] = .taken
        default:
            guard let attempt = lifecycle.unresolvedAttempt?.attempt, lifecycle.notFound(attempt: attempt, at: start)
            else { return false }
            attempts[attempt - 1] = .undelivered
        }
        return true
    }

    // MARK: What is promised

    /// A provider may have the message, for all that anybody knows.
    private var mayBeOnItsWay: Bool { isInDoubtSinceBackup || attempts.contains(where: \.isOpen) }

    /// Some provider may have taken it, and may have charged for it.
    private var mayHaveBeenTaken: Bool { isInDoubtSinceBackup || attempts.contains { $0 != .refused } }

    /// The promise that the last step has broken; nil if each was kept.
    func brokenPromise(since before: ModelLife, by event: ModelEvent) -> String? {
        let state = lifecycle.state
        if let fault = lifecycle.fault { return "apusd verify finds a fault: \(fault)" }
        if stored != lifecycle { return "what is stored is not what was" }
        if isDelivered, state != .delivered { return "what is delivered is \(state.name)" }
        if event == .claim, let reason = before.reasonNotToSend { return "sent again though \(reason)" }
        let isSaidNotSent = state == .failed || state == .expired || state == .canceled
        if isSaidNotSent, mayBeOnItsWay, operatorsWord != .failed {
            return "what may have been taken is \(state.name)"
        }
        if state == .unknown, !mayBeOnItsWay { return "what nobody has is UNKNOWN" }
        if state == .undelivered, operatorsWord != .undelivered, mayBeOnItsWay {
            return "undelivered, though an attempt may be delivered yet"
        }
        if state == .unknown, lifecycle.due == 0 { return "nothing ever settles it" }
        if state.isFinal, lifecycle.due != 0 { return "what is final is due" }
        if state != .delivered, before.lifecycle.state.isFinal, state != before.lifecycle.state, !event.isReceipt {
            return "what was \(before.lifecycle.state.name) is \(state.name)"
        }
        if lifecycle.accountedState.cost == .nothing, !isSaidNotSent || mayHaveBeenTaken {
            return "its quota is given back"
        }
        return brokenByCancel(since: before)
    }

    /// Cancel says what has come of it, and the same each time.
    private func brokenByCancel(since before: ModelLife) -> String? {
        guard let cancelOutcome else { return nil }
        let isSure = isCanceled && !mayHaveBeenTaken
        switch cancelOutcome {
        case .canceled where !isSure || lifecycle.state != .canceled: return "it is said to be canceled"
        case .mayHaveBeenSent where !isCanceled || lifecycle.state != .unknown: return "it is said to be stopped"
        case .tooLate where before.lifecycle.state == .queued: return "a message that waits is not canceled"
        default: return nil
        }
    }

    /// Why its next attempt must not be made; nil if it may.
    private var reasonNotToSend: String? {
        if isCanceled { return "it was canceled" }
        if isDelivered { return "it is delivered" }
        if isProven { return "a receipt has proven that it was taken" }
        if isRestored { return "it comes from a backup" }
        for attempt in attempts.dropFirst(attemptsRisked) {
            switch attempt {
            case .refused, .lost(.resend): continue
            case .underWay: return "an attempt is under way"
            case .lost(.hold): return "an answer was lost"
            case .taken, .undelivered: return "a provider has it"
            }
        }
        return nil
    }

    /// The lifecycle as a reader of the store sees it.
    private var stored: MessageLifecycle {
        let history = lifecycle.history.bytes.withUnsafeBytes { History(id: id, packed: $0) }
        return MessageLifecycle(id: id, state: lifecycle.state, due: lifecycle.due, history: history)
    }
}

extension ModelEvent {
    fileprivate var isReceipt: Bool {
        if case .receipt = self { true } else { false }
    }
}
