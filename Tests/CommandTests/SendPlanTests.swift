import ApusClient
import Foundation
import RPCWire
import SMSModel
import Testing

@testable import apus

@Suite struct SendPlanTests {
    private struct Row {
        var to: Int
        var text: String
    }

    private func survey(_ rows: [Row]) async throws -> FileSurvey {
        let path = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max)).csv"
        let text = "to,body\n" + rows.map { "+1415555\(1000 + $0.to),\($0.text)\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let mapper = try RowMapper(defaults: RowDefaults(), template: nil)
        return try await FileSurvey(BulkInput(file: try InputFile(path: path), mapper: mapper))
    }

    private func contents(_ rows: [Row]) async throws -> BatchContents {
        let survey = try await survey(rows)
        return BatchContents(
            survey.keys.enumerated().map {
                ($1.fingerprint, "+\($1.recipient)", ApusClient.MessageID(rawValue: UInt64($0 + 1)))
            })
    }

    private func plan(
        _ rows: [Row], after sent: [Row], unique: Bool = false, _ changed: SendPlan.ChangedRows = .refuse
    ) async throws -> SendPlan {
        SendPlan(
            try await survey(rows), contents: try await contents(sent), isUnique: unique, changedRows: changed)
    }

    private static let three = [Row(to: 1, text: "a"), Row(to: 2, text: "b"), Row(to: 3, text: "c")]

    @Test func aNewBatchSendsAll() async throws {
        let plan = SendPlan(try await survey(Self.three))
        #expect(plan.sent == 3 && plan.known == 0 && plan.changed == 0)
    }

    /// Whatever becomes of the rows between two runs, what was sent is not sent again.
    @Test func placesSayNothing() async throws {
        let three = Self.three
        for rows in [
            three, three.reversed(), [three[1], three[2]], [three[2]], [three[2], three[0], three[1]],
        ] as [[Row]] {
            let plan = try await plan(rows, after: three)
            #expect(plan.sent == 0 && plan.known == rows.count && plan.changed == 0, "\(rows)")
            #expect(plan.failure(.refuse, batch: "b") == nil)
        }
        let grown = try await plan([Row(to: 9, text: "x")] + three + [Row(to: 8, text: "y")], after: three)
        #expect(grown.isSent == [true, false, false, false, true] && grown.changed == 0)
    }

    @Test func theSameRowTwiceIsSentTwice() async throws {
        let twice = [Row(to: 1, text: "a"), Row(to: 1, text: "a"), Row(to: 1, text: "b")]
        #expect(try await plan(twice, after: []).sent == 3)
        let half = try await plan(twice, after: [twice[0]])
        #expect(half.isSent == [false, true, true] && half.changed == 0)
        #expect(try await plan(twice, after: twice).sent == 0)
        let other = try await plan([twice[2], twice[0]], after: [twice[2]])
        #expect(other.isSent == [false, true])
    }

    @Test func anotherTextForTheSamePersonIsFoundBefore() async throws {
        var edited = Self.three
        edited[1].text = "B"
        let refused = try await plan(edited, after: Self.three)
        #expect(refused.changed == 1 && refused.sent == 0 && refused.missing == 1)
        let failure = try #require(refused.failure(.refuse, batch: "b"))
        #expect(failure.status == .refused && failure.what.contains("line 3 (+14155551002)"), "\(failure.what)")
        #expect(failure.advice?.contains("--changed skip") == true)
        let skipped = try await plan(edited, after: Self.three, .skip)
        #expect(skipped.failure(.skip, batch: "b") == nil && skipped.sent == 0)
        let sent = try await plan(edited, after: Self.three, .send)
        #expect(sent.isSent == [false, true, false] && sent.failure(.send, batch: "b") == nil)
    }

    @Test func uniqueLeavesLaterRowsOut() async throws {
        let rows = [Row(to: 1, text: "a"), Row(to: 2, text: "b"), Row(to: 1, text: "c"), Row(to: 1, text: "a")]
        let plan = try await plan(rows, after: [], unique: true)
        #expect(plan.isSent == [true, true, false, false] && plan.leftOut == 2)
        let repeats = try await survey(rows).repeats
        #expect(repeats.count == 2 && repeats.first.map(\.line) == [4, 5])
    }

    @Test func idsOfKnownRowsAreFound() async throws {
        var ids: [Int: UInt64] = [:]
        _ = SendPlan(try await survey(Self.three.reversed()), contents: try await contents(Self.three)) {
            ids[$0] = $1.rawValue
        }
        #expect(ids == [0: 3, 1: 2, 2: 1])
    }

    @Test func aComparisonSaysWhatDiffers() async throws {
        let plan = try await plan([Self.three[0], Row(to: 9, text: "x")], after: Self.three)
        #expect(
            plan.comparison(batch: "b", messages: 3)
                == "the batch b has 3 messages: 1 row is among them and not sent again, 1 row is new, "
                + "2 messages of it in no row")
    }

    /// Random files and what was cut from, added to and moved in them.
    @Test func noRowIsSentAgainAndNoneIsLost() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let sent = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Row(to: Int.random(in: 0..<8, using: &random), text: "\(Int.random(in: 0..<3, using: &random))")
            }
            var rows = sent.shuffled(using: &random)
            rows.removeFirst(Int.random(in: 0...rows.count, using: &random))
            let added = (0..<Int.random(in: 0...5, using: &random)).map { Row(to: 100 + $0, text: "new") }
            rows = (rows + added).shuffled(using: &random)
            let plan = try await plan(rows, after: sent)
            #expect(plan.sent == added.count && plan.known == rows.count - added.count, "seed \(seed)")
            #expect(plan.changed == 0 && plan.missing == sent.count - plan.known, "seed \(seed)")
        }
    }
}
