package import Engine
package import Providers
internal import SMSModel

/// The answer to the sender of a webhook.
package struct WebhookReply: Hashable, Sendable {
    /// 200 to 599.
    package var status: Int
    /// "" = none, and no body.
    package var contentType = ""
    package var body = ""
    /// With 429 or 503: when to post again.
    package var retryAfterSeconds: Int?

    package init(status: Int, contentType: String = "", body: String = "", retryAfterSeconds: Int? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.retryAfterSeconds = retryAfterSeconds
    }

    package static let json = "application/json"

    init(_ answer: WebhookAnswer) {
        self.init(status: answer.status, contentType: answer.contentType, body: answer.body)
    }

    /// An error in JSON.
    ///
    /// - Parameter text: words that need no escapes, and hold nothing of the request.
    package init(status: Int, error text: StaticString, retryAfterSeconds: Int? = nil) {
        self.init(
            status: status, contentType: Self.json, body: #"{"error":"\#(text)"}"#,
            retryAfterSeconds: retryAfterSeconds)
    }
}

/// Takes what carriers post: has it believed or refused, and answers once what it changes is durable.
package final class CarrierIngress: Sendable {
    private let source: Source
    private let writer: Writer
    private let clock: GatewayClock
    private let log: GatewayLog

    /// Finds who believes or refuses what a provider's carrier posts, and the provider's number in the store; nil if no
    /// provider of that name takes webhooks.
    package typealias Source = @Sendable (_ provider: String) -> (receiver: any WebhookReceiver, number: UInt8)?

    package init(source: @escaping Source, writer: Writer, clock: GatewayClock, log: GatewayLog) {
        self.source = source
        self.writer = writer
        self.clock = clock
        self.log = log
    }

    /// - Parameter provider: as the path names it.
    package nonisolated(nonsending) func receive(_ request: WebhookRequest, for provider: String) async
        -> WebhookReply
    {
        guard let source = source(provider) else {
            return WebhookReply(status: 404, error: "no provider of this name takes webhooks")
        }
        let again = Limits.webRetryAfterSeconds
        switch await source.receiver.receive(request, now: clock.now()) {
        case .refused(let reason):
            log.webhookRefused(provider: provider, 403, reason: reason)
            return WebhookReply(status: 403, error: "not proven to be the carrier's")
        case .unreadable(let reason):
            log.webhookRefused(provider: provider, 400, reason: reason)
            return WebhookReply(status: 400, error: "not readable")
        case .undecided(let reason):
            log.webhookRefused(provider: provider, 503, reason: reason)
            return WebhookReply(status: 503, error: "not decided yet", retryAfterSeconds: again)
        case .partly(let events, let reason):
            log.webhookRefused(provider: provider, 503, reason: reason)
            _ = await apply(events, of: source.number, name: provider)
            return WebhookReply(status: 503, error: "not all of it is understood", retryAfterSeconds: again)
        case .believed(let events, let answer):
            guard await apply(events, of: source.number, name: provider) else {
                log.webhookRefused(provider: provider, 503, reason: "nothing can be stored now")
                return WebhookReply(status: 503, error: "nothing can be stored now", retryAfterSeconds: again)
            }
            return WebhookReply(answer)
        }
    }

    /// Hands all events of a post to the writer as one burst, which is one commit.
    /// - Returns: whether what they change is durable.
    private nonisolated(nonsending) func apply(_ events: [CarrierEvent], of number: UInt8, name: String) async -> Bool {
        let news = events.filter(\.isNews)
        guard !news.isEmpty else { return true }
        let error: GatewayError? = await withCheckedContinuation { waiting in
            writer.carrierReported(
                CarrierBurst(events: news, provider: number, name: name) { waiting.resume(returning: $0) })
        }
        return error == nil
    }
}

extension CarrierEvent {
    /// That a message is on its way changes nothing.
    fileprivate var isNews: Bool {
        if case .receipt(let receipt) = self { return receipt.status != nil }
        return true
    }
}
