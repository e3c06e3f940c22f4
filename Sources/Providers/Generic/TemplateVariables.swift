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
    /// The webhook's URL with the token in its query.
    case callback
    /// The webhook's URL.
    case webhook
    case encoding

    // Of a request, for what signs it.
    case body
    /// Seconds since the Unix epoch.
    case timestamp
    case method
    case url
    case signature

    static let ofMessage: Set<TemplateVariable> = [
        .to, .toDigits, .from, .fromDigits, .text, .id, .attempt, .token, .callback, .webhook, .encoding,
    ]
    static let ofRequest: Set<TemplateVariable> = [.body, .timestamp, .method, .url]
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
}

/// The values of a message that is to be sent.
struct MessageValues: TemplateValues {
    /// What all messages of a provider have in common.
    struct Common: Sendable {
        /// The key of correlation tokens.
        var receiptKey: [UInt8]
        /// Where the carrier posts to; empty if it can't.
        var webhook: String
        /// The sender of messages that name none.
        var sender: [UInt8]
    }

    let item: Submission
    let batch: SubmissionBatch
    let common: Common

    var encoding: Encoding { item.encoding }

    private var token: CorrelationToken { CorrelationToken(id: item.id, attempt: item.attempt) }
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
        case .token: Array(token.text(key: common.receiptKey).utf8)[...]
        case .callback:
            common.webhook.isEmpty ? [] : Array(token.added(to: common.webhook, key: common.receiptKey).utf8)[...]
        case .webhook: Array(common.webhook.utf8)[...]
        case .encoding: Array((item.encoding == .ucs2 ? "UCS2" : "GSM7").utf8)[...]
        // Templates of a message don't know these.
        case .body, .timestamp, .method, .url, .signature: []
        }
    }

    private static func withoutPlus(_ number: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
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
    var signature = ""

    var encoding: Encoding { .gsm7 }

    func bytes(of variable: TemplateVariable) -> ArraySlice<UInt8> {
        switch variable {
        case .method: Array(method.utf8)[...]
        case .url: Array(url.utf8)[...]
        case .body: body[...]
        case .timestamp: Array(timestamp.utf8)[...]
        case .signature: Array(signature.utf8)[...]
        default: []
        }
    }
}
