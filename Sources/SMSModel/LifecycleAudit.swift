/// Checks a stored lifecycle against the rules by which it came about.
extension MessageLifecycle {
    /// What is wrong with it, in a few words; nil if its history leads to its state by legal moves.
    package var fault: String? {
        guard history.isWhole else { return "its history is not whole" }
        guard due == 0 || !state.isFinal else { return "it is \(state.name) and due" }
        var walk = LifecycleWalk()
        history.forEach(from: Int64(id.milliseconds)) { event in
            // Past that size routine events are left out.
            guard walk.fault == nil, event.detail.lowerBound < History.packedBytes else { return }
            walk.take(event, in: history)
        }
        if let fault = walk.fault { return fault }
        guard let last = walk.last ?? (state == .queued || state == .scheduled ? state : nil) else {
            return "it is \(state.name), and nothing has happened to it"
        }
        return last == state || history.bytes.count >= History.packedBytes
            ? nil : "its history ends in \(last.name), its state is \(state.name)"
    }
}

/// Walks a history and tells the first move that no lifecycle makes.
private struct LifecycleWalk {
    var fault: String?
    /// The state after the last event; nil before the first, when it waits.
    var last: MessageState?
    private var attempts = 0
    /// Attempts that a provider may have taken, or is being given.
    private var possiblyTaken: Set<Int> = []
    /// It comes from a backup: what was tried since is not known.
    private var isRestored = false
    /// A receipt has proven that one of them was taken, since an operator last asked to send the message again.
    private var isProven = false
    /// The ids, by attempt, that the provider gave its parts, and how many parts were delivered.
    private var parts: [Int: (given: Set<ArraySlice<UInt8>>, delivered: Int)] = [:]

    mutating func take(_ event: History.Event, in history: History) {
        defer {
            last = event.state
            attempts = max(attempts, event.attempt)
            note(event, in: history)
        }
        if !isLegal(event) {
            let before = last?.name ?? "waiting"
            fault = "\(event.kind) leads from \(before) to \(event.state.name), attempt \(event.attempt)"
        }
    }

    private mutating func note(_ event: History.Event, in history: History) {
        switch event.kind {
        case .submitting, .outcomeUnknown, .interrupted: possiblyTaken.insert(event.attempt)
        case .sent:
            possiblyTaken.insert(event.attempt)
            if event.namesProviderID {
                parts[event.attempt, default: ([], 0)].given.insert(history.bytes[event.detail])
            }
        case .rejected, .throttled, .unavailable, .returned: possiblyTaken.remove(event.attempt)
        case .partDelivered:
            parts[event.attempt, default: ([], 0)].delivered += 1
            if possiblyTaken.contains(event.attempt) { isProven = true }
        case .identified, .attemptUndelivered:
            if possiblyTaken.contains(event.attempt) { isProven = true }
        case .resent: isProven = false
        case .restored: isRestored = true
        default: break
        }
    }

    /// A message of several parts is delivered once each of them is.
    private func hasAllParts(_ event: History.Event) -> Bool {
        guard let parts = parts[event.attempt], parts.given.count > 1 else { return true }
        return parts.delivered >= parts.given.count
    }

    /// The table says which states an event may lead to; attempts and parts have rules beyond it.
    private func isLegal(_ event: History.Event) -> Bool {
        guard last != nil || Self.firstEvents.contains(event.kind),
            event.kind.states(after: last ?? .queued).contains(event.state)
        else { return false }
        return switch event.kind {
        case .submitting: !isProven && event.attempt > attempts
        case .priced: event.attempt == attempts && attempts > 0
        case .delivered: hasAllParts(event)
        case .sent, .identified, .partDelivered, .attemptUndelivered: event.attempt <= attempts
        case .rejected, .failed, .expired, .canceled: event.state != .unknown || isInDoubt(without: event.attempt)
        default: true
        }
    }

    /// A provider may have taken another attempt than that one.
    private func isInDoubt(without attempt: Int) -> Bool {
        isRestored || possiblyTaken.contains { $0 != attempt }
    }

    /// The events that a history may begin with.
    private static let firstEvents: Set<EventKind> = [.submitting, .failed, .expired, .canceled, .restored]
}
