package import Access
internal import Admission
internal import ConfigurationModel
package import Engine
internal import SMSModel
internal import Storage

extension WriterTenants {
    /// - Parameter defaultSender: the sender of tenants that have none of their own; empty = none.
    package init(_ tenants: [TenantEntry], defaultSender: String = "") {
        self.init()
        for tenant in tenants {
            names[tenant.id] = tenant.name
            let settings = tenant.settings
            if settings.weight != 1 { weights[tenant.id] = settings.weight }
            let quota = TenantQuota(settings)
            if quota != TenantQuota() { quotas[tenant.id] = quota }
            let days = RetentionPolicy.Days(bodies: settings.bodyDays, records: settings.recordDays)
            if days != RetentionPolicy.Days() { retention[tenant.id] = days }
            let sender = settings.defaultSender ?? (defaultSender.isEmpty ? nil : defaultSender)
            let own = (settings.allowedSenders ?? []) + [sender].compactMap(\.self)
            if !own.isEmpty { senders[tenant.id] = own }
            if settings.allowedSenders != nil || !settings.allowsAlphanumericSenders {
                senderPolicies[tenant.id] = settings.senderPolicy
            }
            if sender != nil { withDefaultSender.insert(tenant.id) }
            let inbound = InboundSettings(settings)
            if !inbound.isDefault { self.inbound[tenant.id] = inbound }
        }
    }
}
