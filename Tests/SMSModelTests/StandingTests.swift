internal import SMSModel
internal import Testing

/// What a message was charged is given back only if surely no provider has taken it.
@Suite struct StandingTests {
    private let now: Int64 = 1_800_000_000_000
    private var waiting: MessageLifecycle {
        MessageLifecycle(id: MessageID(milliseconds: UInt64(now)), waiting: .queued)
    }

    private func tried(_ outcomes: [Outcome], onUnknown: OnUnknown = .resend) -> MessageLifecycle {
        var lifecycle = waiting
        for (number, outcome) in outcomes.enumerated() {
            _ = lifecycle.claimed(at: now, provider: 1, reason: "")
            _ = lifecycle.answered(attempt: number + 1, outcome, at: now, provider: 1, onUnknown: onUnknown)
        }
        return lifecycle
    }

    @Test func whatNoProviderTookIsReleasedOnceItHasEnded() {
        let refusals: [Outcome] = [
            .throttled(retryAfterMilliseconds: nil), .unavailable(code: "X"), .returned,
            .rejected(.route, code: "X", message: ""),
        ]
        for outcomes in [[], refusals] {
            let lifecycle = tried(outcomes)
            #expect(lifecycle.standing == .queued)
            var (canceled, expired, failed) = (lifecycle, lifecycle, lifecycle)
            _ = canceled.canceled(at: now)
            _ = expired.expired(at: now)
            failed.gaveUp(at: now, code: "X", message: "")
            #expect(canceled.standing == .init(.canceled, isReleased: true))
            #expect(expired.standing == .init(.expired, isReleased: true))
            #expect(failed.standing == .init(.failed, isReleased: true))
        }
        #expect(tried([.rejected(.recipient, code: "X", message: "")]).standing == .init(.failed, isReleased: true))
    }

    @Test func whatMayHaveBeenSentIsNot() {
        var resent = tried([.unknown(code: "X"), .unavailable(code: "X")])
        _ = resent.canceled(at: now)
        #expect(resent.standing == .init(.canceled))
        var interrupted = waiting
        _ = interrupted.claimed(at: now, provider: 1, reason: "")
        _ = interrupted.interrupted(at: now, onUnknown: .resend)
        interrupted.gaveUp(at: now, code: "X", message: "")
        #expect(interrupted.standing == .init(.failed))
        var restored = waiting
        _ = restored.restored(at: now)
        #expect(restored.standing == .unknown)
        for outcome in [Outcome.accepted(providerID: "p", receipts: true), .unknown(code: "X")] {
            var lifecycle = tried([outcome], onUnknown: .hold)
            #expect(!lifecycle.standing.isReleased)
            _ = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: now)
            #expect(lifecycle.standing == .init(.undelivered))
        }
    }

    @Test func aReceiptThatProvesOtherwiseTakesItAgain() {
        var lifecycle = tried([.throttled(retryAfterMilliseconds: nil)])
        _ = lifecycle.canceled(at: now)
        _ = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: now)
        #expect(lifecycle.standing == .init(.canceled, isReleased: true))
        _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: now)
        #expect(lifecycle.standing == .init(.delivered))
    }
}
