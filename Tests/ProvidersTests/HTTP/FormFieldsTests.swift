internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct FormFieldsTests {
    @Test func decoding() {
        let form = FormFields(decoding: "A=1&b+c=%C3%A9%2b+x&empty=&name&=value&A=2&&".utf8)
        #expect(
            form?.fields == [
                .init("A", "1"), .init("b c", "é+ x"), .init("empty", ""), .init("name", ""), .init("", "value"),
                .init("A", "2"),
            ])
        #expect(FormFields(decoding: "".utf8)?.fields == [])
        #expect(FormFields(decoding: "a=b=c".utf8)?.only("a") == "b=c")
    }

    @Test(arguments: ["a=%", "a=%4", "a=%G0", "%zz=1", "a=%C3", "a=%FF", "a=%C0%80"])
    func notAForm(_ text: String) {
        #expect(FormFields(decoding: text.utf8) == nil)
    }

    @Test func namesAndNumbersHaveBounds() {
        let longest = String(repeating: "n", count: Limits.fieldNameBytes)
        #expect(FormFields(decoding: "\(longest)=1".utf8)?.only(longest) == "1")
        #expect(FormFields(decoding: "\(longest)n=1".utf8) == nil)
        #expect(FormFields(decoding: "a=1&\(longest)n".utf8) == nil)
        let most = Array(repeating: "a=1", count: Limits.formFields).joined(separator: "&")
        #expect(FormFields(decoding: most.utf8)?.fields.count == Limits.formFields)
        #expect(FormFields(decoding: (most + "&b").utf8) == nil)
    }

    /// Names that look the same are others if their bytes are.
    @Test func namesAreBytes() {
        let form = FormFields(decoding: "%C3%A9=1&e%CC%81=2".utf8)
        #expect(form?.only("\u{E9}") == "1" && form?.only("e\u{301}") == "2")
    }

    @Test func onlyOneIsTrusted() {
        let form = FormFields([.init("a", "1"), .init("b", "2"), .init("b", "2")])
        #expect(form.only("a") == "1")
        #expect(form.only("b") == nil)
        #expect(form.only("c") == nil)
    }

    @Test func whatIsWrittenIsRead() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var writer = FormWriter()
            var fields: [FormFields.Field] = []
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let scalars = (0..<8).map { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random)) ?? "x" }
                let text = String(String.UnicodeScalarView(scalars))
                fields.append(.init("n\(text)", text))
                writer.append("n\(text)", text)
            }
            #expect(writer.bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(
                FormFields(decoding: writer.bytes)?.fields.map { Array($0.value.utf8) }
                    == fields.map { Array($0.value.utf8) })
        }
    }

    @Test func escaping() {
        var writer = FormWriter()
        writer.append("To", "+14155550100")
        writer.append("Body", "a b&c=d~é*")
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "To=%2B14155550100&Body=a%20b%26c%3Dd~%C3%A9%2A")
    }
}
