internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@Suite struct SmartEncodingTests {
    @Test(arguments: [
        ("it’s", "it's"), ("“Grüße” – €5…", "\"Grüße\" - €5..."), ("a\u{A0}b\u{2009}c\td", "a b c d"),
        ("gov.\u{200B}uk\u{FEFF}", "gov.uk"), ("• one\u{2028}• two", "* one\n* two"), ("«café»", "\"café\""),
        ("e\u{301}te\u{301} n\u{303}", "été ñ"), ("soft\u{AD}hyphen", "softhyphen"), ("5−3 `x`", "5-3 'x'"),
    ])
    func replacesWhatPeopleDoNotType(_ text: String, _ expected: String) throws {
        let encoded = try #require(encode(text))
        #expect(String(decoding: encoded.smart.body, as: UTF8.self) == expected)
        #expect(encoded.segmentation.encoding == .gsm7)
        let expectedForm = try Array(expected.utf8).withUnsafeBytes { try Segmentation($0) }
        #expect(encoded.segmentation == expectedForm)
    }

    /// Nothing is gained there, and a text in a script stays what it is.
    @Test(arguments: [
        "hello", "Grüße €[]", "Привет, “мир”…", "日本語\u{3000}と", "ê’", "façade – ç", "\u{2019}👋", "👨\u{200D}👩",
        "e\u{302}", "می\u{200C}خواهم", "ř’", "½ cup…", "x\u{301}", "\u{301}e",
    ])
    func leavesTextsThatStayUCS2OrAreGSM7(_ text: String) {
        #expect(encode(text) == nil)
    }

    @Test func neverNeedsMoreSegments() throws {
        // Seventy ellipses are one SMS of UCS-2, and two of GSM-7.
        #expect(encode(String(repeating: "…", count: 70)) == nil)
        let fits = String(repeating: "…", count: 53)
        #expect(try #require(encode(fits)).segmentation.units == 159)
        // Past the longest body.
        #expect(encode(String(repeating: "…", count: Limits.bodyScalars)) == nil)
    }

    @Test func tellsWhatWasReplaced() throws {
        #expect(try #require(encode("‘a’ ’\u{200B}")).smart.detail == "‘→', ’→' ×2, U+200B removed")
        #expect(try #require(encode("a\u{A0}–\u{2028}")).smart.detail == "U+00A0→space, –→-, U+2028→line feed")
        #expect(try #require(encode("e\u{301}e\u{301}")).smart.detail == "U+0301 composed ×2")
        #expect(try #require(encode("‘a’ ’\u{200B}")).smart.count == 4)
    }

    @Test func theTellingIsBounded() throws {
        let all = (UInt32(1)...0xFFFF).compactMap(Unicode.Scalar.init).filter { scalar in
            encode(String(Character(scalar))) != nil
        }
        #expect(all.count > 70)
        let text = String(String.UnicodeScalarView(all))
        let detail = try #require(encode(text)).smart.detail
        #expect(detail.utf8.count <= Limits.smartEncodingDetailBytes)
        #expect(detail.hasSuffix(" more kinds"))
        let told = detail.split(separator: ", ").count - 1
        #expect(detail.hasSuffix("and \(all.count - told) more kinds"))
    }

    /// Not one letter, mark, digit or symbol that means something by itself: what Unicode says of each.
    @Test func replacesPunctuationSpacesAndInvisibleOnly() {
        for value in UInt32(1)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value), encode(String(Character(scalar))) != nil else { continue }
            switch scalar.properties.generalCategory {
            case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .dashPunctuation,
                .initialPunctuation, .finalPunctuation, .openPunctuation, .closePunctuation, .otherPunctuation:
                break
            case .modifierLetter, .modifierSymbol:
                // Those that are apostrophes and primes in Latin texts.
                #expect((0x2B0...0x2FF).contains(value) || value == 0x60 || value == 0xB4, "\(scalar)")
            case .mathSymbol: #expect(value == 0x2212 || value == 0x2219)
            case .otherSymbol: #expect([0x275B, 0x275C, 0x275D, 0x275E, 0x25AA, 0x25CF, 0x25E6].contains(value))
            case .nonspacingMark:
                // Variation selectors and the grapheme joiner, which are no marks that can be seen.
                #expect((0xFE00...0xFE0F).contains(value) || value == 0x034F, "\(scalar)")
            case let category: Issue.record("\(CharacterName.codePoint(value)) is \(category)")
            }
        }
    }

    /// Unicode's own compositions, all that are in GSM-7.
    @Test func composesAsUnicodeDoes() throws {
        for value in UInt32(0xC0)...0xFF where GSMAlphabet.septets(of: value) == 1 {
            let letter = String(Character(try #require(Unicode.Scalar(value))))
            let decomposed = letter.decomposedStringWithCanonicalMapping
            guard decomposed.unicodeScalars.count == 2 else { continue }
            let encoded = try #require(encode(decomposed), "\(letter)")
            #expect(encoded.smart.body == Array(letter.utf8))
        }
    }

    private struct Answer: Decodable {
        let encoding: String
        let parts: [Int]
    }

    /// What is sent is GSM-7 to smsutil too, and as many parts.
    @Test func whatIsSentIsGSM7ToSmsutil() throws {
        var random = SeededGenerator(seed: 11)
        let plain = Array("abc XYZ 019@£éùÇØÄ€[]~\n".unicodeScalars)
        let replaced = Array("’‘“”–—…\u{A0}\u{2009}\u{200B}\t•«»\u{FEFF}`".unicodeScalars)
        var texts: [String] = []
        var segments: [Int] = []
        for _ in 0..<2000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...500, using: &random) {
                let source = Int.random(in: 0..<4, using: &random) == 0 ? replaced : plain
                text.append(source.randomElement(using: &random)!)
            }
            guard let encoded = encode(String(text)) else { continue }
            if encoded.smart.body.contains(0x1B) { Issue.record("an escape") }
            texts.append(String(decoding: encoded.smart.body, as: UTF8.self))
            segments.append(encoded.segmentation.segments)
        }
        try #require(texts.count > 1500)
        let answers = try Oracle("segmentation.py", "split").answers(to: texts, as: Answer.self)
        for ((text, segments), answer) in zip(zip(texts, segments), answers) {
            #expect(answer.encoding == "GSM7" && answer.parts.count == segments, "\(text.debugDescription)")
        }
    }

    private func encode(_ text: String) -> (smart: SmartEncoding, segmentation: Segmentation)? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard var segmentation = try? Segmentation(bytes) else { return nil }
            let before = segmentation
            guard let smart = SmartEncoding(bytes, &segmentation) else {
                #expect(segmentation == before)
                return nil
            }
            return (smart, segmentation)
        }
    }
}

@Suite struct UCS2CauseTests {
    @Test func namesTheFirstCharacterAndItsPlace() throws {
        #expect(cause("hello €") == nil)
        #expect(
            cause("👋👋it’s")
                == UCS2Cause(scalar: 0x1F44B, position: 1, count: 3, segmentsWithout: 1, isReplaceable: false))
        // Places are counted in Unicode scalars, from 1.
        #expect(
            cause("Grüße, it’s")
                == UCS2Cause(scalar: 0x2019, position: 10, count: 1, segmentsWithout: 1, isReplaceable: true))
        #expect(
            cause("Привет")
                == UCS2Cause(scalar: 0x41F, position: 1, count: 6, segmentsWithout: 0, isReplaceable: false))
        #expect(
            cause("cafe\u{301}")
                == UCS2Cause(scalar: 0x301, position: 5, count: 1, segmentsWithout: 1, isReplaceable: true))
    }

    @Test func countsTheSegmentsWithoutThem() {
        let long = String(repeating: "a", count: 152)
        #expect(cause(long + "👋")?.segmentsWithout == 1)
        #expect(cause(long + "aaaaaaaa’")?.segmentsWithout == 2)
        #expect(cause(long + "aaaaaaaa👋")?.segmentsWithout == 1)
        // An extension character is not torn apart.
        #expect(cause(long + "€" + String(repeating: "b", count: 151) + "’’")?.segmentsWithout == 3)
        #expect(cause(long + "a" + String(repeating: "b", count: 151) + "’’")?.segmentsWithout == 2)
        #expect(cause("…………")?.segmentsWithout == 1)
    }

    private struct Answer: Decodable {
        let parts: [Int]
    }

    /// Against smsutil, of the text with the characters taken out or replaced here.
    @Test func agreesWithSmsutil() throws {
        var random = SeededGenerator(seed: 12)
        let plain = Array("abc @é€[]~".unicodeScalars)
        let others: [(Unicode.Scalar, String)] = [("’", "'"), ("…", "..."), ("\u{200B}", ""), ("ж", ""), ("👋", "")]
        var texts: [String] = []
        var causes: [UCS2Cause] = []
        for _ in 0..<1500 {
            var text = String.UnicodeScalarView()
            var without = ""
            for _ in 0..<Int.random(in: 1...600, using: &random) {
                if Int.random(in: 0..<5, using: &random) == 0,
                    let (scalar, instead) = others.randomElement(using: &random)
                {
                    text.append(scalar)
                    without += instead
                } else {
                    let scalar = plain.randomElement(using: &random)!
                    text.append(scalar)
                    without.unicodeScalars.append(scalar)
                }
            }
            guard let cause = cause(String(text)), !without.isEmpty else { continue }
            texts.append(without)
            causes.append(cause)
        }
        let answers = try Oracle("segmentation.py", "split").answers(to: texts, as: Answer.self)
        try #require(answers.count > 1000)
        for ((text, cause), answer) in zip(zip(texts, causes), answers) {
            #expect(cause.segmentsWithout == answer.parts.count, "\(text.debugDescription)")
        }
    }

    private func cause(_ text: String) -> UCS2Cause? { Array(text.utf8).withUnsafeBytes(UCS2Cause.init) }
}
