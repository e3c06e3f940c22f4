/// How many messages a second, and how many at once, a provider is given, found out by what it throttles.
///
/// While no limit is known, throttled answers up to a tenth of a cohort's are borne: some carriers throttle a few
/// requests at any rate, and a provider that was slowed down for those would be left with next to nothing. More than
/// that, beyond what chance makes of a tenth, is a limit. Whether it is one of messages a second or of messages at once
/// is not told, so both bounds go to what was accepted meanwhile: as many a second as were, and as many at once as
/// they take on average. Then each is tried again by itself, and the one that is not the limit is left behind.
///
/// Once a limit has been found, more than a hundredth is too much. If sending less three times in a row hasn't lowered
/// the throttled share, it doesn't depend on what is sent: so much is borne then.
///
/// Time is a parameter, in milliseconds of a monotonic clock. Every call takes constant time and no memory.
package struct ThrottleControl: Sendable {
    private var rate: LimitProbe
    private var window: LimitProbe
    /// The first cohort that was sent under the bounds as they are now.
    private var since: Int
    /// What was sent under them, as far as it has been judged.
    private var seen = Cohorts.Counts()
    /// The throttled share that sending less does not lower, and until when that is believed.
    private var ambient = 0.0
    private var ambientUntil = Int64.min
    /// What was kept to before bounds were lowered the first time in a row, and how often they were without effect.
    private var former: (rate: Double, window: Double)
    private var ineffective = 0
    /// The least throttled share for which bounds were lowered in a row; nil = that has had its effect.
    private var lastShare: Double?
    /// What has been judged since.
    private var sinceLowered = Cohorts.Counts()

    /// The throttled share of a cohort that is borne while no limit is known.
    package static let tolerance = 0.1
    /// The throttled share that is borne at a limit.
    package static let toleranceAtLimit = 0.01
    /// What the rate never falls below, in messages a second, unless it is configured lower.
    package static let lowestRate = 1.0
    /// What the bound in flight never falls below, unless it is configured lower.
    package static let lowestWindow = 4.0
    /// For so long a share that doesn't depend on what is sent is believed in. Milliseconds.
    package static let ambientMilliseconds: Int64 = 60_000
    /// The share of what was accepted that is sent once it is known.
    private static let caution = 0.95
    /// The share of a rate that was not borne that may have been.
    private static let doubt = 0.75
    /// A step that fails costs a few messages: this many are sent at least before the next.
    private static let messagesBetweenSteps = 200.0
    private static let leastThrottled = 4
    /// Answers after which what was seen at a limit is forgotten; without one, a tenth of that.
    private static let remembered = 2000
    /// A share of the rate, from which on it is what holds messages back.
    private static let rateUse = 0.9

    /// - Parameters:
    ///   - rate: the configured one in messages a second, above 0; nil = none.
    ///   - window: the configured bound of messages in flight; at least 1.
    ///   - since: the first cohort that counts.
    package init(rate: Double?, window: Int, since: Int = 0) {
        self.rate = LimitProbe(ceiling: rate ?? .infinity, floor: Self.lowestRate, firstStep: 0.2)
        self.window = LimitProbe(ceiling: Double(max(window, 1)), floor: Self.lowestWindow, firstStep: 0.05)
        former = (self.rate.ceiling, self.window.ceiling)
        self.since = since
    }

    /// The bound on the rate, in messages a second; nil = none.
    package var messagesPerSecond: Double? { rate.value.isFinite ? rate.value : nil }

    /// The bound on messages in flight.
    package var inFlight: Int { Int(window.value.rounded()) }

    /// A cohort has been judged.
    ///
    /// - Parameters:
    ///   - number: its number; cohorts come in their order.
    ///   - next: the number of the cohort of the next request.
    /// - Returns: whether the bounds have changed: what is sent from now on is to be a new cohort.
    package mutating func judged(_ number: Int, _ counts: Cohorts.Counts, next: Int, now: Int64) -> Bool {
        guard number >= since, counts.answered > 0 else { return false }
        seen.add(counts)
        sinceLowered.add(counts)
        let hasChanged = react(to: counts, now: now)
        if hasChanged {
            since = next
            seen = Cohorts.Counts()
        }
        return hasChanged
    }

    private mutating func react(to counts: Cohorts.Counts, now: Int64) -> Bool {
        // The last cohort tells what is borne now; what came before may have lived on what was saved up.
        if isTooMuch(counts, deviations: rate.isProbing || window.isProbing ? 2 : 3, now) {
            reduce(counts, now: now)
            return true
        }
        if isTooMuch(seen, deviations: 2, now) {
            reduce(seen, now: now)
            return true
        }
        guard rate.isFound || window.isFound else {
            if seen.answered >= Self.remembered / 10 { seen = Cohorts.Counts() }
            return false
        }
        if let lastShare, sinceLowered.expects(12, at: lastShare), sinceLowered.throttledShare < lastShare / 4 {
            self.lastShare = nil
        }
        defer { if seen.answered >= Self.remembered { seen = Cohorts.Counts() } }
        return isEnough(seen) ? step(now: now) : false
    }

    /// Whether more is throttled than is borne, by more than this many standard deviations.
    private func isTooMuch(_ counts: Cohorts.Counts, deviations: Double, _ now: Int64) -> Bool {
        let isFound = rate.isFound || window.isFound
        let expected = borneShare(now) * 1.25
        let borne =
            (isFound ? expected + Self.toleranceAtLimit : max(Self.tolerance, expected)) * Double(counts.answered)
        return counts.answered >= Cohorts.leastRequests && counts.throttled >= Self.leastThrottled
            && Double(counts.throttled) > borne + deviations * borne.squareRoot()
    }

    private func borneShare(_ now: Int64) -> Double { now < ambientUntil ? ambient : 0 }

    /// Whether a step was borne: of what it added no more than half was throttled.
    private func isStepBorne(_ now: Int64) -> Bool {
        let excess = rate.excess + window.excess
        return excess == 0 || seen.throttled == 0 || seen.throttledShare <= borneShare(now) + excess / 2
    }

    /// Whether what was sent says that the bounds are borne: half a second's messages, and a second's time, in which a
    /// carrier that lets some more through at first has used that up.
    private func isEnough(_ counts: Cohorts.Counts) -> Bool {
        let messages = min(max(rate.value / 2, 3), 50)
        return Double(counts.answered) >= messages && counts.span >= 1000
    }

    // MARK: Less

    private mutating func reduce(_ counts: Cohorts.Counts, now: Int64) {
        if rate.isProbing {
            // Part of what was borne is what the provider had saved up.
            let borne = min(counts.acceptedRate * Self.caution, rate.value * Self.doubt)
            return rate.probeFailed(borne: borne, pause: Int64(Self.messagesBetweenSteps * 1000 / borne), now: now)
        }
        if window.isProbing { return window.probeFailed(borne: .infinity, pause: 0, now: now) }
        let share = counts.throttledShare
        if let lastShare {
            if share > lastShare / 2 { ineffective += 1 }
        } else {
            former = (rate.value, window.value)
            ineffective = 0
        }
        if ineffective >= 3, share < 0.9 {
            (ambient, ambientUntil) = (share, now + Self.ambientMilliseconds)
            rate.restore(former.rate, now: now)
            window.restore(former.window, now: now)
            lastShare = nil
            return
        }
        lastShare = min(lastShare ?? 1, share)
        sinceLowered = Cohorts.Counts()
        guard let latency = counts.latency else {
            rate.lower(to: min(rate.value, counts.sentRate) / 2, now: now)
            window.lower(to: min(window.value, Double(counts.mostInFlight)) / 2, now: now)
            return
        }
        let accepted = min(counts.acceptedRate, rate.value)
        rate.lower(to: accepted * Self.caution, now: now)
        window.lower(to: (counts.acceptedRate * latency / 1000).rounded(.up), now: now)
    }

    // MARK: More

    private mutating func step(now: Int64) -> Bool {
        let isRateUsed = seen.sentRate >= Self.rateUse * rate.value
        // The last slot is kept for URGENT.
        let isWindowUsed = Double(seen.mostInFlight) >= window.value.rounded() - 1
        if !isStepBorne(now) {
            reduce(seen, now: now)
            return true
        }
        if rate.isProbing {
            rate.probeBorne(now: now)
            if rate.isFound, isRateUsed { rate.probe() }
            return true
        }
        if window.isProbing {
            window.probeBorne(now: now)
            if window.isFound, isWindowUsed { window.probe() }
            return true
        }
        // What is borne without a step comes first, where few messages say little.
        guard seen.throttledShare <= max(Self.tolerance, borneShare(now) * 1.25) else { return false }
        if isRateUsed, rate.isDue(now: now) {
            rate.probe()
            return true
        }
        if isWindowUsed, window.isDue(now: now) {
            window.probe()
            return true
        }
        return false
    }
}
