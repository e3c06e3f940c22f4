internal import SMSModel
internal import Testing

@testable internal import WebGateway

/// What is read from texts: addresses, the public URL, routes.
@Suite struct TextTests {
    @Test func addresses() throws {
        #expect(try WebAddress(parsing: "http:127.0.0.1:8080") == .http(host: "127.0.0.1", port: 8080))
        #expect(try WebAddress(parsing: "https:[::1]:0") == .https(host: "::1", port: 0))
        for text in ["http:127.0.0.1:8080", "https:[::1]:443", "http:sms.example.com:80"] {
            #expect(try WebAddress(parsing: text).description == text)
        }
        for text in [
            "", "http", "http:", "http:80", "http://127.0.0.1:80", "tcp:127.0.0.1:80", "http:127.0.0.1:65536",
            "http:::1:80", "HTTP:127.0.0.1:80", "http:127.0.0.1:",
        ] {
            #expect(throws: WebAddress.ParseError.malformed(text), "\(text)") { try WebAddress(parsing: text) }
        }
    }

    @Test func publicURLs() throws {
        for text in [
            "https://sms.example.com", "http://10.0.0.1:8080", "https://[2001:db8::1]:8443",
            "https://[2001:db8::1]", "https://example.com/sms/gateway",
        ] {
            #expect(try PublicURL(parsing: text).text == text)
        }
        for text in [
            "", "sms.example.com", "https://", "ftp://example.com", "https://example.com/", "https://a@example.com",
            "https://example.com?x=1", "https://example.com/#x", "https://example.com:99999", "https://exa mple.com",
            "https://example.com/a b", "https://example.com:", "https:///x",
        ] {
            #expect(throws: PublicURL.ParseError(), "\(text)") { try PublicURL(parsing: text) }
        }
    }

    @Test func routes() {
        let longest = String(repeating: "n", count: Limits.webhookNameBytes)
        for (target, provider) in [
            ("/webhooks/twilio", "twilio"), ("/webhooks/twilio?apus=1-1-x", "twilio"),
            ("/webhooks/a-b_c.1/", "a-b_c.1"),
            ("/webhooks/a/status/%2F..//?q=/health", "a"), ("/webhooks/\(longest)", longest),
        ] {
            #expect(WebRoute(target: target) == .webhook(provider: provider), "\(target)")
        }
        for target in [
            "", "/", "*", "/webhooks", "/webhooks/", "/webhooks//x", "/webhooks/a%62", "/webhooks/\(longest)n",
            "/Webhooks/a", "//webhooks/a", "/webhooks/ü", "/health/", "/healthy", "http://x/health", "x/health",
        ] {
            #expect(WebRoute(target: target) == .unknown, "\(target)")
        }
        #expect(WebRoute(target: "/health") == .health)
        #expect(WebRoute(target: "/health?verbose") == .health)
    }
}
