package import Providers

/// The taker of what carriers post: the web server knows nothing of providers or the store.
package protocol WebhookIntake: Sendable {
    /// Returns once what the request changes is durable: only then its sender is answered.
    ///
    /// - Parameter provider: as the path names it: 1 to 64 letters, digits and `-_.`.
    nonisolated(nonsending) func receive(_ request: WebhookRequest, for provider: String) async -> WebhookReply
}

/// What the sender of a webhook gets.
package struct WebhookReply: Hashable, Sendable {
    /// 200 to 599.
    package var status: Int
    /// "" = none, and no body.
    package var contentType: String
    package var body: String
    /// With 429 or 503: when to post again.
    package var retryAfterSeconds: Int?

    package init(status: Int, contentType: String = "", body: String = "", retryAfterSeconds: Int? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// An error in JSON.
    ///
    /// - Parameter text: words that need no escapes, and hold nothing of the request.
    package init(status: Int, error text: StaticString, retryAfterSeconds: Int? = nil) {
        self.init(
            status: status, contentType: Self.json, body: #"{"error":"\#(text)"}"#,
            retryAfterSeconds: retryAfterSeconds)
    }

    package static let json = "application/json"
}

/// What `GET /health` answers.
package struct WebHealth: Hashable, Sendable {
    /// 200 or 503.
    package var isGood: Bool
    /// Small, and nothing that is not for everybody.
    package var json: String

    package init(isGood: Bool, json: String) {
        self.isGood = isGood
        self.json = json
    }
}
