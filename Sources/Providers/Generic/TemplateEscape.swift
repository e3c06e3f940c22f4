/// How a value is written where it stands, so that it stays one value whatever is in it.
enum TemplateEscape: Hashable, Sendable {
    /// The text as it is.
    case none
    /// A form, a query or a path: everything but what RFC 3986 calls unreserved is written `%XX`.
    case percent
    /// Within a JSON string.
    case json
    /// Within a header: what is no visible character of ASCII is written `%XX`, the percent sign too.
    case header
    /// A character of XML, in a text or an attribute.
    case xml

    /// A secret or a setting is the operator's own, and in a header it stands as it is.
    var ofConstants: TemplateEscape { self == .header ? .none : self }

    func append(_ text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        switch self {
        case .none: bytes += text
        case .percent: FormWriter.append(escaped: text, to: &bytes)
        case .json: for byte in text { Self.appendJSON(byte, to: &bytes) }
        case .header:
            for byte in text {
                if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%") {
                    bytes.append(byte)
                } else {
                    bytes += [UInt8(ascii: "%"), Self.digits[Int(byte >> 4)], Self.digits[Int(byte & 15)]]
                }
            }
        case .xml: for byte in text { Self.appendXML(byte, to: &bytes) }
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func appendJSON(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case 0..<0x20, 0x7F:
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }

    private static func appendXML(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
        case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
        case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
        case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
        case UInt8(ascii: "'"): bytes += Array("&apos;".utf8)
        case 0x09, 0x0A, 0x0D: bytes += Array("&#\(byte);".utf8)
        // Control characters can't be written in XML 1.0 at all.
        case 0..<0x20: bytes += Array("\u{FFFD}".utf8)
        default: bytes.append(byte)
        }
    }
}
