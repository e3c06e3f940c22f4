/// Makes texts that others have written harmless to a terminal: what people send, carriers' errors, references, tags.
///
/// Control characters could move the cursor, colour, or write the clipboard; line breaks could forge rows; controls of
/// direction could turn a text around. All of them are shown as escapes: `\u{1B}` is `\e`, others are `\u{202E}`.
enum SafeText {
    /// A text in which line feeds stand: they alone are kept.
    static func lines(_ text: String) -> String { escaped(text, keepsLines: true) }

    /// A text on one line.
    static func line(_ text: String) -> String { escaped(text, keepsLines: false) }

    /// JSON, in whose strings the same characters are escaped as JSON does it; it means the same.
    static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            guard isDangerous(scalar) else {
                safe.unicodeScalars.append(scalar)
                continue
            }
            for unit in UTF16.encode(scalar)! {
                let digits = String(unit, radix: 16)
                safe += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return safe
    }

    private static func escaped(_ text: String, keepsLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: { isDangerous($0) && !(keepsLines && $0 == "\n") }) else {
            return text
        }
        var safe = ""
        for scalar in text.unicodeScalars {
            if !isDangerous(scalar) || keepsLines && scalar == "\n" {
                safe.unicodeScalars.append(scalar)
            } else {
                safe += escape(scalar)
            }
        }
        return safe
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\u{1B}": "\\e"
        default: "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
        }
    }

    /// Whether a character does something to a terminal, or is not seen for what it is.
    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // C0, delete and C1; line and paragraph separators.
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029: true
        // Marks, embeddings, overrides and isolates of direction.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        // Zero width, which hides in a word, but for the joiners that scripts and emoji need; the tags of plane 14.
        case 0x200B, 0x2060...0x2065, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
        default: false
        }
    }
}

extension String {
    /// The text with its line breaks and other controls shown as escapes.
    var onOneLine: String { SafeText.line(self) }
}
