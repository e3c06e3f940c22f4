package import Admission
package import ConfigurationModel
internal import Routing
internal import SMSModel

/// What a tenant's settings say of messages from people.
package struct InboundSettings: Hashable, Sendable {
    /// Beside the keywords of every tenant.
    package var keywords = OptOutKeywords([:])
    /// What answers STOP and HELP; nil = nothing does.
    package var stopReply: String?
    package var helpReply: String?

    package init() {}

    package init(_ settings: TenantSettings) {
        keywords = OptOutKeywords([
            .stop: settings.stopWords, .start: settings.startWords, .help: settings.helpWords,
        ])
        stopReply = settings.stopReply
        helpReply = settings.helpReply
    }

    /// What a message asks this tenant for.
    func action(of text: KeywordText) -> OptOutAction? {
        OptOutKeywords.common.action(of: text) ?? keywords.action(of: text)
    }
}

/// The gateway's numbers, and the tenants that send from each.
struct InboundOwners {
    /// Tenants by the numbers that they name as senders.
    private var naming: [OwnNumber: [TenantID]] = [:]
    private var everybody: [TenantID] = []
    private var withoutSender: [TenantID] = []
    private var settings: [TenantID: InboundSettings] = [:]
    /// Providers by the senders that messages get from them or from a route, where they name none.
    private var providers: [OwnNumber: [UInt8]] = [:]
    /// nil = every message may go to each provider.
    private var routes: [Route]?

    mutating func configure(_ tenants: WriterTenants) {
        everybody = tenants.names.keys.sorted { $0.rawValue < $1.rawValue }
        withoutSender = everybody.filter { !tenants.withDefaultSender.contains($0) }
        settings = tenants.inbound
        naming = [:]
        for tenant in everybody {
            for sender in Set((tenants.senders[tenant] ?? []).map(OwnNumber.init)) {
                naming[sender, default: []].append(tenant)
            }
        }
    }

    mutating func configure(_ pooled: [PooledProvider], _ routes: [Route]?) {
        var found: [OwnNumber: Set<UInt8>] = [:]
        for provider in pooled {
            let senders = (provider.senders?.senders ?? []).union([provider.ownSender].compactMap(\.self))
            for sender in senders { found[OwnNumber(sender), default: []].insert(provider.number) }
        }
        for route in routes ?? [] {
            for sender in route.senderTable?.senders ?? [] {
                found[OwnNumber(sender), default: []].formUnion(route.providers)
            }
        }
        providers = found.mapValues { $0.sorted() }
        self.routes = routes
    }

    /// The tenants that a message to a number concerns: those that name it, and those whose messages leave from it
    /// where they name no sender.
    ///
    /// - Parameter service: the carrier's name for the group of numbers that it is of; "" = none.
    /// - Returns: by their ids; empty if nobody is known to send from the number.
    func tenants(of number: OwnNumber, service: String) -> [TenantID] {
        var found = Set(naming[number] ?? [])
        var byDefault = providers[number] ?? []
        if !service.isEmpty { byDefault += providers[OwnNumber(service)] ?? [] }
        if !byDefault.isEmpty {
            for tenant in withoutSender where byDefault.contains(where: { mayCarry($0, of: tenant) }) {
                found.insert(tenant)
            }
        }
        return found.sorted { $0.rawValue < $1.rawValue }
    }

    var allTenants: [TenantID] { everybody }

    func settings(of tenant: TenantID) -> InboundSettings { settings[tenant] ?? InboundSettings() }

    /// Whether a message of the tenant that names no sender may go to a provider.
    private func mayCarry(_ provider: UInt8, of tenant: TenantID) -> Bool {
        guard let routes else { return true }
        return routes.contains { route in
            route.providers.contains(provider) && route.senders == nil && (route.tenants?.contains(tenant) ?? true)
        }
    }
}
