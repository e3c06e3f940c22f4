internal import ConfigurationModel
internal import Foundation
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// What the pages on these carriers show is what the reader takes.
@Suite struct GenericDocumentationTests {
    private static let pages = [
        "http", "vonage", "plivo", "messagebird", "infobip", "sinch", "telnyx", "bandwidth", "46elks",
    ]

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
            "private_key": "none", "api_key": "k", "api_token": "t", "client_secret": "s", "api_password": "p",
            "key_secret": "s", "password": "p",
        ]
        let examples = try examples(page)
        #expect(!examples.isEmpty)
        for example in examples {
            let found = try Generic.violations(example, secrets: secrets, isWhole: true)
            // No private key is written down here.
            #expect(found.keys.allSatisfy { $0 == "authentication.key" }, "\(found)")
        }
    }

    /// The command that a page shows makes a provider.
    @Test(arguments: pages.dropFirst()) func commandsAreRight(_ page: String) throws {
        let file = URL(filePath: #filePath).appending(path: "../../../../docs/providers/\(page).md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8).replacing("\\\n", with: " ")
        let command = try #require(text.split(separator: "\n").first { $0.hasPrefix("apus admin provider create") })
        let words = command.split(separator: " ").map(String.init)
        var options = JSONValue.object([:])
        var settings = ProviderSettings(kind: .http)
        for (place, word) in words.enumerated() where word.hasPrefix("--") {
            let value = words[place + 1]
            switch word {
            case "--kind": settings.kind = try #require(ProviderSettings.Kind(rawValue: value))
            case "--option":
                let pair = value.split(separator: "=", maxSplits: 1).map(String.init)
                let path = pair[0].split(separator: ".").map(String.init)
                let nested = path.reversed().reduce(JSONValue.string(pair[1])) { .object(named: [$1: $0]) }
                options = options.overlaid(by: nested)
            case "--secret":
                let name = String(value.prefix { $0 != "=" })
                // A public key has to be one.
                settings.secrets[name] = name == "public_key" ? CodeForm.base64.text(Array(0..<32)) : "secret"
            default: Issue.record("\(word)")
            }
        }
        settings.options = options
        #expect(settings.kind.rawValue == page)
        let client = HTTPClient()
        defer { client.stop() }
        let factory = ProviderFactory(
            client: client, receiptKey: Generic.receiptKey, publicURL: "https://sms.example.com", now: { 0 })
        #expect(factory.check("p", settings) == [])
        #expect(try factory.make("p", settings).provider.kind == page)
        settings.options = options.overlaid(by: .object(["preset": .string("other")]))
        #expect(!factory.check("p", settings).isEmpty)
    }

    @Test func theFirstExampleWorks() async throws {
        let example = try #require(examples("http").first)
        let kind = try #require(
            try {
                var violations: [FieldViolation] = []
                return GenericHTTPKind(
                    options: try JSONValue(example), secrets: ["token": "t", "webhook": "w"], path: Generic.path,
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
