package import JSON
internal import SMSModel

/// All of a generation: what can be changed while the gateway runs. Everything is by name.
package struct DynamicConfiguration: Hashable, Sendable {
    package var providers: [String: ProviderSettings] = [:]
    package var routes: [String: RouteSettings] = [:]
    package var tenants: [String: TenantSettings] = [:]

    /// The name that ``ConfigurationObject`` and ``ConfigurationChange`` use; documents have the plural.
    package static let providerKind = ProviderSettings.kind
    package static let routeKind = RouteSettings.kind
    package static let tenantKind = TenantSettings.kind

    package init() {}

    /// Reads what a store has.
    package init(_ objects: [ConfigurationObject]) throws(ConfigurationError) {
        for object in objects { try step(object.kind, object.name, from: nil, to: object.document) }
    }

    /// What a store is to have, by kind and name.
    package var objects: [ConfigurationObject] { providers.objects + routes.objects + tenants.objects }

    // MARK: Documents

    /// `{"providers": {NAME: {…}}, "routes": {NAME: {…}}, "tenants": {NAME: {…}}}`, complete. Without providers, or
    /// routes, it has no member for them.
    package var document: JSONValue {
        var members: [TextKey: JSONValue] = ["tenants": tenants.json]
        if !providers.isEmpty { members["providers"] = providers.json }
        if !routes.isEmpty { members["routes"] = routes.json }
        return .object(members)
    }

    /// All objects of a kind, by name.
    /// - Parameter kind: as documents have it: the plural.
    /// - Returns: nil if it isn't known.
    package func document(ofKind kind: String) -> JSONValue? {
        switch kind {
        case ProviderSettings.plural: providers.json
        case RouteSettings.plural: routes.json
        case TenantSettings.plural: tenants.json
        default: nil
        }
    }

    /// This configuration, changed as a document says, which looks like ``document``. An object that is named has
    /// what is said there and nothing else; null removes it.
    /// - Parameter isPartial: what is not named stays; else it is removed. A complete document has to have `tenants`;
    ///   without `providers` or `routes`, which older documents don't know, there are none of them.
    /// - Throws: all that is wrong with the document, or with what would become of it.
    package func applying(_ document: JSONValue, isPartial: Bool) throws(ConfigurationError) -> DynamicConfiguration {
        var next = isPartial ? self : DynamicConfiguration()
        var reader = MemberReader(document, path: "")
        if document.object == nil { throw ConfigurationError(reader.violations) }
        var violations: [FieldViolation] = []
        next.providers.read(&reader, isNeeded: false, into: &violations)
        next.routes.read(&reader, isNeeded: false, into: &violations)
        next.tenants.read(&reader, isNeeded: !isPartial, into: &violations)
        violations = reader.finish() + violations
        // An object that can't be read is no reason to complain about those that name it.
        if violations.isEmpty { violations = next.conflicts }
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        return next
    }

    // MARK: Changes

    /// What leads from this configuration to another, by kind and name; empty if they are the same.
    package func changes(to next: DynamicConfiguration) -> [ConfigurationChange] {
        providers.changes(to: next.providers) + routes.changes(to: next.routes) + tenants.changes(to: next.tenants)
    }

    /// Goes on by the changes that made a generation.
    /// - Throws: if they are not those of the next one.
    package mutating func apply(_ changes: [ConfigurationChange]) throws(ConfigurationError) {
        for change in changes { try step(change.kind, change.name, from: change.before, to: change.after) }
    }

    /// Goes back by the changes that made this generation.
    /// - Throws: if they are not those of this one.
    package mutating func undo(_ changes: [ConfigurationChange]) throws(ConfigurationError) {
        for change in changes { try step(change.kind, change.name, from: change.after, to: change.before) }
    }

    private mutating func step(
        _ kind: String, _ name: String, from: String?, to: String?
    ) throws(ConfigurationError) {
        switch kind {
        case ProviderSettings.kind: try providers.step(name, from: from, to: to)
        case RouteSettings.kind: try routes.step(name, from: from, to: to)
        case TenantSettings.kind: try tenants.step(name, from: from, to: to)
        default: throw .unreadable(kind, name, "is of a kind that is not known")
        }
    }
}
