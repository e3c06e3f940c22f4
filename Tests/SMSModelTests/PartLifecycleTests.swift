import GatewayTestKit
import SMSModel
import Testing

private let start: Int64 = 1_800_000_000_000
private let id = MessageID(milliseconds: UInt64(start))

/// Messages that a provider takes in several parts, each with receipts of its own.
@Suite struct PartLifecycleTests {
    private func submitting() -> MessageLifecycle {
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: start + 1, provider: 3, reason: "only provider")
        return lifecycle
    }

    private func answer(_ lifecycle: inout MessageLifecycle, _ ids: [String], refusal: String? = nil) {
        let parts = AcceptedParts(furtherIDs: Array(ids.dropFirst()), refusal: refusal)
        let outcome = Outcome.accepted(providerID: ids[0], receipts: true, parts: parts)
        _ = lifecycle.answered(attempt: 1, outcome, at: start + 2, provider: 3, onUnknown: .hold)
    }

    private func sent(_ ids: String...) -> MessageLifecycle {
        var lifecycle = submitting()
        answer(&lifecycle, ids)
        return lifecycle
    }

    private func receive(
        _ lifecycle: inout MessageLifecycle, _ status: ReceiptStatus, _ part: ReceiptPart?, ids: [String] = [],
        segments: Int = 3
    ) {
        let receipt = Receipt(id: id, attempt: 1, status: status, part: part, providerIDs: ids)
        lifecycle.receiptReceived(receipt, segments: segments, at: start + 10)
        #expect(lifecycle.fault == nil)
    }

    private func rows(_ lifecycle: MessageLifecycle) -> [String] {
        var rows: [String] = []
        lifecycle.history.forEach(from: start) { rows.append("\($0.kind) \(lifecycle.history.detail(of: $0))") }
        return rows
    }

    @Test func allIDsAreTheMessages() {
        let lifecycle = sent("a", "b", "a", "c")
        #expect(lifecycle.state == .sent)
        #expect(rows(lifecycle).suffix(3) == ["sent a", "sent b", "sent c"])
        #expect(lifecycle.history.providerIDs.map { String(decoding: $0.id, as: UTF8.self) } == ["a", "b", "c"])
        #expect(lifecycle.attempt(providerID: "c", provider: 3) == 1)
        #expect(lifecycle.attempt(providerID: "c", provider: 2) == nil)
        #expect(lifecycle.fault == nil)
    }

    @Test func deliveredOnceEachPartIs() {
        var lifecycle = sent("a", "b", "c")
        for part in ["c", "a", "c", "a"] {
            receive(&lifecycle, .delivered, .id(part))
            #expect(lifecycle.state == .sent)
        }
        receive(&lifecycle, .delivered, .id("b"))
        #expect(lifecycle.state == .delivered)
        #expect(
            rows(lifecycle).suffix(6) == [
                "partDelivered c", "partDelivered a", "receiptIgnored delivered", "receiptIgnored delivered",
                "partDelivered b", "delivered ",
            ])
    }

    /// Without a word on parts, the receipt's id tells the part.
    @Test func theIDNamesThePart() {
        var lifecycle = sent("a", "b")
        receive(&lifecycle, .delivered, nil, ids: ["b"])
        #expect(lifecycle.state == .sent)
        // Nothing says which it is for.
        receive(&lifecycle, .delivered, nil)
        receive(&lifecycle, .delivered, nil, ids: ["strange"])
        receive(&lifecycle, .delivered, .id("strange"))
        #expect(lifecycle.state == .sent)
        receive(&lifecycle, .delivered, nil, ids: ["a"])
        #expect(lifecycle.state == .delivered)
    }

    @Test func oneFailedPartIsEnough() {
        var lifecycle = sent("a", "b", "c")
        receive(&lifecycle, .delivered, .id("a"))
        receive(&lifecycle, .undelivered(code: "5"), .id("b"))
        #expect(lifecycle.state == .undelivered)
        #expect(rows(lifecycle).last == "undelivered 5")
        receive(&lifecycle, .delivered, .id("c"))
        receive(&lifecycle, .delivered, .id("a"))
        #expect(lifecycle.state == .undelivered)
        // The carrier corrects itself.
        receive(&lifecycle, .delivered, .id("b"))
        #expect(lifecycle.state == .delivered)
    }

    @Test func partsAreCountedByTheirNumbersToo() {
        var lifecycle = sent("parent")
        receive(&lifecycle, .delivered, .number(2, of: 2), ids: ["parent", "second"])
        #expect(lifecycle.state == .sent)
        #expect(lifecycle.attempt(providerID: "second", provider: 3) == 1)
        receive(&lifecycle, .delivered, .number(2, of: 2), ids: ["parent", "second"])
        #expect(lifecycle.state == .sent)
        receive(&lifecycle, .delivered, .number(1, of: 2), ids: ["parent"])
        #expect(lifecycle.state == .delivered)

        var single = sent("parent")
        receive(&single, .delivered, .number(1, of: 1))
        #expect(single.state == .delivered)
    }

    @Test func oneReceiptSettlesAMessageOfOneID() {
        for part in [nil, ReceiptPart.id("a"), .id("another")] {
            var lifecycle = sent("a")
            receive(&lifecycle, .delivered, part, ids: ["another"])
            #expect(lifecycle.state == .delivered, "\(String(describing: part))")
        }
    }

    @Test func whatWasRefusedInPartIsUndelivered() {
        var lifecycle = submitting()
        answer(&lifecycle, ["a", "b"], refusal: "9")
        #expect(lifecycle.state == .undelivered)
        #expect(rows(lifecycle).suffix(3) == ["sent a", "sent b", "undelivered 9"])
        #expect(lifecycle.accountedState.cost == .reserved)
        #expect(lifecycle.fault == nil)
    }

    // MARK: Before the answer, or without it

    @Test func beforeTheAnswerThePartsAreTheSegments() {
        var lifecycle = submitting()
        receive(&lifecycle, .delivered, .id("b"))
        #expect(lifecycle.state == .sent)
        receive(&lifecycle, .delivered, .id("b"))
        answer(&lifecycle, ["a", "b"])
        #expect(lifecycle.state == .sent)
        receive(&lifecycle, .delivered, .id("a"))
        #expect(lifecycle.state == .delivered)

        // The answer is lost: the segments stay what is expected.
        var lost = submitting()
        _ = lost.answered(attempt: 1, .unknown(code: "X"), at: start + 2, provider: 3, onUnknown: .hold)
        for part in ["a", "b"] {
            receive(&lost, .delivered, .id(part))
            #expect(lost.state == .sent)
        }
        receive(&lost, .delivered, .id("c"))
        #expect(lost.state == .delivered)

        var single = submitting()
        receive(&single, .delivered, .id("a"), segments: 1)
        #expect(single.state == .delivered)
    }

    @Test func theAnswerSaysThatAllWasDeliveredAlready() {
        var lifecycle = submitting()
        for part in ["b", "a"] { receive(&lifecycle, .delivered, .id(part)) }
        #expect(lifecycle.state == .sent)
        answer(&lifecycle, ["a", "b"])
        #expect(lifecycle.state == .delivered)
    }

    @Test func aLostPartLeavesItToTheDeadline() {
        var lifecycle = sent("a", "b")
        receive(&lifecycle, .delivered, .id("a"))
        let deadline = start + 2 + Limits.receiptDeadlineMilliseconds
        #expect(lifecycle.due == deadline)
        #expect(!lifecycle.isReceiptOverdue(at: deadline - 1) && lifecycle.isReceiptOverdue(at: deadline))
    }

    // MARK: In any order

    private struct Posted {
        var part: Int
        var isDelivered: Bool
    }

    /// What becomes of a message does not depend on the order of receipts, on repeats, or on when the answer comes. A
    /// part is delivered if any receipt says so.
    @Test func theOrderOfReceiptsChangesNothing() {
        for seed in 0..<2000 {
            var random = SeededGenerator(seed: UInt64(seed))
            let count = Int.random(in: 2...4, using: &random)
            let ids = (0..<count).map { "part-\($0)" }
            let isNumbered = Bool.random(using: &random)
            var posted: [Posted] = []
            for part in 0..<count {
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    posted.append(Posted(part: part, isDelivered: Int.random(in: 0..<4, using: &random) > 0))
                }
            }
            posted.shuffle(using: &random)
            let answered = Int.random(in: 0...posted.count, using: &random)
            var lifecycle = submitting()
            for place in 0...posted.count {
                if place == answered { answer(&lifecycle, isNumbered ? ["parent"] : ids) }
                guard place < posted.count else { break }
                let part = posted[place].part
                let receipt = Receipt(
                    id: id, attempt: 1, status: posted[place].isDelivered ? .delivered : .undelivered(code: "X"),
                    part: isNumbered ? .number(part + 1, of: count) : .id(ids[part]))
                lifecycle.receiptReceived(receipt, segments: count, at: start + 10)
            }
            let delivered = Set(posted.filter(\.isDelivered).map(\.part))
            let hasFailed = posted.contains { !$0.isDelivered && !delivered.contains($0.part) }
            // Its first word is that it failed: that a part was delivered after all only counts with all others.
            let hasEverFailed = posted.contains { !$0.isDelivered }
            let expected: [MessageState] =
                delivered.count == count
                ? [.delivered] : hasFailed ? [.undelivered] : hasEverFailed ? [.undelivered, .sent] : [.sent]
            #expect(expected.contains(lifecycle.state), "seed \(seed): \(lifecycle.state)")
            #expect(lifecycle.fault == nil, "seed \(seed): \(lifecycle.fault ?? "")")
        }
    }
}
