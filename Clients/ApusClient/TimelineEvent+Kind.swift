internal import SMSModel

extension TimelineEvent {
    /// What happened; raw values are the protocol's names.
    ///
    /// An event of a later gateway, which this version doesn't know, is carried as `EVENT_` and its number.
    public struct Kind: RawRepresentable, Hashable, Codable, CaseIterable, Sendable, CustomStringConvertible {
        public let rawValue: String

        public static let accepted = Kind(name: "ACCEPTED")
        public static let scheduled = Kind(name: "SCHEDULED")
        public static let queued = Kind(name: "QUEUED")
        public static let submitting = Kind(name: "SUBMITTING")
        public static let sent = Kind(name: "SENT")
        public static let rejected = Kind(name: "REJECTED")
        public static let throttled = Kind(name: "THROTTLED")
        public static let unavailable = Kind(name: "UNAVAILABLE")
        public static let outcomeUnknown = Kind(name: "OUTCOME_UNKNOWN")
        public static let delivered = Kind(name: "DELIVERED")
        public static let undelivered = Kind(name: "UNDELIVERED")
        public static let failed = Kind(name: "FAILED")
        public static let expired = Kind(name: "EXPIRED")
        public static let canceled = Kind(name: "CANCELED")
        /// Claimed, but surely not handed to the provider: the gateway stopped cleanly.
        public static let returned = Kind(name: "RETURNED")
        /// The gateway stopped while the provider had it: possibly sent.
        public static let interrupted = Kind(name: "INTERRUPTED")
        public static let receiptOverdue = Kind(name: "RECEIPT_OVERDUE")
        /// A receipt that changes nothing: repeated or out of order.
        public static let receiptIgnored = Kind(name: "RECEIPT_IGNORED")
        /// The gateway was restored from a backup in which the message was not settled: possibly sent since.
        public static let restored = Kind(name: "RESTORED")
        /// An operator asked to send it again: it may be sent twice.
        public static let resent = Kind(name: "RESENT")
        /// An operator said what became of it.
        public static let settled = Kind(name: "SETTLED")
        /// Its price at the provider that takes it, where that isn't what was reserved for it.
        public static let priced = Kind(name: "PRICED")
        /// A receipt named an id of the provider's that wasn't known, or proved that the provider has the message.
        public static let identified = Kind(name: "IDENTIFIED")
        /// One of several parts was delivered.
        public static let partDelivered = Kind(name: "PART_DELIVERED")
        /// This attempt was not delivered, and another may be yet.
        public static let attemptUndelivered = Kind(name: "ATTEMPT_UNDELIVERED")
        /// On acceptance, characters of its body were replaced so that it fits into GSM-7; the detail tells which.
        public static let smartEncoded = Kind(name: "SMART_ENCODED")

        /// The ones that this version knows.
        public static let allCases: [Kind] = [
            .accepted, .scheduled, .queued, .submitting, .sent, .rejected, .throttled, .unavailable, .outcomeUnknown,
            .delivered, .undelivered, .failed, .expired, .canceled, .returned, .interrupted, .receiptOverdue,
            .receiptIgnored, .restored, .resent, .settled, .priced, .identified, .partDelivered, .attemptUndelivered,
            .smartEncoded,
        ]

        /// - Returns: nil for a text that is no event's name.
        public init?(rawValue: String) {
            guard OpenName.isName(rawValue, of: Self.allCases, prefix: Self.prefix) else { return nil }
            self.rawValue = rawValue
        }

        private static let prefix = "EVENT_"

        private init(name: String) {
            rawValue = name
        }

        /// - Parameter number: of an event that this version doesn't know, which counts then.
        init(_ kind: EventKind, number: Int32?) {
            if let number {
                self.init(name: "\(Self.prefix)\(number)")
            } else {
                self.init(kind)
            }
        }

        private init(_ kind: EventKind) {
            switch kind {
            case .accepted: self = .accepted
            case .scheduled: self = .scheduled
            case .queued: self = .queued
            case .submitting: self = .submitting
            case .sent: self = .sent
            case .rejected: self = .rejected
            case .throttled: self = .throttled
            case .unavailable: self = .unavailable
            case .outcomeUnknown: self = .outcomeUnknown
            case .delivered: self = .delivered
            case .undelivered: self = .undelivered
            case .failed: self = .failed
            case .expired: self = .expired
            case .canceled: self = .canceled
            case .returned: self = .returned
            case .interrupted: self = .interrupted
            case .receiptOverdue: self = .receiptOverdue
            case .receiptIgnored: self = .receiptIgnored
            case .restored: self = .restored
            case .resent: self = .resent
            case .settled: self = .settled
            case .priced: self = .priced
            case .identified: self = .identified
            case .partDelivered: self = .partDelivered
            case .attemptUndelivered: self = .attemptUndelivered
            case .smartEncoded: self = .smartEncoded
            }
        }

        /// Whether this version knows it.
        public var isKnown: Bool { Self.allCases.contains(self) }

        public var description: String { rawValue }
    }
}
