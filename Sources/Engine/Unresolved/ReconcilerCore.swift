internal import SMSModel
internal import Scheduling

/// Which providers are to be asked about which messages now: a queue for each provider, and what it is being asked.
///
/// A value without IO or clock; times are milliseconds from any origin.
struct ReconcilerCore {
    /// A question on its way; its answer is known by the ticket.
    struct Question {
        let ticket: UInt64
        let provider: UInt8
        let entry: ReconciliationQueue.Entry
    }

    private struct LookUpQueue {
        var queue: ReconciliationQueue
        var underWay = 0
    }

    struct Attempt: Hashable {
        let id: MessageID
        let number: Int
    }

    private let rule: Reconciliation.Rule
    private let capacity: Int
    /// Questions that one provider is asked at one time.
    private let atOnce: Int
    private var queues: [UInt8: LookUpQueue] = [:]
    private var underWay: [UInt64: (question: Question, deadline: Int64)] = [:]
    /// All that wait or are being asked about: who begins again is told of some twice.
    private var attempts: Set<Attempt> = []
    private var news: [UnresolvedAttempt] = []
    /// Attempts that their providers don't have, which could not be recorded, and when to report them again: in the order
    /// of their times.
    private var unrecorded: [(attempt: Attempt, due: Int64)] = []
    private var lastTicket: UInt64 = 0
    private var random: SeededGenerator

    /// - Parameters:
    ///   - atOnce: questions that one provider is asked at one time.
    ///   - seed: the spread of questions follows from it.
    init(
        rule: Reconciliation.Rule, capacity: Int = Limits.reconciliations, atOnce: Int = Limits.lookUpsUnderWay,
        seed: UInt64
    ) {
        random = SeededGenerator(seed: seed)
        self.rule = rule
        self.capacity = capacity
        self.atOnce = atOnce
    }

    /// Attempts that providers are or will be asked about.
    var count: Int { attempts.count }

    var hasRoom: Bool { attempts.count + news.count < capacity }

    // MARK: In

    /// Attempts of which it is not known yet whether their providers can be asked.
    /// - Returns: how many found no room.
    mutating func heard(_ unresolved: [UnresolvedAttempt]) -> Int {
        let room = max(0, capacity - news.count)
        news += unresolved.prefix(room)
        return max(0, unresolved.count - room)
    }

    mutating func takeNews() -> [UnresolvedAttempt] {
        defer { news = [] }
        return news
    }

    /// - Returns: false if there is no room. What is known already needs none.
    mutating func add(_ doubt: UnresolvedAttempt, now: Int64) -> Bool {
        add(doubt.id, attempt: doubt.attempt, of: doubt.provider, since: doubt.begun, now: now)
    }

    /// - Parameters:
    ///   - since: what the rule's times count from.
    /// - Returns: false if there is no room. What is known already needs none.
    mutating func add(_ id: MessageID, attempt: Int, of provider: UInt8, since: Int64, now: Int64) -> Bool {
        let key = Attempt(id: id, number: attempt)
        guard !attempts.contains(key) else { return true }
        guard attempts.count < capacity else { return false }
        attempts.insert(key)
        let reconciliation = Reconciliation(begun: since, now: now, rule: rule)
        return wait(
            ReconciliationQueue.Entry(id: id, attempt: attempt, reconciliation: reconciliation), for: provider)
    }

    private mutating func wait(_ entry: ReconciliationQueue.Entry, for provider: UInt8) -> Bool {
        queues[provider, default: LookUpQueue(queue: ReconciliationQueue(capacity: capacity))].queue.add(entry)
    }

    /// What was found out about an attempt could not be recorded.
    /// - Returns: false if there is no room: it is asked about again after the next start.
    mutating func notRecorded(_ id: MessageID, _ attempt: Int, now: Int64) -> Bool {
        guard unrecorded.count < capacity else { return false }
        unrecorded.append((Attempt(id: id, number: attempt), now + Limits.recordAgainMilliseconds))
        return true
    }

    /// Takes out what is to be reported again now.
    mutating func takeUnrecorded(now: Int64) -> [Attempt] {
        let due = unrecorded.prefix { $0.due <= now }.map(\.attempt)
        unrecorded.removeFirst(due.count)
        return due
    }

    // MARK: Asking

    /// What is to be asked now, no more than each provider may be asked at one time.
    mutating func takeDue(now: Int64) -> [Question] {
        var due: [Question] = []
        for provider in queues.keys.sorted() {
            let room = atOnce - (queues[provider]?.underWay ?? 0)
            for entry in queues[provider]?.queue.popDue(now: now, limit: room) ?? [] {
                lastTicket += 1
                let question = Question(ticket: lastTicket, provider: provider, entry: entry)
                underWay[lastTicket] = (question, now + Limits.lookUpMilliseconds)
                queues[provider]?.underWay += 1
                due.append(question)
            }
        }
        return due
    }

    /// What follows where some of the ids that a provider named are other attempts'.
    enum AskingAgain {
        /// At once, with those ids.
        case ask(Question)
        /// There are too many.
        case tooMany
        /// Somebody has ended the question.
        case over
    }

    /// Asks a question again, which goes on under its ticket.
    mutating func askAgain(_ ticket: UInt64, knowing ids: Set<String>, now: Int64) -> AskingAgain {
        guard let question = underWay[ticket]?.question else { return .over }
        var entry = question.entry
        entry.knownIDs.formUnion(ids)
        guard entry.knownIDs.count <= Limits.lookUpKnownIDs else { return .tooMany }
        let again = Question(ticket: ticket, provider: question.provider, entry: entry)
        underWay[ticket] = (again, now + Limits.lookUpMilliseconds)
        return .ask(again)
    }

    /// Takes what a question brought.
    /// - Returns: nil if the question is over already.
    mutating func answered(
        _ ticket: UInt64, _ verdict: Reconciliation.Conclusion, now: Int64
    ) -> Reconciliation.Decision? {
        guard let question = end(ticket) else { return nil }
        var entry = question.entry
        let decision = entry.reconciliation.answered(verdict, now: now, using: &random)
        guard decision == .ask, wait(entry, for: question.provider) else {
            forget(entry)
            return decision
        }
        return decision
    }

    /// The message is not to be asked about any more.
    mutating func dropped(_ ticket: UInt64) {
        if let question = end(ticket) { forget(question.entry) }
    }

    /// Questions that nobody has answered: they are asked again.
    mutating func expire(now: Int64) -> [Question] {
        let over = underWay.values.filter { $0.deadline <= now }.map(\.question).sorted { $0.ticket < $1.ticket }
        for question in over { _ = answered(question.ticket, .failed, now: now) }
        return over
    }

    private mutating func end(_ ticket: UInt64) -> Question? {
        guard let question = underWay.removeValue(forKey: ticket)?.question else { return nil }
        queues[question.provider]?.underWay -= 1
        return question
    }

    private mutating func forget(_ entry: ReconciliationQueue.Entry) {
        attempts.remove(Attempt(id: entry.id, number: entry.attempt))
    }

    /// Milliseconds until there is something to do without being told; nil = never.
    func wait(now: Int64) -> Int64? {
        let asking = queues.values.filter { $0.underWay < atOnce }.compactMap(\.queue.nextDue)
        let others = underWay.values.map(\.deadline) + unrecorded.prefix(1).map(\.due)
        return (asking + others).min().map { max(0, $0 - now) }
    }
}
