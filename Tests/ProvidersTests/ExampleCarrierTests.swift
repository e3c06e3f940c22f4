internal import Foundation
internal import GatewayTestKit
internal import HTTPTransport
internal import Providers
internal import SMSModel
internal import Testing

// What docs/providers/writing.md shows, compiled: a test checks that what stands there stands here.

/// A carrier that takes `{"to": …, "text": …}` with a key in a header.
struct ExampleCarrier: HTTPCarrier {
    let kind = "example"
    let http: HTTPSessionOptions
    let url: String
    let key: String

    init(url: String, key: String, http: HTTPSessionOptions = HTTPSessionOptions()) {
        self.url = url
        self.key = key
        var http = http
        http.responseHeaders = ["retry-after"]
        self.http = http
    }

    func request(for item: Submission, of batch: Submissions) -> HTTPRequest {
        let fields = ["to": batch.text(item.recipient), "text": batch.text(item.body)]
        return HTTPRequest(
            id: HTTPRequestID(number: item.id.rawValue, attempt: item.attempt), method: .post, url: url,
            headers: [HTTPHeader("Content-Type", "application/json"), HTTPHeader("X-Key", key)],
            body: (try? JSONEncoder().encode(fields)).map(Array.init) ?? [])
    }

    func outcome(of result: HTTPResult) -> Outcome {
        switch result {
        // Nothing of the request was sent: it may be tried again, or elsewhere.
        case .notSent(let failure): .unavailable(code: failure.reason.rawValue)
        // Something was sent and no answer came: the carrier may have taken it.
        case .unknown(let failure): .unknown(code: failure.reason.rawValue)
        case .answered(let response): outcome(of: response)
        }
    }

    private struct Answer: Decodable {
        var id: String?
        var error: String?
    }

    private func outcome(of response: HTTPResponse) -> Outcome {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
        switch (response.status, answer?.id, answer?.error) {
        case (201, let id?, _): return .accepted(providerID: id, receipts: false)
        case (429, _, _):
            let seconds = response.header("retry-after").flatMap { UInt64($0) }
            return .throttled(retryAfterMilliseconds: seconds.map { $0 * 1000 })
        // Codes that the carrier documents as refusals.
        case (400, _, "no_number"?): return .rejected(.recipient, code: "no_number", message: "no such number")
        case (400, _, "not_served"?): return .rejected(.route, code: "not_served", message: "not served there")
        // Whatever else came says nothing of what the carrier did.
        case (let status, _, _): return .unknown(code: "HTTP_\(status)")
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ExampleCarrierTests {
    @Test(arguments: ProviderConformance.cases)
    func conforms(_ test: ProviderConformance.Case) async throws {
        let client = HTTPClient()
        let server = try await ScriptedHTTPServer { request in
            switch request.number % 5 {
            case 0: .close
            case 1: .answer(429, "")
            case 2: .answer(502, "<html>", type: "text/html")
            default: .answer(201, #"{"id": "m-\#(request.number)"}"#)
            }
        }
        let carrier = ExampleCarrier(url: "http://127.0.0.1:\(server.port)/messages", key: "secret")
        try await test.run(HTTPProvider(name: "example-1", carrier: carrier, client: client))
        client.stop()
        await server.stop()
    }

    @Test(arguments: [
        (201, #"{"id": "m-1"}"#, Outcome.accepted(providerID: "m-1", receipts: false)),
        (201, "{}", .unknown(code: "HTTP_201")),
        (400, #"{"error": "no_number"}"#, .rejected(.recipient, code: "no_number", message: "no such number")),
        (400, #"{"error": "?"}"#, .unknown(code: "HTTP_400")),
        (429, "", .throttled(retryAfterMilliseconds: nil)),
        (503, "<html>", .unknown(code: "HTTP_503")),
    ]) func eachAnswerHasItsOutcome(_ status: Int, _ body: String, _ outcome: Outcome) {
        let carrier = ExampleCarrier(url: "http://127.0.0.1/", key: "secret")
        #expect(carrier.outcome(of: .answered(HTTPResponse(status: status, body: Array(body.utf8)))) == outcome)
    }

    @Test func thePageShowsIt() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/providers/writing.md"), encoding: .utf8)
        let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        let examples = page.components(separatedBy: "```swift\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(!examples.isEmpty)
        for example in examples { #expect(source.contains(example), "\(example)") }
    }
}
