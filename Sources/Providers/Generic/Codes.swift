internal import Cryptography
internal import FoundationEssentials
internal import SMSModel

extension CodeForm {
    func text(_ octets: [UInt8]) -> String {
        switch self {
        case .hex: Hexadecimal.encode(octets)
        case .base64: Data(octets).base64EncodedString()
        case .base64URL: Base64URL.encode(octets)
        }
    }

    /// - Returns: nil if it is not written in this way.
    func octets(_ text: String) -> [UInt8]? {
        switch self {
        case .hex: Hexadecimal.decode(text)
        case .base64: Data(base64Encoded: text).map(Array.init)
        case .base64URL: Base64URL.decode(text)
        }
    }
}
