/// One row of the life cycle's table: the states that an event may follow on, and those that it may lead to.
///
/// The table is the only one: ``MessageLifecycle`` asserts each of its steps by it, the audit of stored histories goes
/// by it, and the diagram of `docs/lifecycle.md` is drawn from it.
package struct LifecycleMove: Hashable, Sendable {
    package let event: EventKind
    package let from: MessageStates
    /// Empty = the state stays as it is.
    package let to: MessageStates

    init(_ event: EventKind, from: MessageStates, to: MessageStates = []) {
        self.event = event
        self.from = from
        self.to = to
    }

    private static let waiting: MessageStates = [.queued, .scheduled]
    private static let open: MessageStates = [.queued, .scheduled, .submitting, .sent, .unknown]
    private static let any = MessageStates(MessageState.allCases.filter { $0 != .accepted })

    /// All moves that a history may record, in the order of a message's life. Acceptance, waiting and the passing of a
    /// send time are no moves: the message itself tells them.
    package static let all = [
        LifecycleMove(.submitting, from: waiting, to: .submitting),
        LifecycleMove(.sent, from: [.submitting, .unknown], to: .sent),
        // A receipt came before the answer.
        LifecycleMove(.sent, from: any),
        LifecycleMove(.rejected, from: .submitting, to: [.queued, .unknown, .failed]),
        LifecycleMove(.throttled, from: .submitting, to: .queued),
        LifecycleMove(.unavailable, from: .submitting, to: .queued),
        LifecycleMove(.returned, from: .submitting, to: .queued),
        LifecycleMove(.outcomeUnknown, from: .submitting, to: [.queued, .unknown]),
        LifecycleMove(.interrupted, from: .submitting, to: [.queued, .unknown]),
        LifecycleMove(.priced, from: any),
        LifecycleMove(.identified, from: open, to: .sent),
        LifecycleMove(.identified, from: any),
        LifecycleMove(.partDelivered, from: open, to: .sent),
        LifecycleMove(.partDelivered, from: any),
        LifecycleMove(.attemptUndelivered, from: open, to: [.sent, .unknown]),
        LifecycleMove(.attemptUndelivered, from: open),
        LifecycleMove(.delivered, from: any.subtracting(.delivered), to: .delivered),
        LifecycleMove(.undelivered, from: any.subtracting([.delivered, .undelivered]), to: .undelivered),
        LifecycleMove(.receiptIgnored, from: any),
        LifecycleMove(.failed, from: waiting, to: .failed),
        LifecycleMove(.expired, from: waiting, to: .expired),
        LifecycleMove(.canceled, from: waiting, to: .canceled),
        // An attempt before may have been taken.
        LifecycleMove(.failed, from: .queued, to: .unknown),
        LifecycleMove(.expired, from: .queued, to: .unknown),
        LifecycleMove(.canceled, from: .queued, to: .unknown),
        LifecycleMove(.resent, from: .unknown, to: .queued),
        LifecycleMove(.settled, from: .unknown, to: MessageStates(MessageLifecycle.settlements)),
        LifecycleMove(.restored, from: open, to: .unknown),
    ]

    /// The states after an event, by its raw value and that of the state before it.
    fileprivate static let after: [MessageStates] = {
        var after = [MessageStates](repeating: [], count: 32 * 16)
        for move in all {
            for before in move.from.states {
                let place = Int(move.event.rawValue) * 16 + Int(before.rawValue)
                after[place].formUnion(move.to.isEmpty ? MessageStates(before) : move.to)
            }
        }
        return after
    }()
}

extension EventKind {
    /// The states that a message may have after this event; empty if the event can't happen to it.
    package func states(after before: MessageState) -> MessageStates {
        LifecycleMove.after[Int(rawValue) * 16 + Int(before.rawValue)]
    }
}

extension MessageState {
    /// The states that one event may lead to from this one, itself not among them.
    package var successors: MessageStates {
        LifecycleMove.all.reduce(into: MessageStates()) { states, move in
            if move.from.contains(self) { states.formUnion(move.to) }
        }
        .subtracting(MessageStates(self))
    }
}

extension MessageStates {
    static let queued = MessageStates(.queued)
    static let scheduled = MessageStates(.scheduled)
    static let submitting = MessageStates(.submitting)
    static let sent = MessageStates(.sent)
    static let unknown = MessageStates(.unknown)
    static let delivered = MessageStates(.delivered)
    static let undelivered = MessageStates(.undelivered)
    static let failed = MessageStates(.failed)
    static let expired = MessageStates(.expired)
    static let canceled = MessageStates(.canceled)

    package init(_ states: [MessageState]) {
        self = states.reduce(into: []) { $0.formUnion(MessageStates($1)) }
    }

    /// The states in it, in the order of a message's life.
    package var states: [MessageState] { MessageState.allCases.filter(contains) }
}
