internal import ConfigurationModel
package import SMSModel

extension TenantDirectory {
    /// The tenant that a request is about: the caller's own, where it names none.
    ///
    /// - Throws: PERMISSION_DENIED if it is another's and the caller is no administrator; NOT_FOUND if there is none of
    ///   that name.
    package func subject(named name: String, of caller: Principal) throws(GatewayError) -> Tenant {
        if name.isEmpty || name == caller.tenant.name { return caller.tenant }
        try caller.require(.admin)
        return try existing(name)
    }

    /// - Throws: NOT_FOUND.
    package func existing(_ name: String) throws(GatewayError) -> Tenant {
        guard let tenant = tenant(named: name) else { throw .noTenant(name) }
        return tenant
    }
}

extension GatewayError {
    /// There is no tenant of that name.
    package static func noTenant(_ name: String) -> GatewayError {
        GatewayError(.notFound, "there is no tenant \(name)", notProcessed: true)
    }
}
