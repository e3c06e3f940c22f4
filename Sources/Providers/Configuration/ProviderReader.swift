package import ConfigurationModel
internal import JSON
package import SMSModel

/// Reads what only a kind knows of a provider's settings: its options and its secrets.
package struct ProviderReader {
    package var options: MemberReader
    package var secrets: MemberReader

    /// - Parameter settings: with secrets opened.
    package init(_ name: String, _ settings: ProviderSettings) {
        options = MemberReader(settings.options, path: "providers.\(name).options")
        secrets = MemberReader(
            .object(named: settings.secrets.mapValues(JSONValue.string)), path: "providers.\(name).secrets")
    }

    /// All that is wrong with what was read, and what nobody has asked for.
    package mutating func finish() -> [FieldViolation] { options.finish() + secrets.finish() }
}

extension MemberReader {
    /// A name, a URL or a path.
    mutating func option(_ name: String) -> String? { text(name, upTo: Limits.providerOptionBytes) }
}
