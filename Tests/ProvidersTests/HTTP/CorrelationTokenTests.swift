internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct CorrelationTokenTests {
    private let key = Array("0123456789abcdef".utf8)
    private let token = CorrelationToken(id: MessageID(rawValue: 3_765_210_556_894_543_872), attempt: 12)

    @Test func whatIsMadeIsTaken() {
        for id in [UInt64(1), 77, .max >> 1] {
            for attempt in 1...50 {
                let token = CorrelationToken(id: MessageID(rawValue: id), attempt: attempt)
                let text = token.text(key: key)
                #expect(CorrelationToken(text, key: key) == token)
                #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"&=+/?#%".utf8.contains($0) })
            }
        }
    }

    /// Carriers hold tokens for days: they must be read by later versions too.
    @Test func itsTextIsFixed() {
        #expect(token.text(key: key) == "3765210556894543872-12-xtr5AgYVpROLRCBVXXxZQw")
    }

    @Test func anythingElseIsNot() {
        let text = token.text(key: key)
        #expect(CorrelationToken(text, key: Array("another key here".utf8)) == nil)
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "1" ? "2" : "1")
            #expect(CorrelationToken(changed, key: key) == nil, "\(changed)")
            #expect(CorrelationToken(String(text[..<index]), key: key) == nil)
        }
        for text in ["", "-", "--", "1-1-", "1-1", "+\(text)", "0\(text)", " \(text)", "\(text)="] {
            #expect(CorrelationToken(text, key: key) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("https://a/b", "https://a/b?apus=T"), ("https://a/b?c=d", "https://a/b?c=d&apus=T"),
        ("https://a/b#rc=2", "https://a/b?apus=T#rc=2"), ("https://a/b?c#rp=?", "https://a/b?c&apus=T#rp=?"),
    ])
    func inAQuery(_ url: String, _ wanted: String) {
        let text = wanted.replacing("T", with: token.text(key: key))
        #expect(TokenURL(url).bytes(token, key: key) == Array(text.utf8))
        var escaped: [UInt8] = []
        FormWriter.append(escaped: text.utf8, to: &escaped)
        #expect(TokenURL(url).percentEscaped.bytes(token, key: key) == escaped)
    }
}
