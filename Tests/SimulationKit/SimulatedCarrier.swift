internal import Providers
internal import SMSModel
internal import Synchronization

/// A carrier that the simulation is: it takes what it is handed, and knows what it took. What it says, and when, the
/// simulation decides. It reports by the road that every carrier takes.
///
/// All of it is called by the simulation's one thread; the lock is for the compiler.
final class SimulatedCarrier: SMSProvider {
    let name: String
    let number: UInt8
    let kind = "simulated"
    let canBeAsked = true
    private let state = Mutex(State())

    /// A message that the carrier has taken.
    struct Taken {
        let message: MessageID
        let attempt: Int
        /// The ids in its answer: one, or one for each part.
        let ids: [String]
        let body: String
    }

    private struct State {
        var open: [Submission] = []
        var bodies: [MessageID: String] = [:]
        var fresh: [Submission] = []
        var events: (any ProviderEvents)?
        var link = LinkState.up
        var isStopped = false
        /// What it was given while its link was down or it had been stopped.
        var faults: [String] = []
    }

    init(name: String, number: UInt8) {
        self.name = name
        self.number = number
    }

    // MARK: What the gateway does

    func start(events: any ProviderEvents) { state.withLock { $0.events = events } }

    func submit(_ batch: Submissions) {
        state.withLock { state in
            if !state.link.isUp { state.faults.append("\(name) was handed messages while its link was down") }
            if state.isStopped { state.faults.append("\(name) was handed messages after it had been stopped") }
            state.open += batch.items
            state.fresh += batch.items
            for item in batch.items { state.bodies[item.id] = batch.text(item.body) }
        }
    }

    /// What is open is answered in its time, as by a carrier that has begun all of it.
    func drain() {}

    func stop() {
        state.withLock { state in
            if !state.open.isEmpty { state.faults.append("\(name) was stopped before it had answered") }
            state.isStopped = true
            state.events = nil
        }
    }

    var link: LinkState { state.withLock { $0.link } }

    // MARK: What the simulation does

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var openCount: Int { state.withLock { $0.open.count } }
    var events: (any ProviderEvents)? { state.withLock { $0.events } }

    /// Takes out what came since the last time.
    func takeFresh() -> (submissions: [Submission], faults: [String]) {
        state.withLock { state in
            defer { (state.fresh, state.faults) = ([], []) }
            return (state.fresh, state.faults)
        }
    }

    /// Takes out some of what it has not answered, in an order of its own.
    func takeOpen(_ count: Int, using generator: inout SeededGenerator) -> [Submission] {
        state.withLock { state in
            state.open.shuffle(using: &generator)
            let taken = Array(state.open.suffix(count))
            state.open.removeLast(taken.count)
            return taken
        }
    }

    func body(of id: MessageID) -> String { state.withLock { $0.bodies[id] ?? "" } }

    func setLink(_ link: LinkState) {
        state.withLock { $0.link = link }
        events?.linkChanged()
    }
}

/// Asks a carrier what it took; the simulation answers in its time.
final class SimulatedLookUp: MessageLookUp {
    enum Question: Sendable {
        case message(LookUpQuestion, @Sendable (LookUpAnswer) -> Void)
        case status(String, @Sendable (StatusAnswer) -> Void)
    }

    private let open = Mutex<[Question]>([])

    func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void) {
        open.withLock { $0.append(.message(question, answer)) }
    }

    func askStatus(of providerID: String, answer: @escaping @Sendable (StatusAnswer) -> Void) {
        open.withLock { $0.append(.status(providerID, answer)) }
    }

    func stop() {}

    func takeFirst() -> Question? { open.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
