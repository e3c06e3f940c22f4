internal import SMSModel

/// A message's id, or a batch's: a positive number that is written as decimal digits.
public struct MessageID: Hashable, Comparable, Sendable, LosslessStringConvertible {
    public let rawValue: UInt64

    /// - Returns: nil unless the text is a positive decimal number below 2^63.
    public init?(_ text: String) {
        guard let id = SMSModel.MessageID(text) else { return nil }
        rawValue = id.rawValue
    }

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(_ id: SMSModel.MessageID) {
        rawValue = id.rawValue
    }

    var model: SMSModel.MessageID { SMSModel.MessageID(rawValue: rawValue) }

    public var description: String { String(rawValue) }

    public static func < (a: MessageID, b: MessageID) -> Bool { a.rawValue < b.rawValue }
}

/// In JSON and the like an id is a text, as in the protocol: not every reader has whole numbers of 63 bits.
extension MessageID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = MessageID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Which batch: the name that its sender gave it, or its id.
public enum BatchReference: Hashable, Sendable {
    /// 1 to 64 bytes.
    case name(String)
    case id(MessageID)
}
