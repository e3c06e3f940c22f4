internal import SMSModel

/// All of a generation: what can be changed while the gateway runs.
package struct DynamicConfiguration: Hashable, Sendable {
    /// By name.
    package var tenants: [String: TenantSettings] = [:]

    /// As ``ConfigurationObject`` and ``ConfigurationChange`` name it; documents have the plural.
    package static let tenantKind = "tenant"

    package init() {}

    /// Reads what a store has.
    package init(_ objects: [ConfigurationObject]) throws(ConfigurationError) {
        for object in objects { try set(object.kind, object.name, to: object.document) }
    }

    /// What a store is to have, by kind and name.
    package var objects: [ConfigurationObject] {
        tenants.keys.sorted().map { name in
            ConfigurationObject(kind: Self.tenantKind, name: name, document: tenants[name]!.json.text)
        }
    }

    // MARK: Documents

    /// `{"tenants": {NAME: {…}}}`, complete.
    package var document: JSON { .object(["tenants": .object(tenants.mapValues(\.json))]) }

    /// This configuration, changed as a document `{"tenants": {NAME: {…}}}` says. A tenant that is named has what is
    /// said there and nothing else; null removes it.
    /// - Parameter isPartial: what is not named stays; else it is removed.
    /// - Throws: all that is wrong with the document, or with what would become of it.
    package func applying(_ document: JSON, isPartial: Bool) throws(ConfigurationError) -> DynamicConfiguration {
        var next = isPartial ? self : DynamicConfiguration()
        var reader = MemberReader(document, path: "")
        if document.object == nil { throw ConfigurationError(reader.violations) }
        var violations: [FieldViolation] = []
        switch reader.take("tenants") {
        case .object(let tenants): next.setTenants(tenants, &violations)
        case nil where isPartial: break
        case nil: reader.fault("tenants", "is missing; an empty object removes all tenants")
        default: reader.fault("tenants", "must be an object of settings by name")
        }
        violations = reader.finish() + violations
        violations += next.conflicts
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        return next
    }

    private mutating func setTenants(_ settings: [String: JSON], _ violations: inout [FieldViolation]) {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            let path = "tenants.\(name)"
            if value == .null {
                tenants[name] = nil
            } else if let problem = Form.tenantName(name) {
                violations.append(FieldViolation(field: path, description: problem))
            } else if let settings = TenantSettings(value, path: path, into: &violations) {
                tenants[name] = settings
            }
        }
    }

    /// What is wrong with the whole, though each tenant by itself is fine.
    private var conflicts: [FieldViolation] {
        var conflicts: [FieldViolation] = []
        if tenants.count > Limits.tenants {
            conflicts.append(
                FieldViolation(
                    field: "tenants", description: "are \(tenants.count), at most \(Limits.tenants) are possible"))
        }
        var certificates: [String: String] = [:]
        var uids: [UInt32: String] = [:]
        for (name, settings) in tenants.sorted(by: { $0.key < $1.key }) {
            func taken(_ list: String, _ place: Int, _ owner: String) {
                conflicts.append(
                    FieldViolation(
                        field: "tenants.\(name).identity.\(list)[\(place)]",
                        description: "stands for tenant \(owner) already"))
            }
            for (place, certificate) in settings.certificates.enumerated() {
                if let owner = certificates.updateValue(name, forKey: certificate) {
                    taken("certificates", place, owner)
                }
            }
            for (place, uid) in settings.uids.enumerated() {
                if let owner = uids.updateValue(name, forKey: uid) { taken("uids", place, owner) }
            }
        }
        return conflicts
    }

    // MARK: Changes

    /// What leads from this configuration to another, by kind and name; empty if they are the same.
    package func changes(to next: DynamicConfiguration) -> [ConfigurationChange] {
        Set(tenants.keys).union(next.tenants.keys).sorted().compactMap { name in
            let (before, after) = (tenants[name], next.tenants[name])
            guard before != after else { return nil }
            return ConfigurationChange(
                kind: Self.tenantKind, name: name, before: before?.json.text, after: after?.json.text)
        }
    }

    /// Goes on by the changes that made a generation.
    /// - Throws: if they are not those of the next one.
    package mutating func apply(_ changes: [ConfigurationChange]) throws(ConfigurationError) {
        for change in changes { try step(change, from: change.before, to: change.after) }
    }

    /// Goes back by the changes that made this generation.
    /// - Throws: if they are not those of this one.
    package mutating func undo(_ changes: [ConfigurationChange]) throws(ConfigurationError) {
        for change in changes { try step(change, from: change.after, to: change.before) }
    }

    private mutating func step(
        _ change: ConfigurationChange, from: String?, to: String?
    ) throws(ConfigurationError) {
        var known = DynamicConfiguration()
        if let from { try known.set(change.kind, change.name, to: from) }
        guard known.tenants[change.name] == tenants[change.name] else {
            throw Self.unreadable(change.kind, change.name, "is not what its change begins from")
        }
        try set(change.kind, change.name, to: to)
    }

    /// - Parameter document: as a store has it; nil removes the object.
    private mutating func set(_ kind: String, _ name: String, to document: String?) throws(ConfigurationError) {
        guard kind == Self.tenantKind else { throw Self.unreadable(kind, name, "is of a kind that is not known") }
        guard let document else {
            tenants[name] = nil
            return
        }
        let value: JSON
        do throws(JSONError) {
            value = try JSON(document)
        } catch {
            throw Self.unreadable(kind, name, "is not JSON: \(error)")
        }
        var violations: [FieldViolation] = []
        let settings = TenantSettings(value, path: "tenants.\(name)", into: &violations)
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        tenants[name] = settings
    }

    private static func unreadable(_ kind: String, _ name: String, _ description: String) -> ConfigurationError {
        ConfigurationError([FieldViolation(field: "\(kind)s.\(name)", description: description)])
    }
}
