import SMSModel
import Testing

private let start: Int64 = 1_800_000_000_000
private let id = MessageID(milliseconds: UInt64(start))

/// The audit knows the same moves as the lifecycle: it takes all that come about, and none that do not.
@Suite struct LifecycleAuditTests {
    private static let outcomes: [Outcome] = [
        .accepted(providerID: "p", receipts: true), .accepted(providerID: "", receipts: false),
        .accepted(providerID: "p", receipts: true, parts: AcceptedParts(furtherIDs: ["q", "r"])),
        .accepted(providerID: "p", receipts: true, parts: AcceptedParts(furtherIDs: ["q"], refusal: "F")),
        .rejected(.recipient, code: "R", message: "no"), .rejected(.route, code: "R", message: "no"),
        .throttled(retryAfterMilliseconds: nil), .throttled(retryAfterMilliseconds: 5), .unavailable(code: "U"),
        .unknown(code: "L"), .returned,
    ]

    /// One thing that can happen to a message, whether it may at this time or not.
    private func step(_ lifecycle: inout MessageLifecycle, now: Int64, _ random: inout SeededGenerator) {
        let onUnknown: OnUnknown = Bool.random(using: &random) ? .hold : .resend
        let attempt = max(1, lifecycle.attempts - Int.random(in: -1...2, using: &random) / 2)
        func follow(_ after: MessageLifecycle.AfterOutcome, _ lifecycle: inout MessageLifecycle) {
            switch after {
            case .nothing: return
            case .retry:
                if Int.random(in: 0..<8, using: &random) == 0 {
                    lifecycle.gaveUp(at: now, code: "G", message: "enough")
                } else {
                    lifecycle.retry(at: now + 1000)
                }
            case .waitForSender: lifecycle.retry(at: now + 1000)
            case .tryAnother(let code, let message): lifecycle.gaveUp(at: now, code: code, message: message)
            }
        }
        switch Int.random(in: 0..<22, using: &random) {
        case 0...5:
            _ = lifecycle.claimed(at: now, provider: UInt8.random(in: 1...3, using: &random), reason: "only provider")
        case 6...10:
            let outcome = Self.outcomes.randomElement(using: &random)!
            let after = lifecycle.answered(attempt: attempt, outcome, at: now, provider: 1, onUnknown: onUnknown)
            follow(after, &lifecycle)
        case 11: follow(lifecycle.interrupted(at: now, onUnknown: onUnknown), &lifecycle)
        case 12, 13, 15:
            let statuses: [ReceiptStatus] = [.taken, .delivered, .undelivered(code: "X")]
            let parts: [ReceiptPart?] = [nil, .id("p"), .id("q"), .id("r"), .number(1, of: 2), .number(2, of: 2)]
            let ids = ["p", "q", "r", "s"].filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            let receipt = Receipt(
                id: id, attempt: attempt, status: statuses.randomElement(using: &random)!,
                part: parts.randomElement(using: &random)!, providerIDs: ids)
            lifecycle.receiptReceived(receipt, segments: Int.random(in: 1...3, using: &random), at: now)
        case 14:
            if Bool.random(using: &random) { _ = lifecycle.canceled(at: now) } else { _ = lifecycle.expired(at: now) }
        case 16: _ = lifecycle.resend(at: now, detail: "key abc")
        case 17:
            let state = MessageState.allCases.randomElement(using: &random)!
            _ = lifecycle.settledByOperator(as: state, at: now, detail: "key abc: seen")
        case 18: _ = lifecycle.reconciled(attempt: lifecycle.unresolvedAttempt?.attempt, providerID: "p", at: now)
        case 20: if let doubt = lifecycle.unresolvedAttempt { _ = lifecycle.notFound(attempt: doubt.attempt, at: now) }
        case 19: lifecycle.priced(Money(millionths: Int64.random(in: 0...9, using: &random)), at: now, provider: 1)
        default: _ = lifecycle.restored(at: now)
        }
    }

    @Test func noWayThroughTheLifecycleIsFaulty() {
        var ends: Set<MessageState> = []
        var steps = 0
        for seed in 0..<5000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let waiting: MessageState = seed % 3 == 0 ? .scheduled : .queued
            var lifecycle = MessageLifecycle(id: id, waiting: waiting)
            var now = start
            #expect(lifecycle.fault == nil)
            for _ in 0..<Int.random(in: 1...24, using: &random) {
                now += Int64.random(in: 0...100_000, using: &random)
                step(&lifecycle, now: now, &random)
                steps += 1
                if let fault = lifecycle.fault {
                    Issue.record("seed \(seed): \(fault)")
                    return
                }
            }
            // As it comes back from the store.
            let packed = lifecycle.history.bytes.withUnsafeBytes { History(id: id, packed: $0) }
            let stored = MessageLifecycle(id: id, state: lifecycle.state, due: lifecycle.due, history: packed)
            #expect(stored.fault == nil, "seed \(seed)")
            #expect(stored.accountedState == lifecycle.accountedState, "seed \(seed)")
            ends.insert(lifecycle.state)
        }
        #expect(ends == Set(MessageState.allCases).subtracting([.accepted]))
        #expect(steps > 50_000)
    }

    /// Routine events are left out of it.
    @Test func aVeryLongHistoryIsNoFault() {
        var random = SeededGenerator(seed: 5)
        var long = MessageLifecycle(id: id, waiting: .queued)
        for number in 0..<1500 {
            let now = start + Int64(number) * 1000
            _ = long.claimed(at: now, provider: 1, reason: "first with room")
            let outcome: Outcome =
                [.throttled(retryAfterMilliseconds: nil), .returned, .unavailable(code: "THE PROVIDER IS DOWN")]
                .randomElement(using: &random)!
            _ = long.answered(attempt: long.attempts, outcome, at: now, provider: 1, onUnknown: .hold)
            _ = long.receiptReceived(attempt: 1, .undelivered(code: "LATE"), at: now)
        }
        #expect(long.history.bytes.count >= History.packedBytes)
        for end in 0..<6 {
            var lifecycle = long
            let now = start + 5_000_000
            switch end {
            case 0: _ = lifecycle.canceled(at: now)
            case 1: _ = lifecycle.expired(at: now)
            case 2: lifecycle.gaveUp(at: now, code: "X", message: "")
            case 3: _ = lifecycle.restored(at: now)
            default: _ = lifecycle.claimed(at: now, provider: 1, reason: "")
            }
            if end == 4 {
                let outcome = Outcome.accepted(providerID: "p", receipts: true)
                _ = lifecycle.answered(attempt: lifecycle.attempts, outcome, at: now, provider: 1, onUnknown: .hold)
            }
            #expect(lifecycle.fault == nil, "end \(end)")
        }
    }

    // MARK: What cannot be

    private typealias Step = (kind: EventKind, state: MessageState, attempt: Int)

    private func fault(_ state: MessageState, due: Int64 = 0, _ steps: [Step]) -> String? {
        var history = History(id: id)
        for (place, step) in steps.enumerated() {
            history.append(
                step.kind, state: step.state, at: start + Int64(place), attempt: step.attempt, provider: 1,
                detail: step.kind == .sent ? "id \(place)" : "")
        }
        return MessageLifecycle(id: id, state: state, due: due, history: history).fault
    }

    @Test func legalHistoriesHaveNoFault() {
        let claim: Step = (.submitting, .submitting, 1)
        #expect(fault(.submitting, [claim]) == nil)
        #expect(fault(.sent, due: 9, [claim, (.sent, .sent, 1)]) == nil)
        #expect(fault(.delivered, [claim, (.delivered, .delivered, 1), (.sent, .delivered, 1)]) == nil)
        #expect(fault(.queued, due: 9, [claim, (.throttled, .queued, 1)]) == nil)
        #expect(fault(.unknown, due: 9, [(.restored, .unknown, 0)]) == nil)
        #expect(fault(.canceled, [(.canceled, .canceled, 0)]) == nil)
        let lost: [Step] = [claim, (.outcomeUnknown, .unknown, 1)]
        #expect(fault(.queued, lost + [(.resent, .queued, 1)]) == nil)
        #expect(fault(.sent, due: 9, lost + [(.sent, .sent, 1)]) == nil)
        for state in MessageLifecycle.settlements { #expect(fault(state, lost + [(.settled, state, 1)]) == nil) }
        let retried: [Step] = [claim, (.outcomeUnknown, .queued, 1)]
        #expect(fault(.sent, due: 9, retried + [(.identified, .sent, 1)]) == nil)
        // Only a receipt of an attempt that may have been taken is a proof.
        let refused: [Step] = [claim, (.unavailable, .queued, 1), (.identified, .queued, 1)]
        #expect(fault(.submitting, refused + [(.submitting, .submitting, 2)]) == nil)
        let parts: [Step] = [claim, (.sent, .sent, 1), (.sent, .sent, 1), (.partDelivered, .sent, 1)]
        #expect(fault(.delivered, parts + [(.partDelivered, .sent, 1), (.delivered, .delivered, 1)]) == nil)
        #expect(
            fault(
                .unknown, due: 9,
                retried + [
                    (.submitting, .submitting, 2), (.sent, .sent, 2),
                    (.attemptUndelivered, .unknown, 2),
                ]) == nil)
    }

    @Test func illegalHistoriesHaveOne() {
        let claim: Step = (.submitting, .submitting, 1)
        let sent: [Step] = [claim, (.sent, .sent, 1)]
        let delivered: [Step] = sent + [(.delivered, .delivered, 1)]
        let faulty: [(MessageState, [Step])] = [
            (.sent, [(.sent, .sent, 1)]),
            (.sent, [claim, (.sent, .sent, 2)]),
            (.submitting, [claim, claim]),
            (.submitting, [(.submitting, .submitting, 0)]),
            (.submitting, sent + [(.submitting, .submitting, 2)]),
            (.sent, [(.submitting, .sent, 1)]),
            (.queued, [(.throttled, .queued, 1)]),
            (.queued, [claim, (.rejected, .queued, 1), (.rejected, .queued, 1)]),
            (.failed, [claim, (.failed, .failed, 0)]),
            (.failed, [claim, (.throttled, .failed, 1)]),
            (.expired, sent + [(.expired, .expired, 0)]),
            (.canceled, [claim, (.canceled, .canceled, 0)]),
            (.delivered, [(.delivered, .delivered, 1)]),
            (.delivered, delivered + [(.delivered, .delivered, 1)]),
            (.undelivered, delivered + [(.undelivered, .undelivered, 1)]),
            (.queued, delivered + [(.receiptIgnored, .queued, 1)]),
            (.unknown, delivered + [(.restored, .unknown, 1)]),
            (.queued, [(.restored, .queued, 0)]),
            (.accepted, [(.accepted, .accepted, 0)]),
            (.queued, [(.queued, .queued, 0)]),
            (.scheduled, [(.scheduled, .scheduled, 0)]),
            (.sent, sent + [(.receiptOverdue, .sent, 1)]),
            (.queued, sent + [(.interrupted, .queued, 1)]),
            (.unknown, [(.outcomeUnknown, .unknown, 1)]),
            (.queued, [claim, (.resent, .queued, 1)]),
            (.queued, sent + [(.resent, .queued, 1)]),
            (.unknown, [claim, (.outcomeUnknown, .unknown, 1), (.resent, .unknown, 1)]),
            (.sent, sent + [(.settled, .sent, 1)]),
            (.canceled, [claim, (.outcomeUnknown, .unknown, 1), (.settled, .canceled, 1)]),
            // Sent again after a receipt has proven that it was taken.
            (
                .submitting,
                [
                    claim, (.outcomeUnknown, .queued, 1), (.identified, .queued, 1), (.submitting, .submitting, 2),
                ]
            ),
            // Delivered though a part was not.
            (
                .delivered,
                [
                    claim, (.sent, .sent, 1), (.sent, .sent, 1), (.partDelivered, .sent, 1),
                    (.delivered, .delivered, 1),
                ]
            ),
            (.sent, sent + [(.identified, .sent, 2)]),
            (.sent, delivered + [(.identified, .sent, 1)]),
            (.unknown, delivered + [(.attemptUndelivered, .unknown, 1)]),
            (.queued, [claim, (.outcomeUnknown, .unknown, 1), (.attemptUndelivered, .queued, 1)]),
            // All is legal, but it leads elsewhere.
            (.delivered, sent),
            (.queued, [claim]),
            (.sent, delivered),
        ]
        for (place, (state, steps)) in faulty.enumerated() {
            #expect(fault(state, steps) != nil, "number \(place): \(steps)")
        }
        #expect(fault(.delivered, due: 5, delivered)?.contains("due") == true)
        #expect(fault(.canceled, due: 5, [(.canceled, .canceled, 0)])?.contains("due") == true)
    }

    @Test func whatNeverHappenedIsTold() {
        #expect(fault(.queued, []) == nil)
        #expect(fault(.scheduled, []) == nil)
        for state in MessageState.allCases where state != .queued && state != .scheduled {
            #expect(fault(state, [])?.contains("nothing has happened") == true, "\(state)")
        }
    }

    @Test func eachLostByteIsNoticed() {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: start, provider: 1, reason: "only provider")
        let outcome = Outcome.accepted(providerID: "a provider's id", receipts: true)
        _ = lifecycle.answered(attempt: 1, outcome, at: start + 5, provider: 1, onUnknown: .hold)
        _ = lifecycle.receiptReceived(attempt: 1, .undelivered(code: "X"), at: start + 900)
        let bytes = lifecycle.history.bytes
        for end in 0..<bytes.count {
            let cut = bytes[..<end].withUnsafeBytes { History(id: id, packed: $0) }
            let found = MessageLifecycle(id: id, state: lifecycle.state, due: 0, history: cut)
            #expect(found.fault != nil, "cut at \(end)")
        }
    }
}
