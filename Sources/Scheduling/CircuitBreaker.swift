package import SMSModel

/// Keeps messages from a provider that cannot be reached, and finds out when it can be again.
///
/// Closed, all may go. It opens when requests that were sent one after the other have all failed, or when at least half
/// of the requests of a cohort have. Failures come sooner than other answers, so it goes by the order in which requests
/// were sent: those that have not been answered yet are no failures. Open, none may go until a delay is over; then it is
/// half open: one probe may go, and with each that succeeds twice as many, until enough have and it closes. A probe that
/// fails opens it for twice the time.
///
/// A failure is an answer that says that the provider was not reached, and one that never came: *unavailable* and
/// *unknown*. Whatever the provider answered itself is a success, a refusal too. Each message has the ``Ticket`` of
/// its time: an answer to one that was handed over before the state last changed says nothing about the state now,
/// and is ignored.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct CircuitBreaker: Sendable {
    /// When it opens and closes. Times are milliseconds.
    package struct Rule: Hashable, Sendable {
        /// Failures of requests that were sent one after the other; 1...32. Twice as many where ``minimumAnswers`` came
        /// within ``window``: of many requests, some in a row fail by chance.
        package var failuresInARow = 5
        /// The failed share of the answers to cohorts that were sent in ``window``, once there are ``minimumAnswers``;
        /// above 0, at most 1.
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

    /// Under which state a message was handed over, and as which since the state changed.
    package struct Ticket: Hashable, Sendable {
        fileprivate let epoch: UInt32
        fileprivate let place: Int
    }

    package private(set) var state = CircuitState.closed
    private let rule: Rule
    /// Raised with each change of the state.
    private var epoch: UInt32 = 0
    /// How many were handed over since the state changed, and which of the last 64 have failed: a bit each, by the
    /// remainder of its place.
    private var handedOver = 0
    private var failed: UInt64 = 0
    /// The first cohort that counts; nil = none was handed over since the state changed.
    private var firstCohort: Int? = 0
    /// Answers to judged cohorts, and failures among them, since `countingSince`.
    private var answers = 0
    private var failures = 0
    private var countingSince: Int64
    private var busyUntil = Int64.min
    /// Until it is half open.
    private var opensUntil: Int64 = 0
    private var delay: Int64
    private var probesInFlight = 0
    private var probesSucceeded = 0

    package init(_ rule: Rule = Rule(), now: Int64) {
        precondition((1...32).contains(rule.failuresInARow) && rule.minimumAnswers >= 1 && rule.window >= 1)
        precondition(rule.failureShare > 0 && rule.failureShare <= 1)
        precondition(rule.firstDelay >= 1 && rule.firstDelay <= rule.longestDelay && rule.longestDelay <= 1 << 40)
        precondition((1...16).contains(rule.closingSuccesses))
        self.rule = rule
        countingSince = now
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
    /// - Parameter cohort: the number of its cohort.
    package mutating func taken(cohort: Int) -> Ticket {
        if state == .halfOpen { probesInFlight += 1 }
        // Some of this cohort may have been handed over before.
        if firstCohort == nil { firstCohort = cohort + 1 }
        failed &= ~Self.bit(handedOver)
        handedOver += 1
        return Ticket(epoch: epoch, place: handedOver - 1)
    }

    /// The provider answered: accepted, rejected or throttled.
    package mutating func succeeded(_ ticket: Ticket, now: Int64) {
        guard ticket.epoch == epoch, state == .halfOpen else { return }
        probesInFlight -= 1
        probesSucceeded += 1
        if probesSucceeded >= rule.closingSuccesses { close(now: now) }
    }

    /// The provider was not reached, or its answer never came.
    package mutating func failed(_ ticket: Ticket, now: Int64) {
        guard ticket.epoch == epoch else { return }
        switch state {
        case .closed:
            guard handedOver - ticket.place <= 64 else { return }
            failed |= Self.bit(ticket.place)
            if hasRun(of: now < busyUntil ? 2 * rule.failuresInARow : rule.failuresInARow) { open(now: now) }
        case .halfOpen:
            delay = min(delay * 2, rule.longestDelay)
            open(now: now)
        case .open: break
        }
    }

    /// A cohort has been judged. They come in their order.
    package mutating func judged(_ cohort: Int, _ counts: Cohorts.Counts, now: Int64) {
        guard state == .closed, let firstCohort, cohort >= firstCohort else { return }
        if now - countingSince >= rule.window { startCounting(now) }
        answers += counts.answered
        failures += counts.failed
        guard answers >= rule.minimumAnswers else { return }
        busyUntil = now + rule.window
        if Double(failures) >= rule.failureShare * Double(answers) { open(now: now) } else { startCounting(now) }
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

    private static func bit(_ place: Int) -> UInt64 { 1 << UInt64(place & 63) }

    /// Whether this many that were handed over one after the other have failed.
    private func hasRun(of count: Int) -> Bool {
        // The last that was handed over comes first, so that it doesn't stand next to the one 64 before it.
        let turn = UInt64(handedOver & 63)
        var run = turn == 0 ? failed : failed << (64 - turn) | failed >> turn
        var length = 1
        while length < count, run != 0 {
            let step = min(length, count - length)
            run &= run >> UInt64(step)
            length += step
        }
        return run != 0
    }

    private mutating func startCounting(_ now: Int64) {
        (answers, failures, countingSince) = (0, 0, now)
    }

    private mutating func enter(_ next: CircuitState) {
        state = next
        epoch &+= 1
        probesInFlight = 0
        probesSucceeded = 0
        handedOver = 0
        failed = 0
        firstCohort = nil
    }

    private mutating func open(now: Int64) {
        enter(.open)
        opensUntil = now + delay
    }

    private mutating func halfOpen() { enter(.halfOpen) }

    private mutating func close(now: Int64) {
        enter(.closed)
        delay = rule.firstDelay
        startCounting(now)
    }
}
