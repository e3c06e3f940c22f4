internal import SMSModel
internal import Testing

private let start: Int64 = 1_800_000_000_000

/// Which attempts a provider can be asked about.
@Suite struct UnresolvedAttemptTests {
    private let id = MessageID(milliseconds: UInt64(start))
    private var lifecycle: MessageLifecycle

    init() {
        lifecycle = MessageLifecycle(id: id, waiting: .queued)
    }

    private mutating func lose(attempt: Int, at time: Int64) {
        _ = lifecycle.claimed(at: time, provider: 3, reason: "only provider")
        _ = lifecycle.answered(
            attempt: attempt, .unknown(code: "LOST"), at: time + 15_000, provider: 3, onUnknown: .hold)
    }

    @Test mutating func theAttemptWhoseAnswerWasLost() {
        #expect(lifecycle.unresolvedAttempt == nil)
        lose(attempt: 1, at: start + 10)
        #expect(
            lifecycle.unresolvedAttempt
                == UnresolvedAttempt(id: id, attempt: 1, provider: 3, begun: start + 10, ended: start + 15_010))
    }

    @Test mutating func theAttemptThatWasInterrupted() {
        _ = lifecycle.claimed(at: start + 10, provider: 3, reason: "only provider")
        #expect(lifecycle.unresolvedAttempt == nil)
        _ = lifecycle.interrupted(at: start + 90, onUnknown: .hold)
        #expect(
            lifecycle.unresolvedAttempt
                == UnresolvedAttempt(id: id, attempt: 1, provider: 3, begun: start + 10, ended: start + 90))
    }

    @Test mutating func onlyTheLastOfSeveral() {
        lose(attempt: 1, at: start + 10)
        _ = lifecycle.resend(at: start + 20_000, detail: "an operator")
        #expect(lifecycle.unresolvedAttempt == nil)
        lose(attempt: 2, at: start + 30_000)
        #expect(
            lifecycle.unresolvedAttempt
                == UnresolvedAttempt(id: id, attempt: 2, provider: 3, begun: start + 30_000, ended: start + 45_000))
        // The carrier knows of this one; the first is still open.
        _ = lifecycle.receiptReceived(attempt: 2, .undelivered(code: "X"), at: start + 50_000)
        #expect(lifecycle.state == .unknown && lifecycle.unresolvedAttempt?.attempt == 1)
    }

    @Test mutating func noneThatIsToBeSentAgainOnItsOwn() {
        _ = lifecycle.claimed(at: start + 10, provider: 3, reason: "only provider")
        _ = lifecycle.answered(attempt: 1, .unknown(code: "LOST"), at: start + 90, provider: 3, onUnknown: .resend)
        #expect(lifecycle.unresolvedAttempt == nil)
    }

    @Test mutating func noneOfABackup() {
        lose(attempt: 1, at: start + 10)
        _ = lifecycle.restored(at: start + 100_000)
        #expect(lifecycle.state == .unknown && lifecycle.unresolvedAttempt == nil)
    }

    @Test mutating func noneThatIsSettled() {
        lose(attempt: 1, at: start + 10)
        var settled = lifecycle
        _ = settled.settledByOperator(as: .sent, at: start + 20_000, detail: "an operator")
        #expect(settled.unresolvedAttempt == nil)
        _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 20_000)
        #expect(lifecycle.unresolvedAttempt == nil)
    }
}
