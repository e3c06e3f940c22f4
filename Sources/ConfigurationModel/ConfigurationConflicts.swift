internal import SMSModel

extension DynamicConfiguration {
    /// What is wrong with the whole, though each object by itself is fine.
    var conflicts: [FieldViolation] {
        providers.excess + routes.excess + tenants.excess + missingNames + sharedIdentities
    }

    /// What routes name and isn't there.
    private var missingNames: [FieldViolation] {
        var missing: [FieldViolation] = []
        for (route, settings) in routes.sorted(by: { $0.key < $1.key }) {
            func look(for names: [String], _ list: String, _ isThere: (String) -> Bool) {
                for (place, name) in names.enumerated() where !isThere(name) {
                    missing.append(
                        FieldViolation(
                            field: "routes.\(route).\(list)[\(place)]", description: "names \(name), which is not there"
                        ))
                }
            }
            look(for: settings.providers, "providers") { providers[$0] != nil }
            look(for: settings.tenants ?? [], "tenants") { tenants[$0] != nil }
        }
        return missing
    }

    /// Certificates and users that stand for two tenants.
    private var sharedIdentities: [FieldViolation] {
        var conflicts: [FieldViolation] = []
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
}
