import SMSModel
import Testing

private let start: Int64 = 1_800_000_000_000
private let id = MessageID(milliseconds: UInt64(start))

/// The ways out of unknown: an operator's word, a provider's, and sending again.
@Suite struct UnknownLifecycleTests {
    private var unknown: MessageLifecycle {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: start + 1, provider: 3, reason: "only provider")
        _ = lifecycle.answered(attempt: 1, .unknown(code: "LOST"), at: start + 2, provider: 3, onUnknown: .hold)
        return lifecycle
    }

    /// Sent again and taken: two attempts, of which both may be on their way.
    private func resent(upTo state: MessageState) -> MessageLifecycle {
        var lifecycle = unknown
        let isResent = lifecycle.resend(at: start + 10, detail: "key abc: they asked")
        #expect(isResent)
        guard state != .queued else { return lifecycle }
        _ = lifecycle.claimed(at: start + 11, provider: 3, reason: "only provider")
        guard state != .submitting else { return lifecycle }
        let outcome = Outcome.accepted(providerID: "p2", receipts: true)
        _ = lifecycle.answered(attempt: 2, outcome, at: start + 12, provider: 3, onUnknown: .hold)
        return lifecycle
    }

    private func last(_ lifecycle: MessageLifecycle) -> (event: History.Event, detail: String)? {
        var last: History.Event?
        lifecycle.history.forEach(from: start) { last = $0 }
        return last.map { ($0, lifecycle.history.detail(of: $0)) }
    }

    @Test func sentAgainItWaitsAndSaysWhoAskedForIt() throws {
        let lifecycle = resent(upTo: .queued)
        #expect(lifecycle.state == .queued)
        #expect(lifecycle.due == 0)
        #expect(!lifecycle.isSettled(at: .max))
        let (event, detail) = try #require(last(lifecycle))
        #expect(event.kind == .resent && event.attempt == 1 && event.provider == 3 && event.at == start + 10)
        #expect(detail == "key abc: they asked")
        #expect(resent(upTo: .sent).attempts == 2)
    }

    @Test func whatWasRestoredBeforeItsFirstAttemptCanBeSent() {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.restored(at: start)
        let isReconciled = lifecycle.reconciled(providerID: "p", at: start)
        #expect(!isReconciled, "no provider ever had it")
        let isResent = lifecycle.resend(at: start, detail: "key abc")
        #expect(isResent)
        #expect(lifecycle.fault == nil)
    }

    @Test(arguments: [MessageState.queued, .submitting, .sent])
    func aLateReceiptOfTheEarlierAttemptApplies(_ state: MessageState) {
        var lifecycle = resent(upTo: state)
        let isDelivered = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 20)
        #expect(isDelivered)
        #expect(lifecycle.state == .delivered)
        // What the later attempt brings changes nothing.
        let isWorse = lifecycle.receiptReceived(attempt: 2, .undelivered(code: "X"), at: start + 21)
        #expect(!isWorse)
        #expect(lifecycle.state == .delivered)
        #expect(lifecycle.fault == nil)
    }

    @Test func undeliveredOfOneIsNotTheOthersWord() {
        var lifecycle = resent(upTo: .sent)
        let first = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: start + 20)
        #expect(!first)
        #expect(lifecycle.state == .sent)
        let second = lifecycle.receiptReceived(attempt: 2, .delivered, at: start + 21)
        #expect(second)
        #expect(lifecycle.state == .delivered)
    }

    @Test(arguments: MessageLifecycle.settlements)
    func settledByAnOperatorItIsSettled(_ state: MessageState) throws {
        var lifecycle = unknown
        let isSettled = lifecycle.settledByOperator(as: state, at: start + 10, detail: "key abc: seen")
        #expect(isSettled)
        #expect(lifecycle.state == state)
        #expect(lifecycle.isSettled(at: start + 10))
        let (event, detail) = try #require(last(lifecycle))
        #expect(event.kind == .settled && event.state == state && event.attempt == 1)
        #expect(detail == "key abc: seen")
        // A provider may have charged for it, whatever an operator says.
        #expect(lifecycle.accountedState.cost == .reserved)
        #expect(lifecycle.fault == nil)
        guard state != .delivered else { return }
        let isDelivered = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 20)
        #expect(isDelivered, "a receipt still applies")
        #expect(lifecycle.fault == nil)
    }

    @Test func reconciledItAwaitsItsReceiptUnderTheProvidersID() throws {
        var lifecycle = unknown
        let isReconciled = lifecycle.reconciled(providerID: "SM1", at: start + 90_000)
        #expect(isReconciled)
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.due == start + 90_000 + Limits.receiptDeadlineMilliseconds)
        let found = try #require(lifecycle.history.providerIDs.last)
        #expect(found.provider == 3)
        #expect(String(decoding: found.id, as: UTF8.self) == "SM1")
        let isDelivered = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 90_001)
        #expect(isDelivered)
        #expect(lifecycle.fault == nil)
    }

    @Test func aLongNoteIsCut() throws {
        var lifecycle = unknown
        _ = lifecycle.resend(at: start, detail: String(repeating: "n", count: 1000))
        #expect(try #require(last(lifecycle)).detail.utf8.count == History.detailBytes)
    }
}
