/// A provider's answer to one attempt, with whose fault it is made explicit.
///
/// Only `rejected`, `throttled` and `unavailable` say that the message was surely not taken, so only
/// those may be retried or failed over without being asked.
package enum Outcome: Hashable, Sendable {
    /// Taken. `receipts` is false where the provider is known to send none.
    case accepted(providerID: String, receipts: Bool)
    /// Surely not taken, and will not be as it stands.
    case rejected(RejectionScope, code: String, message: String)
    /// Surely not taken: too fast. Not counted against the message.
    case throttled(retryAfterMilliseconds: UInt64?)
    /// Surely not taken: the provider could not be reached or said so.
    case unavailable(code: String)
    /// May have been taken: the answer was lost.
    case unknown(code: String)
    /// Surely not handed over: the gateway stopped first. Not counted against the message.
    case returned
}

/// Whose fault a rejection is. Recipient and content are final; for the others another provider may try.
package enum RejectionScope: UInt8, Hashable, Sendable {
    case recipient
    case content
    case sender
    case route

    package var isFinal: Bool { self == .recipient || self == .content }

    package var name: String {
        switch self {
        case .recipient: "recipient"
        case .content: "content"
        case .sender: "sender"
        case .route: "route"
        }
    }
}

/// The carrier's later word on an attempt it accepted.
package enum ReceiptStatus: Hashable, Sendable {
    case delivered
    case undelivered(code: String)
}

/// A receipt, matched to its attempt.
package struct Receipt: Hashable, Sendable {
    package var id: MessageID
    package var attempt: Int
    package var status: ReceiptStatus

    package init(id: MessageID, attempt: Int, status: ReceiptStatus) {
        self.id = id
        self.attempt = attempt
        self.status = status
    }
}
