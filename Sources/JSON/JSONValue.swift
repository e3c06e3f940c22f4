/// A JSON value (RFC 8259), without what texts of the same meaning may differ in.
///
/// ``init(_:)-(String)`` is strict where RFC 8259 leaves room; ``text`` is canonical.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A whole number, however it was written: `1000`, `1e3`, `1000.0`.
    case integer(Int64)
    /// Any other number, to the precision of a double.
    case real(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    // MARK: What it is; nil if it is something else

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

    package subscript(name: String) -> JSONValue? { object?[name] }

    /// The text of a string, number or boolean; nil for null, arrays and objects.
    package var scalarText: String? {
        switch self {
        case .null, .array, .object: nil
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .real(let value): value.description
        case .string(let value): value
        }
    }
}
