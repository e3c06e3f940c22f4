import Testing

@testable import apus

@Suite struct CSVParserTests {
    /// The rows of a text that comes in pieces of this many bytes.
    private func parse(_ bytes: [UInt8], pieces: Int = .max) -> [String] {
        var parser = CSVParser()
        var rows: [CSVParser.Row] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            rows += parser.parse(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
        }
        rows += parser.finish()
        return rows.map { row in
            switch row.content {
            case .success(let fields): "\(row.line): " + fields.joined(separator: "|")
            case .failure: "\(row.line): !"
            }
        }
    }

    private func parse(_ text: String, pieces: Int = .max) -> [String] {
        parse(Array(text.utf8), pieces: pieces)
    }

    @Test(arguments: [
        ("a,b\n1,2\n", ["1: a|b", "2: 1|2"]),
        ("a,b\r\n1,2", ["1: a|b", "2: 1|2"]),
        ("a\n\n\r\nb\n", ["1: a", "4: b"]),
        (",\n", ["1: |"]),
        ("a,\n", ["1: a|"]),
        ("\"\"\n", ["1: "]),
        ("\"a,b\",c\n", ["1: a,b|c"]),
        ("\"say \"\"hi\"\"\",x\n", ["1: say \"hi\"|x"]),
        ("\"two\nlines\",x\ny\n", ["1: two\nlines|x", "3: y"]),
        ("\"two\r\nlines\"\r\ny\r\n", ["1: two\r\nlines", "3: y"]),
        ("a\rb,c\n", ["1: a\rb|c"]),
        (" a , b \n", ["1:  a | b "]),
        ("Привет 👋,x\n", ["1: Привет 👋|x"]),
        // What is wrong is told, and the next line is right again.
        ("a\"b\nc\n", ["1: !", "2: c"]),
        ("\"a\"b\nc\n", ["1: !", "2: c"]),
        ("\"a\"\rb\nc\n", ["1: !", "2: c"]),
        ("a\n\"never ends\nb\n", ["1: a", "2: !"]),
        ("", []),
    ])
    func readsRows(_ text: String, _ rows: [String]) {
        #expect(parse(text) == rows)
        // However the bytes come.
        for pieces in 1...3 { #expect(parse(text, pieces: pieces) == rows) }
    }

    @Test func refusesARowThatIsNotUTF8() {
        #expect(parse([0x61, 0xFF, 0x0A, 0x62, 0x0A]) == ["1: !", "2: b"])
        #expect(parse([0x61, 0xC3]) == ["1: !"])
    }

    @Test func takesARowOfTheBoundAndRefusesALongerOne() {
        let longest = String(repeating: "x", count: CSVParser.rowBytes)
        #expect(parse(longest + "\ny\n") == ["1: \(longest)", "2: y"])
        #expect(parse(longest + "x\ny\n") == ["1: !", "2: y"])
        // A quote that is missing swallows lines, but not the file.
        let lines = String(repeating: "0123456\n", count: CSVParser.rowBytes / 8)
        let rows = parse("\"" + lines + "last\n")
        #expect(rows.first == "1: !" && rows.last?.hasSuffix("last") == true && rows.count < 5)
    }

    @Test func linesSkipWhatIsWhite() {
        var parser = LineParser()
        let rows = parser.parse(Array("{}\n\n  \r\n{\"a\":1}\r\nlast".utf8)) + parser.finish()
        #expect(rows.map(\.line) == [1, 4, 5])
    }

    @Test func aLineOfTheBoundIsTakenAndALongerOneRefused() {
        var parser = LineParser()
        let longest = [UInt8](repeating: 0x61, count: LineParser.lineBytes)
        let rows = parser.parse(longest + [0x0A] + longest + [0x61, 0x0A, 0x62, 0x0A])
        #expect(rows.map(\.line) == [1, 2, 3])
        let areGood = rows.map { if case .success = $0.content { true } else { false } }
        #expect(areGood == [true, false, true])
    }
}
