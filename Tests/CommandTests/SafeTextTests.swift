import ApusClient
import ConfigurationModel
import JSON
import Testing

@testable import apus

@Suite struct SafeTextTests {
    @Test(
        arguments: [
            ("\u{1B}]52;c;cm0gLXJm\u{07}", #"\e]52;c;cm0gLXJm\u{7}"#), ("a\rb", #"a\rb"#), ("a\tb", #"a\tb"#),
            ("abc\u{202E}fdp.exe", #"abc\u{202E}fdp.exe"#), ("\u{2066}x\u{2069}", #"\u{2066}x\u{2069}"#),
            ("\u{9B}31m", #"\u{9B}31m"#), ("\u{7F}\u{0}", #"\u{7F}\u{0}"#), ("a\u{2028}b", #"a\u{2028}b"#),
            ("pass\u{200B}word", #"pass\u{200B}word"#), ("Grüße, Привет 👩‍👩‍👧 नमस्ते", "Grüße, Привет 👩‍👩‍👧 नमस्ते"),
        ])
    func controlsAreShown(_ text: String, _ shown: String) {
        #expect(SafeText.line(text) == shown)
        #expect(SafeText.lines(text) == shown)
    }

    @Test func onlyLinesOfOursStay() {
        #expect(SafeText.lines("one\ntwo") == "one\ntwo")
        #expect(SafeText.line("one\ntwo\r\n") == #"one\ntwo\r\n"#)
        // A cell of a table is another's text.
        #expect(TextTable.columns([["a\nb", "c"]]) == #"a\nb  c"#)
        #expect(TextTable.list([("body", "x\ny")], indent: "") == #"body  x\ny"#)
    }

    @Test func jsonMeansTheSame() throws {
        let text = "\u{1B}[2J\u{202E}\u{9B}a\u{E0041}\u{2028}"
        let written = SafeText.json(JSONOutput.string(text).text)
        #expect(written.unicodeScalars.allSatisfy { $0.isASCII })
        #expect(try JSONValue(written).string == text)
    }

    @Test func errorsOfOthersStayOnTheirLine() {
        let failure = CommandFailure(
            .init(
                .invalidArgument, "bad\n\u{1B}[31m", violations: [.init(field: "to", description: "x\napus: forged")]))
        #expect(failure.text.split(separator: "\n").count == 2)
    }
}
