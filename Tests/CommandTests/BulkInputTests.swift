import ApusClient
import Foundation
import Testing

@testable import apus

@Suite struct BulkInputTests {
    private func file(_ bytes: some Sequence<UInt8>) throws -> InputFile {
        let path = FileManager.default.temporaryDirectory.path + "/apus-\(UInt64.random(in: 0...UInt64.max)).csv"
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try InputFile(path: path)
    }

    private func rows(
        _ text: String, template: String? = nil, defaults: RowDefaults = RowDefaults(), mapping: [String] = [],
        separator: UInt8? = nil, country: String? = nil
    ) async throws -> [BulkRow] {
        let mapper = try RowMapper(
            defaults: defaults, template: template, mapping: mapping,
            numbering: country.flatMap(NationalNumbering.init(country:)))
        var rows: [BulkRow] = []
        for try await row in BulkInput(file: try file(text.utf8), mapper: mapper, separator: separator) {
            rows.append(row)
        }
        return rows
    }

    private func message(_ row: BulkRow) -> OutgoingMessage? {
        if case .message(let message, _) = row.content { message } else { nil }
    }

    private func variables(_ row: BulkRow) -> [String: String]? {
        if case .message(_, let variables) = row.content { variables } else { nil }
    }

    private func problem(_ row: BulkRow) -> String? {
        if case .invalid(let problem) = row.content { problem.text } else { nil }
    }

    @Test func readsCSV() async throws {
        let rows = try await rows("to,body\n+14155550100,hello\n+447400123456,Привет 👋\n")
        #expect(rows.map(\.place) == [0, 1] && rows.map(\.line) == [2, 3])
        #expect(message(rows[0]) == OutgoingMessage(to: "+14155550100", body: "hello"))
        #expect(message(rows[1])?.body == "Привет 👋")
    }

    @Test func optionalColumnsGoBeforeTheDefaults() async throws {
        let defaults = RowDefaults(sender: "Default", priority: .bulk, reference: "all", tags: ["t"])
        let rows = try await rows(
            "\u{FEFF}body, Priority ,TO,sender,reference\nx,urgent,+14155550101,Me,r1\ny,,+14155550102,,\nz,Fast,+14155550103,,\n",
            defaults: defaults
        )
        let first = try #require(message(rows[0]))
        #expect(first.priority == .urgent && first.sender == "Me" && first.reference == "r1" && first.tags == ["t"])
        let second = try #require(message(rows[1]))
        #expect(second.priority == .bulk && second.sender == "Default" && second.reference == "all")
        #expect(problem(rows[2])?.contains("Fast") == true)
    }

    @Test func badRowsKeepTheirPlaces() async throws {
        let rows = try await rows(
            "to,body\n+14155550101,a\n+14155550102\n\n\"x\"y,b\n,c\n+14155550105,\n+14155550106,f\n")
        #expect(rows.map(\.place) == [0, 1, 2, 3, 4, 5])
        #expect(rows.map(\.line) == [2, 3, 5, 6, 7, 8])
        #expect(rows.map { problem($0) == nil } == [true, false, false, false, false, true])
    }

    @Test(arguments: [
        "to\n+1\n", "to,body,TO\n", "to,sender,body,from\n", "+14155550100,hello\n", "\"to,body\n", "", " \n \n",
    ])
    func refusesAFileWithoutAUsableHeader(_ text: String) async throws {
        let failure = await #expect(throws: CommandFailure.self) { _ = try await rows(text) }
        #expect(failure?.status == .usage)
    }

    @Test func aTemplateTakesTheOtherColumns() async throws {
        let rows = try await rows("to,NAME,unused\n+14155550101,Ann,x\n", template: "Hello {{ name }} {{name}} {{{{x}}")
        #expect(variables(rows[0]) == ["name": "Ann"])
        #expect(message(rows[0])?.body == "Hello Ann Ann {{x}}")
    }

    @Test func aTemplateNeedsItsColumns() async throws {
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await rows("to,nmae\n+14155550101,Ann\n", template: "Hello {{name}}")
        }
        #expect(failure?.what.contains("name") == true)
    }

    @Test func readsJSONLines() async throws {
        let rows = try await rows(
            """
            {"to": "+14155550101", "body": "a \\u00e9", "tags": ["x", "y"], "priority": "URGENT"}

            {"to": "+14155550102", "body": 42, "sender": null}
            {"to": "+14155550103"}
            {"to": ["+14155550105"], "body": "d"}
            not json
            ["+14155550106"]
            """)
        #expect(rows.map(\.line) == [1, 3, 4, 5, 6, 7])
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
        let line = #"{"to": "+14155550101", "body": \#(json), "reference": \#(json), "tags": [\#(json), "x"]}"#
        let message = try #require(message(try await rows(line)[0]))
        #expect(message.body == text && message.reference == text && message.tags == [text, "x"])
        let row = try await rows(
            #"{"to": "+14155550101", "price": \#(json), "no": null}"#, template: "{{price}}")[0]
        #expect(variables(row) == ["price": text])
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
        let rows = try await rows(#"{"to": "+14155550102", "body": "fine"}"# + "\n" + line)
        #expect(message(rows[0]) != nil && rows[1].line == 2)
        #expect(problem(rows[1])?.contains(reason) == true, "\(problem(rows[1]) ?? "accepted")")
    }

    @Test func jsonLinesFeedATemplateToo() async throws {
        let rows = try await rows(
            #"{"to": "+14155550101", "count": 3, "left": true}"#, template: "{{count}} {{left}}")
        #expect(variables(rows[0]) == ["count": "3", "left": "true"])
    }

    @Test func aLargeFileComesInOrder() async throws {
        let count = 20_000
        let text = "to,body\n" + (0..<count).map { "+\($0),\"line\n\($0)\"\n" }.joined()
        let rows = try await rows(text)
        #expect(rows.count == count)
        for (index, row) in rows.enumerated() where row.place != UInt64(index) || row.line != 2 + 2 * index {
            Issue.record("row \(index) is \(row)")
            return
        }
    }

    @Test func aFileThatIsNotThereIsAMistake() {
        let failure = #expect(throws: CommandFailure.self) { _ = try InputFile(path: "/nowhere/at/all.csv") }
        #expect(failure?.status == .usage)
    }

    @Test func linesOfRowsAreFound() {
        var table = LineTable()
        // A row of two lines, and a place that was left out.
        for (place, line) in [(0, 2), (1, 3), (2, 5), (4, 7), (5, 8)] {
            table.append(place: UInt64(place), line: line)
        }
        #expect((0...6).map { table.line(of: UInt64($0)) } == [2, 3, 5, nil, 7, 8, nil])
    }

    // MARK: Files as spreadsheets write them

    @Test(arguments: [
        "to;body\n+14155550101;a, b\n", "to\tbody\n+14155550101\ta, b\n", "sep=;\nto;body\n+14155550101;a, b\n",
        "\"sep=|\"\r\nto|body\r\n+14155550101|a, b\r\n", "Sep=\t\nTo\tBODY\n+14155550101\t\"a, b\"\n",
        "to,body,,\n+14155550101,\"a, b\",,\n", "to,body\n+14155550101,\"a, b\",,,\n",
    ])
    func separatorsAreTheFiles(_ text: String) async throws {
        let rows = try await rows(text)
        #expect(rows.count == 1)
        #expect(message(rows[0]) == OutgoingMessage(to: "+14155550101", body: "a, b"))
    }

    @Test func aSeparatorMayBeGiven() async throws {
        let rows = try await rows(
            "to|body;x\n+14155550101|a;b,c\n", mapping: ["body=body;x"], separator: UInt8(ascii: "|"))
        #expect(message(rows[0])?.body == "a;b,c")
    }

    @Test func linesCountWhatStandsBeforeTheHeader() async throws {
        #expect(try await rows("\n\nsep=;\nto;body\n+14155550101;a\n").map(\.line) == [5])
    }

    @Test func columnsOfOtherNamesAreMapped() async throws {
        let text = "Phone,Vorname,Text,to\n+14155550101,Ann,Hi,nobody\n"
        let row = try await rows(text, mapping: ["to=phone", "body=TEXT"])[0]
        #expect(message(row) == OutgoingMessage(to: "+14155550101", body: "Hi"))
        let rendered = try await rows(text, template: "Hi {{name}}", mapping: ["to=Phone", "name=Vorname"])[0]
        #expect(message(rendered)?.body == "Hi Ann")
    }

    @Test(arguments: [["phone"], ["phon=to"], ["to=Phone", "to=Other"], ["to=Nowhere"]])
    func aMappingThatIsWrongIsRefused(_ mapping: [String]) async throws {
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await rows("Phone,body\n+14155550101,a\n", mapping: mapping)
        }
        #expect(failure?.status == .usage)
    }

    @Test func otherColumnsAreNamed() async throws {
        let mapper = try RowMapper(defaults: RowDefaults(), template: nil)
        let text = "id,to,body,Note,\n7,+14155550101,a,x,\n"
        let survey = try await FileSurvey(BulkInput(file: try file(text.utf8), mapper: mapper))
        #expect(survey.ignored == ["Note", "id"] && survey.faults == 0 && !survey.haveMessageFields)
    }

    @Test func rowsSayWhenAndHow() async throws {
        let rows = try await rows(
            """
            to;body;at;validity;priority;from;reference;tags
            +14155550101;a;2027-01-31T09:00Z;2h;urgent;Shop;r-1;one, two
            +14155550102;a;;;;;;
            +14155550103;a;+10m;;;;;
            +14155550104;a;2027-01-31 09:00;;;;;
            +14155550105;a;;soon;;;;
            """, defaults: RowDefaults(validity: .seconds(60), tags: ["t"]))
        let first = try #require(message(rows[0]))
        #expect(first.sendAt?.timeIntervalSince1970 == 1_801_386_000 && first.validity == .seconds(7200))
        #expect(first.priority == .urgent && first.sender == "Shop" && first.reference == "r-1")
        #expect(first.tags == ["one", "two"])
        let second = try #require(message(rows[1]))
        #expect(second.sendAt == nil && second.validity == .seconds(60) && second.tags == ["t"])
        #expect(problem(rows[2])?.contains("point in time") == true)
        #expect(problem(rows[3])?.contains("time zone") == true)
        #expect(problem(rows[4])?.hasPrefix("validity: ") == true)
    }

    // MARK: Other encodings

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian])
    func utf16IsNamed(_ encoding: String.Encoding) async throws {
        let data = try #require("to,body\n+14155550101,hello\n".data(using: encoding))
        let mapper = try RowMapper(defaults: RowDefaults(), template: nil)
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await FileSurvey(BulkInput(file: try file(data), mapper: mapper))
        }
        #expect(failure?.what.contains("UTF-16") == true && failure?.advice?.contains("iconv") == true)
    }

    @Test func windows1252IsNamedWithTheWord() async throws {
        var bytes = Array("to,body\n".utf8)
        for _ in 0..<20_000 { bytes += "+14155550101,fine\n".utf8 }
        bytes += Array("+14155550101,Gr".utf8) + [0xFC, 0xDF, 0x65, 0x0A]
        let mapper = try RowMapper(defaults: RowDefaults(), template: nil)
        let failure = await #expect(throws: CommandFailure.self) {
            _ = try await FileSurvey(BulkInput(file: try file(bytes), mapper: mapper))
        }
        let what = try #require(failure?.what)
        #expect(what.contains("line 20002") && what.contains("Windows-1252") && what.contains("“Grüße”"), "\(what)")
    }

    @Test func aFileHasABoundOfRows() async throws {
        let mapper = try RowMapper(defaults: RowDefaults(), template: nil)
        let input = BulkInput(file: try file("to,body\n+14155550101,a\n+14155550102,b\n".utf8), mapper: mapper)
        #expect(try await FileSurvey(input, mostRows: 2).keys.count == 2)
        let failure = await #expect(throws: CommandFailure.self) { _ = try await FileSurvey(input, mostRows: 1) }
        #expect(failure?.what.contains("more than 1 rows") == true)
    }
}
