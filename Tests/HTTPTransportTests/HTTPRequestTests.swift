import Testing

@testable import HTTPTransport

@Suite struct HTTPRequestTests {
    private func isWellFormed(_ change: (inout HTTPRequest) -> Void) -> Bool {
        var request = HTTPRequest(
            id: HTTPRequestID(number: 1), method: .post, url: "https://api.example/a", body: Array("x".utf8))
        change(&request)
        return request.isMethodRight && HTTPRequest.isWellFormed(url: request.url)
            && HTTPRequest.isWellFormed(request.headers, request.authentication)
    }

    @Test(arguments: ["https://a/b\r\nX: y", "https://a/b c", "https://a/\u{0}", "https://a/\u{7F}"])
    func urlsThatWouldBreakTheHead(_ url: String) {
        #expect(!isWellFormed { $0.url = url })
    }

    @Test(arguments: [
        ("X-A", "a\r\nX-B: c"), ("X-A", "a\u{0}"), ("X-A", ""), ("", "a"), ("X A", "a"), ("X:A", "a"), ("X\r\n", "a"),
    ])
    func headersThatWouldBreakTheHead(_ name: String, _ value: String) {
        #expect(!isWellFormed { $0.headers = [HTTPHeader(name, value)] })
    }

    @Test func whatMayBe() {
        #expect(isWellFormed { _ in })
        #expect(isWellFormed { $0.headers = [HTTPHeader("X-a_1", "é\tb; c=\"d\"")] })
        #expect(isWellFormed { $0.authentication = .basic(user: "AC1", password: "a:b ü") })
        #expect(
            isWellFormed {
                $0.authentication = .aws(AWSCredentials(keyID: "A", secret: "s/+="), region: "r", service: "sns")
            })
    }

    @Test func credentialsThatWouldBeCutShort() {
        #expect(!isWellFormed { $0.authentication = .basic(user: "a:b", password: "c") })
        #expect(!isWellFormed { $0.authentication = .basic(user: "a\u{0}", password: "c") })
        #expect(!isWellFormed { $0.authentication = .basic(user: "a", password: "c\u{0}") })
        for (key, secret, token, region) in [
            ("", "s", "t", "r"), ("k", "s\n", "t", "r"), ("k", "s", "", "r"), ("k", "s", "t\r\n", "r"),
            ("k", "s", "t", ""),
        ] {
            let credentials = AWSCredentials(keyID: key, secret: secret, sessionToken: token)
            #expect(!isWellFormed { $0.authentication = .aws(credentials, region: region, service: "sns") })
        }
    }

    @Test func aGetHasNoBody() {
        #expect(!isWellFormed { $0.method = .get })
        #expect(
            isWellFormed {
                $0.method = .get
                $0.body = []
            })
    }
}
