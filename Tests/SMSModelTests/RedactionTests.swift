import SMSModel
import Testing

@Suite struct RedactionTests {
    private func number(_ text: String, _ redaction: Redaction = Redaction()) -> String {
        Array(text.utf8).withUnsafeBytes { redaction.number($0) }
    }

    private func body(_ text: String, _ redaction: Redaction = Redaction()) -> String {
        Array(text.utf8).withUnsafeBytes { redaction.body($0) }
    }

    @Test(arguments: [
        ("+4915112345667", "+49…67"), ("+14155550100", "+1…00"), ("+447400123456", "+44…56"),
        ("+35312345678", "+353…78"),
        // Of a short one nothing is kept after the country.
        ("+4912345", "+49…"), ("+49123456", "+49…56"), ("+491234", "+49…"),
        // What is no number may be a body, or a secret.
        ("", "0 bytes"), ("14155550100", "11 bytes"), ("+1415555010", "11 bytes"), ("+1 415 555 0100", "15 bytes"),
        ("your code is 4711", "17 bytes"), ("+999123456789", "13 bytes"), ("+", "1 bytes"),
    ])
    func numbers(_ text: String, _ redacted: String) {
        #expect(number(text) == redacted)
        #expect(number(text, Redaction(numbers: .full)) == text)
        #expect(number(text, Redaction(bodies: .full)) == redacted)
    }

    @Test(arguments: [
        ("", "0 characters"), ("x", "1 character"), ("Grüße", "5 characters"), ("👋 héllo", "7 characters"),
    ])
    func bodies(_ text: String, _ redacted: String) {
        #expect(body(text) == redacted)
        #expect(body(text, Redaction(bodies: .full)) == text)
        #expect(body(text, Redaction(numbers: .full)) == redacted)
    }

    /// Numbers of every country and length.
    @Test func fourDigitsOfANumberStayHidden() {
        var numbers = 0
        for code in 1...999 {
            for length in 1...15 {
                let text = "+\(code)" + "1234567890123456".prefix(length)
                let shown = number(text)
                if shown.hasSuffix("bytes") { continue }
                numbers += 1
                #expect(text.count - 1 - shown.filter(\.isNumber).count >= min(length, 4), "\(text): \(shown)")
            }
        }
        #expect(numbers > 500)
    }
}
