package import JSON
package import SMSModel

/// Which messages go where. Routes are tried by rising order, then by name; the first that matches decides.
package struct RouteSettings: Hashable, Sendable {
    /// How a route chooses among its providers. Raw values are the configuration's.
    package enum Policy: String, CaseIterable, Sendable {
        /// The first that can.
        case order = "ORDER"
        /// In proportion to their weights.
        case weight = "WEIGHT"
        /// The cheapest that can.
        case leastCost = "LEAST_COST"
        /// The one that has lately answered soonest.
        case fastest = "FASTEST"
    }

    /// 0 to ``Limits/routeOrder``.
    package var order = Limits.routeOrderDefault

    // MARK: Conditions: all must hold; nil = any, a list has at least one
    /// Countries (`DE`) and prefixes (`+4915`) of recipients.
    package var destinations: [String]?
    /// The tenants' names.
    package var tenants: [String]?
    /// The senders as messages have them, letter by letter.
    package var senders: [String]?
    package var priorities: [Priority]?
    /// When the route is chosen.
    package var times: [TimeWindow]?

    // MARK: What follows
    package var policy = Policy.order
    /// The providers' names, 1 to ``Limits/routeProviders``, none twice; empty if ``reject`` is there.
    package var providers: [String] = []
    /// true = a provider without room is passed over for the next one that the policy names; false = the first one
    /// that is up is waited for.
    package var overflow = true
    /// The rules for messages that name no sender.
    package var sender: SenderRules?
    /// Why messages are refused, instead of being sent; nil = they are sent.
    package var reject: String?

    package init() {}

    /// Names of the time zones that its windows are told by.
    package var timeZones: [String] { (times ?? []).compactMap(\.zone) }
}

extension RouteSettings: ConfigurationKind {
    package static let kind = "route"
    static let most = Limits.routes

    static func problem(withName name: String) -> String? { Form.routeName(name) }

    init?(_ value: JSONValue, path: String, into violations: inout [FieldViolation]) {
        let settings = MemberReader.read(value, path: path, into: &violations) { reader -> RouteSettings? in
            var settings = RouteSettings()
            settings.order = reader.integer("order", 0...Int64(Limits.routeOrder)).map(Int.init) ?? settings.order
            settings.readConditions(&reader)
            settings.readConsequence(&reader)
            return settings
        }
        guard let settings else { return nil }
        self = settings
    }

    private mutating func readConditions(_ reader: inout MemberReader) {
        destinations = reader.strings("destinations", atMost: Limits.listedDestinations, Form.destination)
        tenants = reader.strings("tenants", atMost: Limits.routeTenants, Form.tenantName)
        senders = reader.strings("senders", atMost: Limits.listedSenders, Form.sender)
        let names = reader.strings("priorities", atMost: Priority.allCases.count) { name in
            Priority.allCases.contains { $0.name == name }
                ? nil : "must be one of \(Priority.allCases.map(\.name).joined(separator: ", "))"
        }
        priorities = names?.compactMap { name in Priority.allCases.first { $0.name == name } }
        times = reader.objects("times", atMost: Limits.timeWindows, TimeWindow.init)
        for name in ["destinations", "tenants", "senders", "priorities", "times"]
        where reader.take(name)?.array?.isEmpty == true {
            reader.fault(name, "must have at least one element; leave it out if it does not matter")
        }
    }

    private mutating func readConsequence(_ reader: inout MemberReader) {
        reject = reader.text("reject", upTo: Limits.rejectionBytes)
        policy = reader.choice("policy", of: Policy.allCases, \.rawValue) ?? policy
        overflow = reader.bool("overflow") ?? overflow
        sender = reader.object("sender", SenderRules.init)
        providers = reader.strings("providers", atMost: Limits.routeProviders, Form.providerName) ?? []
        if reader.take("reject") != nil {
            for name in ["policy", "overflow", "providers", "sender"] where reader.take(name) != nil {
                reader.fault(name, "does not fit reject: a route sends or refuses")
            }
        } else if reader.take("providers") == nil {
            reader.fault("providers", "is missing; give at least one, or a reason to reject")
        } else if reader.take("providers")?.array?.isEmpty == true {
            reader.fault("providers", "must have at least one; to refuse messages give a reason to reject")
        }
    }

    package var json: JSONValue {
        var members = Members()
        members["order"] = order == Limits.routeOrderDefault ? nil : .integer(Int64(order))
        members["destinations"] = destinations.map(JSONValue.strings)
        members["tenants"] = tenants.map(JSONValue.strings)
        members["senders"] = senders.map(JSONValue.strings)
        members["priorities"] = priorities.map { .strings($0.map(\.name)) }
        members["times"] = times.map { .array($0.map(\.json)) }
        members["policy"] = policy == .order ? nil : .string(policy.rawValue)
        members["providers"] = providers.isEmpty ? nil : .strings(providers)
        members["overflow"] = overflow ? nil : .bool(false)
        members["sender"] = sender?.json
        members["reject"] = reject.map(JSONValue.string)
        return .object(members.values)
    }
}
