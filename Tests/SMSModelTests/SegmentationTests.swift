import GatewayTestKit
import SMSModel
import Testing

@Suite struct SegmentationTests {
    struct Row: CustomTestStringConvertible {
        let text: String
        let encoding: Encoding
        let units: [Int]
        var testDescription: String { "\(text.prefix(12))… \(units)" }

        init(_ text: String, _ encoding: Encoding, _ units: [Int]) {
            self.text = text
            self.encoding = encoding
            self.units = units
        }
    }

    private static func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

    static let rows = [
        Row(times(160, "a"), .gsm7, [160]),
        Row(times(161, "a"), .gsm7, [153, 8]),
        Row(times(306, "a"), .gsm7, [153, 153]),
        Row(times(307, "a"), .gsm7, [153, 153, 1]),
        Row(times(80, "€"), .gsm7, [160]),
        Row(times(81, "€"), .gsm7, [152, 10]),
        Row(times(158, "a") + "€", .gsm7, [160]),
        Row(times(159, "a") + "€", .gsm7, [153, 8]),
        Row(times(152, "a") + "€" + times(10, "b"), .gsm7, [152, 12]),
        Row(times(2, times(152, "a") + "[") + "zz", .gsm7, [152, 153, 5]),
        Row(times(70, "ж"), .ucs2, [70]),
        Row(times(71, "ж"), .ucs2, [67, 4]),
        Row(times(134, "ж"), .ucs2, [67, 67]),
        Row(times(135, "ж"), .ucs2, [67, 67, 1]),
        Row(times(35, "😀"), .ucs2, [70]),
        Row(times(36, "😀"), .ucs2, [66, 6]),
        Row(times(66, "ж") + "😀" + times(10, "ж"), .ucs2, [66, 12]),
        Row(times(67, "😀"), .ucs2, [66, 66, 2]),
        Row(times(3, "👨‍👩‍👧‍👦"), .ucs2, [33]),
        Row(times(10, "e\u{301}"), .ucs2, [20]),
        Row(times(10, "Ç"), .gsm7, [10]),
        Row(times(10, "ç"), .ucs2, [10]),
        Row("a\r\nb", .gsm7, [4]),
        Row("it’s", .ucs2, [4]),
        Row("\u{1B}", .ucs2, [1]),
        Row("tab\t", .ucs2, [4]),
        Row("`", .ucs2, [1]),
        Row("\u{7F}", .ucs2, [1]),
        Row("\u{0C}", .gsm7, [2]),
        // The most that a body can need.
        Row(times(1600, "€"), .gsm7, Array(repeating: 152, count: 21) + [8]),
        Row(times(1600, "😀"), .ucs2, Array(repeating: 66, count: 48) + [32]),
    ]

    @Test(arguments: rows) func splitsByFilling(_ row: Row) throws {
        let (segmentation, parts) = try measure(row.text)
        #expect(segmentation.encoding == row.encoding)
        #expect(segmentation.units == row.units.reduce(0, +))
        #expect(segmentation.characters == row.text.unicodeScalars.count)
        #expect(segmentation.segments == row.units.count)
        #expect(parts.map(\.units) == row.units)
    }

    @Test(arguments: rows) func partsJoinToTheBodyAndCutBetweenCharacters(_ row: Row) throws {
        let (_, parts) = try measure(row.text)
        let bytes = Array(row.text.utf8)
        #expect(parts.flatMap { bytes[$0.range] } == bytes)
        for part in parts {
            #expect(String(validating: bytes[part.range], as: UTF8.self) != nil)
        }
    }

    @Test func everyByteOfEightIsLookedAt() throws {
        for position in 0..<8 {
            for scalar in UInt8(1)..<0x80 {
                var bytes = Array(repeating: UInt8(ascii: "a"), count: 8)
                bytes[position] = scalar
                let septets = GSMAlphabet.septets(of: UInt32(scalar))
                let segmentation = try bytes.withUnsafeBytes { try Segmentation($0) }
                #expect(segmentation.encoding == (septets == 0 ? .ucs2 : .gsm7), "\(scalar)")
                #expect(segmentation.units == (septets == 2 ? 9 : 8), "\(scalar)")
            }
        }
    }

    @Test func boundsOfTheBody() throws {
        #expect(problem(of: []) == .empty)
        #expect(problem(of: Array("a".utf8)) == nil)
        for character in ["a", "ж", "€", "😀"] {
            #expect(problem(of: Array(Self.times(1600, character).utf8)) == nil)
            #expect(problem(of: Array(Self.times(1601, character).utf8)) == .tooLong)
        }
        #expect(problem(of: Array(repeating: 0x61, count: 4 << 20)) == .tooLong)
        #expect(problem(of: Array("abc\0def".utf8)) == .containsNUL(offset: 3))
        #expect(problem(of: Array("eight by\0".utf8)) == .containsNUL(offset: 8))
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF],  // a stray continuation; overlong in two bytes
            [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xE2, 0x28, 0xA1],  // cut short
            [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x28, 0x80],
            [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],  // overlong
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],  // surrogates
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],  // above U+10FFFF
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
        #expect(problem(of: bytes) == .notUTF8(offset: 0))
        #expect(problem(of: Array("12345678".utf8) + bytes) == .notUTF8(offset: 8))
        #expect(!bytes.withUnsafeBytes(StrictUTF8.isText))
    }

    @Test func takesTheEdgesOfUTF8() {
        for scalar: Unicode.Scalar in [
            "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}",
            "\u{10FFFF}",
        ] {
            let bytes = Array(String(scalar).utf8)
            let decoded = bytes.withUnsafeBytes { StrictUTF8.decode($0, at: 0) }
            #expect(decoded?.scalar == scalar.value)
            #expect(decoded?.bytes == bytes.count)
        }
    }

    @Test func agreesWithTheStandardLibraryOnRandomBytes() {
        var random = SeededGenerator(seed: 1)
        // Bytes that begin, continue and end characters meet often enough.
        let bytes: [UInt8] = [0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5]
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 1...6, using: &random)).map { _ in bytes.randomElement(using: &random)! }
            let isValid = String(validating: text, as: UTF8.self) != nil
            #expect(text.withUnsafeBytes(StrictUTF8.isText) == isValid, "\(text)")
            #expect((problem(of: text) == nil) == isValid, "\(text)")
        }
    }

    private func measure(_ text: String) throws -> (Segmentation, [Segmentation.Part]) {
        try Array(text.utf8).withUnsafeBytes { bytes in
            let segmentation = try Segmentation(bytes)
            return (segmentation, segmentation.parts(of: bytes))
        }
    }

    private func problem(of bytes: [UInt8]) -> BodyProblem? {
        bytes.withUnsafeBytes { bytes in
            do throws(BodyProblem) {
                _ = try Segmentation(bytes)
                return nil
            } catch {
                return error
            }
        }
    }
}
