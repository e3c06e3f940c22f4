internal import Routing
internal import SMSModel
internal import Scheduling
internal import Storage

/// The messages that the writer has in memory, and where each of them is: the one place that knows.
///
/// | where | kept in |
/// |---|---|
/// | waits for its turn | `queue` |
/// | waits for a time: scheduled, or backed off | `delays` |
/// | waits for a throttled sender | `senders` |
/// | waits for its batch, which is paused | `held` |
/// | at a provider | `inFlight` |
/// | awaits its receipt, since recently | `recent`: a cache |
/// | not read from the store yet since the start | from `recoveryCursor` on |
///
/// What only waits has no row of its own, since millions may: the queue's rings are its table. Of those that wait for
/// another attempt the table says so (``hasStoredLifecycle(_:)``), and a row is there from the claim to the answer.
///
/// The methods are the events of messages' lives. Each applies at once, so that what a round decides later sees what it
/// decided before, and notes who entered, who left and what was in flight: a commit forgets the notes, and
/// ``undo()`` takes them back. So a round costs no copy, a lookup looks at one place, and a round that fails costs
/// as much as it did, however much waits. All of it is derived from the store: ``forgetWaiting()`` is followed by a
/// recovery.
struct OpenMessages: ~Copyable {
    var queue = MessageQueue()
    private(set) var delays = DelayHeap()
    /// Senders that providers throttle, and messages that wait for them.
    var senders = ThrottledSenders()
    /// Messages of paused batches that came to their turn.
    private(set) var held = HeldMessages()
    /// Messages from this id on are still to be read from the store. The queue has none of them, and nothing is claimed.
    /// nil = all have been.
    var recoveryCursor: MessageID?
    /// The contents of messages that wait.
    var contents: WaitingContents
    private var inFlight: [MessageID: InFlight] = [:]
    /// Waiting messages that have a lifecycle in the store already.
    private var withStoredLifecycle: Set<MessageID> = []
    private var recent = RecentLifecycles(capacity: 16_384)
    private var notes = Notes()

    /// The changes of the round under way.
    private struct Notes {
        /// Messages that wait since this round.
        var entered: [MessageID] = []
        /// Messages that waited, and don't any more; and whether they had a lifecycle in the store.
        var left: [(entry: QueuedEntry, hasStoredLifecycle: Bool)] = []
        /// The message that has come to its turn and is being looked at.
        var inTurn: QueuedEntry?
        /// Messages in flight as they were before answers and receipts, in the order of these.
        var flights: [InFlight] = []
        /// Messages that won't be sent (again), once the round is durable.
        var leaving: [MessageID] = []
    }

    /// - Parameter contentBytes: memory for the contents of messages that wait, about.
    init(contentBytes: Int) {
        contents = WaitingContents(budget: contentBytes)
    }

    // MARK: Asking

    var inFlightCount: Int { inFlight.count }

    var inFlightIDs: Set<MessageID> { Set(inFlight.keys) }

    /// The lowest id in flight. Looks at every message there.
    var lowestInFlight: MessageID? { inFlight.keys.min() }

    /// The message at its provider; nil if it is at none.
    func flight(of id: MessageID) -> InFlight? { inFlight[id] }

    /// Whether a message that waits has a lifecycle in the store.
    func hasStoredLifecycle(_ id: MessageID) -> Bool {
        !withStoredLifecycle.isEmpty && withStoredLifecycle.contains(id)
    }

    /// The lifecycle of a message that is in flight or was sent recently; nil = ask the store.
    func lifecycle(of id: MessageID) -> StoredLifecycle? { inFlight[id]?.stored ?? recent[id] }

    /// Takes out the lifecycle of a message in flight or sent recently, to be given back by ``changed(_:)`` as it has become.
    mutating func takeLifecycle(of id: MessageID) -> StoredLifecycle? { inFlight[id]?.stored ?? recent.remove(id) }

    /// Whether the message has been read from the store since the start, if it was there then.
    func isRecovered(_ id: MessageID) -> Bool { recoveryCursor.map { id < $0 } ?? true }

    // MARK: Entering

    /// A message has been accepted.
    mutating func accepted(_ entry: QueuedEntry, due: Int64, now: Int64) { enter(entry, due: due, now: now) }

    /// A message waits again, for another attempt.
    mutating func requeued(_ entry: QueuedEntry, due: Int64, now: Int64) {
        guard isRecovered(entry.message.id) else { return }
        withStoredLifecycle.insert(entry.message.id)
        enter(entry, due: due, now: now)
    }

    /// A message that waits has been found in the store.
    mutating func recovered(_ entry: QueuedEntry, hasStoredLifecycle: Bool, due: Int64, now: Int64) {
        if hasStoredLifecycle { withStoredLifecycle.insert(entry.message.id) }
        push(entry, due: due, now: now)
    }

    private mutating func enter(_ entry: QueuedEntry, due: Int64, now: Int64) {
        guard isRecovered(entry.message.id) else { return }
        notes.entered.append(entry.message.id)
        push(entry, due: due, now: now)
    }

    private mutating func push(_ entry: QueuedEntry, due: Int64, now: Int64) {
        if due > now {
            delays.push(entry.message, due: min(due, entry.message.expiresAt), flow: entry.flow)
        } else {
            queue.push(entry.message, flow: entry.flow)
        }
    }

    // MARK: Waiting elsewhere

    /// Brings what is due now into the queue.
    mutating func takeDue(now: Int64) {
        for entry in delays.popDue(now: now, limit: 1024) { queue.push(entry.message, flow: entry.flow) }
        for entry in senders.takeDue(now: now, limit: Limits.sendersReturned) {
            queue.pushBack(entry.message, flow: entry.flow)
        }
    }

    /// Brings back what waits for a throttled sender.
    mutating func returnSetAside() {
        for entry in senders.takeAll() { queue.pushBack(entry.message, flow: entry.flow) }
    }

    /// Brings the messages of a batch back that came to their turn while it was paused.
    mutating func release(_ batch: BatchID) {
        for entry in held.release(batch) { queue.pushBack(entry.message, flow: entry.unrouted.flow) }
    }

    /// The batch is canceled: what is held of it is canceled in the store.
    mutating func drop(_ batch: BatchID) { _ = held.release(batch) }

    // MARK: A message's turn

    /// The message that is to be handed over next. What becomes of it is to be reported before the next one.
    mutating func nextInTurn(urgentOnly: Bool) -> QueuedEntry? {
        guard let (message, flow) = queue.pop(urgentOnly: urgentOnly) else { return nil }
        let entry = QueuedEntry(message: message, flow: flow)
        notes.inTurn = entry
        return entry
    }

    /// The message in turn waits in the queue again.
    mutating func putBack(_ entry: QueuedEntry) {
        notes.inTurn = nil
        queue.pushBack(entry.message, flow: entry.flow)
    }

    /// The message in turn waits for a time.
    mutating func putOff(_ entry: QueuedEntry, due: Int64) {
        notes.inTurn = nil
        delays.push(entry.message, due: due, flow: entry.flow)
    }

    /// The message in turn waits for its batch to be resumed.
    mutating func hold(_ entry: QueuedEntry, of batch: BatchID) {
        notes.inTurn = nil
        held.hold(entry, of: batch)
    }

    /// The message in turn waits for one of its senders.
    mutating func setAside(_ entry: QueuedEntry, _ keys: [ThrottledSenders.Key]) {
        notes.inTurn = nil
        senders.setAside(entry, keys)
    }

    /// The message in turn doesn't wait any more.
    mutating func left(_ entry: QueuedEntry) {
        notes.inTurn = nil
        note(left: entry)
    }

    /// The message in turn goes to a provider.
    mutating func claimed(_ entry: QueuedEntry, _ flight: InFlight) {
        left(entry)
        inFlight[entry.message.id] = flight
    }

    private mutating func note(left entry: QueuedEntry) {
        let hadLifecycle = !withStoredLifecycle.isEmpty && withStoredLifecycle.remove(entry.message.id) != nil
        notes.left.append((entry, hadLifecycle))
    }

    /// Messages whose validity is over that one look takes out, at most, of each place where they wait.
    private static let expiredAtATime = 2048

    /// Takes out messages whose validity is over, also where they wait for a provider; and whether each has a lifecycle
    /// in the store.
    mutating func takeExpired(now: Int64) -> [(entry: QueuedEntry, hasStoredLifecycle: Bool)] {
        let before = notes.left.count
        for (message, flow) in queue.sweepExpired(now: now, budget: Self.expiredAtATime) {
            note(left: QueuedEntry(message: message, flow: flow))
        }
        for entry in senders.takeExpired(now: now, limit: Self.expiredAtATime) { note(left: entry) }
        for entry in held.takeExpired(now: now) { note(left: entry) }
        return Array(notes.left[before...])
    }

    // MARK: Answers and receipts

    /// The provider has answered for the message: it isn't in flight any more.
    /// - Returns: nil if that attempt is not under way.
    mutating func answered(_ id: MessageID, attempt: Int) -> InFlight? {
        guard let flight = inFlight[id], flight.stored.lifecycle.attempts == attempt else { return nil }
        inFlight[id] = nil
        notes.flights.append(flight)
        return flight
    }

    /// Keeps what has become of a message that was in flight, for the receipt that is expected. A message that waits is
    /// not kept: its next claim changes it elsewhere.
    mutating func keep(_ stored: StoredLifecycle) {
        if stored.lifecycle.state == .sent || stored.lifecycle.state == .unknown { recent.insert(stored) }
    }

    /// Keeps what a receipt, an operator or a provider that was asked has made of a message, once
    /// ``takeLifecycle(of:)`` has taken out what it was.
    mutating func changed(_ stored: StoredLifecycle) {
        let id = stored.lifecycle.id
        if let flight = inFlight[id] {
            notes.flights.append(flight)
            inFlight[id]!.stored = stored
            return
        }
        // A receipt may show that it need not be sent again.
        let waits = stored.lifecycle.state == .queued || stored.lifecycle.state == .scheduled
        if !waits, hasStoredLifecycle(id) { leaves(id) }
        keep(stored)
    }

    /// The message will not be sent (again): it has been canceled, or a receipt has shown that a provider has it. It
    /// leaves once that is durable; until then its turn shows what the store has of it.
    mutating func leaves(_ id: MessageID) { notes.leaving.append(id) }

    // MARK: The round's end

    /// The round is durable.
    mutating func committed() {
        for id in notes.leaving where isRecovered(id) {
            remove(id)
            contents.forget(id)
            withStoredLifecycle.remove(id)
        }
        forgetNotes()
    }

    /// Nothing of the round has happened: what waited waits, and what was in flight is so again, as it was.
    mutating func undo() {
        if let entry = notes.inTurn { left(entry) }
        let entered = Set(notes.entered)
        let left = Set(notes.left.lazy.map(\.entry.message.id))
        for id in notes.entered.reversed() {
            withStoredLifecycle.remove(id)
            if !left.contains(id) { remove(id) }
        }
        if !held.isEmpty { held.remove(entered) }
        for (entry, hasStoredLifecycle) in notes.left {
            let id = entry.message.id
            inFlight[id] = nil
            guard !entered.contains(id) else { continue }
            if hasStoredLifecycle { withStoredLifecycle.insert(id) }
            // The routes may be others by now.
            queue.pushBack(entry.message, flow: entry.unrouted.flow)
        }
        // From the last to the first: a message that was touched twice becomes as it was before both.
        for flight in notes.flights.reversed() { inFlight[flight.stored.lifecycle.id] = flight }
        for entry in senders.undo() { queue.pushBack(entry.message, flow: entry.unrouted.flow) }
        // Caches: the store has it all. Ids of messages that were not accepted may be given to others.
        contents.removeAll()
        recent.removeAll()
        forgetNotes()
    }

    private mutating func remove(_ id: MessageID) {
        queue.cancel(id)
        delays.cancel(id)
        senders.cancel(id)
    }

    private mutating func forgetNotes() {
        notes.entered.removeAll(keepingCapacity: true)
        notes.left.removeAll(keepingCapacity: true)
        notes.inTurn = nil
        notes.flights.removeAll(keepingCapacity: true)
        notes.leaving.removeAll(keepingCapacity: true)
        senders.forgetNotes()
    }

    // MARK: Reading the store again

    /// Forgets all that waits, to be recovered from the store. What is in flight stays.
    mutating func forgetWaiting() {
        queue = MessageQueue()
        delays = DelayHeap()
        senders.removeWaiting()
        held = HeldMessages()
        contents.removeAll()
        recent.removeAll()
        withStoredLifecycle.removeAll()
        forgetNotes()
        recoveryCursor = MessageID(rawValue: 0)
    }

    /// The claims of the round under way, and the other messages that it has changed in flight.
    var touchedInRound: (claimed: [InFlight], changed: Set<MessageID>) {
        let claimed = notes.left.compactMap { inFlight[$0.entry.message.id] }
        return (claimed, Set(notes.flights.map(\.stored.lifecycle.id)))
    }

    /// The store has a claim of a round that failed: it is in flight, whatever it was before.
    /// - Returns: what it was, if it was in flight.
    mutating func claimRecorded(_ flight: InFlight) -> InFlight? {
        inFlight.updateValue(flight, forKey: flight.stored.lifecycle.id)
    }

    /// Takes over how the store has a message in flight after a round that failed. A receipt that comes before the answer
    /// settles the message, but the provider still has it.
    /// - Returns: what it was, if it isn't in flight any more.
    mutating func stepRecorded(_ stored: StoredLifecycle) -> InFlight? {
        let id = stored.lifecycle.id
        if stored.lifecycle.state == .submitting || !stored.lifecycle.isAnswered {
            inFlight[id]?.stored = stored
            return nil
        }
        return inFlight.removeValue(forKey: id)
    }
}

/// A message that waits, and in which flow.
struct QueuedEntry {
    var message: QueuedMessage
    var flow: FlowKey

    /// The same, to be routed again in its turn: outside of the queue a set's number may have come to mean another.
    var unrouted: QueuedEntry {
        let key = FlowKey(candidates: CandidateSets.unrouted, priority: flow.priority, tenant: flow.tenant)
        return QueuedEntry(message: message, flow: key)
    }
}
