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
    /// Names are foreign texts until somebody has looked at them: keys by their bytes.
    case object([TextKey: JSONValue])

    // MARK: What it is; nil if it is something else

    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: [TextKey: JSONValue]? { if case .object(let value) = self { value } else { nil } }

    package subscript(name: String) -> JSONValue? { object?[name] }

    /// An object of texts that are the gateway's own.
    package static func object(named members: [String: JSONValue]) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: members.map { (TextKey($0.key), $0.value) }))
    }

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
