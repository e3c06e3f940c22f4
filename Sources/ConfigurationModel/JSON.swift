/// A JSON value (RFC 8259), without what texts of the same meaning may differ in.
///
/// ``init(_:)-(String)`` is strict where RFC 8259 leaves room; ``text`` is canonical.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A whole number, however it was written: `1000`, `1e3`, `1000.0`.
    case integer(Int64)
    /// Any other number, to the precision of a double.
    case real(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    // MARK: What it is; nil if it is something else

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    package var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

    package subscript(name: String) -> JSON? { object?[name] }

    // MARK: Writing

    /// Members by the bytes of their names, no white space: the same text for the same value.
    package var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .real(let value): text += value.description
        case .string(let value): Self.appendQuoted(value, to: &text)
        case .array(let values):
            text += "["
            for (place, value) in values.enumerated() {
                if place > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (place, member) in sorted.enumerated() {
                if place > 0 { text += "," }
                Self.appendQuoted(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// A string as JSON has it. Escaped is also what some readers take for the end of a line.
    package static func appendQuoted(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1 on.
    package var line: Int
    /// From 1 on, in characters (Unicode scalars).
    package var column: Int
    /// A clause, such as "the member kid is there twice".
    package var reason: String

    package var description: String { "line \(line), column \(column): \(reason)" }
}
