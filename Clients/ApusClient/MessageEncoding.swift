internal import SMSModel

/// How a body is encoded; raw values are the protocol's names.
///
/// An encoding of a later gateway, which this version doesn't know, is carried as `ENCODING_` and its number.
public struct MessageEncoding: RawRepresentable, Hashable, Codable, CaseIterable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// GSM 7-bit: up to 160 characters in one segment, 153 in each of several.
    public static let gsm7 = MessageEncoding(name: "GSM7")
    /// UCS-2: up to 70 UTF-16 units in one segment, 67 in each of several.
    public static let ucs2 = MessageEncoding(name: "UCS2")

    /// The ones that this version knows.
    public static let allCases: [MessageEncoding] = [.gsm7, .ucs2]

    /// - Returns: nil for a text that is no encoding's name.
    public init?(rawValue: String) {
        guard OpenName.isName(rawValue, of: Self.allCases, prefix: Self.prefix) else { return nil }
        self.rawValue = rawValue
    }

    private static let prefix = "ENCODING_"

    private init(name: String) {
        rawValue = name
    }

    /// - Parameter number: of an encoding that this version doesn't know, which counts then.
    init(_ encoding: Encoding, number: Int32?) {
        if let number {
            self.init(name: "\(Self.prefix)\(number)")
        } else {
            switch encoding {
            case .gsm7: self = .gsm7
            case .ucs2: self = .ucs2
            }
        }
    }

    /// Whether this version knows it.
    public var isKnown: Bool { Self.allCases.contains(self) }

    public var description: String { rawValue }
}
