internal import ArgumentParser
internal import ConfigurationModel
internal import JSON
internal import SMSModel

/// Settings of a route on the command line.
struct RouteOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Its place: the route with the lowest is tried first.", valueName: "number"))
    var order: Int64?

    @Option(help: ArgumentHelp("A country (DE) or prefix (+4915) of recipients; repeatable.", valueName: "to"))
    var destination: [String] = []

    @Option(help: ArgumentHelp("A tenant whose messages it is for; repeatable.", valueName: "tenant"))
    var tenant: [String] = []

    @Option(help: ArgumentHelp("A sender of messages, as they have it; repeatable.", valueName: "sender"))
    var sender: [String] = []

    @Option(help: ArgumentHelp("URGENT, NORMAL or BULK; repeatable.", valueName: "priority"))
    var priority: [String] = []

    @Option(
        help: ArgumentHelp(
            "When it is chosen, such as MON-FRI/08:00-20:00, SAT,SUN or \"22:00-06:00 Europe/Berlin\"; in UTC without a "
                + "zone; repeatable.",
            valueName: "time"))
    var time: [TimeWindowArgument] = []

    @Option(help: ArgumentHelp("A provider that it sends through; repeatable.", valueName: "provider"))
    var provider: [String] = []

    @Option(help: ArgumentHelp("ORDER, WEIGHT, LEAST_COST or FASTEST.", valueName: "policy"))
    var policy: String?

    @Flag(inversion: .prefixedNo, help: "Whether a provider without room is passed over for the next one.")
    var overflow: Bool?

    @Option(help: ArgumentHelp("Refuses messages, for this reason, instead of sending them.", valueName: "text"))
    var reject: String?

    @OptionGroup var senderRules: SenderOptions

    static let defaultOrder = Int64(Limits.routeOrderDefault)

    mutating func validate() throws {
        if reject != nil, !provider.isEmpty || policy != nil || overflow != nil || !senderRules.isEmpty {
            throw ValidationError("A route sends or refuses: give --provider or --reject.")
        }
    }

    /// What was given, by its setting.
    private var given: [(String, JSONValue)] {
        let settings: [(String, JSONValue?)] = [
            ("order", order.map(JSONValue.integer)), ("destinations", Self.list(destination)),
            ("tenants", Self.list(tenant)), ("senders", Self.list(sender)), ("priorities", Self.list(priority)),
            ("times", time.isEmpty ? nil : .array(time.map(\.json))), ("providers", Self.list(provider)),
            ("policy", policy.map(JSONValue.string)), ("overflow", overflow.map(JSONValue.bool)),
            ("reject", reject.map(JSONValue.string)),
        ]
        return settings.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func list(_ texts: [String]) -> JSONValue? {
        texts.isEmpty ? nil : .array(texts.map(JSONValue.string))
    }

    var isEmpty: Bool { given.isEmpty && senderRules.isEmpty }

    func apply(to settings: inout JSONValue) {
        // A route that sent and is to refuse keeps nothing of its sending, and the other way about.
        if reject != nil {
            for name in ["providers", "policy", "overflow", "sender"] { settings.set(name, to: nil) }
        }
        if !provider.isEmpty { settings.set("reject", to: nil) }
        for (name, value) in given { settings.set(name, to: value) }
        senderRules.apply(to: &settings)
    }
}

/// `DAYS/FROM-TO`, or one of the two, and perhaps the name of a time zone behind a space. The gateway checks the names of
/// days and zones, and the times.
struct TimeWindowArgument: ExpressibleByArgument {
    let json: JSONValue

    init?(argument: String) {
        let words = argument.split(separator: " ")
        guard let parts = words.first?.split(separator: "/", omittingEmptySubsequences: false), words.count <= 2,
            parts.count <= 2, let last = parts.last, !parts.contains(where: \.isEmpty)
        else { return nil }
        var members: [TextKey: JSONValue] = [:]
        let hours = last.split(separator: "-", omittingEmptySubsequences: false)
        // Days may be a row as well, MON-FRI.
        let hasHours = hours.count == 2 && last.contains(":")
        if hasHours {
            members["from"] = .string(String(hours[0]))
            members["to"] = .string(String(hours[1]))
        } else if parts.count == 2 || last.contains(":") {
            return nil
        }
        if parts.count == 2 || !hasHours {
            members["days"] = .array(parts[0].split(separator: ",").map { .string(String($0)) })
        }
        if words.count == 2 { members["zone"] = .string(String(words[1])) }
        json = .object(members)
    }
}
