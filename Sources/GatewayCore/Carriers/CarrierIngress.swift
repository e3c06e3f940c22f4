package import Engine
package import Providers
internal import SMSModel

/// What became of a carrier's post. How its sender is answered is the door's affair.
package enum IngressResult: Hashable, Sendable {
    /// The carrier's word, and what it changes is durable.
    case taken(WebhookAnswer)
    /// No provider of that name takes webhooks.
    case noProvider
    /// Not proven to be the carrier's.
    case refused
    /// The carrier's word, which can't be read.
    case unreadable
    /// Nobody can say now whether it is the carrier's word, or what it says: it should be posted again.
    case undecided
    /// Some of it is understood, and durable; it should be posted again.
    case understoodInPart
    /// Nothing can be stored now: it should be posted again.
    case notStored
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

    /// Whether a provider of this name takes webhooks: asked before a post is read.
    package func isOpen(for provider: String) -> Bool { source(provider) != nil }

    /// - Parameter provider: as the path names it.
    package nonisolated(nonsending) func receive(_ request: WebhookRequest, for provider: String) async
        -> IngressResult
    {
        guard let source = source(provider) else { return .noProvider }
        func told(_ result: IngressResult, _ word: StaticString, _ reason: String) -> IngressResult {
            log.webhookRefused(provider: provider, word, reason: reason)
            return result
        }
        switch await source.receiver.receive(request, now: clock.now()) {
        case .refused(let reason): return told(.refused, "refused", reason)
        case .unreadable(let reason): return told(.unreadable, "unreadable", reason)
        case .undecided(let reason): return told(.undecided, "undecided", reason)
        case .partly(let events, let reason):
            _ = await apply(events, of: source.number, name: provider)
            return told(.understoodInPart, "in part", reason)
        case .believed(let events, let answer):
            guard await apply(events, of: source.number, name: provider) else {
                return told(.notStored, "not stored", "nothing can be stored now")
            }
            return .taken(answer)
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
