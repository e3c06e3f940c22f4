internal import Engine
internal import Providers
internal import SMSModel
internal import Storage

/// Holds what the gateway does against what it has promised. It knows what callers were told, what carriers were handed
/// and took, and what operators did.
struct Judge {
    /// What is known of a message that somebody was told of or a carrier was handed.
    private struct Known {
        var onUnknown: OnUnknown
        var tenant: TenantID
        /// The last attempt that a carrier was handed.
        var attempt = 0
        /// The answer to it: nil while it is under way, or was lost with the gateway.
        var outcome: Outcome?
        var isInterrupted = false
        var carrier = ""
        /// Carriers that refused its sender or route.
        var refusedBy: Set<String> = []
        /// Attempts that carriers took, whatever they answered.
        var taken: Set<Int> = []
        /// Attempts that the store has a receipt for whose answer was lost or not there yet.
        var proven: Set<Int> = []
        /// Up to this attempt an operator has taken the risk that it is sent twice.
        var riskTaken = 0
        /// The one who canceled it was told that it isn't sent (again).
        var isCanceled = false
        /// An operator may have said that it was not sent.
        var isSaidNotSent = false
        var isDelivered = false
    }

    private var known: [MessageID: Known] = [:]
    /// In the order of their coming: a dictionary's order is another in every run.
    private(set) var ids: [MessageID] = []
    private var keys: [String: MessageID] = [:]
    /// Messages that carriers have said something of.
    private var reported: Set<MessageID> = []
    /// What of each attempt they said to be delivered: one of its parts, or "" for the whole.
    private var deliveries: [MessageID: [Int: Set<String>]] = [:]
    /// What is paused surely: the gateway has said so, and nobody has asked for the contrary since.
    private var paused: Set<PauseScope> = []
    /// Whether rounds may fail in part: then a claim may be recorded that was never handed over.
    let inPart: Bool

    init(inPart: Bool) {
        self.inPart = inPart
    }

    // MARK: What callers were told

    mutating func accepted(_ message: TestMessageFacts, as id: MessageID) throws {
        if !message.key.isEmpty {
            let key = "\(message.tenant.rawValue) \(message.key)"
            if let first = keys[key], first != id { throw Fault("the key \(key) made \(first) and \(id)") }
            keys[key] = id
        }
        if known[id] == nil { note(id, Known(onUnknown: message.onUnknown, tenant: message.tenant)) }
    }

    /// Cancel tells the truth: a message that a carrier has taken is not said to be canceled.
    mutating func canceled(_ id: MessageID, _ outcome: MessageLifecycle.CancelOutcome) throws {
        guard outcome != .tooLate else { return }
        if outcome == .canceled, known[id]?.taken.isEmpty == false {
            throw Fault("\(id) is said to be canceled, and a carrier has it")
        }
        known[id]?.isCanceled = true
    }

    mutating func maySettleAsNotSent(_ id: MessageID) { known[id]?.isSaidNotSent = true }

    /// An operator has had it sent again, or may have.
    mutating func resent(_ id: MessageID) {
        guard let attempt = known[id]?.attempt else { return }
        let before = known[id]?.riskTaken ?? 0
        known[id]?.riskTaken = max(before, attempt)
    }

    mutating func isPaused(_ target: PauseScope) { paused.insert(target) }

    mutating func mayBeResumed(_ target: PauseScope) { paused.remove(target) }

    // MARK: What carriers do

    /// - Parameter isTaken: whether the carrier has it, whatever it answers.
    mutating func answered(_ id: MessageID, _ attempt: Int, _ outcome: Outcome, isTaken: Bool) {
        if isTaken { known[id]?.taken.insert(attempt) }
        if known[id]?.attempt == attempt { known[id]?.outcome = outcome }
    }

    mutating func reports(_ id: MessageID, _ attempt: Int, _ status: ReceiptStatus, part: String) {
        reported.insert(id)
        if status == .delivered { deliveries[id, default: [:]][attempt, default: []].insert(part) }
    }

    /// The gateway has said that the delivery of a whole message is durable.
    mutating func deliveryIsDurable(_ id: MessageID) { known[id]?.isDelivered = true }

    /// A message goes out again only if it was surely not taken, or may be sent twice; not to who refused it.
    mutating func handedOver(_ submission: Submission, to carrier: String, store: StoreView) throws {
        let id = submission.id
        var state = try known[id] ?? stored(id, store)
        func fault(_ reason: String) -> Fault { Fault("\(id), attempt \(submission.attempt) by \(carrier): \(reason)") }
        // A claim that was recorded by a round that failed was never handed over, and counts all the same.
        if inPart ? submission.attempt <= state.attempt : submission.attempt != state.attempt + 1 {
            throw fault("it follows attempt \(state.attempt)")
        }
        if state.isCanceled { throw fault("it had been canceled") }
        for target in [PauseScope.everything, .provider(carrier), .tenant(state.tenant)] where paused.contains(target) {
            throw fault("\(target) is paused")
        }
        if state.proven.contains(where: { $0 > state.riskTaken }) {
            throw fault("a receipt had proven that it was taken")
        }
        if state.attempt > state.riskTaken {
            switch state.outcome {
            case .throttled, .unavailable, .returned: break
            case .rejected(let scope, _, _) where !scope.isFinal: break
            case .unknown where state.onUnknown == .resend: break
            case nil where state.isInterrupted && state.onUnknown == .resend: break
            default:
                throw fault("the answer before was \(state.outcome.map { "\($0)" } ?? "lost") (\(state.onUnknown))")
            }
            if state.onUnknown == .hold, state.taken.contains(where: { $0 > state.riskTaken }) {
                throw fault("a carrier has it already")
            }
        }
        if case .rejected(let scope, _, _)? = state.outcome, !scope.isFinal { state.refusedBy.insert(state.carrier) }
        guard !state.refusedBy.contains(carrier) else { throw fault("\(carrier) had refused it") }
        state.attempt = submission.attempt
        state.carrier = carrier
        state.outcome = nil
        state.isInterrupted = false
        note(id, state)
    }

    private mutating func note(_ id: MessageID, _ state: Known) {
        if known.updateValue(state, forKey: id) == nil { ids.append(id) }
    }

    /// A message that a carrier has before anybody was told of it: of a bulk burst that is not done yet, or was refused
    /// half way.
    private func stored(_ id: MessageID, _ store: StoreView) throws -> Known {
        guard let draft = try store.draft(id), inPart || draft.priority == .bulk else {
            throw Fault("\(id) was sent, but not accepted")
        }
        return Known(onUnknown: draft.onUnknown, tenant: draft.tenant)
    }

    func attempt(of id: MessageID) -> Int { known[id]?.attempt ?? 0 }

    // MARK: What the store says

    /// The gateway ends without a word: answers that the store has not heard of are lost.
    mutating func interrupted(_ store: StoreView) throws {
        for id in ids where (known[id]?.attempt ?? 0) > 0 {
            guard try store.lifecycle(id)?.state == .submitting else { continue }
            known[id]?.outcome = nil
            known[id]?.isInterrupted = true
        }
    }

    /// What the store has of receipts by now: after it nothing is to be sent again.
    mutating func look(_ store: StoreView) throws {
        try checkWhatWasTaken(store)
        for id in ids where reported.contains(id) {
            guard let lifecycle = try store.lifecycle(id) else { continue }
            if known[id]?.isDelivered == true, lifecycle.state != .delivered {
                throw Fault("\(id) is \(lifecycle.state.name), but its delivery was said to be durable")
            }
            var mayBeTaken: Set<Int> = []
            lifecycle.history.forEach(from: 0) { event in
                switch event.kind {
                case .submitting, .outcomeUnknown, .interrupted: mayBeTaken.insert(event.attempt)
                case .throttled, .unavailable, .returned, .rejected: mayBeTaken.remove(event.attempt)
                case .identified, .partDelivered, .attemptUndelivered:
                    let isWord = lifecycle.history.detail(of: event) != MessageLifecycle.notFound
                    if isWord, mayBeTaken.contains(event.attempt) { known[id]?.proven.insert(event.attempt) }
                default: break
                }
            }
        }
    }

    /// What a carrier has taken is never said to be surely not sent, unless an operator has said so.
    private func checkWhatWasTaken(_ store: StoreView) throws {
        for id in ids {
            guard let message = known[id], !message.taken.isEmpty, !message.isSaidNotSent,
                let state = try store.lifecycle(id)?.state
            else { continue }
            if state == .failed || state == .expired || state == .canceled {
                throw Fault("\(id) is \(state.name), and a carrier took attempts \(message.taken.sorted())")
            }
        }
    }

    /// Everything has come to its end.
    func end(_ store: StoreView) throws {
        for id in ids {
            let state = try store.state(id)
            guard let state, state.isFinal || state == .sent || state == .unknown else {
                throw Fault("\(id) ended as \(state.map(\.name) ?? "nothing")")
            }
            guard let lifecycle = try store.lifecycle(id) else { continue }
            if state == .delivered { try checkDelivery(id, lifecycle) }
        }
    }

    /// A message is delivered because a carrier said so, of each of its parts where it was taken in parts.
    private func checkDelivery(_ id: MessageID, _ lifecycle: MessageLifecycle) throws {
        var given: [Int: Set<String>] = [:]
        var delivered: Int?
        lifecycle.history.forEach(from: 0) { event in
            guard delivered == nil else { return }
            if event.kind == .sent {
                given[event.attempt, default: []].insert(lifecycle.history.detail(of: event))
            } else if event.kind == .delivered {
                delivered = event.attempt
            }
        }
        // An operator may have said so.
        guard let delivered else { return }
        let told = deliveries[id]?[delivered] ?? []
        guard !told.isEmpty else { throw Fault("\(id) is delivered, and no carrier has said so") }
        guard let parts = given[delivered], parts.count > 1 else { return }
        guard parts.isSubset(of: told) else {
            throw Fault("\(id) is delivered, but of \(parts.sorted()) only \(told.sorted()) were")
        }
    }
}

/// What the judge has to know of a message that somebody sends.
struct TestMessageFacts {
    var key: String
    var tenant: TenantID
    var onUnknown: OnUnknown
}

/// The store as the judge looks at it.
struct StoreView {
    let store: any MessageStore

    func lifecycle(_ id: MessageID) throws -> MessageLifecycle? { try store.lifecycle(of: id)?.lifecycle }

    func draft(_ id: MessageID) throws -> MessageDraft? {
        var arena = MessageDrafts()
        return try store.load(id, into: &arena)?.draft
    }

    func state(_ id: MessageID) throws -> MessageState? { try lifecycle(id)?.state ?? draft(id)?.waitingState }
}
