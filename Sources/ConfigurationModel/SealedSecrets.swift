internal import SMSModel

/// Secrets of the configuration are kept encrypted. Who encrypts is handed in: a function of a secret and of its
/// context, which says where it belongs. What is sealed for one place does not open in another.
extension DynamicConfiguration {
    package typealias Sealing = (_ secret: String, _ context: String) throws -> String

    /// With every secret sealed, as it is to be kept. One that is the same as before stays as it was sealed then, so
    /// that the same document again changes nothing; one that is sealed already must be one that opens.
    /// - Throws: what `seal` and `open` refuse, and where.
    package func sealed(
        keeping current: DynamicConfiguration, seal: Sealing, open: Sealing
    ) throws(ConfigurationError) -> DynamicConfiguration {
        try mappingSecrets { place in
            guard !Form.isSealed(place.secret) else {
                _ = try open(place.secret, place.context)
                return place.secret
            }
            let before = current.tenants[place.tenant]?.issuers.first { $0.issuer == place.issuer }
            if before?.algorithm == .hs256, let kept = before?.keys.first(where: { $0.id == place.key })?.material,
                (try? open(kept, place.context)) == place.secret
            {
                return kept
            }
            return try seal(place.secret, place.context)
        }
    }

    /// With every secret as it is to be used.
    /// - Throws: what `open` refuses, and where.
    package func opened(_ open: Sealing) throws(ConfigurationError) -> DynamicConfiguration {
        try mappingSecrets { place in
            Form.isSealed(place.secret) ? try open(place.secret, place.context) : place.secret
        }
    }

    /// Where a secret stands.
    private struct Place {
        var tenant: String
        var issuer: String
        var key: String?
        var secret: String

        /// None of the names has a line break.
        var context: String { "issuer\n\(tenant)\n\(issuer)\n\(key ?? "")" }
    }

    private func mappingSecrets(_ change: (Place) throws -> String) throws(ConfigurationError) -> DynamicConfiguration {
        var next = self
        var violations: [FieldViolation] = []
        for (name, settings) in tenants.sorted(by: { $0.key < $1.key }) {
            for (issuerPlace, issuer) in settings.issuers.enumerated() where issuer.algorithm == .hs256 {
                for (keyPlace, key) in issuer.keys.enumerated() {
                    let place = Place(tenant: name, issuer: issuer.issuer, key: key.id, secret: key.material)
                    do {
                        let changed = try change(place)
                        next.tenants[name]?.issuers[issuerPlace].keys[keyPlace].material = changed
                    } catch {
                        violations.append(
                            FieldViolation(
                                field: "tenants.\(name).issuers[\(issuerPlace)].keys[\(keyPlace)].secret",
                                description: "\(error)"))
                    }
                }
            }
        }
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        return next
    }
}
