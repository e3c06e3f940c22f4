/// Which attempt a carrier means, and how each of them stands.
extension MessageLifecycle {
    /// The number of the provider that the attempt was given to; nil if there was no such attempt.
    package func provider(ofAttempt attempt: Int) -> UInt8? {
        guard attempt >= 1, attempt <= attempts else { return nil }
        var provider: UInt8?
        history.forEach(from: 0) { event in
            if provider == nil, event.attempt == attempt, event.provider != 0 { provider = event.provider }
        }
        return provider
    }

    /// The last attempt for which the provider gave the message, or one of its parts, this id; nil if it never did.
    package func attempt(providerID: String, provider: UInt8) -> Int? {
        var attempt: Int?
        history.forEach(from: 0) { event in
            guard event.namesProviderID, event.provider == provider,
                history.bytes[event.detail].elementsEqual(providerID.utf8)
            else { return }
            attempt = event.attempt
        }
        return attempt
    }

    /// How the attempts stand that a provider may have taken.
    var attemptStates: AttemptStates { AttemptStates(self) }
}

/// How the attempts of a message stand that a provider may have taken, in their order.
///
/// An attempt is in doubt when its answer was lost, and confirmed once the provider or a receipt says that it was taken.
/// It is closed once it surely was not delivered. Attempts that surely were not taken are not among them.
struct AttemptStates {
    struct Attempt {
        let number: Int
        let provider: UInt8
        /// When it was handed over, in milliseconds since the Unix epoch.
        let begun: Int64
        /// When its answer was lost; 0 where it was not.
        var inDoubtSince: Int64 = 0
        /// Its provider can tell whether it has it: nothing was restored since its answer was lost.
        var canBeAskedAbout = false
        var isConfirmed = false
        /// What it was closed with, a range of the history's bytes.
        var closedBy: Range<Int>?
        /// Confirmed or closed since an operator last asked to send the message again.
        var isProven = false

        var isOpen: Bool { closedBy == nil }
    }

    private(set) var attempts: [Attempt] = []
    /// The attempt under way.
    private var flying: Attempt?
    /// It waits after the last event.
    private var waits = true

    init(_ lifecycle: MessageLifecycle) {
        let bytes = lifecycle.history.bytes
        lifecycle.history.forEach(from: Int64(lifecycle.id.milliseconds)) { take($0, bytes) }
        if lifecycle.state == .submitting, let flying, place(of: flying.number) == nil { attempts.append(flying) }
    }

    private mutating func take(_ event: History.Event, _ bytes: [UInt8]) {
        defer { waits = event.state == .queued }
        switch event.kind {
        case .submitting: flying = Attempt(number: event.attempt, provider: event.provider, begun: event.at)
        case .rejected, .throttled, .unavailable, .returned: flying = nil
        case .outcomeUnknown, .interrupted:
            change(event, mayBeTaken: true) { ($0.inDoubtSince, $0.canBeAskedAbout) = (event.at, true) }
        case .restored:
            for place in attempts.indices { attempts[place].canBeAskedAbout = false }
            // Of what waited when the backup was made nobody knows what was tried since: that is its attempt 0.
            var doubt = event
            if waits { (doubt.attempt, doubt.provider) = (0, 0) }
            change(doubt, mayBeTaken: waits) { $0.inDoubtSince = event.at }
        case .sent: change(event, mayBeTaken: true) { ($0.isConfirmed, $0.isProven) = (true, true) }
        case .identified, .partDelivered: change(event) { ($0.isConfirmed, $0.isProven) = (true, true) }
        case .settled where event.state == .sent: change(event) { $0.isConfirmed = true }
        case .undelivered, .attemptUndelivered:
            change(event) { ($0.closedBy, $0.isProven) = ($0.closedBy ?? event.detail, true) }
        // So attempts were closed before there was an event for it.
        case .receiptIgnored where !bytes[event.detail].elementsEqual("delivered".utf8):
            change(event) { $0.closedBy = $0.closedBy ?? event.detail }
        case .resent: for place in attempts.indices { attempts[place].isProven = false }
        default: break
        }
    }

    /// - Parameter mayBeTaken: the event itself says that the provider may have taken the attempt.
    private mutating func change(_ event: History.Event, mayBeTaken: Bool = false, _ change: (inout Attempt) -> Void) {
        if let place = place(of: event.attempt) { return change(&attempts[place]) }
        let isFlying = flying?.number == event.attempt
        guard mayBeTaken || isFlying else { return }
        let begun = isFlying ? flying?.begun : nil
        var attempt = Attempt(number: event.attempt, provider: event.provider, begun: begun ?? event.at)
        change(&attempt)
        attempts.append(attempt)
    }

    private func place(of number: Int) -> Int? { attempts.lastIndex { $0.number == number } }

    subscript(number: Int) -> Attempt? { place(of: number).map { attempts[$0] } }

    var open: [Attempt] { attempts.filter(\.isOpen) }
    var closed: [Attempt] { attempts.filter { !$0.isOpen } }

    mutating func close(_ number: Int, with code: Range<Int>) {
        if let place = place(of: number) { attempts[place].closedBy = code }
    }

    /// When a message is settled without a receipt that isn't sent again, but may have been taken; nil if no provider can
    /// have it.
    /// - Parameter refused: an attempt that a provider has just refused.
    func doubtDue(without refused: Int?) -> Int64? {
        let open = attempts.filter { $0.isOpen && $0.number != refused }
        return open.isEmpty ? nil : Self.due(open)
    }

    private static func due(_ open: [Attempt]) -> Int64 {
        (open.map(\.inDoubtSince).max() ?? 0) + Limits.receiptDeadlineMilliseconds
    }

    /// The state of a message of which some attempt was proven to be taken, and none is under way or waits any more; and
    /// when it is settled without a receipt, if it isn't sent.
    var state: (state: MessageState, due: Int64) {
        let open = open
        if open.contains(where: \.isConfirmed) { return (.sent, 0) }
        if open.isEmpty { return (.undelivered, 0) }
        return (.unknown, Self.due(open))
    }
}
