import ApusClient
import Foundation
import Testing

@testable import apus

@Suite struct BulkInputTests {
    private func rows(
        _ text: String, template: String? = nil, defaults: RowDefaults = RowDefaults()
    ) async throws -> [BulkRow] {
        let path = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max)).csv"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let input = BulkInput(
            file: try InputFile(path: path), mapper: RowMapper(defaults: defaults, template: template))
        var rows: [BulkRow] = []
        for try await row in input { rows.append(row) }
        return rows
    }

    private func message(_ row: BulkRow) -> OutgoingMessage? {
        if case .message(let message) = row.content { message } else { nil }
    }

    private func problem(_ row: BulkRow) -> String? {
        if case .invalid(let problem) = row.content { problem } else { nil }
    }

    @Test func readsCSV() async throws {
        let rows = try await rows("to,body\n+14155550100,hello\n+447400123456,Привет 👋\n")
        #expect(rows.map(\.index) == [0, 1] && rows.map(\.line) == [2, 3])
        #expect(message(rows[0]) == OutgoingMessage(to: "+14155550100", body: "hello"))
        #expect(message(rows[1])?.body == "Привет 👋")
    }

    @Test func optionalColumnsGoBeforeTheDefaults() async throws {
        let defaults = RowDefaults(sender: "Default", priority: .bulk, reference: "all", tags: ["t"])
        let rows = try await rows(
            "\u{FEFF}body, priority ,to,sender,reference\nx,urgent,+1,Me,r1\ny,,+2,,\nz,Fast,+3,,\n", defaults: defaults
        )
        let first = try #require(message(rows[0]))
        #expect(first.priority == .urgent && first.sender == "Me" && first.reference == "r1" && first.tags == ["t"])
        let second = try #require(message(rows[1]))
        #expect(second.priority == .bulk && second.sender == "Default" && second.reference == "all")
        #expect(problem(rows[2])?.contains("Fast") == true)
    }

    @Test func badRowsKeepTheirPlaces() async throws {
        let rows = try await rows("to,body\n+1,a\n+2\n\n\"x\"y,b\n,c\n+5,\n+6,f\n")
        #expect(rows.map(\.index) == [0, 1, 2, 3, 4, 5])
        #expect(rows.map(\.line) == [2, 3, 5, 6, 7, 8])
        #expect(rows.map { problem($0) == nil } == [true, false, false, false, false, true])
    }

    @Test(arguments: [
        "to\n+1\n", "to,body,boddy\n", "to,body,to\n", "+14155550100,hello\n", "\"to,body\n", "", " \n \n",
    ])
    func refusesAFileWithoutAUsableHeader(_ text: String) async throws {
        let failure = await #expect(throws: CommandFailure.self) { _ = try await rows(text) }
        #expect(failure?.status == .usage)
    }

    @Test func aTemplateTakesTheOtherColumns() async throws {
        let rows = try await rows("to,name,unused\n+1,Ann,x\n", template: "Hello {{ name }} {{name}}")
        guard case .recipient(let recipient) = rows[0].content else {
            Issue.record("no recipient")
            return
        }
        #expect(recipient == TemplateRecipient(to: "+1", variables: ["name": "Ann"]))
    }

    @Test func aTemplateNeedsItsColumns() async throws {
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await rows("to,nmae\n+1,Ann\n", template: "Hello {{name}}")
        }
        #expect(failure?.what.contains("name") == true)
    }

    @Test func readsJSONLines() async throws {
        let rows = try await rows(
            """
            {"to": "+1", "body": "a \\u00e9", "tags": ["x", "y"], "priority": "URGENT"}

            {"to": "+2", "body": 42, "sender": null}
            {"to": "+3"}
            {"to": "+4", "body": "b", "boddy": "c"}
            {"to": ["+5"], "body": "d"}
            not json
            ["+6"]
            """)
        #expect(rows.map(\.line) == [1, 3, 4, 5, 6, 7, 8])
        let first = try #require(message(rows[0]))
        #expect(first.body == "a é" && first.tags == ["x", "y"] && first.priority == .urgent)
        #expect(message(rows[1])?.body == "42")
        #expect(rows.dropFirst(2).allSatisfy { problem($0) != nil })
    }

    /// A number is a text of the person's own: an amount keeps its zeros, a code its digits.
    @Test(arguments: [
        ("10.50", "10.50"), ("12345678901234567890", "12345678901234567890"), ("-0", "-0"), ("1E5", "1E5"),
        ("1.0e-7", "1.0e-7"), ("1e999", "1e999"), ("0.10", "0.10"), ("9007199254740993", "9007199254740993"),
        ("true", "true"), ("false", "false"), (#""10.50""#, "10.50"),
    ])
    func valuesGoIntoTheTextAsTheyStand(_ json: String, _ text: String) async throws {
        let line = #"{"to": "+1", "body": \#(json), "reference": \#(json), "tags": [\#(json), "x"]}"#
        let message = try #require(message(try await rows(line)[0]))
        #expect(message.body == text && message.reference == text && message.tags == [text, "x"])
        let row = try await rows(#"{"to": \#(json), "price": \#(json), "no": null}"#, template: "{{price}}")[0]
        guard case .recipient(let recipient) = row.content else {
            Issue.record("no recipient")
            return
        }
        #expect(recipient.to == text && recipient.variables == ["price": text])
    }

    @Test(arguments: [
        (#"{"to": "+1", "body": "a", "body": "b"}"#, "the member body is there twice (column 27)"),
        (#"{"to": "+1", "body": "a", "b\u006fdy": "b"}"#, "the member body is there twice"),
        (#"{"to": "+1", "body": {"a": 1}}"#, #"the field "body" is neither a text nor a number"#),
        (#"{"to": "+1", "body": [1]}"#, #"the field "body" is neither a text nor a number"#),
        (#"{"to": "+1", "body": "a", "tags": [["x"]]}"#, "tags are texts"),
        (#"{"to": "+1", "body": "a", "tags": [null]}"#, "tags are texts"),
        (#"{"to": "+1", "body": 01}"#, "the line is not JSON: a number begins with a zero"),
        (#"{"to": "+1", "body": .5}"#, "the line is not JSON"), (#"{"to": "+1", "body": "a"} x"#, "not JSON"),
        (#"{"to": "+1", "body": NaN}"#, "the line is not JSON"),
    ])
    func aLineThatIsNotPlainIsRefused(_ line: String, _ reason: String) async throws {
        let rows = try await rows(#"{"to": "+2", "body": "fine"}"# + "\n" + line)
        #expect(message(rows[0]) != nil && rows[1].line == 2)
        #expect(problem(rows[1])?.contains(reason) == true, "\(problem(rows[1]) ?? "accepted")")
    }

    @Test func jsonLinesFeedATemplateToo() async throws {
        let rows = try await rows(#"{"to": "+1", "count": 3, "left": true}"#, template: "{{count}} {{left}}")
        guard case .recipient(let recipient) = rows[0].content else {
            Issue.record("no recipient")
            return
        }
        #expect(recipient.variables == ["count": "3", "left": "true"])
    }

    @Test func aLargeFileComesInOrder() async throws {
        let count = 20_000
        let text = "to,body\n" + (0..<count).map { "+\($0),\"line\n\($0)\"\n" }.joined()
        let rows = try await rows(text)
        #expect(rows.count == count)
        for (index, row) in rows.enumerated() where row.index != UInt64(index) || row.line != 2 + 2 * index {
            Issue.record("row \(index) is \(row)")
            return
        }
    }

    @Test func aFileThatIsNotThereIsAMistake() {
        let failure = #expect(throws: CommandFailure.self) { _ = try InputFile(path: "/nowhere/at/all.csv") }
        #expect(failure?.status == .usage)
    }

    @Test func linesOfRowsAreFoundAndForgotten() {
        var table = LineTable()
        // A row of two lines, and an index that was left out.
        for (index, line) in [(0, 2), (1, 3), (2, 5), (4, 7), (5, 8)] {
            table.append(index: UInt64(index), line: line)
        }
        #expect((0...5).map { table.line(of: UInt64($0)) } == [2, 3, 5, nil, 7, 8])
        table.forget(from: 0, count: 3)
        #expect((0...5).map { table.line(of: UInt64($0)) } == [nil, nil, nil, nil, 7, 8])
    }
}
