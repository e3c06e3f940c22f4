import GatewayTestKit
import SMSModel
import Testing

/// Compared with gsm0338 and smsutil of PyPI.
@Suite struct SegmentationOracleTests {
    @Test func alphabetIsThatOfTheCodec() throws {
        var expected = try #require(
            Oracle("segmentation.py", "alphabet").answers(to: [String](), as: [String: Int].self).first)
        // The codec takes the escape for a character.
        expected["27"] = nil
        var ours: [String: Int] = [:]
        for scalar in UInt32(0)...0x10FFFF {
            let septets = GSMAlphabet.septets(of: scalar)
            if septets > 0 { ours[String(scalar)] = septets }
        }
        #expect(ours == expected)
        #expect(ours.count == 127 + 10)
    }

    private struct Answer: Decodable {
        let encoding: String
        let units: Int
        let parts: [Int]
    }

    @Test func splitsAsSmsutilDoes() throws {
        var random = SeededGenerator(seed: 2)
        let texts = (0..<4000).map { _ in Self.text(using: &random) }
        let answers = try Oracle("segmentation.py", "split").answers(to: texts, as: Answer.self)
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            try Array(text.utf8).withUnsafeBytes { bytes in
                let segmentation = try Segmentation(bytes)
                #expect(
                    (segmentation.encoding == .gsm7 ? "GSM7" : "UCS2") == answer.encoding, "\(text.debugDescription)")
                #expect(segmentation.units == answer.units, "\(text.debugDescription)")
                #expect(segmentation.segments == answer.parts.count, "\(text.debugDescription)")
                #expect(segmentation.parts(of: bytes).map(\.units) == answer.parts, "\(text.debugDescription)")
            }
        }
    }

    /// A text of one of several mixtures, often of a length at which the number of parts changes.
    private static func text(using random: inout SeededGenerator) -> String {
        let gsm = Array("abc XYZ019@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n\r".unicodeScalars)
        let extended = Array("^{}\\[~]|€\u{0C}".unicodeScalars)
        let others = Array("çж’`\t漢\u{301}\u{A0}".unicodeScalars)
        let supplementary = Array("😀🇩🇪👨\u{10000}".unicodeScalars)
        let mixtures = [
            [gsm], [gsm, extended], [gsm, gsm, gsm, extended], [extended], [gsm, others], [others, supplementary],
            [supplementary], [gsm, gsm, extended, others, supplementary],
        ]
        let mixture = mixtures.randomElement(using: &random)!
        let edges = [1, 66, 67, 70, 71, 134, 135, 152, 153, 159, 160, 161, 305, 306, 307, 459, 460, 1600]
        let isEdge = Bool.random(using: &random)
        let length = isEdge ? edges.randomElement(using: &random)! : Int.random(in: 1...700, using: &random)
        var text = String.UnicodeScalarView()
        for _ in 0..<length { text.append(mixture.randomElement(using: &random)!.randomElement(using: &random)!) }
        return String(text)
    }
}
