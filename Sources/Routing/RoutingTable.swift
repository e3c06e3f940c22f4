internal import ConfigurationModel
internal import SMSModel

/// The routes of one generation of the configuration: which of them a message takes. The first that matches decides.
///
/// Time is a parameter, in milliseconds since the Unix epoch. A look-up costs a walk down the recipient's digits and a
/// glance at the routes that serve its destination.
package struct RoutingTable: Sendable {
    package let routes: [Route]
    /// Routes that serve a destination, by its class; the first class is of all that no route names.
    private var serving: [[UInt16]] = []
    /// The class of a destination and 1, by what its numbers begin with.
    private var classes = PrefixTable()
    private let compiled: [Conditions]
    /// Routes whose windows are open.
    package private(set) var isOpen: [Bool]
    /// When ``advance(to:)`` may change anything next.
    package private(set) var nextChange: Int64

    /// The conditions of a route besides its destination.
    private struct Conditions: Sendable {
        var tenants: Set<TenantID>?
        var senders: [[UInt8]]?
        /// Bits by raw value.
        var priorities: UInt8
        /// nil = always.
        var windows: [RouteWindow]?
        /// None at all but the window.
        var isForAll: Bool
    }

    /// - Parameters:
    ///   - routes: in the order in which they are tried; at most ``Limits/routes``, with
    ///   ``Limits/routeDestinations`` in all.
    package init(_ routes: [Route], now: Int64) {
        self.routes = routes
        compiled = routes.map { route in
            let priorities = route.priorities.map { $0.reduce(0) { $0 | 1 << $1.rawValue } } ?? UInt8.max
            return Conditions(
                tenants: route.tenants, senders: route.senders?.map { Array($0.utf8) }, priorities: priorities,
                windows: route.windows,
                isForAll: route.tenants == nil && route.senders == nil && route.priorities == nil)
        }
        isOpen = routes.map { _ in true }
        nextChange = .max
        classify()
        _ = advance(to: now)
    }

    /// Whether the one route is for every message, at all times.
    package var isUnconditional: Bool {
        compiled.count == 1 && compiled[0].isForAll && compiled[0].windows == nil && routes[0].destinations == nil
    }

    /// The one route of a message; nil if none is for it.
    package func route(of query: RoutingQuery) -> Int? {
        for place in serving(query.recipient) where matches(Int(place), query) { return Int(place) }
        return nil
    }

    /// Whether a route is for a message, destination and all: for explaining.
    package func verdict(on route: Int, _ query: RoutingQuery) -> RouteMatch {
        guard serving(query.recipient).contains(UInt16(route)) else { return .otherDestination }
        let conditions = compiled[route]
        if let tenants = conditions.tenants, !tenants.contains(query.tenant) { return .otherTenant }
        if !isFrom(conditions.senders, query.sender) { return .otherSender }
        if conditions.priorities >> query.priority.rawValue & 1 == 0 { return .otherPriority }
        return isOpen[route] ? .matches : .otherTime
    }

    private func matches(_ route: Int, _ query: RoutingQuery) -> Bool {
        guard isOpen[route] else { return false }
        let conditions = compiled[route]
        if conditions.isForAll { return true }
        return conditions.priorities >> query.priority.rawValue & 1 == 1
            && (conditions.tenants?.contains(query.tenant) ?? true) && isFrom(conditions.senders, query.sender)
    }

    private func isFrom(_ senders: [[UInt8]]?, _ sender: UnsafeRawBufferPointer) -> Bool {
        senders?.contains { $0.elementsEqual(sender) } ?? true
    }

    // MARK: Times

    /// Opens and closes what a time of the week opens and closes.
    /// - Returns: whether any route has opened or closed.
    package mutating func advance(to now: Int64) -> Bool {
        guard compiled.contains(where: { $0.windows != nil }) else { return false }
        let minute: Int64 = 60_000
        let begun = now - ((now % minute) + minute) % minute
        nextChange = begun + minute
        let before = isOpen
        for place in compiled.indices {
            guard let windows = compiled[place].windows else { continue }
            isOpen[place] = windows.contains { $0.contains(begun) }
        }
        return isOpen != before
    }

    // MARK: Destinations

    /// Numbers that begin with the same of all prefixes which routes name, countries' own among them, are of one class.
    private mutating func classify() {
        var everywhere: [UInt16] = []
        var byPrefix: [[UInt8]: [UInt16]] = [:]
        var byCountry: [Countries.Number: [UInt16]] = [:]
        for (place, route) in routes.enumerated() {
            guard let destinations = route.destinations else {
                everywhere.append(UInt16(place))
                continue
            }
            for destination in destinations {
                switch destination {
                case .country(let country): byCountry[country, default: []].append(UInt16(place))
                case .prefix(let digits): byPrefix[digits, default: []].append(UInt16(place))
                }
            }
        }
        serving = [everywhere]
        var known = [everywhere: UInt16(0)]
        let countryPrefixes = byCountry.isEmpty ? [] : Countries.all.callingPrefixes
        for prefix in Set(byPrefix.keys).union(countryPrefixes) {
            var routes = Set(everywhere)
            for count in 1...prefix.count { routes.formUnion(byPrefix[Array(prefix[..<count])] ?? []) }
            routes.formUnion(byCountry[Self.country(of: prefix)] ?? [])
            let list = routes.sorted()
            let number = known[list] ?? UInt16(serving.count)
            if number == serving.count {
                known[list] = number
                serving.append(list)
            }
            // A class of none must end what a shorter prefix began.
            classes.insert(prefix, number + 1)
        }
    }

    /// The country of all numbers that begin so, and with no longer prefix of any country.
    private static func country(of prefix: [UInt8]) -> Countries.Number {
        ([UInt8(ascii: "+")] + prefix).withUnsafeBytes { Countries.all.country(of: $0).country }
    }

    private func serving(_ recipient: UnsafeRawBufferPointer) -> [UInt16] {
        guard !classes.isEmpty else { return serving[0] }
        return serving[max(0, Int(classes.longest(of: recipient).value) - 1)]
    }
}

/// Why a route is or is not for a message.
package enum RouteMatch: UInt8, Hashable, Sendable {
    case matches
    case otherDestination
    case otherTenant
    case otherSender
    case otherPriority
    case otherTime
}
