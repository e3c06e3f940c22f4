/// A body whose typographic and invisible characters are replaced by those of GSM-7, so that it need not be sent as
/// UCS-2.
///
/// All or nothing: a body that has any other character outside of GSM-7 stays as it is, since it is UCS-2 in any case,
/// where a replacement changes the text and saves nothing. Letters are never replaced, with or without accents: only a
/// letter and a combining accent become the one letter of GSM-7 that the two are (`e` and U+0301 become `é`).
package struct SmartEncoding: Sendable {
    /// UTF-8.
    package private(set) var body: [UInt8] = []
    /// How many characters were replaced.
    package private(set) var count = 0
    /// The characters that were replaced, each once, and how often, in the order of their first places.
    private var kinds: [(scalar: UInt32, count: Int)] = []

    /// - Parameters:
    ///   - given: a body that ``Segmentation`` takes.
    ///   - segmentation: the body's as it is given; replaced by the new body's.
    /// - Returns: nil, and `segmentation` as it is, if the body stays as it is: it is GSM-7 already, has a character
    ///   that neither GSM-7 nor the table has, or would need more segments, since `…` becomes three characters.
    package init?(_ given: UnsafeRawBufferPointer, _ segmentation: inout Segmentation) {
        guard segmentation.encoding == .ucs2, replaceAll(in: given) else { return nil }
        guard let replaced = body.withUnsafeBytes({ try? Segmentation($0) }), replaced.encoding == .gsm7,
            replaced.segments <= segmentation.segments
        else { return nil }
        segmentation = replaced
    }

    /// - Returns: false if that is not possible.
    private mutating func replaceAll(in given: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        /// The character before, as it came, and where it begins in the new body.
        var last: (scalar: UInt32, offset: Int) = (0, 0)
        while offset < given.count {
            guard let next = StrictUTF8.decode(given, at: offset) else { return false }
            let start = body.count
            if GSMAlphabet.septets(of: next.scalar) > 0 {
                body.append(contentsOf: given[offset..<offset + next.bytes])
                last = (next.scalar, start)
            } else if let replacement = Self.replacement(of: next.scalar) {
                body.append(contentsOf: replacement.bytes)
                note(next.scalar)
                last = (0, start)
            } else if let composed = Self.composition(of: last.scalar, next.scalar) {
                body.removeSubrange(last.offset...)
                body.append(contentsOf: composed.bytes)
                note(next.scalar)
                last.scalar = 0
            } else {
                return false
            }
            offset += next.bytes
        }
        return true
    }

    private mutating func note(_ scalar: UInt32) {
        count += 1
        if let place = kinds.firstIndex(where: { $0.scalar == scalar }) {
            kinds[place].count += 1
        } else {
            kinds.append((scalar, 1))
        }
    }

    /// What was replaced, in words for a timeline: at most ``Limits/smartEncodingDetailBytes`` of UTF-8, such as
    /// `’→' ×2, U+200B removed`.
    package var detail: String {
        var text = ""
        for (place, kind) in kinds.enumerated() {
            var words = (place == 0 ? "" : ", ") + Self.words(for: kind.scalar)
            if kind.count > 1 { words += " ×\(kind.count)" }
            let rest = kinds.count - place - 1
            let ending = rest == 0 ? "" : ", and \(rest) more kinds"
            guard text.utf8.count + words.utf8.count + ending.utf8.count <= Limits.smartEncodingDetailBytes else {
                return text + ", and \(rest + 1) more kinds"
            }
            text += words
        }
        return text
    }

    private static func words(for scalar: UInt32) -> String {
        let name = CharacterName.text(scalar)
        guard let replacement = replacement(of: scalar) else { return "\(name) composed" }
        switch replacement.description {
        case "": return "\(name) removed"
        case " ": return "\(name)→space"
        case "\n": return "\(name)→line feed"
        case let text: return "\(name)→\(text)"
        }
    }
}

extension SmartEncoding {
    /// What stands for a character, in GSM-7; nil = it stays as it is.
    ///
    /// The characters are those of the public tables of Twilio's Smart Encoding and GOV.UK Notify that are quotation
    /// marks, dashes, spaces, ellipses, bullets or invisible, and others of the same kinds.
    static func replacement(of scalar: UInt32) -> StaticString? {
        switch scalar {
        // « » ʺ ˮ “ ” „ ‟ ″ ‶ ❝ ❞ 〝 〞 〟 ＂
        case 0xAB, 0xBB, 0x02BA, 0x02EE, 0x201C...0x201F, 0x2033, 0x2036, 0x275D, 0x275E, 0x301D...0x301F, 0xFF02:
            "\""
        // ` ´ ʹ ʻ ʼ ʽ ˈ ˊ ˋ ‘ ’ ‚ ‛ ′ ‵ ‹ › ❛ ❜ ＇
        case 0x60, 0xB4, 0x02B9, 0x02BB...0x02BD, 0x02C8, 0x02CA, 0x02CB, 0x2018...0x201B, 0x2032, 0x2035, 0x2039,
            0x203A, 0x275B, 0x275C, 0xFF07:
            "'"
        // ‐ ‑ ‒ – — ― ⁃ − ﹘ ﹣ －
        case 0x2010...0x2015, 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D:
            "-"
        // • ‣ ∙ ▪ ● ◦
        case 0x2022, 0x2023, 0x2219, 0x25AA, 0x25CF, 0x25E6:
            "*"
        case 0x2024: "."
        case 0x2025: ".."
        case 0x2026: "..."
        // Tab, no-break space and all other spaces.
        case 0x09, 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000:
            " "
        // Vertical tab, next line, line and paragraph separator.
        case 0x0B, 0x85, 0x2028, 0x2029:
            "\n"
        // Controls; soft hyphen, joiners, marks of direction, variation selectors, byte order mark: all are invisible.
        case 0x01...0x08, 0x0E...0x1F, 0x7F...0x84, 0x86...0x9F, 0xAD, 0x034F, 0x061C, 0x180E, 0x200B...0x200F,
            0x202A...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFE00...0xFE0F, 0xFEFF:
            ""
        default:
            nil
        }
    }

    /// The letter of GSM-7 that a letter and a combining accent after it are by Unicode's canonical composition; nil =
    /// there is none.
    static func composition(of base: UInt32, _ accent: UInt32) -> StaticString? {
        guard base != 0, 0x0300...0x0327 ~= accent else { return nil }
        return switch (accent, Unicode.Scalar(base)) {
        case (0x0300, "a"): "à"
        case (0x0300, "e"): "è"
        case (0x0300, "i"): "ì"
        case (0x0300, "o"): "ò"
        case (0x0300, "u"): "ù"
        case (0x0301, "e"): "é"
        case (0x0301, "E"): "É"
        case (0x0303, "n"): "ñ"
        case (0x0303, "N"): "Ñ"
        case (0x0308, "a"): "ä"
        case (0x0308, "o"): "ö"
        case (0x0308, "u"): "ü"
        case (0x0308, "A"): "Ä"
        case (0x0308, "O"): "Ö"
        case (0x0308, "U"): "Ü"
        case (0x030A, "a"): "å"
        case (0x030A, "A"): "Å"
        case (0x0327, "C"): "Ç"
        default: nil
        }
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

/// A character as people are told of it.
package enum CharacterName {
    /// `’`, and the code point alone of one that cannot be seen by itself, `U+200B`.
    package static func text(_ scalar: UInt32) -> String {
        guard let character = Unicode.Scalar(scalar), isVisible(character) else { return codePoint(scalar) }
        return String(Character(character))
    }

    /// `U+2019`.
    package static func codePoint(_ scalar: UInt32) -> String {
        let digits = String(scalar, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private static func isVisible(_ character: Unicode.Scalar) -> Bool {
        switch character.properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .nonspacingMark, .spacingMark,
            .enclosingMark, .unassigned, .privateUse, .surrogate:
            false
        default: true
        }
    }
}
