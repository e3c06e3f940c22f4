/// What has become of the requests to a provider, counted by cohort: those that were sent in one span of time.
///
/// Errors come sooner than acceptances, so a share of the answers of a moment says nothing about the requests of any
/// moment. A cohort is judged as a whole, and in the order of sending: once it takes no more requests and all of them
/// have been answered, or nearly all and for the others it has been waited for long enough.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct Cohorts: Sendable {
    /// An answer, as far as it says something about the provider.
    package enum Answer: Hashable, Sendable {
        case accepted
        /// The request was too much for the provider. Milliseconds that it says to wait; 0 = it doesn't say.
        case throttled(retryAfter: Int64)
        /// The provider was not reached, or its answer never came.
        case failed
        /// The provider took no message, for a reason that has nothing to do with how many there are.
        case refused
    }

    /// The counts of a cohort, or of several.
    package struct Counts: Hashable, Sendable {
        package fileprivate(set) var sent = 0
        package fileprivate(set) var answered = 0
        package fileprivate(set) var accepted = 0
        package fileprivate(set) var throttled = 0
        package fileprivate(set) var failed = 0
        /// The sum of the accepted ones' latencies, in milliseconds.
        fileprivate var latencies: Int64 = 0
        /// The most messages that were in flight with one of the requests, itself included.
        package fileprivate(set) var mostInFlight = 0
        /// The shortest that a throttled answer said to wait, in milliseconds; 0 = none said so.
        package fileprivate(set) var retryAfter: Int64 = 0
        /// The time in which they were sent, in milliseconds.
        package fileprivate(set) var span: Int64 = 0

        package init() {}

        /// The throttled share of the answers, 0...1.
        package var throttledShare: Double { answered > 0 ? Double(throttled) / Double(answered) : 0 }

        /// Milliseconds that it took until a message was accepted, on average; nil if none was.
        package var latency: Double? { accepted > 0 ? Double(latencies) / Double(accepted) : nil }

        /// Requests a second.
        package var sentRate: Double { Double(sent) * 1000 / duration }

        /// Accepted messages a second; as many are under way for as long as they take.
        package var acceptedRate: Double { Double(accepted) * 1000 / max(duration, latency ?? 0) }

        /// Whether this many would have been throttled if this were the share.
        package func expects(_ count: Int, at share: Double) -> Bool { Double(answered) * share >= Double(count) }

        private var duration: Double { Double(max(span, Cohorts.shortestSpan / 4)) }

        package mutating func add(_ other: Counts) {
            sent += other.sent
            answered += other.answered
            accepted += other.accepted
            throttled += other.throttled
            failed += other.failed
            latencies += other.latencies
            mostInFlight = max(mostInFlight, other.mostInFlight)
            span += other.span
        }
    }

    private struct Cohort {
        var counts = Counts()
        var firstAt: Int64 = 0
        var lastAt: Int64 = 0
        var isClosed = false
    }

    private var cohorts = InlineArray<16, Cohort>(repeating: Cohort())
    /// The number of the first that has not been judged.
    private var oldest = 0
    /// The number of the one that takes requests; as many as there is room for are not judged at a time.
    private var newest = 0
    /// Milliseconds that it took recently until a message was accepted, on average; nil before the first.
    private var latency: Double?

    /// A cohort takes requests until it has this many.
    package static let leastRequests = 20
    /// For so long a cohort takes requests, and for as long as it takes until one is accepted. Milliseconds.
    package static let shortestSpan: Int64 = 100
    /// After so long a cohort takes no more, however few it has. Milliseconds.
    package static let longestSpan: Int64 = 1000
    /// Answers that are missing after so long are not waited for. Milliseconds.
    package static let patience: Int64 = 150_000
    private static let capacity = 16

    package init() {}

    /// The number of the cohort that the next request is of at the earliest.
    package var next: Int { newest + (cohorts[newest % Self.capacity].counts.sent > 0 ? 1 : 0) }

    /// A request is sent.
    ///
    /// - Parameter inFlight: messages that the provider has, with this one.
    /// - Returns: the number of its cohort.
    package mutating func sent(inFlight: Int, now: Int64) -> Int {
        if isFull(now) { closeNewest(now) }
        if cohorts[newest % Self.capacity].isClosed, newest + 1 < oldest + Self.capacity {
            newest += 1
            cohorts[newest % Self.capacity] = Cohort()
        }
        let place = newest % Self.capacity
        if cohorts[place].counts.sent == 0 { cohorts[place].firstAt = now }
        cohorts[place].lastAt = now
        cohorts[place].counts.sent += 1
        cohorts[place].counts.mostInFlight = max(cohorts[place].counts.mostInFlight, inFlight)
        return newest
    }

    /// A request of a cohort has been answered. Those of cohorts that have been judged say nothing any more.
    package mutating func answered(_ cohort: Int, _ answer: Answer, latency: Int64) {
        guard (oldest...newest).contains(cohort) else { return }
        let place = cohort % Self.capacity
        cohorts[place].counts.answered += 1
        switch answer {
        case .accepted:
            cohorts[place].counts.accepted += 1
            cohorts[place].counts.latencies += latency
            self.latency = self.latency.map { $0 + (Double(latency) - $0) / 16 } ?? Double(latency)
        case .throttled(let retryAfter):
            cohorts[place].counts.throttled += 1
            let least = cohorts[place].counts.retryAfter
            if retryAfter > 0 { cohorts[place].counts.retryAfter = least > 0 ? min(least, retryAfter) : retryAfter }
        case .failed: cohorts[place].counts.failed += 1
        case .refused: break
        }
    }

    /// A request came back without having been tried.
    package mutating func returned(_ cohort: Int) {
        guard (oldest...newest).contains(cohort) else { return }
        cohorts[cohort % Self.capacity].counts.sent -= 1
    }

    /// The next request begins a cohort, if there is room for one: something has changed.
    package mutating func close(now: Int64) {
        if cohorts[newest % Self.capacity].counts.sent > 0 { closeNewest(now) }
    }

    /// The next cohort that can be judged, and its number; each is given out once.
    package mutating func takeJudged(now: Int64) -> (number: Int, counts: Counts)? {
        let place = oldest % Self.capacity
        if !cohorts[place].isClosed, cohorts[place].counts.sent >= Self.leastRequests, isFull(now) { closeNewest(now) }
        let cohort = cohorts[place]
        guard cohort.isClosed else { return nil }
        guard isRipe(cohort, now) else { return nil }
        let number = oldest
        if oldest == newest {
            newest += 1
            cohorts[newest % Self.capacity] = Cohort()
        }
        oldest += 1
        return (number, cohort.counts)
    }

    /// The few that have not been answered may be all that will be accepted: they get twice the time that others took.
    private func isRipe(_ cohort: Cohort, _ now: Int64) -> Bool {
        if cohort.counts.answered >= cohort.counts.sent { return true }
        let waited = now - cohort.lastAt
        if waited >= Self.patience { return true }
        guard let latency, cohort.counts.answered * 10 >= cohort.counts.sent * 9 else { return false }
        return Double(waited) >= 2 * latency
    }

    private func isFull(_ now: Int64) -> Bool {
        let cohort = cohorts[newest % Self.capacity]
        guard !cohort.isClosed, cohort.counts.sent > 0 else { return false }
        let age = now - cohort.firstAt
        let span = max(Self.shortestSpan, Int64(latency ?? 0))
        return age >= max(Self.longestSpan, span) || age >= span && cohort.counts.sent >= Self.leastRequests
    }

    private mutating func closeNewest(_ now: Int64) {
        let place = newest % Self.capacity
        guard !cohorts[place].isClosed else { return }
        cohorts[place].isClosed = true
        // Up to the request that follows, unless that was longer in coming than by the provider's answers.
        let busy = cohorts[place].lastAt - cohorts[place].firstAt
        let pause = max(busy, Self.shortestSpan / 4, Int64((latency ?? 0) * 2))
        cohorts[place].counts.span = busy + min(now - cohorts[place].lastAt, pause)
    }
}
