internal import SMSModel

extension JSONValue {
    /// Reads a whole text, strictly: one value, UTF-8 without a byte order mark, no member twice (two names are the
    /// same if they look the same), no half of a surrogate pair, no number beyond a double's range, and nested no
    /// deeper than ``Limits/jsonDepth``.
    package init(_ bytes: UnsafeRawBufferPointer, numbers: NumberReading = .values) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, numbers: numbers)
        self = try parser.parse()
    }

    package init(_ bytes: [UInt8], numbers: NumberReading = .values) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try JSONValue(UnsafeRawBufferPointer(buffer), numbers: numbers)
        }
    }

    package init(_ text: String, numbers: NumberReading = .values) throws(JSONError) {
        try self.init(Array(text.utf8), numbers: numbers)
    }

    /// What becomes of numbers.
    package enum NumberReading: Sendable {
        /// ``JSONValue/integer(_:)`` and ``JSONValue/real(_:)``.
        case values
        /// ``JSONValue/string(_:)`` with the number's characters as they stand, whatever its size: `10.50`, `1e400`.
        case texts
    }
}

/// Recursive descent over the text's bytes.
private struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private let numbers: JSONValue.NumberReading
    private var offset = 0

    init(bytes: UnsafeRawBufferPointer, numbers: JSONValue.NumberReading) {
        self.bytes = bytes
        self.numbers = numbers
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try self.value(depth: 1)
        skipSpace()
        guard offset == bytes.count else { throw error("there is something behind the value") }
        return value
    }

    // MARK: Where it is

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    /// - Returns: whether the byte was next, and is behind now.
    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    private func error(_ reason: String, at place: Int? = nil) -> JSONError {
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

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard depth <= Limits.jsonDepth else { throw error("it is nested deeper than \(Limits.jsonDepth) levels") }
        guard let next else { throw unexpected }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
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

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var values: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if skip("]") { return .array(values) }
            guard skip(",") else { throw unexpected }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        offset += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if skip("}") { return .object(members) }
        while true {
            skipSpace()
            let place = offset
            guard next == UInt8(ascii: "\"") else { throw unexpected }
            let name = try string()
            skipSpace()
            guard skip(":") else { throw unexpected }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else {
                throw error("the member \(name) is there twice", at: place)
            }
            skipSpace()
            if skip("}") { return .object(members) }
            guard skip(",") else { throw unexpected }
        }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while true {
            guard let byte = next else { throw unexpected }
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += Array(String(try escaped()).utf8)
            case ..<0x20: throw error("a string has the control character \(byte), which must be escaped")
            default:
                guard let character = StrictUTF8.decode(bytes, at: offset) else { throw error("it is not UTF-8") }
                text += bytes[offset..<offset + character.bytes]
                offset += character.bytes
            }
        }
    }

    private mutating func escaped() throws(JSONError) -> Unicode.Scalar {
        let place = offset
        offset += 1
        guard let byte = next else { throw unexpected }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw error("a backslash is followed by what it does not escape", at: place)
        }
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // The first half of a pair, or nothing.
        guard unit < 0xDC00, skip("\\"), skip("u") else { throw error("half of a surrogate pair", at: place) }
        let low = try codeUnit()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw error("half of a surrogate pair", at: place) }
        return scalar
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw unexpected }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONValue {
        let place = offset
        let sign = skip("-") ? "-" : ""
        var digits = try digits()
        guard digits.first != UInt8(ascii: "0") || digits.count == 1 else {
            throw error("a number begins with a zero", at: place)
        }
        var exponent = 0
        if skip(".") {
            let fraction = try self.digits()
            digits += fraction
            exponent -= fraction.count
        }
        if skip("e") || skip("E") {
            let isNegative = skip("-")
            if !isNegative { _ = skip("+") }
            // Beyond any double, whatever the digits before it; and far from an overflow.
            let written = min(Int(String(decoding: try self.digits(), as: UTF8.self)) ?? .max, 1 << 40)
            exponent += isNegative ? -written : written
        }
        if numbers == .texts { return .string(String(decoding: bytes[place..<offset], as: UTF8.self)) }
        // Whether it is whole shows in its digits; a double could have rounded it.
        digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        if digits.isEmpty { return .integer(0) }
        while exponent < 0, digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        if exponent >= 0, digits.count + exponent <= 19 {
            let zeros = String(repeating: "0", count: exponent)
            if let whole = Int64(sign + String(decoding: digits, as: UTF8.self) + zeros) { return .integer(whole) }
        }
        guard let value = Double(String(decoding: bytes[place..<offset], as: UTF8.self)), value.isFinite else {
            throw error("a number is beyond the range of a double", at: place)
        }
        return .real(value)
    }

    /// At least one.
    private mutating func digits() throws(JSONError) -> [UInt8] {
        let start = offset
        while let byte = next, byte &- 0x30 <= 9 { offset += 1 }
        guard offset > start else { throw unexpected }
        return Array(bytes[start..<offset])
    }
}
