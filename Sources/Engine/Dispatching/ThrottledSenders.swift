internal import SMSModel
internal import Scheduling

/// Senders of which providers take no more for now, and what waits for them.
///
/// A provider that throttles one sender throttles nobody else: only that sender's messages are kept from it. Those that
/// come to their turn meanwhile and have nowhere else to go are set aside here, and come back into the queue at the pace
/// at which the provider takes them, so that they are not looked at over and over.
///
/// Part of the dispatcher. Bounded by ``Limits/throttledSenders``; what is set aside is part of what waits.
struct ThrottledSenders {
    struct Key: Hashable {
        /// The provider's number.
        var provider: UInt8
        /// The sender that the provider is given; empty = the provider's own.
        var sender: String
    }

    private struct Sender {
        var pace: SenderPace
        var waiting = MinHeap<SetAside>()
        /// Messages that have come back into the queue and not been handed over since.
        var returned = 0
        /// When those are given up: they have gone elsewhere.
        var returnedUntil: Int64 = 0

        /// When a message that waits here may come back.
        var due: Int64? { waiting.isEmpty ? nil : returned > 0 ? max(returnedUntil, pace.nextTime) : pace.nextTime }
    }

    private var senders: [Key: Sender] = [:]
    /// No message is due before; may be too early.
    private(set) var due = Int64.max
    /// When the validity of the first message is over; may be too early.
    private(set) var over = Int64.max
    /// Messages that wait. What is in a heap and not here has left otherwise, and is passed over.
    private var ids: Set<MessageID> = []
    /// Entries in all heaps.
    private var held = 0
    private let capacity: Int
    /// What the round under way has changed of senders, as it was before.
    private var notes: [Key: Note] = [:]

    private struct Note {
        /// nil = it was not throttled.
        var pace: SenderPace?
        /// Messages that have come back into the queue and were handed over.
        var taken = 0
    }

    init(capacity: Int = Limits.throttledSenders) {
        self.capacity = capacity
    }

    var count: Int { ids.count }

    /// Whether no sender is throttled.
    var isEmpty: Bool { senders.isEmpty }

    func pace(of key: Key) -> SenderPace? { senders[key]?.pace }

    // MARK: The round's end

    private mutating func note(_ key: Key) {
        if notes[key] == nil { notes[key] = Note(pace: senders[key]?.pace) }
    }

    /// The round is durable, or all that it has changed has been found out again.
    mutating func forgetNotes() { notes.removeAll(keepingCapacity: true) }

    /// Nothing of the round has happened: providers' words on senders are heard again, and nothing was handed over.
    /// - Returns: what waits for senders that are not throttled any more.
    mutating func undo() -> [QueuedEntry] {
        var entries: [QueuedEntry] = []
        for (key, note) in notes {
            if let pace = note.pace {
                senders[key, default: Sender(pace: pace)].pace = pace
                senders[key]!.returned += note.taken
            } else if var sender = senders.removeValue(forKey: key) {
                held -= sender.waiting.count
                while let next = sender.waiting.popFirst() {
                    if ids.remove(next.entry.message.id) != nil { entries.append(next.entry) }
                }
            }
        }
        if !notes.isEmpty { due = count > 0 ? 0 : .max }
        forgetNotes()
        return entries.sorted { $0.message.id < $1.message.id }
    }

    // MARK: What providers say

    /// A provider has throttled a sender.
    ///
    /// - Parameter sentAt: when the message was handed over.
    /// - Returns: when the message may go again.
    mutating func throttled(_ key: Key, retryAfter: Int64, sentAt: Int64, now: Int64) -> Int64 {
        note(key)
        if senders[key] != nil {
            senders[key]!.pace.throttled(retryAfter: retryAfter, sentAt: sentAt, now: now)
        } else {
            if senders.count >= capacity { dropIdle(now: now) }
            let pace = SenderPace(retryAfter: retryAfter, now: now)
            guard senders.count < capacity else { return pace.nextTime }
            senders[key] = Sender(pace: pace)
        }
        return senders[key]!.pace.nextTime
    }

    /// A provider has taken a message of a sender.
    mutating func accepted(_ key: Key, sentAt: Int64, now: Int64) {
        guard senders[key] != nil else { return }
        note(key)
        senders[key]!.pace.accepted(sentAt: sentAt)
        due = min(due, senders[key]!.due ?? .max)
        if senders[key]!.waiting.isEmpty, senders[key]!.pace.isOver(now: now) { senders[key] = nil }
    }

    /// Forgets those that nothing waits for and that could have been asked for long.
    private mutating func dropIdle(now: Int64) {
        let idle = SenderPace.longestInterval * 2
        for (key, sender) in senders where sender.waiting.isEmpty && now - sender.pace.nextTime >= idle {
            note(key)
            senders[key] = nil
        }
    }

    // MARK: Who may go

    /// Whether the sender is one that the provider throttles.
    func contains(_ key: Key) -> Bool { senders[key] != nil }

    /// Whether no message of the sender may go to the provider now.
    func isHeld(_ key: Key, now: Int64) -> Bool { senders[key].map { $0.pace.available(now: now) == 0 } ?? false }

    /// A message of a sender is handed over.
    mutating func take(_ key: Key, now: Int64) {
        guard let returned = senders[key]?.returned else { return }
        note(key)
        senders[key]!.pace.take(now: now)
        if returned > 0 {
            senders[key]!.returned -= 1
            notes[key]!.taken += 1
        }
        due = min(due, senders[key]!.due ?? .max)
    }

    // MARK: What waits

    /// Sets a message aside until one of its senders may be asked again.
    /// - Parameter keys: not empty; all are throttled.
    mutating func setAside(_ entry: QueuedEntry, _ keys: [Key]) {
        let soonest = keys.min { (senders[$0]?.pace.nextTime ?? .max) < (senders[$1]?.pace.nextTime ?? .max) }
        guard let key = soonest, senders[key] != nil else { return }
        senders[key]!.waiting.push(SetAside(entry: entry))
        ids.insert(entry.message.id)
        held += 1
        due = min(due, senders[key]!.due ?? .max)
        over = min(over, entry.message.expiresAt)
    }

    /// Takes out the messages that may go now, by priority and age, at most this many.
    mutating func takeDue(now: Int64, limit: Int) -> [QueuedEntry] {
        guard count > 0, now >= due else { return [] }
        var entries: [QueuedEntry] = []
        due = .max
        for key in waitedFor {
            if let time = senders[key]!.due, time <= now {
                senders[key]!.returned = 0
                senders[key]!.returnedUntil = now + SenderPace.firstInterval
                let available = min(senders[key]!.pace.available(now: now), limit - entries.count)
                while senders[key]!.returned < available, let next = senders[key]!.waiting.popFirst() {
                    held -= 1
                    guard ids.remove(next.entry.message.id) != nil else { continue }
                    senders[key]!.returned += 1
                    entries.append(next.entry)
                }
            }
            due = min(due, entries.count >= limit ? now : senders[key]!.due ?? .max)
        }
        return entries
    }

    /// Forgets a message: it has left otherwise.
    mutating func cancel(_ id: MessageID) {
        guard ids.remove(id) != nil else { return }
        if held > 2 * ids.count + 1024 { removeEntries { _ in false } }
    }

    /// Between two looks for what has expired, in milliseconds: each looks at every message.
    private static let expiryInterval: Int64 = 250

    /// Takes out messages whose validity is over, at most this many.
    mutating func takeExpired(now: Int64, limit: Int) -> [QueuedEntry] {
        guard count > 0, now >= over else { return [] }
        var entries: [QueuedEntry] = []
        var next = Int64.max
        removeEntries { entry in
            guard entry.message.expiresAt <= now, entries.count < limit else {
                next = min(next, entry.message.expiresAt)
                return false
            }
            entries.append(entry)
            return true
        }
        over = next == .max ? .max : max(next, now + (entries.count < limit ? Self.expiryInterval : 0))
        for entry in entries { ids.remove(entry.message.id) }
        return entries
    }

    /// Takes out everything, by age: there may be other ways now.
    mutating func takeAll() -> [QueuedEntry] {
        var entries: [QueuedEntry] = []
        removeEntries { entry in
            entries.append(entry)
            return true
        }
        removeWaiting()
        return entries.sorted { $0.message.id < $1.message.id }
    }

    /// The senders that messages wait for, in an order that is the same in every run.
    private var waitedFor: [Key] {
        senders.filter { !$0.value.waiting.isEmpty }.keys.sorted { ($0.provider, $0.sender) < ($1.provider, $1.sender) }
    }

    /// Takes entries out of the heaps: those that are asked for, and those that have left otherwise.
    private mutating func removeEntries(where isRemoved: (QueuedEntry) -> Bool) {
        for key in waitedFor {
            let before = senders[key]!.waiting.count
            senders[key]!.waiting.removeAll { [ids] in
                !ids.contains($0.entry.message.id) || isRemoved($0.entry)
            }
            held -= before - senders[key]!.waiting.count
        }
    }

    /// All that waits leaves: it is found again elsewhere. Who is throttled stays so.
    mutating func removeWaiting() {
        for key in Array(senders.keys) {
            senders[key]!.waiting = MinHeap()
            senders[key]!.returned = 0
        }
        ids.removeAll()
        (held, due, over) = (0, .max, .max)
    }

    /// How much waits for each sender that a provider throttles, and the message that goes first. Looks at every message.
    var waitingBySender: [(provider: UInt8, first: QueuedEntry, count: Int)] {
        waitedFor.compactMap { key in
            let entries = (senders[key]?.waiting.entries ?? []).filter { ids.contains($0.entry.message.id) }
            let first = entries.min { $0.precedes($1) }
            return first.map { (key.provider, $0.entry, entries.count) }
        }
    }

    /// No message that waits has a lower id. Looks at every message.
    var lowestID: MessageID? {
        senders.values.lazy.flatMap { $0.waiting.entries.lazy.map(\.entry.message.id) }.min()
    }

    /// The messages of one priority that wait, of one tenant or of all. Looks at every message.
    func count(_ priority: Priority, of tenant: TenantID? = nil) -> Int {
        guard count > 0 else { return 0 }
        return senders.values.reduce(0) { count, sender in
            count
                + sender.waiting.entries.count {
                    $0.entry.flow.priority == priority && (tenant == nil || $0.entry.flow.tenant == tenant)
                        && ids.contains($0.entry.message.id)
                }
        }
    }
}

/// A message that waits, in the order of its going.
private struct SetAside: HeapEntry {
    var entry: QueuedEntry

    func precedes(_ other: SetAside) -> Bool {
        let (own, others) = (entry.flow.priority.rawValue, other.entry.flow.priority.rawValue)
        return own != others ? own < others : entry.message.id.rawValue < other.entry.message.id.rawValue
    }
}
