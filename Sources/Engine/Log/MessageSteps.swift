internal import Providers
internal import SMSModel
internal import Storage

/// What a durable round did to messages, with what the log's lines say of them.
struct MessageSteps {
    /// A lifecycle as it was recorded, and what it was before.
    struct Change {
        var stored: StoredLifecycle
        var mark: MessageLifecycle.Mark
        /// Its texts are in ``MessageSteps/arena``; nil if it cannot be read.
        var draft: MessageDraft?
    }

    /// Messages that a burst or a slice of one brought, now or before.
    let acceptances: [Round.Acceptance]
    private(set) var changes: [Change] = []
    private(set) var arena = MessageDrafts()
    /// Names by number.
    private(set) var providers: [UInt8: String] = [:]

    /// nil if there are none.
    init?(_ round: Round, _ store: any MessageStore, _ states: [ProviderState]) {
        guard !round.accepted.isEmpty || !round.steps.isEmpty else { return nil }
        acceptances = round.accepted
        for state in states { providers[state.number] = state.provider.name }
        for step in round.steps {
            // A day's file that cannot be read takes nothing but details from the log.
            let loaded = try? store.load(step.stored.lifecycle.id, into: &arena)
            changes.append(Change(stored: step.stored, mark: step.since, draft: loaded?.draft))
        }
    }
}
