internal import ConfigurationModel
internal import JSON
internal import SMSModel

/// Some members of a JSON object (RFC 8259), read without building the others. The whole text is checked all the same.
///
/// The value of some twenty members of a carrier's answer two or three matter, and making values of all costs as much as a request.
struct JSONMembers {
    enum Value: Hashable {
        case null
        case string(String)
        case integer(Int)
        /// Anything else: a list, an object, a truth, a number that is not whole or out of range.
        case other

        var string: String? { if case .string(let text) = self { text } else { nil } }
        var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    }

    private let names: [StaticString]
    private var values: [Value?]

    /// - Parameter names: those that matter, without escapes.
    /// - Returns: nil if the text is no object, or has one of the members twice.
    init?(_ names: StaticString..., of text: [UInt8]) {
        self.names = names
        values = Array(repeating: nil, count: names.count)
        let isWhole = text.withUnsafeBufferPointer { text in
            var scanner = JSONScanner(text)
            return read(&scanner) && scanner.isAtEnd
        }
        guard isWhole else { return nil }
    }

    /// nil = there is no such member.
    subscript(_ name: StaticString) -> Value? { values[names.firstIndex { Self.areEqual($0, name) }!] }

    private mutating func read(_ scanner: inout JSONScanner) -> Bool {
        guard scanner.skip("{") else { return false }
        if scanner.skip("}") { return true }
        repeat {
            guard let name = scanner.string(), scanner.skip(":") else { return false }
            if let place = place(of: name, scanner) {
                guard values[place] == nil, let value = scanner.scalar() else { return false }
                values[place] = value
            } else if !scanner.value(depth: 2) {
                return false
            }
        } while scanner.skip(",")
        return scanner.skip("}")
    }

    private func place(of name: JSONScanner.Text, _ scanner: JSONScanner) -> Int? {
        if name.hasEscapes {
            guard let text = scanner.decoded(name) else { return nil }
            return names.firstIndex { text.utf8.elementsEqual(Self.bytes(of: $0)) }
        }
        let bytes = scanner.bytes[name.range]
        return names.firstIndex { Self.bytes(of: $0).elementsEqual(bytes) }
    }

    private static func bytes(of name: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }

    private static func areEqual(_ one: StaticString, _ other: StaticString) -> Bool {
        bytes(of: one).elementsEqual(bytes(of: other))
    }
}

/// Goes over a JSON text value by value. Every method takes what is next, after any white space, and says whether it is
/// there; after a false the scanner is of no more use.
struct JSONScanner {
    /// A string, without its quotes.
    struct Text {
        var range: Range<Int>
        var hasEscapes: Bool
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return offset == bytes.count
        }
    }

    mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    /// Any value.
    mutating func value(depth: Int) -> Bool {
        guard depth <= Limits.jsonDepth else { return false }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return elements(depth: depth, named: true, until: "}")
        case UInt8(ascii: "["): return elements(depth: depth, named: false, until: "]")
        case UInt8(ascii: "\""): return string() != nil
        default: return word() || number() != nil
        }
    }

    private mutating func elements(depth: Int, named: Bool, until end: Unicode.Scalar) -> Bool {
        offset += 1
        if skip(end) { return true }
        repeat {
            guard !named || (string() != nil && skip(":")), value(depth: depth + 1) else { return false }
        } while skip(",")
        return skip(end)
    }

    /// A value, made unless it is a list or an object.
    mutating func scalar() -> JSONMembers.Value? {
        skipSpace()
        switch next {
        case UInt8(ascii: "\""): return string().flatMap(decoded).map(JSONMembers.Value.string)
        case UInt8(ascii: "n"): return word() ? .null : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "t"), UInt8(ascii: "f"):
            return value(depth: 2) ? .other : nil
        default:
            guard let range = number() else { return nil }
            return Int(String(decoding: bytes[range], as: UTF8.self)).map(JSONMembers.Value.integer) ?? .other
        }
    }

    mutating func string() -> Text? {
        guard skip("\"") else { return nil }
        let start = offset
        var hasEscapes = false
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return Text(range: start..<offset - 1, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                guard skipEscape() else { return nil }
            case ..<0x20: return nil
            case ..<0x80: offset += 1
            default:
                guard let character = StrictUTF8.decode(UnsafeRawBufferPointer(bytes), at: offset) else { return nil }
                offset += character.bytes
            }
        }
        return nil
    }

    /// Halves of surrogate pairs are found by ``decoded(_:)``, for texts that matter.
    private mutating func skipEscape() -> Bool {
        offset += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
            return true
        case UInt8(ascii: "u"):
            let digits = bytes[(offset + 1)...].prefix(4)
            offset += 5
            return digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        default: return false
        }
    }

    /// nil for half of a surrogate pair.
    func decoded(_ text: Text) -> String? {
        guard text.hasEscapes else { return String(decoding: bytes[text.range], as: UTF8.self) }
        let quoted = UnsafeBufferPointer(rebasing: bytes[text.range.lowerBound - 1..<text.range.upperBound + 1])
        return (try? JSONValue(Array(quoted)))?.string
    }

    private mutating func word() -> Bool {
        for word in ["null", "true", "false"] as [StaticString] {
            let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            guard bytes[offset...].starts(with: letters) else { continue }
            offset += letters.count
            return true
        }
        return false
    }

    private mutating func number() -> Range<Int>? {
        let start = offset
        if next == UInt8(ascii: "-") { offset += 1 }
        if next == UInt8(ascii: "0") { offset += 1 } else if !digits() { return nil }
        if next == UInt8(ascii: ".") {
            offset += 1
            guard digits() else { return nil }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            guard digits() else { return nil }
        }
        return start..<offset
    }

    /// At least one.
    private mutating func digits() -> Bool {
        let start = offset
        while let byte = next, byte &- 0x30 <= 9 { offset += 1 }
        return offset > start
    }
}
