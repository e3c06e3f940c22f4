/// A provider's answer to one attempt, with whose fault it is made explicit.
///
/// Only `rejected`, `throttled` and `unavailable` say that the message was surely not taken, so only
/// those may be retried or failed over without being asked.
package enum Outcome: Hashable, Sendable {
    /// Taken. `receipts` is false where the provider is known to send none; `parts` is nil where it gave one id to the
    /// whole message.
    case accepted(providerID: String, receipts: Bool, parts: AcceptedParts? = nil)
    /// Surely not taken, and will not be as it stands.
    case rejected(RejectionScope, code: String, message: String)
    /// Surely not taken: too fast. Not counted against the message.
    case throttled(retryAfterMilliseconds: UInt64?, scope: ThrottleScope = .request)
    /// Surely not taken: the provider could not be reached or said so.
    case unavailable(code: String)
    /// May have been taken: the answer was lost.
    case unknown(code: String)
    /// Surely not handed over: the gateway stopped first. Not counted against the message.
    case returned
}

/// What a provider takes no more of for now.
package enum ThrottleScope: UInt8, CaseIterable, Hashable, Sendable {
    /// The answer says no more than that this request was too much. Its message waits; if there are many such answers,
    /// the provider is given less.
    case request
    /// The provider says so of everything that it is sent: nothing goes to it until the time to retry after is over.
    case account
    /// The provider says so of the message's sender: nobody else's messages wait.
    case sender

    /// What the timeline tells.
    package var text: String {
        switch self {
        case .request: ""
        case .account: "the provider takes nothing from the account for now"
        case .sender: "the provider takes no more from this sender for now"
        }
    }
}

/// The scope of a rejection. Recipient and content are final; for the others another provider may try.
package enum RejectionScope: UInt8, Hashable, Sendable {
    case recipient
    case content
    case sender
    case route
    /// The recipient has opted out there of what the sender sends. It is final too: who has said stop to one carrier is
    /// not reached through another one instead.
    case optedOut

    package var isFinal: Bool { self == .recipient || self == .content || self == .optedOut }

    package var name: String {
        switch self {
        case .recipient: "recipient"
        case .content: "content"
        case .sender: "sender"
        case .route: "route"
        case .optedOut: "opted_out"
        }
    }
}

/// The parts of a message that a provider took in several, each with an id and receipts of its own.
package struct AcceptedParts: Hashable, Sendable {
    /// The ids of the parts after the first, in their order. The first part's is the outcome's `providerID`.
    package var furtherIDs: [String]
    /// The code of the first part that the provider refused, besides those that it took; nil = it took all of them.
    package var refusal: String?

    /// - Parameter refusal: a message of which only some parts were taken can't be delivered, and isn't sent again: it
    ///   is UNDELIVERED with this code.
    package init(furtherIDs: [String], refusal: String? = nil) {
        self.furtherIDs = furtherIDs
        self.refusal = refusal
    }
}

/// The carrier's word on an attempt, apart from the answer to the request.
package enum ReceiptStatus: Hashable, Sendable {
    /// The provider has it, and that is all that is known yet.
    case taken
    case delivered
    case undelivered(code: String)
}

/// The part of a message that a receipt is for, where a provider posts one for each.
package enum ReceiptPart: Hashable, Sendable {
    /// The part to which the provider gave this id.
    case id(String)
    /// The part of this number, which begins at 1, of that total.
    case number(Int, of: Int)
}

/// A receipt, matched to its attempt.
package struct Receipt: Hashable, Sendable {
    package var id: MessageID
    package var attempt: Int
    package var status: ReceiptStatus
    /// nil: the part that has the first of `providerIDs`, where the provider's answer gave the parts ids of their own;
    /// else the whole message.
    package var part: ReceiptPart?
    /// The provider's ids that the receipt names, which are the message's from now on.
    package var providerIDs: [String]
    /// What the message costs; nil = the provider doesn't say.
    package var price: Money?

    package init(
        id: MessageID, attempt: Int, status: ReceiptStatus, part: ReceiptPart? = nil, providerIDs: [String] = [],
        price: Money? = nil
    ) {
        self.price = price
        self.id = id
        self.attempt = attempt
        self.status = status
        self.part = part
        self.providerIDs = providerIDs
    }
}
