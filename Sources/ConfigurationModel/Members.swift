/// Members of an object that is being written: those that are nil are left out.
struct Members {
    private(set) var values: [String: JSON] = [:]

    init(_ members: (String, JSON?)...) {
        for (name, value) in members { values[name] = value }
    }

    subscript(name: String) -> JSON? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// nil without members.
    var json: JSON? { values.isEmpty ? nil : .object(values) }
}

extension JSON {
    static func strings(_ strings: [String]) -> JSON { .array(strings.map(JSON.string)) }

    /// A number as it is read again.
    static func number(_ number: Double) -> JSON { Int64(exactly: number).map(JSON.integer) ?? .real(number) }
}
