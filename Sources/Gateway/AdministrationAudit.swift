internal import ConfigurationModel
internal import SMSModel
internal import Storage

/// What was done, as the audit log names it.
enum AuditVerb: String {
    case apply = "config.apply"
    case rollBack = "config.rollback"
    case createKey = "key.create"
    case revokeKey = "key.revoke"
    case suppress = "suppression.add"
    case unsuppress = "suppression.remove"
    case pause
    case resume
    case resend = "unknown.resend"
    case settle = "unknown.settle"
}

extension AuditRecord {
    init(_ verb: AuditVerb, _ subject: String, by act: Act, before: JSON? = nil, after: JSON? = nil) {
        self.init(act: act, verb: verb.rawValue, subject: subject, before: before?.text ?? "", after: after?.text ?? "")
    }

    /// Of the changes that made a generation.
    init(_ changes: [ConfigurationChange], by act: Act, verb: AuditVerb, generation: UInt32) {
        self.init(
            verb, "generation \(generation)", by: act, before: Self.objects(changes, \.before),
            after: Self.objects(changes, \.after))
    }

    /// As a document of the configuration, without secrets.
    private static func objects(
        _ changes: [ConfigurationChange], _ side: KeyPath<ConfigurationChange, String?>
    ) -> JSON? {
        var kinds: [String: [String: JSON]] = [:]
        for change in changes {
            guard let text = change[keyPath: side], let document = try? JSON(text) else { continue }
            kinds[change.kindInDocuments, default: [:]][change.name] = document.withoutSecrets
        }
        return kinds.isEmpty ? nil : .object(kinds.mapValues(JSON.object))
    }
}

extension ConfigurationChange {
    /// The plural.
    var kindInDocuments: String { kind + "s" }
}

extension JSON {
    /// Even what is encrypted has no business outside of the configuration.
    fileprivate var withoutSecrets: JSON {
        switch self {
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        switch (name, value) {
                        case ("secret", _): (name, .string("…"))
                        case ("secrets", .object(let secrets)): (name, .object(secrets.mapValues { _ in .string("…") }))
                        default: (name, value.withoutSecrets)
                        }
                    }))
        case .array(let elements): .array(elements.map(\.withoutSecrets))
        case .null, .bool, .integer, .real, .string: self
        }
    }
}
