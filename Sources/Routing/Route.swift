package import SMSModel

/// How a route chooses among its providers.
package enum RoutingPolicy: UInt8, CaseIterable, Hashable, Sendable {
    /// The first that has room.
    case order
    /// By chance, in the proportion of their weights.
    case weight
    /// The cheapest that has room; of equal ones by chance, as `weight`.
    case leastCost
    /// The one that has answered soonest of late; one that has not been asked yet comes first.
    case fastest

    /// The name in configuration, text and JSON.
    package var name: String {
        switch self {
        case .order: "ORDER"
        case .weight: "WEIGHT"
        case .leastCost: "LEAST_COST"
        case .fastest: "FASTEST"
        }
    }
}

/// A window of each week, in UTC.
package struct WeeklyWindow: Hashable, Sendable {
    /// Days on which it begins: 0 = Monday to 6.
    package var days: Set<Int>
    /// Minutes of the day, 0 to 1440. An end that is not after the begin is on the next day.
    package var begin: Int
    package var end: Int

    package init(days: Set<Int>, begin: Int, end: Int) {
        self.days = days
        self.begin = begin
        self.end = end
    }

    /// - Parameters:
    ///   - day: 0 = Monday to 6.
    ///   - minute: of the day.
    func contains(day: Int, minute: Int) -> Bool {
        if begin < end { return days.contains(day) && (begin..<end).contains(minute) }
        return (days.contains(day) && minute >= begin) || (days.contains((day + 6) % 7) && minute < end)
    }
}

/// A rule of the configuration: for which messages it is, and which providers may carry them. A condition that is nil
/// holds for every message.
package struct Route: Hashable, Sendable {
    package var name: String
    package var destinations: [RouteDestination]?
    package var tenants: Set<TenantID>?
    package var senders: Set<String>?
    package var priorities: Set<Priority>?
    package var windows: [WeeklyWindow]?
    package var policy = RoutingPolicy.order
    /// Numbers of providers, in order.
    package var providers: [UInt8]
    /// Whether a provider that has no room is passed over; else the first that is up is waited for.
    package var overflows = true
    /// Why its messages are refused instead of being sent, in words for people; it has no providers then. nil = they are
    /// sent.
    package var rejection: String?

    package init(name: String, providers: [UInt8]) {
        self.name = name
        self.providers = providers
    }
}

/// Where a message goes, as a route names it.
package enum RouteDestination: Hashable, Sendable {
    case country(Countries.Number)
    /// Digits, without the plus.
    case prefix([UInt8])
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
