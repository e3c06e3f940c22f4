internal import SMSModel

/// Where a secret of the configuration stands.
struct SecretPlace {
    /// In a document, such as `providers.eu.secrets.auth_token`.
    var field: String
    /// Other than that of any other secret, and the same as long as it belongs to the same; see
    /// ``DynamicConfiguration/Sealing``.
    var context: String

    /// - Parameter owner: names without line breaks, from the kind on.
    init(field: String, owner: String...) {
        self.field = field
        context = owner.joined(separator: "\n")
    }
}

/// Secrets of the configuration are kept encrypted. Who encrypts is handed in: a function of a secret and of its
/// context, which says where it belongs. What is sealed for one place does not open in another.
extension DynamicConfiguration {
    package typealias Sealing = (_ secret: String, _ context: String) throws -> String

    /// Whether there is anything to be sealed.
    package var hasSecrets: Bool { !secrets.isEmpty }

    /// With every secret sealed, as it is to be kept. One that is the same as before stays as it was sealed then, so
    /// that the same document again changes nothing; one that is sealed already must be one that opens.
    /// - Throws: what `seal` and `open` refuse, and where.
    package func sealed(
        keeping current: DynamicConfiguration, seal: Sealing, open: Sealing
    ) throws(ConfigurationError) -> DynamicConfiguration {
        let kept = current.secrets
        return try mappingSecrets { secret, context in
            guard !Form.isSealed(secret) else {
                _ = try open(secret, context)
                return secret
            }
            if let kept = kept[context], (try? open(kept, context)) == secret { return kept }
            return try seal(secret, context)
        }
    }

    /// With every secret as it is to be used.
    /// - Throws: what `open` refuses, and where.
    package func opened(_ open: Sealing) throws(ConfigurationError) -> DynamicConfiguration {
        try mappingSecrets { secret, context in Form.isSealed(secret) ? try open(secret, context) : secret }
    }

    /// The providers alone, with every secret as it is to be used.
    /// - Throws: what `open` refuses, and where.
    package func openedProviders(_ open: Sealing) throws(ConfigurationError) -> [String: ProviderSettings] {
        var configuration = DynamicConfiguration()
        configuration.providers = providers
        return try configuration.opened(open).providers
    }

    /// All of them, by context.
    private var secrets: [String: String] {
        var secrets: [String: String] = [:]
        var copy = self
        copy.visitSecrets { secret, place in
            secrets[place.context] = secret
            return secret
        }
        return secrets
    }

    private func mappingSecrets(_ change: Sealing) throws(ConfigurationError) -> DynamicConfiguration {
        var next = self
        var violations: [FieldViolation] = []
        next.visitSecrets { secret, place in
            do {
                return try change(secret, place.context)
            } catch {
                violations.append(FieldViolation(field: place.field, description: "\(error)"))
                return secret
            }
        }
        guard violations.isEmpty else { throw ConfigurationError(violations) }
        return next
    }

    private mutating func visitSecrets(_ change: (_ secret: String, _ place: SecretPlace) -> String) {
        for name in providers.keys.sorted() { providers[name]?.mapSecrets(of: name, change) }
        for name in tenants.keys.sorted() { tenants[name]?.mapSecrets(of: name, change) }
    }
}

extension TenantSettings {
    mutating func mapSecrets(of name: String, _ change: (_ secret: String, _ place: SecretPlace) -> String) {
        for (place, issuer) in issuers.enumerated() where issuer.algorithm == .hs256 {
            for (keyPlace, key) in issuer.keys.enumerated() {
                issuers[place].keys[keyPlace].material = change(
                    key.material,
                    SecretPlace(
                        field: "tenants.\(name).issuers[\(place)].keys[\(keyPlace)].secret",
                        owner: "issuer", name, issuer.issuer, key.id ?? ""))
            }
        }
    }
}

extension ProviderSettings {
    mutating func mapSecrets(of name: String, _ change: (_ secret: String, _ place: SecretPlace) -> String) {
        for (secretName, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            secrets[secretName] = change(
                secret,
                SecretPlace(field: "providers.\(name).secrets.\(secretName)", owner: "provider", name, secretName))
        }
    }
}
