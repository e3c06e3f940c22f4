/// A tenant's number inside one gateway; 1 is the first.
package struct TenantID: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// A batch's number: that of its first message's id, so it is unique and time-ordered too.
package typealias BatchID = MessageID

package enum BatchReference: Hashable, Sendable {
    case id(BatchID)
    case name(String)
}

/// Raw values are the protocol's.
package enum Priority: UInt8, CaseIterable, Sendable {
    case urgent = 1
    case normal = 2
    case bulk = 3

    /// The name in text and JSON.
    package var name: String {
        switch self {
        case .urgent: "URGENT"
        case .normal: "NORMAL"
        case .bulk: "BULK"
        }
    }
}

/// Raw values are the protocol's.
package enum Encoding: UInt8, CaseIterable, Sendable {
    case gsm7 = 1
    case ucs2 = 2
}

/// Whether a body's typographic and invisible characters are replaced (``SmartEncoding``). Raw values are the
/// protocol's.
package enum SmartEncodingChoice: UInt8, CaseIterable, Sendable {
    case on = 1
    case off = 2
}

/// What to do when a provider may have taken a message, but its answer was lost. Raw values are the protocol's.
package enum OnUnknown: UInt8, CaseIterable, Sendable {
    case hold = 1
    case resend = 2
}

/// A message's state. Raw values are the protocol's.
package enum MessageState: UInt8, CaseIterable, Sendable {
    case accepted = 1
    case scheduled = 2
    case queued = 3
    case submitting = 4
    case sent = 5
    case unknown = 6
    case delivered = 7
    case undelivered = 8
    case failed = 9
    case expired = 10
    case canceled = 11

    /// No step leads out of it but a receipt of higher rank.
    package var isFinal: Bool { rawValue >= MessageState.delivered.rawValue }

    /// Not sent yet: scheduled, queued, or with a provider that has not answered.
    package var isWaiting: Bool { self == .scheduled || self == .queued || self == .submitting }

    /// The name in text and JSON.
    package var name: String {
        switch self {
        case .accepted: "ACCEPTED"
        case .scheduled: "SCHEDULED"
        case .queued: "QUEUED"
        case .submitting: "SUBMITTING"
        case .sent: "SENT"
        case .unknown: "UNKNOWN"
        case .delivered: "DELIVERED"
        case .undelivered: "UNDELIVERED"
        case .failed: "FAILED"
        case .expired: "EXPIRED"
        case .canceled: "CANCELED"
        }
    }
}

/// Whether messages are kept from a provider because it could not be reached. Raw values are the protocol's.
package enum CircuitState: UInt8, CaseIterable, Sendable {
    /// All may go.
    case closed = 1
    /// None may go for a while.
    case open = 2
    /// Single ones go, to try it.
    case halfOpen = 3
}

/// What a row of the timeline tells. Raw values are the protocol's and the store's.
package enum EventKind: UInt8, CaseIterable, Sendable {
    case accepted = 1
    case scheduled = 2
    case queued = 3
    case submitting = 4
    case sent = 5
    case rejected = 6
    case throttled = 7
    case unavailable = 8
    case outcomeUnknown = 9
    case delivered = 10
    case undelivered = 11
    case failed = 12
    case expired = 13
    case canceled = 14
    case returned = 15
    case interrupted = 16
    case receiptOverdue = 17
    case receiptIgnored = 18
    /// The gateway was restored from a backup in which the message was not settled.
    case restored = 19
    /// An operator asked to send it again: it may be sent twice.
    case resent = 20
    /// An operator said what became of it.
    case settled = 21
    /// What it costs at the provider that takes it, which is not what has been reserved for it.
    case priced = 22
    /// A receipt named an id of the provider's that wasn't known, or proved that the provider has a message whose
    /// answer was lost or is still to come. The detail is the id.
    case identified = 23
    /// One of several parts was delivered. The detail is the part's id, or its number, as "2 of 3".
    case partDelivered = 24
    /// This attempt was not delivered, and another may be yet. The detail is the carrier's code.
    case attemptUndelivered = 25
    /// Characters of the body were replaced on acceptance, so that it fits into GSM-7. Kept with the message, not in
    /// its history.
    case smartEncoded = 26
}
