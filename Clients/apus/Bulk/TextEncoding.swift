/// Recognises text that is not UTF-8, so that it can be named before a row of it is used.
enum TextEncoding {
    /// The UTF-16 or UTF-32 that a file begins with; nil for anything else.
    ///
    /// Text of these encodings has zero bytes, which no CSV or JSON has; a byte order mark says the same.
    static func wide(_ beginning: some Collection<UInt8>) -> String? {
        let bytes = Array(beginning.prefix(64))
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) { return "UTF-16LE" }
        if bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16BE" }
        let zeros = bytes.indices.filter { bytes[$0] == 0 }
        guard zeros.count * 4 >= bytes.count, let first = zeros.first else { return nil }
        return first % 2 == 0 ? "UTF-16BE" : "UTF-16LE"
    }

    /// A text as Windows-1252 has it; nil where a byte has no character there.
    static func windows1252(_ bytes: some Sequence<UInt8>) -> String? {
        var text = ""
        for byte in bytes {
            guard let scalar = byte < 0x80 || byte > 0x9F ? Unicode.Scalar(byte) : high[Int(byte) - 0x80] else {
                return nil
            }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// The characters of the bytes from 0x80 to 0x9F, by Microsoft's table for code page 1252.
    private static let high: [Unicode.Scalar?] = [
        "€", nil, "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", nil, "Ž", nil, nil, "‘", "’", "“", "”", "•",
        "–", "—", "˜", "™", "š", "›", "œ", nil, "ž", "Ÿ",
    ]

    /// A sentence about bytes that are not UTF-8: what they most likely are, with the first word that shows it.
    static func problem(_ bytes: [UInt8]) -> String {
        guard let text = windows1252(bytes), let place = text.unicodeScalars.firstIndex(where: { !$0.isASCII }) else {
            return "it is not UTF-8"
        }
        let scalars = text.unicodeScalars
        func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar.value > 0x20 && scalar != "," && scalar != ";" }
        let begin = scalars[..<place].suffix(20).reversed().prefix(while: isWord).count
        let start = scalars.index(place, offsetBy: -begin)
        let word = String(String.UnicodeScalarView(scalars[start...].prefix(while: isWord).prefix(40)))
        return "it is Windows-1252 or Latin-1, not UTF-8: as such it has the word “\(word)”"
    }

    /// What a person can do about it.
    static func advice(_ encoding: String) -> String {
        "Save it as UTF-8 (in a spreadsheet: “CSV UTF-8”), or convert it: iconv -f \(encoding) -t UTF-8 FILE > NEW"
    }
}
