package import JSON
internal import SMSModel

/// What was done, as the audit log names it.
package enum AuditVerb: String {
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
    /// Another tenant's messages were read: by an administrator.
    case read = "messages.read"
    /// Another tenant's were canceled.
    case cancel = "messages.cancel"
}

extension AuditRecord {
    package init(
        _ verb: AuditVerb, _ subject: String, by context: AuditContext, before: JSONValue? = nil,
        after: JSONValue? = nil
    ) {
        self.init(
            context: context, verb: verb.rawValue, subject: subject, before: before?.text ?? "",
            after: after?.text ?? "")
    }

    /// Makes the records of the changes that made a generation.
    package init(_ changes: [ConfigurationChange], by context: AuditContext, verb: AuditVerb, generation: UInt32) {
        self.init(
            context: context, verb: verb.rawValue, subject: "generation \(generation)",
            before: Self.document(changes, \.before), after: Self.document(changes, \.after))
    }

    /// A document of the configuration, without secrets; "" if there is nothing in it. Made of the objects' texts one
    /// by one: as a whole, ten thousand of them take ten times the memory.
    private static func document(
        _ changes: [ConfigurationChange], _ side: KeyPath<ConfigurationChange, String?>
    ) -> String {
        // Changes of a kind come by name, as canonical JSON has them.
        var kinds: [String: String] = [:]
        for change in changes {
            guard let text = change[keyPath: side], let object = try? JSONValue(text) else { continue }
            let member = "\(JSONValue.string(change.name).text):\(object.withoutSecrets.text)"
            let separator = kinds[change.kindInDocuments] == nil ? "" : ","
            kinds[change.kindInDocuments, default: ""] += separator + member
        }
        let members = kinds.sorted { $0.key < $1.key }.map { "\(JSONValue.string($0.key).text):{\($0.value)}" }
        return members.isEmpty ? "" : "{\(members.joined(separator: ","))}"
    }
}

extension ConfigurationChange {
    /// The plural.
    package var kindInDocuments: String { kind + "s" }
}

extension JSONValue {
    /// Even what is encrypted has no business outside of the configuration.
    fileprivate var withoutSecrets: JSONValue {
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
