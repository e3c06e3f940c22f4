extension JSONValue {
    /// Reads a whole text, strictly: one value, UTF-8 without a byte order mark, no member twice (two names are the
    /// same if their bytes are, escapes undone), no name above ``Limits/fieldNameBytes``, no half of a surrogate pair,
    /// no number beyond a double's range, and nested no deeper than ``Limits/jsonDepth``.
    package init(_ bytes: UnsafeRawBufferPointer, numbers: NumberReading = .values) throws(JSONError) {
        var parser = JSONParser(scanner: JSONScanner(bytes), numbers: numbers)
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

/// Makes values of what the scanner finds, by recursive descent.
private struct JSONParser {
    var scanner: JSONScanner
    let numbers: JSONValue.NumberReading

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try Self.value(&scanner, numbers, depth: 1)
        try scanner.end()
        return value
    }

    private static func value(
        _ scanner: inout JSONScanner, _ numbers: JSONValue.NumberReading, depth: Int
    ) throws(JSONError) -> JSONValue {
        switch try scanner.kind(depth: depth) {
        case .string: return .string(try scanner.decoded(try scanner.string()))
        case .number: return try number(&scanner, numbers)
        case .word: return try scanner.word()
        case .array:
            var values: [JSONValue] = []
            try scanner.array { (scanner) throws(JSONError) in
                values.append(try value(&scanner, numbers, depth: depth + 1))
            }
            return .array(values)
        case .object:
            var members: [TextKey: JSONValue] = [:]
            try scanner.object { (scanner, name, place) throws(JSONError) in
                let name = TextKey(try scanner.decoded(name))
                let value = try value(&scanner, numbers, depth: depth + 1)
                guard members.updateValue(value, forKey: name) == nil else {
                    throw scanner.error("the member \(name) is there twice", at: place)
                }
            }
            return .object(members)
        }
    }

    private static func number(
        _ scanner: inout JSONScanner, _ numbers: JSONValue.NumberReading
    ) throws(JSONError) -> JSONValue {
        let range = try scanner.number()
        let written = scanner.bytes[range]
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: written), as: UTF8.self)
        if numbers == .texts { return .string(text) }
        if let whole = whole(written) { return .integer(whole) }
        guard let value = Double(text), value.isFinite else {
            throw scanner.error("a number is beyond the range of a double", at: range.lowerBound)
        }
        return .real(value)
    }

    /// Whether a number is whole shows in its digits; a double could have rounded it.
    private static func whole(_ written: Slice<UnsafeRawBufferPointer>) -> Int64? {
        let mantissa = written.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        var digits = mantissa.filter { $0 &- 0x30 <= 9 }.drop { $0 == UInt8(ascii: "0") }
        if digits.isEmpty { return 0 }
        let fraction = mantissa.firstIndex(of: UInt8(ascii: ".")).map { mantissa[($0 + 1)...].count } ?? 0
        var exponent = exponent(written.dropFirst(mantissa.count + 1)) - fraction
        while exponent < 0, digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        let sign = written.first == UInt8(ascii: "-") ? "-" : ""
        return Int64(sign + String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: exponent))
    }

    private static func exponent(_ written: Slice<UnsafeRawBufferPointer>) -> Int {
        guard let first = written.first else { return 0 }
        let digits = written.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        // Beyond any double, whatever the digits before it; and far from an overflow.
        let amount = min(Int(String(decoding: digits, as: UTF8.self)) ?? .max, 1 << 40)
        return first == UInt8(ascii: "-") ? -amount : amount
    }
}
