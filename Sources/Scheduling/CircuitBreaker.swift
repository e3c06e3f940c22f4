package import SMSModel

/// Keeps messages from a provider that cannot be reached, and finds out when it can be again.
///
/// Closed, all may go. It opens after failures in a row, or when a share of the answers in the time just past are
/// failures. Open, none may go until a delay is over; then it is half open: one probe may go, and with each that
/// succeeds twice as many, until enough have and it closes. A probe that fails opens it for twice the time.
///
/// A failure is an answer that says that the provider was not reached, and one that never came: *unavailable* and
/// *unknown*. Whatever the provider answered itself is a success, a refusal too. Each message has the ``Ticket`` of
/// its time: an answer to one that was handed over before the state last changed says nothing about the state now,
/// and is ignored.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct CircuitBreaker: Hashable, Sendable {
    /// When it opens and closes. Times are milliseconds.
    package struct Rule: Hashable, Sendable {
        package var failuresInARow = 5
        /// Of the answers in the window, once there are ``minimumAnswers``; above 0, at most 1.
        package var failureShare = 0.5
        package var minimumAnswers = 20
        package var window: Int64 = 10_000
        /// Before the first probe; at least 1.
        package var firstDelay: Int64 = 1000
        package var longestDelay: Int64 = 60_000
        /// Probes in a row that succeed and close it; 1...16.
        package var closingSuccesses = 3

        package init() {}
    }

    /// Under which state a message was handed over.
    package struct Ticket: Hashable, Sendable {
        fileprivate let epoch: UInt32
    }

    package private(set) var state = CircuitState.closed
    private let rule: Rule
    /// Raised with each change of the state.
    private var epoch: UInt32 = 0
    private var failuresInARow = 0
    private var answers: SlidingCount
    private var failures: SlidingCount
    /// Until it is half open.
    private var opensUntil: Int64 = 0
    private var delay: Int64
    private var probesInFlight = 0
    private var probesSucceeded = 0

    package init(_ rule: Rule = Rule(), now: Int64) {
        precondition(rule.failuresInARow >= 1 && rule.minimumAnswers >= 1)
        precondition(rule.failureShare > 0 && rule.failureShare <= 1)
        precondition(rule.firstDelay >= 1 && rule.firstDelay <= rule.longestDelay && rule.longestDelay <= 1 << 40)
        precondition((1...16).contains(rule.closingSuccesses))
        self.rule = rule
        answers = SlidingCount(window: rule.window, now: now)
        failures = SlidingCount(window: rule.window, now: now)
        delay = rule.firstDelay
    }

    /// Messages that may be handed over now: `.max` closed, 0 open, half open the probes that are left.
    package mutating func room(now: Int64) -> Int {
        if state == .open, now >= opensUntil { halfOpen() }
        switch state {
        case .closed: return .max
        case .open: return 0
        case .halfOpen: return max(0, 1 << probesSucceeded - probesInFlight)
        }
    }

    /// A message is handed over, for which there was room.
    package mutating func taken() -> Ticket {
        if state == .halfOpen { probesInFlight += 1 }
        return Ticket(epoch: epoch)
    }

    /// The provider answered: accepted, rejected or throttled.
    package mutating func succeeded(_ ticket: Ticket, now: Int64) {
        guard ticket.epoch == epoch else { return }
        switch state {
        case .closed:
            failuresInARow = 0
            answers.add(now: now)
        case .halfOpen:
            probesInFlight -= 1
            probesSucceeded += 1
            if probesSucceeded >= rule.closingSuccesses { close(now: now) }
        case .open: break
        }
    }

    /// The provider was not reached, or its answer never came.
    package mutating func failed(_ ticket: Ticket, now: Int64) {
        guard ticket.epoch == epoch else { return }
        switch state {
        case .closed:
            failuresInARow += 1
            answers.add(now: now)
            failures.add(now: now)
            if failuresInARow >= rule.failuresInARow || isShareReached { open(now: now) }
        case .halfOpen:
            delay = min(delay * 2, rule.longestDelay)
            open(now: now)
        case .open: break
        }
    }

    /// The message came back without having been tried, which says nothing of the provider.
    package mutating func returned(_ ticket: Ticket) {
        if ticket.epoch == epoch, state == .halfOpen { probesInFlight -= 1 }
    }

    /// When there is room: now if there is; nil if only an answer can make some.
    package mutating func nextTime(now: Int64) -> Int64? {
        if room(now: now) > 0 { return now }
        return state == .open ? opensUntil : nil
    }

    private var isShareReached: Bool {
        answers.total >= rule.minimumAnswers && Double(failures.total) >= rule.failureShare * Double(answers.total)
    }

    private mutating func enter(_ next: CircuitState) {
        state = next
        epoch &+= 1
        probesInFlight = 0
        probesSucceeded = 0
    }

    private mutating func open(now: Int64) {
        enter(.open)
        opensUntil = now + delay
    }

    private mutating func halfOpen() { enter(.halfOpen) }

    private mutating func close(now: Int64) {
        enter(.closed)
        delay = rule.firstDelay
        failuresInARow = 0
        answers.removeAll(now: now)
        failures.removeAll(now: now)
    }
}
