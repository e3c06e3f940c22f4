internal import SMSModel

/// Which messages go before which; raw values are the protocol's names.
///
/// A priority of a later gateway, which this version doesn't know, is carried as `PRIORITY_` and its number. No message
/// can be sent with one.
public struct MessagePriority: RawRepresentable, Hashable, Codable, CaseIterable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public static let urgent = MessagePriority(name: "URGENT")
    public static let normal = MessagePriority(name: "NORMAL")
    public static let bulk = MessagePriority(name: "BULK")

    /// The ones that this version knows.
    public static let allCases: [MessagePriority] = [.urgent, .normal, .bulk]

    /// - Returns: nil for a text that is no priority's name.
    public init?(rawValue: String) {
        guard OpenName.isName(rawValue, of: Self.allCases, prefix: Self.prefix) else { return nil }
        self.rawValue = rawValue
    }

    private static let prefix = "PRIORITY_"

    private init(name: String) {
        rawValue = name
    }

    /// - Parameter number: of a priority that this version doesn't know, which counts then.
    init(_ priority: Priority, number: Int32?) {
        if let number {
            self.init(name: "\(Self.prefix)\(number)")
        } else {
            switch priority {
            case .urgent: self = .urgent
            case .normal: self = .normal
            case .bulk: self = .bulk
            }
        }
    }

    /// Whether this version knows it.
    public var isKnown: Bool { Self.allCases.contains(self) }

    public var description: String { rawValue }
}

extension Priority {
    /// - Throws: INVALID_ARGUMENT for one that this version doesn't know.
    init(_ priority: MessagePriority) throws(ApusError) {
        switch priority {
        case .urgent: self = .urgent
        case .normal: self = .normal
        case .bulk: self = .bulk
        default: throw .invalidField("priority", "\(priority) is not known to this version")
        }
    }
}
