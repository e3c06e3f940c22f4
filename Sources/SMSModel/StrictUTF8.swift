/// Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
package enum StrictUTF8 {
    /// A character, and how many bytes it takes.
    package struct Decoded {
        package let scalar: UInt32
        package let bytes: Int
    }

    /// The character that begins at `offset`, or nil if what is there is not one.
    @inline(__always)
    package static func decode(_ text: UnsafeRawBufferPointer, at offset: Int) -> Decoded? {
        let lead = text[offset]
        if lead < 0x80 { return Decoded(scalar: UInt32(lead), bytes: 1) }
        switch lead {
        case 0xC2...0xDF:
            guard let second = continuation(text, offset + 1) else { return nil }
            return Decoded(scalar: UInt32(lead & 0x1F) << 6 | second, bytes: 2)
        case 0xE0...0xEF:
            guard let second = continuation(text, offset + 1), let third = continuation(text, offset + 2)
            else { return nil }
            let scalar = UInt32(lead & 0x0F) << 12 | second << 6 | third
            guard scalar >= 0x800, !(0xD800...0xDFFF).contains(scalar) else { return nil }
            return Decoded(scalar: scalar, bytes: 3)
        case 0xF0...0xF4:
            guard let second = continuation(text, offset + 1), let third = continuation(text, offset + 2),
                let fourth = continuation(text, offset + 3)
            else { return nil }
            let scalar = UInt32(lead & 0x07) << 18 | second << 12 | third << 6 | fourth
            guard (0x10000...0x10FFFF).contains(scalar) else { return nil }
            return Decoded(scalar: scalar, bytes: 4)
        default:
            return nil
        }
    }

    /// Whether a text is UTF-8 without NUL: what any text of a request has to be.
    package static func isText(_ text: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < text.count {
            guard let next = decode(text, at: offset), next.scalar != 0 else { return false }
            offset += next.bytes
        }
        return true
    }

    @inline(__always)
    private static func continuation(_ text: UnsafeRawBufferPointer, _ offset: Int) -> UInt32? {
        guard offset < text.count else { return nil }
        let byte = text[offset]
        return byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
    }
}
