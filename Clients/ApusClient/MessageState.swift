internal import SMSModel

/// Where a message stands; raw values are the protocol's names.
///
/// A state of a later gateway, which this version doesn't know, is carried as `STATE_` and its number.
public struct MessageState: RawRepresentable, Hashable, Codable, CaseIterable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// Durable, not yet queued; only seen in a timeline.
    public static let accepted = MessageState(name: "ACCEPTED")
    /// Its send time has not come.
    public static let scheduled = MessageState(name: "SCHEDULED")
    public static let queued = MessageState(name: "QUEUED")
    /// A provider is being called.
    public static let submitting = MessageState(name: "SUBMITTING")
    /// A provider has taken it; the receipt is awaited.
    public static let sent = MessageState(name: "SENT")
    /// A provider may have taken it, but its answer was lost.
    public static let unknown = MessageState(name: "UNKNOWN")
    public static let delivered = MessageState(name: "DELIVERED")
    public static let undelivered = MessageState(name: "UNDELIVERED")
    public static let failed = MessageState(name: "FAILED")
    /// Its validity was over before it could be submitted.
    public static let expired = MessageState(name: "EXPIRED")
    public static let canceled = MessageState(name: "CANCELED")

    /// The ones that this version knows, in the order of a message's life.
    public static let allCases: [MessageState] = [
        .accepted, .scheduled, .queued, .submitting, .sent, .unknown, .delivered, .undelivered, .failed, .expired,
        .canceled,
    ]

    /// - Returns: nil for a text that is no state's name.
    public init?(rawValue: String) {
        guard OpenName.isName(rawValue, of: Self.allCases, prefix: Self.prefix) else { return nil }
        self.rawValue = rawValue
    }

    private static let prefix = "STATE_"

    private init(name: String) {
        rawValue = name
    }

    /// - Parameter number: of a state that this version doesn't know, which counts then.
    init(_ state: SMSModel.MessageState, number: Int32?) {
        if let number {
            self.init(name: "\(Self.prefix)\(number)")
        } else {
            self.init(state)
        }
    }

    /// - Parameter number: as above, where a state may be missing.
    /// - Returns: nil without both.
    init?(_ state: SMSModel.MessageState?, number: Int32?) {
        guard state != nil || number != nil else { return nil }
        self.init(state ?? .unknown, number: number)
    }

    private init(_ state: SMSModel.MessageState) {
        switch state {
        case .accepted: self = .accepted
        case .scheduled: self = .scheduled
        case .queued: self = .queued
        case .submitting: self = .submitting
        case .sent: self = .sent
        case .unknown: self = .unknown
        case .delivered: self = .delivered
        case .undelivered: self = .undelivered
        case .failed: self = .failed
        case .expired: self = .expired
        case .canceled: self = .canceled
        }
    }

    /// Whether this version knows it.
    public var isKnown: Bool { Self.allCases.contains(self) }

    public var description: String { rawValue }
}

extension SMSModel.MessageState {
    /// - Throws: INVALID_ARGUMENT for one that this version doesn't know.
    init(_ state: MessageState) throws(ApusError) {
        switch state {
        case .accepted: self = .accepted
        case .scheduled: self = .scheduled
        case .queued: self = .queued
        case .submitting: self = .submitting
        case .sent: self = .sent
        case .unknown: self = .unknown
        case .delivered: self = .delivered
        case .undelivered: self = .undelivered
        case .failed: self = .failed
        case .expired: self = .expired
        case .canceled: self = .canceled
        default: throw .invalidField("state", "\(state) is not known to this version")
        }
    }
}

/// How many messages are in which state.
public struct StateCounts: Hashable, Codable, Sendable {
    private var counts: [MessageState: UInt64] = [:]

    public init(_ counts: [MessageState: UInt64] = [:]) {
        self.counts = counts
    }

    init(_ states: [StateCount]) {
        for state in states { counts[MessageState(state.state, number: state.unknownState)] = state.count }
    }

    public subscript(state: MessageState) -> UInt64 { counts[state] ?? 0 }

    /// States that some message is in, in the order of a message's life.
    public var present: [(state: MessageState, count: UInt64)] {
        let others = counts.keys.filter { !$0.isKnown }.sorted { $0.rawValue < $1.rawValue }
        return (MessageState.allCases + others).compactMap { state in
            let count = self[state]
            return count == 0 ? nil : (state, count)
        }
    }

    public var total: UInt64 { counts.values.reduce(0, +) }
}
