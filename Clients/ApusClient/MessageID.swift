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

/// Which batch: the name that its sender gave it, or its id.
public enum BatchReference: Hashable, Sendable {
    /// 1 to 64 bytes.
    case name(String)
    case id(MessageID)
}
