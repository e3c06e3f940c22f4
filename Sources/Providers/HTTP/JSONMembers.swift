internal import JSON

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
        let isWhole = text.withUnsafeBytes { text in
            var scanner = JSONScanner(text)
            return (try? read(&scanner)) != nil
        }
        guard isWhole else { return nil }
    }

    /// nil = there is no such member.
    subscript(_ name: StaticString) -> Value? { values[names.firstIndex { Self.areEqual($0, name) }!] }

    private mutating func read(_ scanner: inout JSONScanner) throws(JSONError) {
        var values = values
        try scanner.object { (scanner, name, place) throws(JSONError) in
            guard let index = try index(of: name, scanner) else { return try scanner.skipValue(depth: 2) }
            guard values[index] == nil else { throw scanner.error("a member is there twice", at: place) }
            values[index] = try Self.value(&scanner)
        }
        try scanner.end()
        self.values = values
    }

    private func index(of name: JSONScanner.Text, _ scanner: JSONScanner) throws(JSONError) -> Int? {
        if name.hasEscapes {
            let text = try scanner.decoded(name)
            return names.firstIndex { text.utf8.elementsEqual(Self.bytes(of: $0)) }
        }
        let bytes = scanner.bytes[name.range]
        return names.firstIndex { Self.bytes(of: $0).elementsEqual(bytes) }
    }

    /// A value, made unless it is a list or an object.
    private static func value(_ scanner: inout JSONScanner) throws(JSONError) -> Value {
        switch try scanner.kind(depth: 2) {
        case .string: return .string(try scanner.decoded(try scanner.string()))
        case .number:
            let range = try scanner.number()
            let text = String(decoding: UnsafeRawBufferPointer(rebasing: scanner.bytes[range]), as: UTF8.self)
            return Int(text).map(Value.integer) ?? .other
        case .word: return try scanner.word() == .null ? .null : .other
        case .array, .object:
            try scanner.skipValue(depth: 2)
            return .other
        }
    }

    private static func bytes(of name: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }

    private static func areEqual(_ one: StaticString, _ other: StaticString) -> Bool {
        bytes(of: one).elementsEqual(bytes(of: other))
    }
}
