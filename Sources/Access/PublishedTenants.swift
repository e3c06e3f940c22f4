internal import ConfigurationModel
internal import JSON
internal import SMSModel

/// The tenants of one generation, by all that they are found by.
final class PublishedTenants: Sendable {
    let byID: [TenantID: Tenant]
    let byName: [TextKey: Tenant]
    let byCertificate: [TextKey: Tenant]
    let byUID: [UInt32: Tenant]
    /// nil for an issuer of several tenants: its tokens have to say whose they are.
    private let byIssuer: [TextKey: Tenant?]

    /// - Parameters:
    ///   - segmentPrice: at the dearest provider.
    ///   - former: of the generation before.
    init(
        _ entries: [TenantEntry] = [], generation: UInt32 = 0, defaults: TenantDefaults = TenantDefaults(),
        segmentPrice: Money = Money(millionths: 0), former: PublishedTenants? = nil
    ) {
        var byID: [TenantID: Tenant] = [:]
        var byName: [TextKey: Tenant] = [:]
        var byCertificate: [TextKey: Tenant] = [:]
        var byUID: [UInt32: Tenant] = [:]
        var byIssuer: [TextKey: Tenant?] = [:]
        byID.reserveCapacity(entries.count)
        byName.reserveCapacity(entries.count)
        for entry in entries {
            let tenant = Tenant(
                entry, generation: generation, defaults: defaults, segmentPrice: segmentPrice,
                former: former?.byID[entry.id])
            byID[tenant.id] = tenant
            byName[tenant.name] = tenant
            for name in entry.settings.certificates { byCertificate[name] = tenant }
            for uid in entry.settings.uids { byUID[uid] = tenant }
            for issuer in Set(entry.settings.issuers.map { TextKey($0.issuer) }) {
                byIssuer.updateValue(byIssuer.keys.contains(issuer) ? nil : tenant, forKey: issuer)
            }
        }
        self.byID = byID
        self.byName = byName
        self.byCertificate = byCertificate
        self.byUID = byUID
        self.byIssuer = byIssuer
    }

    /// The tenant that a token belongs to by its own account; nil if to none here.
    func tenant(of token: TokenPrecheck) -> Tenant? {
        guard let only = byIssuer[token.issuer] else { return nil }
        if let name = token.tenant ?? (only == nil ? token.subject : nil) { return byName[name] }
        return only
    }
}
