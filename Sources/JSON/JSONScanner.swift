internal import SMSModel

/// Goes over a JSON text (RFC 8259) value by value, without making anything of it. Every method takes what is next, after
/// any white space; after an error the scanner is of no more use.
package struct JSONScanner {
    /// A string, without its quotes.
    package struct Text {
        package var range: Range<Int>
        package var hasEscapes: Bool
    }

    /// What kind of value is next.
    package enum Kind {
        case object, array, string, number
        /// `true`, `false`, `null`, or nothing that is a value.
        case word
    }

    package let bytes: UnsafeRawBufferPointer
    /// The place of the next byte.
    package private(set) var offset = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    // MARK: Where it is

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    /// Nothing more stands there.
    package mutating func end() throws(JSONError) {
        skipSpace()
        guard offset == bytes.count else { throw error("there is something behind the value") }
    }

    /// - Returns: whether the byte was next, and is behind now.
    package mutating func skips(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    package mutating func skip(_ byte: Unicode.Scalar) throws(JSONError) {
        guard skips(byte) else { throw unexpected }
    }

    package func error(_ reason: String, at place: Int? = nil) -> JSONError {
        let before = bytes.prefix(place ?? offset)
        let line = before.lastIndex(of: 0x0A).map { before[($0 + 1)...] } ?? before[...]
        return JSONError(
            line: 1 + before.count { $0 == 0x0A }, column: 1 + line.count { $0 & 0xC0 != 0x80 }, reason: reason)
    }

    private var unexpected: JSONError {
        guard let next else { return error("the text ends too early") }
        guard next > 0x20, next < 0x7F else { return error("no byte \(next) is expected here") }
        return error("no \(Character(Unicode.Scalar(next))) is expected here")
    }

    // MARK: Values

    /// - Parameter depth: of the value; the whole one's is 1.
    package mutating func kind(depth: Int) throws(JSONError) -> Kind {
        skipSpace()
        guard depth <= Limits.jsonDepth else { throw error("it is nested deeper than \(Limits.jsonDepth) levels") }
        guard let next else { return .word }
        switch next {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: return .word
        }
    }

    /// Passes over a value, whatever it is.
    package mutating func skipValue(depth: Int) throws(JSONError) {
        switch try kind(depth: depth) {
        case .object:
            try object { (scanner, _, _) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
        case .array: try array { (scanner) throws(JSONError) in try scanner.skipValue(depth: depth + 1) }
        case .string: _ = try string()
        case .number: _ = try number()
        case .word: _ = try word()
        }
    }

    /// - Parameter element: takes the value that is next.
    package mutating func array(_ element: (inout JSONScanner) throws(JSONError) -> Void) throws(JSONError) {
        try skip("[")
        if skips("]") { return }
        repeat { try element(&self) } while skips(",")
        try skip("]")
    }

    /// - Parameter member: takes the value that is next, which is that of the name, given with its place.
    package mutating func object(
        _ member: (inout JSONScanner, Text, _ place: Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        try skip("{")
        if skips("}") { return }
        repeat {
            skipSpace()
            let place = offset
            let name = try string()
            guard name.range.count <= Limits.fieldNameBytes else {
                throw error("a name has more than \(Limits.fieldNameBytes) bytes", at: place)
            }
            try skip(":")
            try member(&self, name, place)
        } while skips(",")
        try skip("}")
    }

    /// `null`, `true` or `false`.
    package mutating func word() throws(JSONError) -> JSONValue {
        switch next {
        case UInt8(ascii: "t"): try self.word("true", .bool(true))
        case UInt8(ascii: "f"): try self.word("false", .bool(false))
        case UInt8(ascii: "n"): try self.word("null", .null)
        default: throw unexpected
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for place in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[place] else { throw unexpected }
            offset += 1
        }
        return value
    }

    /// - Returns: where it stands.
    package mutating func number() throws(JSONError) -> Range<Int> {
        skipSpace()
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        let whole = try digits()
        guard bytes[whole.lowerBound] != UInt8(ascii: "0") || whole.count == 1 else {
            throw error("a number begins with a zero", at: start)
        }
        if next == UInt8(ascii: ".") {
            offset += 1
            _ = try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            _ = try digits()
        }
        return start..<offset
    }

    /// At least one.
    private mutating func digits() throws(JSONError) -> Range<Int> {
        let start = offset
        while let byte = next, byte &- 0x30 <= 9 { offset += 1 }
        guard offset > start else { throw unexpected }
        return start..<offset
    }

    // MARK: Strings

    /// A string in UTF-8 with proper escapes; halves of surrogate pairs are found by ``decoded(_:)``.
    package mutating func string() throws(JSONError) -> Text {
        try skip("\"")
        let start = offset
        var hasEscapes = false
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return Text(range: start..<offset - 1, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case ..<0x20: throw error("a string has the control character \(byte), which must be escaped")
            case ..<0x80: offset += 1
            default:
                guard let character = StrictUTF8.decode(bytes, at: offset) else { throw error("it is not UTF-8") }
                offset += character.bytes
            }
        }
        throw unexpected
    }

    private mutating func skipEscape() throws(JSONError) {
        let place = offset
        offset += 1
        guard let byte = next else { throw unexpected }
        offset += 1
        guard byte == UInt8(ascii: "u") else {
            guard Self.escaped(byte) != nil else {
                throw error("a backslash is followed by what it does not escape", at: place)
            }
            return
        }
        for _ in 0..<4 {
            guard let byte = next, Self.digit(byte) != nil else { throw unexpected }
            offset += 1
        }
    }

    /// The text of a string that was passed.
    /// - Throws: for half of a surrogate pair.
    package func decoded(_ text: Text) throws(JSONError) -> String {
        guard text.hasEscapes else {
            return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[text.range]), as: UTF8.self)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.range.count)
        var place = text.range.lowerBound
        while place < text.range.upperBound {
            let byte = bytes[place]
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                place += 1
                continue
            }
            let start = place
            place += 2
            if let plain = Self.escaped(bytes[start + 1]) {
                decoded.append(plain)
                continue
            }
            decoded += Array(String(try scalar(at: start, &place, end: text.range.upperBound)).utf8)
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// - Parameters:
    ///   - start: of the escape `\u`.
    ///   - place: behind those two bytes; then behind all that the character takes.
    private func scalar(at start: Int, _ place: inout Int, end: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = codeUnit(at: &place)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // The first half of a pair, or nothing.
        guard unit < 0xDC00, place + 6 <= end, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair", at: start) }
        place += 2
        let low = codeUnit(at: &place)
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw error("half of a surrogate pair", at: start) }
        return scalar
    }

    /// Four digits that have been checked.
    private func codeUnit(at place: inout Int) -> UInt16 {
        defer { place += 4 }
        return bytes[place..<place + 4].reduce(0) { $0 << 4 | UInt16(Self.digit($1) ?? 0) }
    }

    /// The byte that a backslash before this one stands for; nil for `u` and what has no meaning.
    private static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
