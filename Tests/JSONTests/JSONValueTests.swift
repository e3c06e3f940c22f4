import JSON
import SMSModel
import Testing

/// The strict reader and the canonical writer.
@Suite struct JSONValueTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("\t\r\nfalse", .bool(false)), ("\"\"", .string("")),
        ("[]", .array([])), ("[ 1 , [ ] ]", .array([.integer(1), .array([])])), ("{ }", .object([:])),
        ("{\"a\":1, \"b\" : null}", .object(["a": .integer(1), "b": .null])),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", .string("\"\\/\u{8}\u{C}\n\r\t\u{E9}")),
        ("\"\\uD83D\\udc4b \u{1F44B} \\u0000\"", .string("\u{1F44B} \u{1F44B} \u{0}")),
        ("0", .integer(0)), ("-0", .integer(0)), ("0e99999999999999999999", .integer(0)), ("-17", .integer(-17)),
        ("1e3", .integer(1000)), ("1.0", .integer(1)), ("1.2500E+2", .integer(125)), ("2500e-2", .integer(25)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .real(9_223_372_036_854_775_808)), ("1.5", .real(1.5)), ("-1e-2", .real(-0.01)),
        // Whole only once a double has rounded them.
        ("4503599627370496.4", .real(4_503_599_627_370_496)), ("1.00000000000000000001", .real(1)),
        ("1e-400", .real(0)),
    ]) func itReads(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue(text) == value)
    }

    @Test(arguments: [
        ("", 1, 1, "ends too early"), ("  \n ", 2, 2, "ends too early"), ("[1,2", 1, 5, "ends too early"),
        ("nul", 1, 4, "ends too early"), ("nulL", 1, 4, "no L"), ("\u{FEFF}1", 1, 1, "no byte 239"),
        ("1 2", 1, 3, "behind the value"), ("{}}", 1, 3, "behind the value"), ("[1,]", 1, 4, "no ]"),
        ("[,1]", 1, 2, "no ,"), ("{\"a\":1,}", 1, 8, "no }"), ("{a:1}", 1, 2, "no a"), ("{\"a\" 1}", 1, 6, "no 1"),
        ("{\"a\":1 \"b\":2}", 1, 8, "no \""), ("'a'", 1, 1, "no '"), ("/**/1", 1, 1, "no /"), ("[NaN]", 1, 2, "no N"),
        ("{\n  \"\u{E9}\": 1,\n  \"\u{1F44B}\": 2, \"\u{E9}\": 3}", 3, 11, "the member \u{E9} is there twice"),
        ("{\"kid\":1,\"k\\u0069d\":1}", 1, 10, "the member kid is there twice"),
        ("01", 1, 1, "begins with a zero"), ("-01", 1, 1, "begins with a zero"), ("+1", 1, 1, "no +"),
        (".5", 1, 1, "no ."), ("1.", 1, 3, "ends too early"), ("1.e3", 1, 3, "no e"), ("1e", 1, 3, "ends too early"),
        ("- 1", 1, 2, "no byte 32"), ("0x10", 1, 2, "behind the value"), ("1e400", 1, 1, "beyond the range"),
        ("-1e99999999999999999999", 1, 1, "beyond the range"),
        ("\"a", 1, 3, "ends too early"), ("\"a\nb\"", 1, 3, "control character 10"), ("\"\\x\"", 1, 2, "backslash"),
        ("\"\\u12G4\"", 1, 6, "no G"), ("\"\\uD83D\"", 1, 2, "surrogate"), ("\"\\uD83Dx\"", 1, 2, "surrogate"),
        ("\"\\uD83D\\uD83D\"", 1, 2, "surrogate"), ("\"\\uDC4B\\uD83D\"", 1, 2, "surrogate"),
    ]) func itRefuses(_ text: String, _ line: Int, _ column: Int, _ reason: String) {
        #expect {
            _ = try JSONValue(text)
        } throws: { error in
            guard let error = error as? JSONError else { return false }
            return error.line == line && error.column == column && error.reason.contains(reason)
        }
    }

    /// Overlong forms, halves of surrogate pairs, what is beyond Unicode, and what is cut short.
    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82],
        ] as [[UInt8]]) func itRefusesWhatIsNotUTF8(_ bytes: [UInt8])
    {
        #expect {
            _ = try JSONValue([0x22] + bytes + [0x22])
        } throws: { error in
            (error as? JSONError)?.reason == "it is not UTF-8"
        }
    }

    @Test func namesAreBytes() throws {
        // They look the same, and are two.
        let value = try JSONValue("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == .integer(1) && value["e\u{301}"] == .integer(2))
        #expect(TextKey("\u{E9}") != TextKey("e\u{301}") && TextKey("a") == TextKey("ab".dropLast()))
        #expect([TextKey("b"), "a", "\u{E9}", "ab"].sorted() == ["a", "ab", "b", "\u{E9}"])
    }

    @Test func theLongestName() throws {
        let longest = String(repeating: "n", count: Limits.fieldNameBytes)
        #expect(try JSONValue("{\"\(longest)\":1}")[longest] == .integer(1))
        for text in ["{\"n\(longest)\":1}", "[{\"a\":1,\"\(longest.dropLast())\u{E9}\":1}]"] {
            #expect {
                _ = try JSONValue(text)
            } throws: { error in
                (error as? JSONError)?.reason == "a name has more than \(Limits.fieldNameBytes) bytes"
            }
        }
    }

    /// Marks on one letter cost Swift's strings a time that grows with their square. Names are bytes, and bounded.
    @Test func whatIsHardToCompareIsReadInNoTime() throws {
        let marks = String(repeating: "\u{301}\u{316}", count: Limits.fieldNameBytes / 4 - 1)
        var text = "{\"value\":\"" + String(repeating: "\u{301}\u{316}", count: 60_000) + "\""
        for number in 0..<900 { text += ",\"\(number)\(marks)\":\(number)" }
        let members = try #require(try JSONValue(text + "}").object)
        #expect(members.count == 901)
        #expect(members["899" + marks] == .integer(899))
    }

    @Test func itIsNestedAsDeepAsMayBe() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        var value = try JSONValue(nested(Limits.jsonDepth))
        for _ in 1..<Limits.jsonDepth { value = try #require(value.array?.first) }
        #expect(value == .array([]))
        #expect {
            _ = try JSONValue(nested(Limits.jsonDepth + 1))
        } throws: { error in
            (error as? JSONError)?.column == Limits.jsonDepth + 1
        }
        #expect(throws: JSONError.self) { _ = try JSONValue(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func itWritesOneTextForOneValue() throws {
        let text =
            "{ \"b\" : [1.0, 1e2, 1.5, true, null], \"\\u0061\":\"\\u00e9\\/\\u0001\\\"\\\\\\n\\r\\t\", \"B\": {} }"
        let canonical = "{\"B\":{},\"a\":\"\u{E9}/\\u0001\\\"\\\\\\n\\r\\t\",\"b\":[1,100,1.5,true,null]}"
        #expect(try JSONValue(text).text == canonical)
        #expect(try JSONValue(canonical).text == canonical)
        #expect(try JSONValue(canonical) == JSONValue(text))
    }

    @Test func anyTextIsReadBackAsItWasWritten() throws {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let value = JSONValue.random(depth: 4, using: &generator)
            #expect(try JSONValue(value.text) == value, "\(value.text)")
        }
    }

    /// Every text that is cut short or has a byte changed is read or refused; nothing else happens.
    @Test func brokenTextsAreRefusedOrRead() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<3000 {
            var bytes = Array(JSONValue.random(depth: 4, using: &generator).text.utf8)
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator)) }
            if let place = bytes.indices.randomElement(using: &generator) {
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            if let value = try? JSONValue(bytes) { #expect(try JSONValue(value.text).text == value.text) }
        }
    }
}

extension JSONValue {
    fileprivate static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        func word() -> String {
            let alphabet: [Unicode.Scalar] = [
                "a", "b", "\"", "\\", "\n", "\u{1}", "\u{E9}", "\u{1F44B}", " ", "\u{7F}",
            ]
            var word = ""
            for _ in 0..<Int.random(in: 0...5, using: &generator) {
                word.unicodeScalars.append(alphabet.randomElement(using: &generator)!)
            }
            return word
        }
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...60, using: &generator))
        case 3: return .real(Double.random(in: -1...1, using: &generator) / 3)
        case 4: return .string(word())
        case 5:
            return .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            var members: [TextKey: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                members[word()] = random(depth: depth - 1, using: &generator)
            }
            return .object(members)
        }
    }
}
