internal import GatewayTestKit
internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Testing

@testable internal import Providers

/// Descriptions of carriers and what is made of them.
enum Generic {
    static let receiptKey = Array("a key for tokens".utf8)
    static let webhook = "https://gw.example.org/hooks/x"
    static let path = "providers.x.options"
    /// 2026-03-14 15:09:26 UTC, in milliseconds.
    static let now: Int64 = 1_773_500_966_000
    static let token = CorrelationToken(id: MessageID(rawValue: 77), attempt: 2).text(key: receiptKey)

    /// The least that a description has.
    static let minimal = #"""
        {
          "request": {"url": "https://carrier.example/send", "form": {"to": "{{to}}"}},
          "answer": [{"status": "200-299", "outcome": "accepted", "id": "/id"}]
        }
        """#

    /// A description laid over ``minimal``, or over the preset that it names.
    static func options(_ text: String) throws -> JSONValue {
        let options = try JSONValue(text)
        return options["preset"] == nil ? try JSONValue(minimal).overlaid(by: options) : options
    }

    static func kind(
        _ text: String = "{}", secrets: [String: String] = [:], publicURL: String? = webhook, isWhole: Bool = false,
        now: @escaping @Sendable () -> Int64 = { Generic.now }
    ) throws -> GenericHTTPKind {
        var violations: [FieldViolation] = []
        let kind = GenericHTTPKind(
            options: isWhole ? try JSONValue(text) : try options(text), secrets: secrets, path: path,
            receiptKey: receiptKey, publicURL: publicURL, now: now, into: &violations)
        #expect(violations.isEmpty)
        return try #require(kind)
    }

    /// Where something is wrong, without the path of the options, and what.
    static func violations(
        _ text: String, secrets: [String: String] = [:], isWhole: Bool = false
    ) throws -> [String: String] {
        var violations: [FieldViolation] = []
        let kind = GenericHTTPKind(
            options: isWhole ? try JSONValue(text) : try options(text), secrets: secrets, path: path,
            receiptKey: receiptKey, publicURL: webhook, into: &violations)
        #expect((kind == nil) == !violations.isEmpty)
        return violations.reduce(into: [:]) { found, violation in
            #expect(violation.field.hasPrefix(path))
            found[String(violation.field.dropFirst(path.count + 1))] = violation.description
        }
    }

    /// Message 77, in its second attempt.
    static func batch(
        to: String = "+447400123456", from: String = "Apus", _ body: String = "hello", encoding: Encoding = .gsm7
    ) -> Submissions {
        var batch = Submissions([(MessageID(rawValue: 77), to, body)], attempt: 2, sender: from)
        batch.items[0].encoding = encoding
        return batch
    }

    static func request(
        _ text: String = "{}", _ batch: Submissions = batch(), secrets: [String: String] = [:],
        publicURL: String? = webhook
    ) throws -> HTTPRequest {
        try kind(text, secrets: secrets, publicURL: publicURL).carrier.request(for: batch.items[0], of: batch)
    }

    static func answer(_ status: Int, _ body: String, headers: [HTTPHeader] = []) -> HTTPResult {
        .answered(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    // MARK: Webhooks

    static func posted(
        _ body: String, type: String = "application/json", query: String = "", headers: [String: String] = [:],
        method: String = "POST", url: String = webhook
    ) -> WebhookRequest {
        WebhookRequest(
            method: method, url: query.isEmpty ? url : "\(url)?\(query)", query: query,
            headers: [HTTPHeader("content-type", type)] + headers.map { HTTPHeader($0.key, $0.value) },
            body: Array(body.utf8))
    }

    static func form(_ body: String, query: String = "", headers: [String: String] = [:]) -> WebhookRequest {
        posted(body, type: "application/x-www-form-urlencoded", query: query, headers: headers)
    }
}

extension HTTPRequest {
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of each header of this name.
    func header(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}
