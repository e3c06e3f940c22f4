internal import JSON

/// Members of an object that is being written: those that are nil are left out.
struct Members {
    private(set) var values: [TextKey: JSONValue] = [:]

    init(_ members: (String, JSONValue?)...) {
        for (name, value) in members { values[name] = value }
    }

    subscript(name: String) -> JSONValue? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// nil without members.
    var json: JSONValue? { values.isEmpty ? nil : .object(values) }
}

extension JSONValue {
    static func strings(_ strings: [String]) -> JSONValue { .array(strings.map(JSONValue.string)) }

    /// A number as it is read again.
    static func number(_ number: Double) -> JSONValue { Int64(exactly: number).map(JSONValue.integer) ?? .real(number) }
}
