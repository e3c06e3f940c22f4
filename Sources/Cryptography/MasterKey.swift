internal import COpenSSL

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
        let decoded =
            digits.count == 2 * Self.bytes
            ? Hexadecimal.decode(String(decoding: digits, as: UTF8.self)) : Self.base64(digits)
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
}
