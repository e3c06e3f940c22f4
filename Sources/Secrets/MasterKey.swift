internal import COpenSSL
internal import SMSModel

/// The key that secrets at rest are encrypted with. Its bytes are wiped when nobody needs it any more, and no
/// description shows them.
package final class MasterKey: Sendable, CustomStringConvertible {
    package static let bytes = 32
    // Unsafe: the memory is written once, before anybody else has this value, and only read since.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// A key as a file or the environment has it: 64 hexadecimal digits, or 32 bytes in base64 or base64url. White
    /// space around it is passed over.
    /// - Throws: ``SecretError/noKey``.
    package init(_ text: String) throws(SecretError) {
        storage = .allocate(byteCount: Self.bytes, alignment: 16)
        // What was allocated is wiped and given back by the deinit, also where this throws.
        var digits = Array(text.utf8.drop(while: Self.isSpace))
        while let last = digits.last, Self.isSpace(last) { digits.removeLast() }
        let decoded = digits.count == 2 * Self.bytes ? Self.hexadecimal(digits) : Self.base64(digits)
        guard let decoded, decoded.count == Self.bytes else { throw .noKey }
        storage.copyBytes(from: decoded)
    }

    deinit {
        OPENSSL_cleanse(storage.baseAddress, storage.count)
        storage.deallocate()
    }

    package var description: String { "a master key" }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { body(.init(storage)) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    /// Decodes either alphabet, padded or not.
    private static func base64(_ digits: [UInt8]) -> [UInt8]? {
        let isPadded = digits.last == UInt8(ascii: "=")
        guard !isPadded || digits.count % 4 == 0 else { return nil }
        return Base64URL.decode(
            digits.prefix { $0 != UInt8(ascii: "=") }.map { digit in
                switch digit {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: digit
                }
            })
    }

    private static func hexadecimal(_ digits: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Character(Unicode.Scalar(digits[place])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[place + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// Why a secret cannot be had. Descriptions are clauses for operators, and tell nothing of the secret.
package enum SecretError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is no master key.
    case noKey
    /// The text is not one that ``SecretBox`` has sealed.
    case notSealed
    /// Another key, another place, or a text that was changed: which of them cannot be told.
    case notOpened
    /// The system has no random bytes.
    case noRandomness

    package var description: String {
        switch self {
        case .noKey: "a master key is 32 bytes, as 64 hexadecimal digits or in base64: `openssl rand -hex 32` makes one"
        case .notSealed: "it is no sealed secret: those begin with \(SecretBox.prefix)"
        case .notOpened: "it was sealed with another master key or for another place, or it was changed since"
        case .noRandomness: "the system gives no random bytes"
        }
    }
}
