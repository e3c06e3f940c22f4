internal import SMSModel
internal import Scheduling

/// A carrier as it answers, without a network.
struct CarrierRules {
    /// Milliseconds until a message is accepted, and as much more by chance as `jitter`.
    var latency: Int64 = 20
    var jitter: Int64 = 0
    /// Shares of the requests that are throttled or fail, whatever their number.
    var throttled = 0.0
    var failed = 0.0
    /// Milliseconds until an error is answered.
    var errorLatency: Int64 = 1
    var isFirstThrottled = false
    /// Messages a second that it takes, and how many it lets through at once; 0 = no bound.
    var rate = 0.0
    var burst = 0.0
    /// Messages that it has under way at once; 0 = no bound.
    var concurrency = 0
    /// Milliseconds that its throttled answers say to wait; 0 = they don't say.
    var retryAfter: Int64 = 0
    var isAccountThrottled = false
    /// From when until when all are throttled, or fail, and from when on there are no limits any more. Milliseconds.
    var throttlesAll: Range<Int64> = 0..<0
    var failsAll: Range<Int64> = 0..<0
    var hasLimitsUntil = Int64.max
}

/// A provider and a carrier, in steps of a millisecond: there is always a message to send, up to an offered rate, and
/// the gateway works in rounds, in which it takes the answers and sends what there is room for.
struct CarrierModel {
    struct Counts: Equatable {
        var accepted = 0
        var throttled = 0
        var failed = 0
        var openings = 0

        var throttledShare: Double { Double(throttled) / Double(max(1, accepted + throttled)) }
    }

    private struct Flight {
        var sent: ProviderPace.Sent
        var answer: ProviderPace.Answer
    }

    var rules: CarrierRules
    var pace: ProviderPace
    /// Messages a second.
    var offered: Double
    /// Milliseconds between two rounds.
    let round: Int64
    private(set) var now: Int64 = 0
    private(set) var counts = Counts()
    private var generator: SeededGenerator
    private var answers: [Int64: [Flight]] = [:]
    private var waiting = 0.0
    private var tokens: Double
    private var underWay = 0
    private var ends: [Int64: Int] = [:]
    private var requests = 0

    init(
        _ rules: CarrierRules, limits: ProviderPace.Limits = .init(inFlight: 1000, adapts: true),
        offered: Double = 6000,
        round: Int64 = 2, seed: UInt64 = 1
    ) {
        self.rules = rules
        self.offered = offered
        self.round = round
        pace = ProviderPace(limits, now: 0)
        tokens = rules.burst
        generator = SeededGenerator(seed: seed)
    }

    /// - Returns: what came of these milliseconds.
    @discardableResult
    mutating func run(for milliseconds: Int64) -> Counts {
        let before = counts
        for _ in 0..<milliseconds {
            now += 1
            tokens = min(rules.burst, tokens + rules.rate / 1000)
            underWay -= ends.removeValue(forKey: now) ?? 0
            waiting = min(waiting + offered / 1000, 100_000)
            guard now % round == 0 else { continue }
            takeAnswers()
            send()
        }
        return Counts(
            accepted: counts.accepted - before.accepted, throttled: counts.throttled - before.throttled,
            failed: counts.failed - before.failed, openings: counts.openings - before.openings)
    }

    private mutating func takeAnswers() {
        for time in now - round + 1...now {
            for flight in answers.removeValue(forKey: time) ?? [] {
                let circuit = pace.circuit
                pace.answered(flight.answer, to: flight.sent, now: now)
                if pace.circuit == .open, circuit != .open { counts.openings += 1 }
                switch flight.answer {
                case .accepted: counts.accepted += 1
                case .throttled: counts.throttled += 1
                case .failed: counts.failed += 1
                case .refused, .returned: break
                }
            }
        }
    }

    private mutating func send() {
        while waiting >= 1, pace.room(urgent: false, now: now) == .open {
            waiting -= 1
            requests += 1
            let sent = pace.take(urgent: false, now: now)
            let answer = answer()
            var time = rules.errorLatency
            if answer == .accepted {
                time = rules.latency
                if rules.jitter > 0 { time += Int64.random(in: 0..<rules.jitter, using: &generator) }
                underWay += 1
                ends[now + time, default: 0] += 1
            }
            answers[now + max(1, time), default: []].append(Flight(sent: sent, answer: answer))
        }
    }

    private mutating func answer() -> ProviderPace.Answer {
        let throttled = ProviderPace.Answer.throttled(retryAfter: rules.retryAfter, all: rules.isAccountThrottled)
        let chance = Double.random(in: 0..<1, using: &generator)
        if rules.failsAll.contains(now) { return .failed }
        if rules.throttlesAll.contains(now) || rules.isFirstThrottled && requests == 1 { return throttled }
        if chance < rules.throttled { return throttled }
        if chance < rules.throttled + rules.failed { return .failed }
        guard now < rules.hasLimitsUntil else { return .accepted }
        if rules.rate > 0 {
            guard tokens >= 1 else { return throttled }
            tokens -= 1
        }
        return rules.concurrency > 0 && underWay >= rules.concurrency ? throttled : .accepted
    }
}
