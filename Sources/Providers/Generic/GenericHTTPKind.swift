internal import ConfigurationModel
internal import Glibc
package import HTTPTransport
package import JSON
package import SMSModel

/// A carrier that is described by configuration alone: what is asked of it, what its answers mean, and what it posts.
/// `docs/providers/http.md` has the members of such a description.
package struct GenericHTTPKind: Sendable {
    package let carrier: GenericCarrier
    /// nil where nothing is said of receipts or inbound messages.
    package let receiver: (any WebhookReceiver)?
    /// The sender of messages that name none; nil = the carrier chooses.
    package let ownSender: String?
    /// What requests need before they are sent; nil = nothing.
    let tokens: AccessTokens?
    private let lookUpRules: LookUpRules?
    private let checkRules: CheckRules?
    private let receiptKey: [UInt8]
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - options: the description; with `preset` it is laid over a ready-made one.
    ///   - secrets: by their names, for `{{secret.NAME}}`.
    ///   - path: of the options, such as `providers.NAME.options`.
    ///   - receiptKey: of the correlation tokens; at least 16 random bytes.
    ///   - publicURL: where the carrier can post to, as it was given it; nil if it can't, and then no receipts come.
    ///   - now: milliseconds since the Unix epoch, for what signs requests.
    /// - Returns: nil if something is wrong, and `violations` has more than before.
    package init?(
        options: JSONValue, secrets: [String: String], path: String, receiptKey: [UInt8], publicURL: String?,
        now: @escaping @Sendable () -> Int64 = GenericCarrier.wallClock, into violations: inout [FieldViolation]
    ) {
        let before = violations.count
        guard let (description, kind) = GenericPreset.laidUnder(options, secrets, path: path, into: &violations),
            let read = MemberReader.read(
                description, path: path, into: &violations,
                { reader in GenericDescription(&reader, secrets: secrets, now: now) }),
            violations.count == before
        else { return nil }
        carrier = GenericCarrier(
            kind: kind, read, receiptKey: receiptKey, webhook: publicURL ?? "", now: now)
        tokens = read.request.authentication.accessTokens
        lookUpRules = read.lookUp
        checkRules = read.check
        self.receiptKey = receiptKey
        self.now = now
        ownSender = read.sender.isEmpty ? nil : read.sender
        receiver = read.webhook.map { webhook in
            GenericWebhook(
                signature: webhook.signature, receipt: webhook.receipt, inbound: webhook.inbound,
                items: webhook.items, ignored: webhook.ignored, receiptKey: receiptKey,
                idsNameParts: read.answer.contains(where: \.namesParts))
        }
    }
}

extension GenericHTTPKind {
    /// The provider, not started yet.
    func provider(_ name: String, client: HTTPClient) -> any SMSProvider {
        let provider = HTTPProvider(name: name, carrier: carrier, client: client)
        guard let tokens else { return provider }
        return TokenProvider(provider, tokens: tokens) { [http = carrier.http] in tokens.start(http, client: client) }
    }

    /// nil where the description has no words for it.
    func lookUp(client: HTTPClient) -> (any MessageLookUp)? {
        lookUpRules.map {
            GenericLookUp(
                $0, tokens: tokens, http: carrier.http, client: client, receiptKey: receiptKey, now: now)
        }
    }

    /// nil where the description has no words for it.
    func check(client: HTTPClient) -> (any ProviderCheck)? {
        guard checkRules != nil || tokens != nil else { return nil }
        return GenericCheck(
            rules: checkRules, tokens: tokens, http: carrier.http, client: client, receiptKey: receiptKey, now: now)
    }
}

/// What the options of a generic provider say.
struct GenericDescription {
    struct Webhook {
        var signature: WebhookSignature
        var receipt: GenericWebhook.ReceiptFields?
        var inbound: GenericWebhook.InboundFields?
        var items: JSONPointer?
        var ignored: [[WebhookCondition]]
    }

    var request: RequestTemplate
    var answer: [AnswerRule]
    var sender: String
    var http: HTTPSessionOptions
    var webhook: Webhook?
    var lookUp: LookUpRules?
    var check: CheckRules?

    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: nil if something is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader, secrets: [String: String], now: @escaping @Sendable () -> Int64) {
        // It chose what this is laid over.
        _ = reader.take("preset")
        let scope = TemplateScope(secrets: secrets, options: reader.constants("variables"))
        sender = reader.text("sender", upTo: Limits.phoneNumberDigits + 1) ?? ""
        http = reader.object("http") { HTTPSessionOptions(described: &$0) } ?? HTTPSessionOptions()
        var authentication: RequestAuthentication? = RequestAuthentication.none
        if reader.take("authentication") != nil {
            authentication = reader.object("authentication") { RequestAuthentication(&$0, in: scope, now: now) }
        }
        let shown = authentication ?? .none
        let request =
            reader.needed("request", "it says what the carrier is sent")
            ? reader.object("request") { RequestTemplate(&$0, shown, in: scope) } : nil
        let rules =
            reader.needed("answer", "it says what the carrier's answers mean")
            ? reader.objects("answer", atMost: Limits.httpAnswerRules) { AnswerRule(&$0) } : nil
        webhook = Webhook(&reader, in: scope)
        let statuses = webhook?.receipt?.meanings ?? [:]
        lookUp = reader.object("look_up") { LookUpRules(&$0, shown, statuses: statuses, in: scope) }
        check = reader.object("test") { CheckRules(&$0, shown, in: scope) }
        guard authentication != nil, let request, let rules else { return nil }
        if !rules.contains(where: { $0.meaning == .accepted || $0.codes.values.contains(.accepted) }) {
            reader.fault("answer", "has no rule for messages that were accepted")
        }
        if let receipt = webhook?.receipt, rules.contains(where: \.namesParts), receipt.id == nil, receipt.part == nil {
            reader.fault(
                "receipt.id",
                "is missing, and so is part: where the answer gives each part an id of its own, one of them says which "
                    + "part a receipt is for")
        }
        self.request = request
        answer = rules
    }
}

/// A carrier whose requests and answers are described by configuration.
package struct GenericCarrier: HTTPCarrier {
    /// The preset's name, or `http`.
    package let kind: String
    package let canBeAsked: Bool
    package let http: HTTPSessionOptions
    private let needsToken: Bool
    private let template: RequestTemplate
    private let answer: AnswerRules
    private let common: MessageValues.Common
    private let now: @Sendable () -> Int64

    init(
        kind: String, _ description: GenericDescription, receiptKey: [UInt8], webhook: String,
        now: @escaping @Sendable () -> Int64
    ) {
        self.kind = kind
        canBeAsked = description.lookUp != nil
        needsToken = description.request.authentication.accessTokens != nil
        template = description.request
        answer = AnswerRules(
            rules: description.answer, receipts: description.webhook?.receipt != nil && !webhook.isEmpty)
        var http = description.http
        http.responseHeaders = HTTPResponse.headersForOutcomes + answer.headers
        self.http = http
        common = MessageValues.Common(
            receiptKey: receiptKey, webhook: webhook,
            webhookWithPassword: description.webhook?.signature.withPassword(webhook) ?? webhook,
            sender: Array(description.sender.utf8))
        self.now = now
    }

    package func request(for item: Submission, of batch: Submissions) -> HTTPRequest {
        let now = now()
        return template.request(
            MessageValues(item: item, batch: batch, common: common, now: now),
            id: HTTPRequestID(number: item.id.rawValue, attempt: item.attempt), now: now)
    }

    package func outcome(of result: HTTPResult) -> Outcome {
        // Whatever the description says of the status: the token may have ended before its time.
        if needsToken, case .answered(let response) = result, response.status == 401 {
            return .unavailable(code: TokenProvider.refused)
        }
        return answer.outcome(of: result)
    }

    /// Milliseconds since the Unix epoch.
    package static let wallClock: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
