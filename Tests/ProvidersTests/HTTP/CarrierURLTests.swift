internal import Testing

@testable internal import Providers

@Suite struct CarrierURLTests {
    @Test(arguments: [
        "https://api.twilio.com", "http://127.0.0.1:8080", "https://[::1]:443/", "https://gw.example.org/a/b%20c",
        "https://x:1", "https://x:65535/",
    ])
    func thoseThatCanBeAsked(_ url: String) {
        #expect(CarrierURL.problem(withBase: url) == nil)
    }

    @Test(arguments: [
        "", "api.twilio.com", "ftp://x", "https://", "https:///a", "https://user@x", "https://x:", "https://x:0",
        "https://x:65536", "https://x:port", "https://a b", "https://x/a b", "https://x?a=b", "https://x/#a",
        "https://x\n", "https://\u{E9}.example", "https://x/\u{E9}", "https://[::1", "HTTPS://x", "https://x\\y",
    ])
    func thoseThatCanNot(_ url: String) {
        #expect(CarrierURL.problem(withBase: url) != nil)
    }
}
