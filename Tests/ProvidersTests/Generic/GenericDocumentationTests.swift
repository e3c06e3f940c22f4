internal import ConfigurationModel
internal import Foundation
internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What the pages on these carriers show is what the reader takes.
@Suite struct GenericDocumentationTests {
    private static let pages = ["http", "vonage", "plivo", "messagebird"]

    /// The JSON blocks of a page.
    private func examples(_ page: String) throws -> [String] {
        let file = URL(filePath: #filePath).appending(path: "../../../../docs/providers/\(page).md").standardizedFileURL
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```")
        return parts.filter { $0.hasPrefix("json\n") }.map { String($0.dropFirst(5)) }
    }

    private struct KeyPair: Decodable {
        var `private`: String
    }

    @Test(arguments: pages) func examplesAreDescriptions(_ page: String) throws {
        let secrets = [
            "token": "t", "webhook": "w", "api_secret": "a", "signature": "s", "auth_token": "t", "access_key": "k",
            "private_key": "none",
        ]
        let examples = try examples(page)
        #expect(!examples.isEmpty)
        for example in examples {
            let found = try Generic.violations(example, secrets: secrets, isWhole: true)
            // No private key is written down here.
            #expect(found.keys.allSatisfy { $0 == "authentication.key" }, "\(found)")
        }
    }

    @Test func theFirstExampleWorks() async throws {
        let example = try #require(examples("http").first)
        let kind = try #require(
            try {
                var violations: [FieldViolation] = []
                return GenericHTTPKind(
                    options: try JSON(example), secrets: ["token": "t", "webhook": "w"], path: Generic.path,
                    receiptKey: Generic.receiptKey, publicURL: Generic.webhook, into: &violations)
            }())
        let batch = Generic.batch(from: "")
        let request = kind.carrier.request(for: batch.items[0], of: batch)
        #expect(request.url == "https://api.carrier.example/v2/acme-7/messages")
        #expect(request.header("Authorization") == ["Bearer t"])
        #expect(
            request.text
                == #"{"callback_url":"\#(Generic.webhook)?apus=\#(Generic.token)","from":"+15005550006","#
                + #""text":"hello","to":"+447400123456"}"#)
        #expect(
            kind.carrier.outcome(of: Generic.answer(400, #"{"error":{"code":"invalid_number","message":"why"}}"#))
                == .rejected(.recipient, code: "invalid_number", message: "why"))
        #expect(Generic.token.utf8.count <= 64)
    }
}
