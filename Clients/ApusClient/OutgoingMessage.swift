public import FoundationEssentials
package import RPCWire
internal import SMSModel

/// A message to send. Only ``to`` and ``body`` are needed.
public struct OutgoingMessage: Hashable, Codable, Sendable {
    /// E.164, with its plus: `+14155550100`.
    public var to: String
    /// 1 to 1600 characters (Unicode scalars). In a bulk template, `{{name}}` stands for a variable.
    public var body: String
    /// A number, a short code, or up to 11 letters and digits; nil = the tenant's default.
    public var sender: String?
    /// nil = normal.
    public var priority: MessagePriority?
    /// At most ten minutes ago, which is now, and at most 35 days ahead; nil = as soon as possible.
    public var sendAt: Date?
    /// For how long from its send time it may still be submitted, 1 second to 7 days; nil = 24 hours.
    public var validity: Duration?
    /// The caller's own, at most 64 bytes.
    public var reference: String?
    /// At most 16, each 1 to 64 bytes.
    public var tags: [String] = []
    /// Refuse the message if it needs more; nil = no bound.
    public var maximumSegments: Int?
    /// What to do when a provider may have taken the message but its answer was lost; nil = hold.
    public var onUnknown: UnknownOutcomePolicy?
    /// Whether typographic quotes, dashes, spaces and the like, and invisible characters are replaced where that makes
    /// the body GSM-7; nil = as the tenant's settings have it.
    public var smartEncoding: Bool?

    public init(to: String, body: String, sender: String? = nil, priority: MessagePriority? = nil) {
        self.to = to
        self.body = body
        self.sender = sender
        self.priority = priority
    }
}

/// What to do when a provider may have taken a message but its answer was lost.
public enum UnknownOutcomePolicy: String, CaseIterable, Codable, Sendable {
    /// Wait for a receipt or an operator: never twice.
    case hold = "HOLD"
    /// Send it again: perhaps twice.
    case resend = "RESEND"
}

/// One recipient of a bulk template.
public struct TemplateRecipient: Hashable, Codable, Sendable {
    /// E.164, with its plus.
    public var to: String
    /// What replaces `{{name}}` in the body, by name; at most 64.
    public var variables: [String: String]

    public init(to: String, variables: [String: String] = [:]) {
        self.to = to
        self.variables = variables
    }
}

extension SendRequest {
    /// - Throws: INVALID_ARGUMENT where a value cannot be put into the protocol's field.
    package init(_ message: OutgoingMessage) throws(ApusError) {
        self.init(to: message.to, sender: message.sender ?? "", body: message.body)
        if let priority = message.priority { self.priority = try Priority(priority) }
        if let sendAt = message.sendAt {
            self.sendAt = try Self.milliseconds(sendAt)
        }
        if let validity = message.validity {
            guard validity > .zero else { throw .invalidField("validity_ms", "is not positive") }
            self.validity = UInt64(clamping: validity.milliseconds)
        }
        reference = message.reference ?? ""
        tags = message.tags
        if let segments = message.maximumSegments {
            guard let segments = UInt32(exactly: segments), segments > 0 else {
                throw .invalidField("max_segments", "is not a positive number")
            }
            maxSegments = segments
        }
        onUnknown = message.onUnknown.map(OnUnknown.init)
        smartEncoding = message.smartEncoding.map { $0 ? .on : .off }
    }

    private static func milliseconds(_ date: Date) throws(ApusError) -> Int64 {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        guard milliseconds >= 1, milliseconds < 1e15 else {
            throw .invalidField("send_at_ms", "is not a time that a message can be sent at")
        }
        return Int64(milliseconds)
    }
}

extension BulkRequest.Recipient {
    init(_ recipient: TemplateRecipient) {
        self.init(
            to: recipient.to,
            // In an order of their own, so that a repeat has the same bytes.
            variables: recipient.variables.sorted { $0.key < $1.key }
                .map { BulkRequest.Variable(name: $0.key, value: $0.value) })
    }
}

extension ApusError {
    static func invalidField(_ field: String, _ description: String) -> ApusError {
        ApusError(
            .invalidArgument, "\(field) \(description)",
            violations: [Violation(field: field, description: description)], notProcessed: true)
    }
}

extension OnUnknown {
    init(_ policy: UnknownOutcomePolicy) {
        switch policy {
        case .hold: self = .hold
        case .resend: self = .resend
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up; a time beyond 2^53 seconds counts as that.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let bound: Int64 = 1 << 53
        return min(max(seconds, -bound), bound) * 1000
            + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
