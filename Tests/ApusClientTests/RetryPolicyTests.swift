import SMSModel
import Testing

@testable import ApusClient

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(backoff: Backoff(first: .milliseconds(100), longest: .seconds(1)))

    private func delay(_ error: GatewayError, isRepeatable: Bool = true, failures: Int = 1) -> Duration? {
        policy.delay(after: error, isRepeatable: isRepeatable, failures: failures, random: 1)
    }

    @Test(arguments: StatusCode.allCases)
    func onlyTwoCodesAreTriedAgain(_ code: StatusCode) {
        let error = GatewayError(code, "", retryAfterMilliseconds: 10, notProcessed: true)
        #expect((delay(error) != nil) == (code == .unavailable || code == .resourceExhausted))
    }

    @Test func aCallThatCountsTwiceNeedsCertainty() {
        #expect(delay(GatewayError(.unavailable, ""), isRepeatable: false) == nil)
        #expect(delay(GatewayError(.unavailable, "", notProcessed: true), isRepeatable: false) != nil)
    }

    @Test func resourceExhaustedNeedsATime() {
        #expect(delay(GatewayError(.resourceExhausted, "", notProcessed: true)) == nil)
        let asked = delay(GatewayError(.resourceExhausted, "", retryAfterMilliseconds: 500))
        #expect(asked == .milliseconds(600))
    }

    @Test func theFirstLossIsRepeatedAtOnce() {
        #expect(delay(GatewayError(.unavailable, "")) == .zero)
        #expect(delay(GatewayError(.unavailable, ""), failures: 2) == .milliseconds(200))
        #expect(delay(GatewayError(.unavailable, "", retryAfterMilliseconds: 700)) == .milliseconds(700))
    }

    @Test func backoffDoublesUpToItsBoundAndDrawsFromTheUpperHalf() {
        let backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
        #expect(backoff.delay(failures: 1, random: 0) == .milliseconds(50))
        #expect(backoff.delay(failures: 1, random: 1) == .milliseconds(100))
        #expect(backoff.delay(failures: 4, random: 1) == .milliseconds(800))
        #expect(backoff.delay(failures: 5, random: 1) == .seconds(1))
        #expect(backoff.delay(failures: .max, random: 1) == .seconds(1))
        #expect(backoff.delay(failures: 0, random: 1) == .milliseconds(100))
    }
}
