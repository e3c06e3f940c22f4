package import ConfigurationModel
package import SMSModel

/// A rule of the configuration: for which messages it is, and which providers may carry them. A condition that is nil
/// holds for every message.
package struct Route: Hashable, Sendable {
    package var name: String
    package var destinations: [Destination]?
    package var tenants: Set<TenantID>?
    package var senders: Set<String>?
    package var priorities: Set<Priority>?
    /// Empty = never.
    package var windows: [RouteWindow]?
    package var policy = RouteSettings.Policy.order
    /// Numbers of providers, in order.
    package var providers: [UInt8]
    /// Whether a provider that has no room is passed over; else the first that is up is waited for.
    package var overflows = true
    /// The route's rules for messages that name no sender.
    package var senderTable: SenderTable?
    /// Why its messages are refused instead of being sent, in words for people; it has no providers then. nil = they are
    /// sent.
    package var rejection: String?

    package init(name: String, providers: [UInt8]) {
        self.name = name
        self.providers = providers
    }

    /// A route of the configuration. Providers and tenants that have no number are left out, and so are windows whose
    /// time zone is not known.
    package init(
        _ name: String, _ settings: RouteSettings, providers: [String: UInt8], tenants: [String: TenantID],
        zones: [String: TimeZoneRules]
    ) {
        self.init(name: name, providers: settings.providers.compactMap { providers[$0] })
        // They were checked before they were stored; one that a later version knows no more is nowhere.
        destinations = settings.destinations?.compactMap { try? Destination($0) }
        self.tenants = settings.tenants.map { Set($0.compactMap { tenants[$0] }) }
        senders = settings.senders.map(Set.init)
        priorities = settings.priorities.map(Set.init)
        windows = settings.times?.compactMap { RouteWindow($0, zones: zones) }
        policy = settings.policy
        overflows = settings.overflow
        senderTable = SenderTable(settings.sender, owner: "route \(name)")
        rejection = settings.reject
    }

    /// The routes of a configuration, in the order in which they are tried.
    package static func all(
        of routes: [String: RouteSettings], providers: [String: UInt8], tenants: [String: TenantID],
        zones: [String: TimeZoneRules] = [:]
    ) -> [Route] {
        routes.sorted { ($0.value.order, $0.key) < ($1.value.order, $1.key) }
            .map { Route($0.key, $0.value, providers: providers, tenants: tenants, zones: zones) }
    }
}

/// A time of the week, and the clocks by which it is told.
package struct RouteWindow: Hashable, Sendable {
    private let window: TimeWindow
    private let zone: TimeZoneRules

    package init(_ window: TimeWindow, zone: TimeZoneRules = .utc) {
        self.window = window
        self.zone = zone
    }

    /// - Parameter zones: by the names that windows have.
    /// - Returns: nil if the window's zone is not among them.
    init?(_ window: TimeWindow, zones: [String: TimeZoneRules]) {
        guard let name = window.zone else {
            self.init(window)
            return
        }
        guard let zone = zones[name] else { return nil }
        self.init(window, zone: zone)
    }

    /// - Parameter now: milliseconds since the Unix epoch.
    package func contains(_ now: Int64) -> Bool {
        let seconds = now.dividedDown(by: 1000).quotient
        return window.contains(wall: seconds + Int64(zone.offset(at: seconds)))
    }
}

/// What of a message decides its route. Borrowed bytes.
package struct RoutingQuery {
    package var tenant: TenantID
    package var priority: Priority
    /// In E.164, checked.
    package var recipient: UnsafeRawBufferPointer
    /// UTF-8; empty = none.
    package var sender: UnsafeRawBufferPointer

    package init(
        tenant: TenantID, priority: Priority, recipient: UnsafeRawBufferPointer, sender: UnsafeRawBufferPointer
    ) {
        self.tenant = tenant
        self.priority = priority
        self.recipient = recipient
        self.sender = sender
    }
}
