public import FoundationEssentials
internal import SMSModel

/// Why a message that waits is not handed to a provider now.
public struct WaitReason: Hashable, Codable, Sendable {
    /// Raw values are the protocol's names. A reason of a later gateway, which this version doesn't know, is carried as
    /// `WAIT_` and its number.
    public struct Kind: RawRepresentable, Hashable, Codable, CaseIterable, Sendable, CustomStringConvertible {
        public let rawValue: String

        /// Its send time has not come.
        public static let scheduled = Kind(name: "SCHEDULED")
        /// An attempt was not taken, and the next one is put off.
        public static let backingOff = Kind(name: "BACKING_OFF")
        /// Everything, its tenant or its batch is paused.
        public static let paused = Kind(name: "PAUSED")
        /// After a start: what waits is still being read.
        public static let recovering = Kind(name: "RECOVERING")
        /// Nothing can be stored, and so nothing is handed over.
        public static let store = Kind(name: "STORE")
        /// No route is for it.
        public static let noRoute = Kind(name: "NO_ROUTE")
        /// No provider of its route takes messages.
        public static let providersDown = Kind(name: "PROVIDERS_DOWN")
        /// Its providers have as many messages as they may, or get as many a second as they may.
        public static let providersBusy = Kind(name: "PROVIDERS_BUSY")
        /// Its providers take no more of its sender for now.
        public static let senderThrottled = Kind(name: "SENDER_THROTTLED")
        /// Others go before it.
        public static let turn = Kind(name: "TURN")

        /// The ones that this version knows.
        public static let allCases: [Kind] = [
            .scheduled, .backingOff, .paused, .recovering, .store, .noRoute, .providersDown, .providersBusy,
            .senderThrottled, .turn,
        ]

        /// - Returns: nil for a text that is no reason's name.
        public init?(rawValue: String) {
            guard OpenName.isName(rawValue, of: Self.allCases, prefix: Self.prefix) else { return nil }
            self.rawValue = rawValue
        }

        private static let prefix = "WAIT_"

        private init(name: String) {
            rawValue = name
        }

        /// - Parameter number: of a reason that this version doesn't know, which counts then.
        init(_ kind: SMSModel.WaitReason.Kind, number: Int32?) {
            if let number {
                self.init(name: "\(Self.prefix)\(number)")
            } else {
                self = Self.allCases[Int(kind.rawValue) - 1]
            }
        }

        /// Whether this version knows it.
        public var isKnown: Bool { Self.allCases.contains(self) }

        public var description: String { rawValue }
    }

    public var kind: Kind
    /// A clause for people.
    public var detail: String
    /// When it is looked at again; nil = that depends on something else than the time.
    public var until: Date?

    public init(kind: Kind, detail: String, until: Date? = nil) {
        self.kind = kind
        self.detail = detail
        self.until = until
    }

    init(_ reason: SMSModel.WaitReason) {
        kind = Kind(reason.kind, number: reason.unknownKind)
        detail = reason.detail
        until = reason.until.map(Date.init(milliseconds:))
    }
}
