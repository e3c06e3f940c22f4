internal import ConfigurationModel
package import Logging
internal import Providers
package import SMSModel
internal import Storage
internal import Synchronization

/// What the gateway tells the log: messages, connections, refusals, providers' troubles. Numbers and bodies only as the
/// redaction has it, credentials never.
///
/// The steps of each message are told at `debug`, since there are several for every message. What an operator has to
/// see is told by default, and no faster than once in ``Limits/logRepeatSeconds`` for each of its kinds.
package final class GatewayLog: Sendable {
    package let logger: Logger
    let redaction: Redaction
    private let tenantNames = Mutex<[TenantID: String]>([:])
    private let refusals = Mutex(LogRepeats<Refusal>())
    private let strangers = Mutex(LogRepeats<String>())
    private let unmatched = Mutex(LogRepeats<UInt8>())
    private let webhooks = Mutex(LogRepeats<String>())
    private let troubles = Mutex<[String: ProviderTrouble]>([:])
    /// Since when the circuits have been open of which that has been told, by provider.
    private let openCircuits = Mutex<[String: Int64]>([:])

    private struct Refusal: Hashable {
        var tenant: String
        var code: StatusCode
    }

    package init(_ logger: Logger, redaction: Redaction = Redaction()) {
        self.logger = logger
        self.redaction = redaction
    }

    /// From now on tenants have these names; those that have none are told by their numbers.
    func setTenantNames(_ names: [TenantID: String]) { tenantNames.withLock { $0 = names } }

    /// Whether each message's steps, and each connection, are told. To be asked once a burst or round.
    package var tellsSteps: Bool { logger.logLevel <= .debug }

    package func name(of tenant: TenantID) -> String { tenantNames.withLock { $0[tenant] } ?? "#\(tenant.rawValue)" }

    // MARK: Refusals

    /// A message was not accepted.
    ///
    /// - Parameters:
    ///   - to, body: as they came; empty if they could not be read.
    ///   - trace: of the request; asked for only where each message is told.
    ///   - item: its place in a Bulk call.
    package func refused(
        _ error: GatewayError, tenant: String,
        to: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        body: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), item: Int? = nil,
        trace: () -> MessageTrace
    ) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        let untold = refusals.withLock { $0.occurred(Refusal(tenant: tenant, code: error.code), at: now) }
        guard tellsSteps || untold != nil else { return }
        var fields: Logger.Metadata = ["tenant": "\(tenant)", "code": "\(error.code.name)"]
        fields["reason"] = "\(redaction.words(error.violations.first?.description ?? error.message))"
        if !error.violations.isEmpty {
            fields["fields"] = "\(error.violations.map { Self.plainName($0.field) }.joined(separator: " "))"
        }
        if let untold {
            logger.info("messages are refused", metadata: fields.merging(["untold": "\(untold)"]) { $1 })
        }
        guard tellsSteps else { return }
        if !to.isEmpty { fields["to"] = "\(redaction.number(to))" }
        if !body.isEmpty { fields["body"] = "\(redaction.body(body))" }
        if let item { fields["item"] = "\(item)" }
        trace().add(to: &fields)
        logger.debug("message refused", metadata: fields)
    }

    /// The same as above, for a message that was checked.
    ///
    /// - Parameter drafts: nil where each message is not told.
    package func refused(_ error: GatewayError, _ drafts: MessageDrafts?, _ index: Int, tenant: String) {
        guard let drafts else { return refused(error, tenant: tenant) { MessageTrace() } }
        let draft = drafts.drafts[index]
        drafts.bytes.withUnsafeBytes { bytes in
            refused(
                error, tenant: tenant, to: UnsafeRawBufferPointer(rebasing: bytes[draft.recipient.range]),
                body: UnsafeRawBufferPointer(rebasing: bytes[draft.body.range])
            ) { drafts.trace(of: draft) }
        }
    }

    /// The name of a template's variable is the caller's, and may be anything.
    private static func plainName(_ field: String) -> Substring {
        field.hasPrefix("variables.") ? "variables" : field[...]
    }

    // MARK: Connections

    /// A HELLO was accepted.
    ///
    /// - Parameters:
    ///   - peer: where it comes from.
    ///   - tlsVersion: such as `TLSv1.3`; nil = it is not encrypted.
    ///   - tenant: nil = nobody yet: each request brings its own credential.
    ///   - actor: by what it is known, such as `key ID`.
    package func connectionOpened(_ peer: String, tlsVersion: String?, tenant: String?, actor: String?) {
        var fields: Logger.Metadata = ["peer": "\(peer)"]
        if let tenant { fields["tenant"] = "\(tenant)" }
        if let actor { fields["actor"] = "\(actor)" }
        if let tlsVersion { fields["tls_version"] = "\(tlsVersion)" }
        logger.debug("connection opened", metadata: fields)
    }

    /// Somebody brought a credential that is not good.
    ///
    /// - Parameters:
    ///   - peer: where it comes from.
    ///   - host: the same without its port.
    ///   - reason: without the credential.
    package func authenticationFailed(_ peer: String, host: String, reason: String) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = strangers.withLock({ $0.occurred(host, at: now) }) else { return }
        logger.warning(
            "authentication failed", metadata: ["peer": "\(peer)", "reason": "\(reason)", "untold": "\(untold)"])
    }

    // MARK: Administration

    /// An administrative act is durable. What was changed to what is in the audit log alone.
    func done(_ record: AuditRecord) {
        var fields: Logger.Metadata = [
            "verb": "\(record.verb)", "subject": "\(record.subject)", "actor": "\(record.context.actor)",
        ]
        if !record.context.peer.isEmpty { fields["peer"] = "\(record.context.peer)" }
        logger.notice("administrative act", metadata: fields)
    }

    // MARK: Providers

    /// A carrier reports on what was never sent, or on what cannot be read.
    func receiptUnmatched(_ receipt: Receipt) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = unmatched.withLock({ $0.occurred(0, at: now) }) else { return }
        logger.warning(
            "a receipt matches no attempt that can be read",
            metadata: ["id": "\(receipt.id)", "attempt": "\(receipt.attempt)", "untold": "\(untold)"])
    }

    /// Whether a provider can be handed messages has changed.
    func linkChanged(provider: String, _ link: LinkState) {
        switch link {
        case .up: logger.notice("provider connected", metadata: ["provider": "\(provider)"])
        case .down(let reason):
            logger.warning(
                "provider disconnected; its messages wait or go to other providers",
                metadata: ["provider": "\(provider)", "reason": "\(reason)"])
        }
    }

    /// A carrier reports on what its provider was never given.
    func receiptRefused(provider: String) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = webhooks.withLock({ $0.occurred(provider, at: now) }) else { return }
        logger.warning(
            "a receipt is for no attempt of its provider",
            metadata: ["provider": "\(provider)", "untold": "\(untold)"])
    }

    /// Receipts have waited without success for an answer with their ids, or had to make room for others.
    func receiptsUnmatched(_ count: Int, isFull: Bool) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = unmatched.withLock({ $0.occurred(isFull ? 2 : 1, at: now) }) else { return }
        logger.warning(
            isFull
                ? "receipts that match no message are more than are kept: the oldest goes"
                : "receipts match no message",
            metadata: ["receipts": "\(count)", "untold": "\(untold)"])
    }

    /// What somebody posted as a carrier's changes nothing.
    ///
    /// - Parameters:
    ///   - result: what became of it.
    ///   - reason: without anything of the request.
    package func webhookRefused(provider: String, _ result: StaticString, reason: String) {
        let now = GatewayClock.monotonicNanoseconds() / 1_000_000_000
        guard let untold = webhooks.withLock({ $0.occurred("\(provider) \(result)", at: now) }) else { return }
        logger.warning(
            "webhook refused",
            metadata: [
                "provider": "\(provider)", "result": "\(result)", "reason": "\(reason)", "untold": "\(untold)",
            ])
    }

    /// Warns of circuits that have opened, and notes those that have closed. One that is tried and fails again goes on
    /// being open.
    ///
    /// - Parameter providers: how they are as of the last round.
    func circuitsChanged(_ providers: [ProviderStatistics], now: Int64) {
        for provider in providers {
            guard let circuit = provider.circuit else { continue }
            let (isNews, since) = openCircuits.withLock { open in
                let since = open[provider.name]
                if circuit == .closed { open[provider.name] = nil } else { open[provider.name] = since ?? now }
                return ((since == nil) != (circuit == .closed), since ?? now)
            }
            guard isNews else { continue }
            var fields: Logger.Metadata = ["provider": "\(provider.name)"]
            if let failure = provider.lastError?.failure {
                fields["code"] = "\(failure.code)"
                fields["error"] = "\(failure.message)"
            }
            if circuit == .closed {
                fields["open_ms"] = "\(now - since)"
                logger.notice("provider circuit closed: it takes messages again", metadata: fields)
            } else {
                logger.warning(
                    "provider circuit opened: its messages wait or go to other providers", metadata: fields)
            }
        }
    }

    /// Tells what providers have answered besides "taken" since it was told last.
    ///
    /// - Parameter providers: their counts as of the last round.
    func providersAnswered(_ providers: [ProviderStatistics]) {
        for provider in providers {
            let counts = ProviderTrouble.Counts(provider)
            let news = troubles.withLock { troubles in
                troubles[provider.name, default: ProviderTrouble()].news(
                    counts, at: { GatewayClock.monotonicNanoseconds() / 1_000_000_000 })
            }
            guard let news else { continue }
            logger.log(
                level: news.unavailable + news.unknown > 0 ? .notice : .info,
                "a provider does not take all messages",
                metadata: [
                    "provider": "\(provider.name)", "rejected": "\(news.rejected)", "throttled": "\(news.throttled)",
                    "unavailable": "\(news.unavailable)", "unknown": "\(news.unknown)",
                ])
        }
    }
}

/// What a provider has answered besides "taken", and how much of it has been told.
struct ProviderTrouble {
    struct Counts: Equatable {
        var rejected: UInt64 = 0
        var throttled: UInt64 = 0
        var unavailable: UInt64 = 0
        var unknown: UInt64 = 0

        init() {}

        init(_ statistics: ProviderStatistics) {
            rejected = statistics.rejected
            throttled = statistics.throttled
            unavailable = statistics.unavailable
            unknown = statistics.unknown
        }
    }

    private var told = Counts()
    private var toldAt: Int64?

    /// - Parameter time: seconds from any origin; asked for only where the counts have changed.
    /// - Returns: how much has been added since it was told last; nil = nothing, or it is too early.
    mutating func news(_ counts: Counts, at time: () -> Int64) -> Counts? {
        guard counts != told else { return nil }
        let now = time()
        if let toldAt, now - toldAt < Limits.logRepeatSeconds { return nil }
        var news = Counts()
        // Of a round that failed nothing counts: a count may have gone back.
        news.rejected = counts.rejected - min(counts.rejected, told.rejected)
        news.throttled = counts.throttled - min(counts.throttled, told.throttled)
        news.unavailable = counts.unavailable - min(counts.unavailable, told.unavailable)
        news.unknown = counts.unknown - min(counts.unknown, told.unknown)
        told = counts
        guard news != Counts() else { return nil }
        toldAt = now
        return news
    }
}
