package import Admission
package import ConfigurationModel
internal import Routing
internal import SMSModel

/// What a tenant's settings say of messages from people.
package struct InboundSettings: Sendable {
    /// Besides the keywords of every tenant.
    package var keywords = OptOutKeywords([:])
    /// What answers STOP and HELP; nil = nothing does.
    package var stopReply: String?
    package var helpReply: String?
    /// Where the answers may go.
    package var destinations = DestinationPolicy.everywhere

    package init() {}

    /// Whether they say what is so for tenants that say nothing; destinations matter to answers alone.
    package var isDefault: Bool { keywords == OptOutKeywords([:]) && stopReply == nil && helpReply == nil }

    package init(_ settings: TenantSettings) {
        keywords = OptOutKeywords([
            .stop: settings.stopWords, .start: settings.startWords, .help: settings.helpWords,
        ])
        stopReply = settings.stopReply
        helpReply = settings.helpReply
        destinations = settings.destinationPolicy
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
    /// Providers by the numbers that names give way to in some countries.
    private var replacing: [OwnNumber: [UInt8]] = [:]
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

    mutating func configure(_ pooled: [ConfiguredProvider], _ routes: [Route]?) {
        var found: [OwnNumber: Set<UInt8>] = [:]
        var replacing: [OwnNumber: Set<UInt8>] = [:]
        for provider in pooled {
            let senders = (provider.senders?.senders ?? []).union([provider.ownSender].compactMap(\.self))
            for sender in senders { found[OwnNumber(sender), default: []].insert(provider.number) }
            for sender in provider.senders?.replacementSenders ?? [] {
                replacing[OwnNumber(sender), default: []].insert(provider.number)
            }
        }
        for route in routes ?? [] {
            for sender in route.senderTable?.senders ?? [] {
                found[OwnNumber(sender), default: []].formUnion(route.providers)
            }
            for sender in route.senderTable?.replacementSenders ?? [] {
                replacing[OwnNumber(sender), default: []].formUnion(route.providers)
            }
        }
        providers = found.mapValues { $0.sorted() }
        self.replacing = replacing.mapValues { $0.sorted() }
        self.routes = routes
    }

    /// The tenants that a message to a number concerns: those that name it, those whose messages leave from it where
    /// they name no sender, and those whose messages from a name may leave from it.
    ///
    /// - Parameter service: the carrier's name for the group of numbers that it is of; "" = none.
    /// - Returns: by their ids; empty if nobody is known to send from the number.
    func tenants(of number: OwnNumber, service: String) -> [TenantID] {
        var found = Set(naming[number] ?? [])
        var byDefault = providers[number] ?? []
        if !service.isEmpty { byDefault += providers[OwnNumber(service)] ?? [] }
        for tenant in withoutSender where byDefault.contains(where: { mayCarry($0, of: tenant) { $0 == nil } }) {
            found.insert(tenant)
        }
        // Names are the messages' own: anyone who may send from one may have sent from this number.
        for provider in replacing[number] ?? [] {
            for tenant in everybody where mayCarry(provider, of: tenant, where: Self.hasName) { found.insert(tenant) }
        }
        return found.sorted { $0.rawValue < $1.rawValue }
    }

    private static func hasName(_ senders: Set<String>?) -> Bool {
        senders?.contains { SenderTable.isName($0.utf8) } ?? true
    }

    var allTenants: [TenantID] { everybody }

    func settings(of tenant: TenantID) -> InboundSettings { settings[tenant] ?? InboundSettings() }

    /// Whether a message of the tenant may go to a provider.
    /// - Parameter senders: whether it may where a route is for these senders alone; nil = for all.
    private func mayCarry(_ provider: UInt8, of tenant: TenantID, where senders: (Set<String>?) -> Bool) -> Bool {
        guard let routes else { return true }
        return routes.contains { route in
            route.providers.contains(provider) && senders(route.senders) && (route.tenants?.contains(tenant) ?? true)
        }
    }
}
