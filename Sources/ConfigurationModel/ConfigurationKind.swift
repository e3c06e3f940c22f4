internal import JSON
internal import SMSModel

/// A kind of objects of the dynamic configuration: what a document, a store and a change do with all kinds alike.
protocol ConfigurationKind: Hashable, Sendable {
    /// The name that ``ConfigurationObject`` and ``ConfigurationChange`` use; documents have it with an s.
    static var kind: String { get }
    /// Objects of one generation.
    static var most: Int { get }

    /// What is wrong with the name of an object, in a clause, or nil.
    static func problem(withName name: String) -> String?

    /// - Parameters:
    ///   - path: where `value` stands in its document.
    ///   - violations: takes what is wrong.
    /// - Returns: nil if it is no object.
    init?(_ value: JSONValue, path: String, into violations: inout [FieldViolation])
    var json: JSONValue { get }

    /// Replaces each secret by what `change` makes of it.
    mutating func mapSecrets(of name: String, _ change: (_ secret: String, _ place: SecretPlace) -> String)
}

extension ConfigurationKind {
    static var plural: String { kind + "s" }

    mutating func mapSecrets(of name: String, _ change: (_ secret: String, _ place: SecretPlace) -> String) {}
}

/// All objects of a kind, by name.
extension Dictionary where Key == String, Value: ConfigurationKind {
    // MARK: Documents

    var json: JSONValue { .object(named: mapValues(\.json)) }

    /// Takes the member of a document that is about this kind. An object that is named has what is said there and
    /// nothing else; null removes it.
    /// - Parameter isNeeded: whether it may not be left out.
    mutating func read(_ reader: inout MemberReader, isNeeded: Bool, into violations: inout [FieldViolation]) {
        let kind = Value.plural
        switch reader.take(kind) {
        case .object(let members):
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                let name = key.text
                let path = "\(kind).\(name)"
                if value == .null {
                    self[name] = nil
                } else if let problem = Value.problem(withName: name) {
                    violations.append(FieldViolation(field: path, description: problem))
                } else if let settings = Value(value, path: path, into: &violations) {
                    self[name] = settings
                }
            }
        case nil: if isNeeded { reader.fault(kind, "is missing; an empty object removes all \(kind)") }
        default: reader.fault(kind, "must be an object of settings by name")
        }
    }

    /// Whether there are more than may be.
    var excess: [FieldViolation] {
        guard count > Value.most else { return [] }
        let problem = "are \(count), at most \(Value.most) are possible"
        return [FieldViolation(field: Value.plural, description: problem)]
    }

    // MARK: Stores

    var objects: [ConfigurationObject] {
        sorted { $0.key < $1.key }.map { name, settings in
            ConfigurationObject(kind: Value.kind, name: name, document: settings.json.text)
        }
    }

    /// What leads from these objects to others.
    func changes(to next: Self) -> [ConfigurationChange] {
        Set(keys).union(next.keys).sorted().compactMap { name in
            let (before, after) = (self[name], next[name])
            guard before != after else { return nil }
            return ConfigurationChange(
                kind: Value.kind, name: name, before: before?.json.text, after: after?.json.text)
        }
    }

    /// - Parameters: what a store has; nil = no such object.
    /// - Throws: if the object is not what the step begins from, or what it leads to cannot be read.
    mutating func step(_ name: String, from: String?, to: String?) throws(ConfigurationError) {
        guard try Self.settings(name, from) == self[name] else {
            throw .unreadable(Value.kind, name, "is not what its change begins from")
        }
        self[name] = try Self.settings(name, to)
    }

    private static func settings(_ name: String, _ document: String?) throws(ConfigurationError) -> Value? {
        guard let document else { return nil }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(document)
        } catch {
            throw .unreadable(Value.kind, name, "is not JSON: \(error)")
        }
        var violations: [FieldViolation] = []
        let settings = Value(value, path: "\(Value.plural).\(name)", into: &violations)
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        return settings
    }
}

extension ConfigurationError {
    static func unreadable(_ kind: String, _ name: String, _ description: String) -> ConfigurationError {
        ConfigurationError([FieldViolation(field: "\(kind)s.\(name)", description: description)])
    }
}
