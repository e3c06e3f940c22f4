internal import JSON

/// Settings by their path in an object, such as `quota.segments_per_day`.
extension JSONValue {
    /// nil where there is none.
    func setting(_ path: some Collection<Substring>) -> JSONValue? {
        path.reduce(self as JSONValue?) { value, name in value?[String(name)] }
    }

    /// Puts a setting there, and the objects that lead to it; nil removes it.
    mutating func set(_ path: ArraySlice<Substring>, to value: JSONValue?) {
        guard let first = path.first else { return }
        var members = object ?? [:]
        let name = String(first)
        if path.count == 1 {
            members[name] = value
        } else {
            var inner = members[name] ?? .object([:])
            inner.set(path.dropFirst(), to: value)
            members[name] = inner == .object([:]) ? nil : inner
        }
        self = .object(members)
    }

    mutating func set(_ path: String, to value: JSONValue?) {
        set(path.split(separator: ".")[...], to: value)
    }

    /// Each setting by its path, in the order of the paths. A list is one as a whole, unless it is of objects:
    /// `issuers[0].algorithm`.
    var settings: [(path: String, value: JSONValue)] {
        guard case .object(let members) = self else { return [] }
        return members.sorted { $0.key < $1.key }.flatMap { key, value in
            let name = key.text
            if value.object?.isEmpty == false {
                return value.settings.map { (path: "\(name).\($0.path)", value: $0.value) }
            }
            guard let elements = value.array, !elements.isEmpty, elements.allSatisfy({ $0.object != nil }) else {
                return [(path: name, value: value)]
            }
            return elements.enumerated().flatMap { place, element in
                element.settings.map { (path: "\(name)[\(place)].\($0.path)", value: $0.value) }
            }
        }
    }

    /// The setting as people read it, on one line: a list's elements parted by commas.
    var plainText: String {
        switch self {
        case .string(let text): text.replacing("\n", with: " ")
        case .array(let elements): elements.isEmpty ? "none" : elements.map(\.plainText).joined(separator: ", ")
        default: text
        }
    }
}

extension JSONOutput {
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .number(value)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map(JSONOutput.init))
        case .object(let members):
            self = .object(members.sorted { $0.key < $1.key }.map { ($0.key.text, JSONOutput($0.value)) })
        }
    }

    /// A document that the gateway told.
    init(document: String?) {
        self = document.flatMap { try? JSONValue($0) }.map(JSONOutput.init) ?? .null
    }
}

extension JSONValue {
    /// Settings of a provider, with the names of its secrets alone. Sealed as they are, nobody needs to see more.
    var withoutSecrets: JSONValue {
        guard let secrets = self["secrets"]?.object else { return self }
        var copy = self
        copy.set("secrets", to: .array(secrets.keys.sorted().map { .string($0.text) }))
        return copy
    }
}
