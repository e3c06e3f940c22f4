package import Providers
package import SMSModel
internal import Synchronization

/// A provider that does what a test says: it keeps what it is given until the test answers.
package final class ScriptedProvider: SMSProvider {
    package let name: String
    package let kind = "scripted"
    package let canBeAsked = true
    private let state = Mutex(State())

    private struct State {
        var open: [Submission] = []
        var seen: [Submission] = []
        var texts: [MessageID: (sender: String, recipient: String, body: String)] = [:]
        var events: (any ProviderEvents)?
        var isDraining = false
        var link = LinkState.up
    }

    package init(name: String = "scripted") {
        self.name = name
    }

    package func start(events: any ProviderEvents) {
        state.withLock { $0.events = events }
    }

    package func submit(_ batch: Submissions) {
        state.withLock { state in
            state.open += batch.items
            state.seen += batch.items
            for item in batch.items {
                state.texts[item.id] = (batch.text(item.sender), batch.text(item.recipient), batch.text(item.body))
            }
        }
    }

    package func drain() {
        state.withLock { $0.isDraining = true }
    }

    package func stop() {
        state.withLock { $0.events = nil }
    }

    package var link: LinkState { state.withLock { $0.link } }

    /// What it says of its link from now on, and reports if it has been started.
    package func setLink(_ link: LinkState) {
        let events = state.withLock { state in
            state.link = link
            return state.events
        }
        events?.linkChanged()
    }

    /// Whether ``drain()`` was called.
    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Everything it was ever given, in order.
    package var seen: [Submission] { state.withLock { $0.seen } }

    /// The sender of the last attempt.
    package func sender(of id: MessageID) -> String? { state.withLock { $0.texts[id]?.sender } }

    package func body(of id: MessageID) -> String? { state.withLock { $0.texts[id]?.body } }

    /// What it was given of a message: `SENDER>RECIPIENT: BODY`.
    package func text(of id: MessageID) -> String? {
        state.withLock { $0.texts[id] }.map { "\($0.sender)>\($0.recipient): \($0.body)" }
    }

    /// Takes out what it has not answered yet, in order.
    package func takeOpen() -> [Submission] {
        state.withLock { state in
            let open = state.open
            state.open = []
            return open
        }
    }

    /// Answers all that is open.
    package func answers(_ outcome: (Submission) -> Outcome) -> [AttemptAnswer] {
        takeOpen().map { AttemptAnswer(id: $0.id, attempt: $0.attempt, outcome: outcome($0)) }
    }
}
