package import Admission
package import SMSModel

/// A tenant as a connection knows it once its credential has been checked.
package final class Tenant: Sendable {
    package let id: TenantID
    package let name: String
    let validator: SubmitValidator
    let limits: TenantLimits

    package init(
        id: TenantID, name: String, validator: SubmitValidator, limits: TenantLimits = TenantLimits()
    ) {
        self.id = id
        self.name = name
        self.validator = validator
        self.limits = limits
    }
}

/// The keys and certificates that open the gateway, and for whom.
package struct Credentials: Sendable {
    private let keys: [(key: StoredKey, tenant: Tenant)]

    private let certificates: [String: Tenant]

    /// - Parameter certificates: names that a client's certificate bears, and the tenant that it stands for.
    package init(_ keys: [(key: StoredKey, tenant: Tenant)], certificates: [String: Tenant] = [:]) {
        self.keys = keys
        self.certificates = certificates
    }

    /// - Parameter names: of a certificate that was found good; a name must match as it is written.
    /// - Returns: nil if the certificate stands for no tenant.
    func tenant(forCertificate names: [String]) -> Tenant? {
        names.lazy.compactMap { certificates[$0] }.first
    }

    /// - Throws: UNAUTHENTICATED; the same for every reason, so that nothing can be guessed from it.
    func tenant(for credential: UnsafeRawBufferPointer) throws(GatewayError) -> Tenant {
        var found: Tenant?
        // Every key is compared, whether one has matched or not.
        for (key, tenant) in keys where key.matches(credential) { found = tenant }
        guard let found else { throw .unauthenticated }
        return found
    }
}

extension GatewayError {
    static let unauthenticated = GatewayError(
        .unauthenticated, "the credential is missing or not valid", notProcessed: true)
}
