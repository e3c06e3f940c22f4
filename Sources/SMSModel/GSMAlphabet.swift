/// The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1), as far as counting needs them.
package enum GSMAlphabet {
    /// How many septets a character takes: 1 from the basic table, 2 from the extension table (an escape precedes
    /// it), 0 if it is in neither. U+001B is in neither: its septet announces an extension and is no character.
    package static func septets(of scalar: UInt32) -> Int {
        switch scalar {
        case 0x0A, 0x0D, 0x20...0x5A, 0x5F, 0x61...0x7A:
            1
        case 0x0C, 0x5B...0x5E, 0x7B...0x7E, 0x20AC:  // form feed [ \ ] ^ { | } ~ €
            2
        case 0xA1, 0xA3...0xA5, 0xA7, 0xBF:  // ¡ £ ¤ ¥ § ¿
            1
        case 0xC4...0xC7, 0xC9, 0xD1, 0xD6, 0xD8, 0xDC:  // Ä Å Æ Ç É Ñ Ö Ø Ü
            1
        case 0xDF, 0xE0, 0xE4...0xE6, 0xE8, 0xE9, 0xEC:  // ß à ä å æ è é ì
            1
        case 0xF1, 0xF2, 0xF6, 0xF8, 0xF9, 0xFC:  // ñ ò ö ø ù ü
            1
        case 0x0393, 0x0394, 0x0398, 0x039B, 0x039E, 0x03A0, 0x03A3, 0x03A6, 0x03A8, 0x03A9:  // Γ Δ Θ Λ Ξ Π Σ Φ Ψ Ω
            1
        default:
            0
        }
    }

    /// Whether the eight bytes from `offset` on are there and are all characters of one byte in UTF-8, one septet and
    /// one unit of UCS-2, line ends aside: what most texts consist of. False says nothing.
    ///
    /// Adding 0x80 - n to a byte below 0x80 sets its top bit if the byte is n or more, and never carries.
    @inline(__always)
    static func areEightPlain(_ text: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset + 8 <= text.count else { return false }
        let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        guard word & tops == 0 else { return false }
        let fromSpace = word &+ ones &* (0x80 - 0x20)
        let fromBracket = word &+ ones &* (0x80 - 0x5B)
        let fromUnderscore = word &+ ones &* (0x80 - 0x5F)
        let fromBacktick = word &+ ones &* (0x80 - 0x60)
        let fromSmallA = word &+ ones &* (0x80 - 0x61)
        let fromBrace = word &+ ones &* (0x80 - 0x7B)
        let plain = (fromSpace & ~fromBracket) | (fromUnderscore & ~fromBacktick) | (fromSmallA & ~fromBrace)
        return plain & tops == tops
    }
}
