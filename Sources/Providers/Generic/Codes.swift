internal import FoundationEssentials
internal import SMSModel

extension CodeForm {
    func text(_ octets: [UInt8]) -> String {
        switch self {
        case .hex: Hexadecimal.text(octets)
        case .base64: Data(octets).base64EncodedString()
        case .base64URL: Base64URL.encode(octets)
        }
    }

    /// - Returns: nil if it is not written in this way.
    func octets(_ text: String) -> [UInt8]? {
        switch self {
        case .hex: Hexadecimal.octets(text)
        case .base64: Data(base64Encoded: text).map(Array.init)
        case .base64URL: Base64URL.decode(text)
        }
    }
}

/// Two digits an octet: lower case where it is written, any where it is read.
enum Hexadecimal {
    static func text(_ octets: [UInt8]) -> String {
        octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    static func octets(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var octets: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[place], let low = digits[place + 1] else { return nil }
            octets.append(UInt8(high << 4 | low))
        }
        return octets
    }
}
