internal import SMSModel
internal import Testing

/// What a message was charged is given back only if surely no provider has taken it.
@Suite struct AccountedStateTests {
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
            #expect(lifecycle.accountedState == .queued)
            var (canceled, expired, failed) = (lifecycle, lifecycle, lifecycle)
            _ = canceled.canceled(at: now)
            _ = expired.expired(at: now)
            failed.gaveUp(at: now, code: "X", message: "")
            #expect(canceled.accountedState == .init(.canceled, .nothing))
            #expect(expired.accountedState == .init(.expired, .nothing))
            #expect(failed.accountedState == .init(.failed, .nothing))
        }
        #expect(tried([.rejected(.recipient, code: "X", message: "")]).accountedState == .init(.failed, .nothing))
    }

    @Test func whatMayHaveBeenSentIsNot() {
        var resent = tried([.unknown(code: "X"), .unavailable(code: "X")])
        _ = resent.canceled(at: now)
        #expect(resent.accountedState == .unknown)
        var interrupted = waiting
        _ = interrupted.claimed(at: now, provider: 1, reason: "")
        _ = interrupted.interrupted(at: now, onUnknown: .resend)
        interrupted.gaveUp(at: now, code: "X", message: "")
        #expect(interrupted.accountedState == .unknown)
        var restored = waiting
        _ = restored.restored(at: now)
        #expect(restored.accountedState == .unknown)
        for outcome in [Outcome.accepted(providerID: "p", receipts: true), .unknown(code: "X")] {
            var lifecycle = tried([outcome], onUnknown: .hold)
            #expect(lifecycle.accountedState.cost == .reserved)
            _ = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: now)
            #expect(lifecycle.accountedState == .init(.undelivered))
        }
    }

    @Test func theProvidersPriceSettlesWhatWasReserved() {
        let price = Money(millionths: 7500)
        var lifecycle = tried([.rejected(.route, code: "X", message: "")])
        _ = lifecycle.claimed(at: now, provider: 2, reason: "")
        lifecycle.priced(price, at: now, provider: 2)
        #expect(lifecycle.state == .submitting)
        _ = lifecycle.answered(
            attempt: 2, .accepted(providerID: "p", receipts: true), at: now, provider: 2, onUnknown: .hold)
        #expect(lifecycle.accountedState == .init(.sent, .price(price)))
        #expect(lifecycle.history.providerIDs.last?.provider == 2)
        _ = lifecycle.receiptReceived(attempt: 2, .undelivered(code: "X"), at: now)
        #expect(lifecycle.accountedState == .init(.undelivered, .price(price)))
        #expect(lifecycle.fault == nil)
        // Told again, it is told once.
        let events = lifecycle.history.bytes.count
        lifecycle.priced(price, at: now, provider: 2)
        #expect(lifecycle.history.bytes.count == events)
    }

    @Test func whatWasReservedStandsWhereMoreThanOneAttemptMayHaveBeenTaken() {
        var lifecycle = tried([.unknown(code: "X")])
        _ = lifecycle.claimed(at: now, provider: 2, reason: "")
        lifecycle.priced(Money(millionths: 1), at: now, provider: 2)
        #expect(lifecycle.accountedState == .submitting)
        var waits = waiting
        waits.priced(Money(millionths: 1), at: now, provider: 2)
        #expect(waits.accountedState == .queued)
    }

    @Test func aReceiptThatProvesOtherwiseTakesItAgain() {
        var lifecycle = tried([.throttled(retryAfterMilliseconds: nil)])
        _ = lifecycle.canceled(at: now)
        _ = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: now)
        #expect(lifecycle.accountedState == .init(.canceled, .nothing))
        _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: now)
        #expect(lifecycle.accountedState == .init(.delivered))
    }
}
