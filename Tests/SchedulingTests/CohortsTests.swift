internal import Scheduling
internal import Testing

@Suite struct CohortsTests {
    /// Sends this many, one a millisecond.
    private func send(_ count: Int, _ cohorts: inout Cohorts, from start: Int64, inFlight: Int = 1) -> [Int] {
        (0..<count).map { cohorts.sent(inFlight: inFlight, now: start + Int64($0)) }
    }

    @Test func aCohortIsATimeAndANumberOfRequests() {
        var cohorts = Cohorts()
        // Twenty at least, and for a tenth of a second.
        let numbers = send(250, &cohorts, from: 0)
        #expect(numbers == (0..<250).map { $0 / 100 })
        // Or for a second.
        var few = Cohorts()
        let slow = (0..<6).map { few.sent(inFlight: 1, now: Int64($0) * 400) }
        #expect(slow == [0, 0, 0, 1, 1, 1])
    }

    @Test func itIsJudgedOnceAllAreAnswered() {
        var cohorts = Cohorts()
        for number in send(101, &cohorts, from: 0, inFlight: 7).dropLast(2) {
            cohorts.answered(number, number % 2 == 0 ? .accepted : .refused, latency: 30)
        }
        #expect(cohorts.takeJudged(now: 100) == nil)
        cohorts.answered(0, .throttled(retryAfter: 5000), latency: 1)
        let judged = cohorts.takeJudged(now: 101)
        #expect(judged?.number == 0)
        #expect(judged?.counts.sent == 100)
        #expect(judged?.counts.answered == 100)
        #expect(judged?.counts.accepted == 99)
        #expect(judged?.counts.throttled == 1)
        #expect(judged?.counts.retryAfter == 5000)
        #expect(judged?.counts.latency == 30)
        #expect(judged?.counts.mostInFlight == 7)
        #expect(judged?.counts.span == 100)
        #expect(judged?.counts.sentRate == 1000)
        // Each is given out once, and what comes later says nothing.
        cohorts.answered(0, .failed, latency: 1)
        #expect(cohorts.takeJudged(now: 102) == nil)
    }

    /// Errors that come at once say nothing as long as the others are waited for.
    @Test func errorsWaitForTheOthers() {
        var cohorts = Cohorts()
        let numbers = send(101, &cohorts, from: 0).dropLast()
        for number in numbers.prefix(95) { cohorts.answered(number, .throttled(retryAfter: 0), latency: 1) }
        #expect(cohorts.takeJudged(now: 1000) == nil)
        // Nobody knows yet how long it takes.
        #expect(cohorts.takeJudged(now: 100 + Cohorts.patience - 2) == nil)
        #expect(cohorts.takeJudged(now: 99 + Cohorts.patience)?.counts.throttled == 95)
    }

    @Test func aFewThatNeverCome() {
        var cohorts = Cohorts()
        let numbers = send(101, &cohorts, from: 0).dropLast()
        for number in numbers.prefix(89) { cohorts.answered(number, .accepted, latency: 40) }
        #expect(cohorts.takeJudged(now: 10_000) == nil)
        cohorts.answered(0, .accepted, latency: 40)
        #expect(cohorts.takeJudged(now: 99 + 79) == nil)
        #expect(cohorts.takeJudged(now: 99 + 80)?.counts.answered == 90)
    }

    @Test func whatComesBackUntriedIsNotWaitedFor() {
        var cohorts = Cohorts()
        let numbers = send(20, &cohorts, from: 0)
        for number in numbers.prefix(15) { cohorts.answered(number, .accepted, latency: 10) }
        for number in numbers.suffix(5) { cohorts.returned(number) }
        cohorts.close(now: 30)
        #expect(cohorts.takeJudged(now: 30)?.counts.sent == 15)
    }

    @Test func aSilentProviderTakesNoMemory() {
        var cohorts = Cohorts()
        let numbers = send(5000, &cohorts, from: 0)
        // The last of them goes on.
        #expect(numbers.last == 15)
        for number in numbers { cohorts.answered(number, .failed, latency: 1) }
        var sent = 0
        while let judged = cohorts.takeJudged(now: 6000) { sent += judged.counts.failed }
        #expect(sent == 5000)
        #expect(cohorts.sent(inFlight: 1, now: 6001) == 16)
    }

    @Test func aPauseIsNoTimeOfSending() {
        var cohorts = Cohorts()
        for number in send(50, &cohorts, from: 0) { cohorts.answered(number, .accepted, latency: 20) }
        _ = cohorts.sent(inFlight: 1, now: 60_000)
        #expect(cohorts.takeJudged(now: 60_000)?.counts.span == 98)
    }
}
