internal import Providers
internal import SMSModel
internal import Storage

/// What a round does to messages, gathered while it works and told once it is durable. Nothing is gathered unless
/// somebody wants to know.
struct MessageSteps {
    /// Messages that a burst or a slice of one brought, now or before.
    struct Acceptance {
        var drafts: DraftBatch
        /// The place in `drafts` of the first result.
        var start: Int
        var results: [AcceptResult]
        var batch: BatchID?
    }

    /// A lifecycle as it was recorded, and what it was before.
    struct Change {
        var stored: StoredLifecycle
        var mark: MessageLifecycle.Mark
        /// Its texts are in ``MessageSteps/arena``; nil if it cannot be read.
        var draft: MessageDraft?
    }

    let isGathering: Bool
    private(set) var acceptances: [Acceptance] = []
    private(set) var changes: [Change] = []
    private(set) var arena = DraftBatch()
    /// Names by number.
    private(set) var providers: [UInt8: String] = [:]

    init(isGathering: Bool) {
        self.isGathering = isGathering
    }

    var isEmpty: Bool { acceptances.isEmpty && changes.isEmpty }

    @inline(__always)
    mutating func accepted(_ drafts: DraftBatch, from start: Int, _ results: [AcceptResult], batch: BatchID?) {
        guard isGathering else { return }
        acceptances.append(Acceptance(drafts: drafts, start: start, results: results, batch: batch))
    }

    @inline(__always)
    mutating func changed(_ stored: StoredLifecycle, since mark: MessageLifecycle.Mark) {
        guard isGathering else { return }
        changes.append(Change(stored: stored, mark: mark))
    }

    /// Hands out what a committed round has gathered, with what the store knows of the messages.
    mutating func take(_ store: any MessageStore, _ lanes: [ProviderLane]) -> MessageSteps {
        var steps = self
        self = MessageSteps(isGathering: isGathering)
        for lane in lanes { steps.providers[lane.number] = lane.provider.name }
        for index in steps.changes.indices {
            // A day's file that cannot be read takes nothing but details from the log.
            let loaded = try? store.load(steps.changes[index].stored.lifecycle.id, into: &steps.arena)
            steps.changes[index].draft = loaded?.draft
        }
        return steps
    }

    mutating func removeAll() {
        acceptances.removeAll()
        changes.removeAll()
    }
}
