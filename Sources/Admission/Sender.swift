internal import SMSModel

/// The sender of a message: an E.164 number, a short code, or an alphanumeric name (3GPP TS 23.040, 9.1.2.5, of
/// whose alphabet only what carriers commonly let through is taken).
package enum Sender {
    package static let shortCodeDigits = 3...8

    /// What is wrong with a sender that is not empty, in one sentence, or nil.
    package static func check(_ sender: UnsafeRawBufferPointer) -> String? {
        if sender.first == UInt8(ascii: "+") { return PhoneNumber.check(sender)?.description }
        if sender.allSatisfy(isDigit) {
            if shortCodeDigits.contains(sender.count) { return nil }
            return "A short code has \(shortCodeDigits.lowerBound) to \(shortCodeDigits.upperBound) digits, and a "
                + "number begins with +."
        }
        if sender.count > Limits.alphanumericSenderCharacters {
            return "A sender's name has at most \(Limits.alphanumericSenderCharacters) characters."
        }
        guard sender.allSatisfy(isNameCharacter) else {
            return "A sender's name consists of A-Z, a-z, 0-9, space and _ . & -."
        }
        guard sender.contains(where: isLetter) else { return "A sender's name has at least one letter." }
        guard sender.first != UInt8(ascii: " "), sender.last != UInt8(ascii: " ") else {
            return "A sender's name neither begins nor ends with a space."
        }
        return nil
    }

    /// Whether a sender that was checked is a name, no number.
    static func isName(_ sender: UnsafeRawBufferPointer) -> Bool { sender.contains(where: isLetter) }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 <= 25 }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "&"), UInt8(ascii: "-"): true
        default: isDigit(byte) || isLetter(byte)
        }
    }
}
