internal import SMSModel

/// What a hole of a template stands for.
enum TemplateVariable: String, CaseIterable, Hashable, Sendable {
    // Of a message.
    case to
    /// Without the plus.
    case toDigits = "to_digits"
    case from
    case fromDigits = "from_digits"
    case text
    case id
    case attempt
    /// The attempt's `CorrelationToken`.
    case token
    /// The tenant's own reference of the message.
    case reference
    case segments
    /// Seconds for which the message may still be delivered.
    case validity
    /// The time until which it may be delivered, as RFC 3339 writes it.
    case expiry
    /// The webhook's URL with the token in its query.
    case callback
    /// The same, with the user and password of the webhook's signature.
    case callbackWithPassword = "callback_with_password"
    /// The webhook's URL.
    case webhook
    case encoding

    // Of a request, for what signs it.
    case body
    /// Seconds since the Unix epoch.
    case timestamp
    case method
    case url
    case nonce
    case signature

    // Of a question about a message.
    /// The carrier's id.
    case providerID = "provider_id"
    /// Between when and when the message was handed over, with a margin, as RFC 3339 writes it.
    case since
    case until

    static let ofMessage: Set<TemplateVariable> = [
        .to, .toDigits, .from, .fromDigits, .text, .id, .attempt, .token, .reference, .segments, .validity, .expiry,
        .callback, .callbackWithPassword, .webhook, .encoding,
    ]
    static let ofQuestion: Set<TemplateVariable> = [.to, .toDigits, .text, .id, .attempt, .token, .since, .until]
    static let ofRequest: Set<TemplateVariable> = [.body, .timestamp, .method, .url]
    /// What can be written as a number. A sender that is a name, or a number with a zero before it, stays a string.
    static let numbers: Set<TemplateVariable> = [.toDigits, .fromDigits, .id, .attempt, .segments, .validity]
    /// What can have bounds.
    static let times: Set<TemplateVariable> = [.validity, .expiry]
}

/// What a template may use.
struct TemplateScope: Sendable {
    var secrets: [String: String] = [:]
    /// The member `variables` of the options.
    var options: [String: String] = [:]
    var known = TemplateVariable.ofMessage

    func with(_ known: Set<TemplateVariable>) -> TemplateScope {
        var scope = self
        scope.known = known
        return scope
    }

    func secret(_ name: String) throws(TemplateError) -> String {
        guard let secret = secrets[name], !secret.isEmpty else {
            throw TemplateError("needs the secret \(name), which is not among the provider's secrets")
        }
        return secret
    }

    func option(_ name: String) throws(TemplateError) -> String {
        guard let option = options[name] else {
            throw TemplateError("needs the variable \(name), which is not among the options' variables")
        }
        return option
    }
}

/// What fills the holes.
protocol TemplateValues {
    var encoding: Encoding { get }
    func bytes(of variable: TemplateVariable) -> ArraySlice<UInt8>
    /// - Parameter bounds: seconds.
    func bytes(of time: TemplateVariable, within bounds: ClosedRange<Int64>) -> ArraySlice<UInt8>
}

extension TemplateValues {
    func bytes(of time: TemplateVariable, within bounds: ClosedRange<Int64>) -> ArraySlice<UInt8> { bytes(of: time) }
}

/// The values of a message that is to be sent.
struct MessageValues: TemplateValues {
    /// What all messages of a provider have in common.
    struct Common: Sendable {
        /// The key of correlation tokens.
        var receiptKey: [UInt8]
        /// Where the carrier posts to; empty if it can't.
        var webhook: String
        /// The same with user and password, where the carrier shows them.
        var webhookWithPassword: String
        /// The sender of messages that name none.
        var sender: [UInt8]
        // Both URLs, to which tokens are added; nil if the carrier can't post.
        private(set) var callback: TokenURL?
        private(set) var callbackWithPassword: TokenURL?

        init(receiptKey: [UInt8], webhook: String, webhookWithPassword: String, sender: [UInt8]) {
            self.receiptKey = receiptKey
            self.webhook = webhook
            self.webhookWithPassword = webhookWithPassword
            self.sender = sender
            callback = webhook.isEmpty ? nil : TokenURL(webhook)
            callbackWithPassword = webhookWithPassword.isEmpty ? nil : TokenURL(webhookWithPassword)
        }
    }

    let item: Submission
    let batch: Submissions
    let common: Common
    /// Milliseconds since the Unix epoch.
    let now: Int64

    var encoding: Encoding { item.encoding }

    private var token: CorrelationToken { CorrelationToken(id: item.id, attempt: item.attempt) }
    private var tokenBytes: [UInt8] {
        var bytes: [UInt8] = []
        token.append(to: &bytes, key: common.receiptKey)
        return bytes
    }
    private var sender: ArraySlice<UInt8> { item.sender.isEmpty ? common.sender[...] : batch.bytes[item.sender.range] }

    func bytes(of variable: TemplateVariable) -> ArraySlice<UInt8> {
        switch variable {
        case .to: batch.bytes[item.recipient.range]
        case .toDigits: Self.withoutPlus(batch.bytes[item.recipient.range])
        case .from: sender
        case .fromDigits: Self.withoutPlus(sender)
        case .text: batch.bytes[item.body.range]
        case .id: Array(String(item.id.rawValue).utf8)[...]
        case .attempt: Array(String(item.attempt).utf8)[...]
        case .token: tokenBytes[...]
        case .reference: batch.bytes[item.reference.range]
        case .segments: Array(String(item.segments).utf8)[...]
        case .validity, .expiry: bytes(of: variable, within: 0...Int64.max)
        case .callback: callback(common.callback)
        case .callbackWithPassword: callback(common.callbackWithPassword)
        case .webhook: Array(common.webhook.utf8)[...]
        case .encoding: Array((item.encoding == .ucs2 ? "UCS2" : "GSM7").utf8)[...]
        // Templates of a message don't know these.
        case .body, .timestamp, .method, .url, .nonce, .signature, .providerID, .since, .until: []
        }
    }

    func bytes(of time: TemplateVariable, within bounds: ClosedRange<Int64>) -> ArraySlice<UInt8> {
        guard item.expiresAt > 0 else { return [] }
        // Never longer than the message is valid, unless the carrier has a least.
        let left = min(max(1, (item.expiresAt - now) / 1000, bounds.lowerBound), bounds.upperBound)
        let text = time == .validity ? String(left) : UTCDate.rfc3339(milliseconds: now + left * 1000)
        return Array(text.utf8)[...]
    }

    private func callback(_ url: TokenURL?) -> ArraySlice<UInt8> {
        url?.bytes(token, key: common.receiptKey)[...] ?? []
    }

    static func withoutPlus(_ number: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        number.first == UInt8(ascii: "+") ? number.dropFirst() : number
    }
}

/// The values of a whole request, for what signs it, either way.
struct RequestValues: TemplateValues {
    var method: String
    var url: String
    var body: [UInt8]
    /// The time as it is written in the request.
    var timestamp: String
    var nonce = ""
    var signature = ""

    var encoding: Encoding { .gsm7 }

    func bytes(of variable: TemplateVariable) -> ArraySlice<UInt8> {
        switch variable {
        case .method: Array(method.utf8)[...]
        case .url: Array(url.utf8)[...]
        case .body: body[...]
        case .timestamp: Array(timestamp.utf8)[...]
        case .nonce: Array(nonce.utf8)[...]
        case .signature: Array(signature.utf8)[...]
        default: []
        }
    }
}
