internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

/// The settings of a tenant that have options of their own; `apus admin config` reaches all of them.
struct TenantOptions: ParsableArguments {
    @Flag(inversion: .prefixedEnableDisable, help: "Whether its credentials open anything.")
    var credentials: Bool?

    @Option(help: ArgumentHelp("Its share against other tenants, 1 to 1000.", valueName: "count"))
    var weight: Int64?

    @Option(help: ArgumentHelp("Messages a second, and how many at once.", valueName: "n[/burst]"))
    var rate: RateArgument?

    @Option(help: ArgumentHelp("The same for each connection by itself.", valueName: "n[/burst]"))
    var connectionRate: RateArgument?

    @Option(help: ArgumentHelp("Segments that a UTC day may have.", valueName: "count"))
    var segmentsPerDay: Int64?

    @Option(help: ArgumentHelp("What a UTC month may cost, such as 250.00.", valueName: "amount"))
    var costPerMonth: String?

    @Option(help: ArgumentHelp("Messages that may wait at one time.", valueName: "count"))
    var waiting: Int64?

    @Option(help: ArgumentHelp("Who its messages are from if they don't say.", valueName: "sender"))
    var sender: String?

    @Option(help: ArgumentHelp("A sender that it may use, and none but those; may be repeated.", valueName: "sender"))
    var allowSender: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: "Whether typographic and invisible characters are replaced where that makes a text GSM-7.")
    var smartEncoding: Bool?

    @Option(
        help: ArgumentHelp("A country or prefix that it may send to, and no other; may be repeated.", valueName: "to"))
    var allowDestination: [String] = []

    @Option(help: ArgumentHelp("A country or prefix that it may not send to; may be repeated.", valueName: "to"))
    var blockDestination: [String] = []

    @Option(help: ArgumentHelp("Days after which its messages' texts go.", valueName: "days"))
    var bodyDays: Int64?

    @Option(help: ArgumentHelp("Days after which its messages go.", valueName: "days"))
    var recordDays: Int64?

    @Option(help: ArgumentHelp("A name in a client's certificate that is this tenant; repeatable.", valueName: "name"))
    var certificate: [String] = []

    @Option(help: ArgumentHelp("A user of this machine who is this tenant; may be repeated.", valueName: "number"))
    var uid: [Int64] = []

    @Option(help: ArgumentHelp("One more word by which people opt out; may be repeated.", valueName: "word"))
    var stopWord: [String] = []

    @Option(help: ArgumentHelp("One more word by which people opt in again; may be repeated.", valueName: "word"))
    var startWord: [String] = []

    @Option(help: ArgumentHelp("One more word by which people ask for help; may be repeated.", valueName: "word"))
    var helpWord: [String] = []

    @Option(help: ArgumentHelp("What answers people who opt out.", valueName: "text"))
    var stopReply: String?

    @Option(help: ArgumentHelp("What answers people who ask for help.", valueName: "text"))
    var helpReply: String?

    /// What was given, by the path of its setting.
    var given: [(path: String, value: JSONValue)] {
        let settings: [(String, JSONValue?)] = [
            // As written where it is the default: the gateway leaves it out.
            ("enabled", credentials.map(JSONValue.bool)), ("weight", weight.map(JSONValue.integer)),
            ("rate", rate?.json),
            ("connection_rate", connectionRate?.json),
            ("quota.segments_per_day", segmentsPerDay.map(JSONValue.integer)),
            ("quota.cost_per_month", costPerMonth.map(JSONValue.string)),
            ("quota.waiting_messages", waiting.map(JSONValue.integer)),
            ("defaults.sender", sender.map(JSONValue.string)),
            ("defaults.smart_encoding", smartEncoding.map(JSONValue.bool)),
            ("senders.allowed", Self.list(allowSender)), ("destinations.allowed", Self.list(allowDestination)),
            ("destinations.blocked", Self.list(blockDestination)),
            ("retention.body_days", bodyDays.map(JSONValue.integer)),
            ("retention.record_days", recordDays.map(JSONValue.integer)),
            ("identity.certificates", Self.list(certificate)),
            ("opt_out.stop_words", Self.list(stopWord)), ("opt_out.start_words", Self.list(startWord)),
            ("opt_out.help_words", Self.list(helpWord)), ("opt_out.stop_reply", stopReply.map(JSONValue.string)),
            ("opt_out.help_reply", helpReply.map(JSONValue.string)),
            ("identity.uids", uid.isEmpty ? nil : .array(uid.map(JSONValue.integer))),
        ]
        return settings.compactMap { path, value in value.map { (path, $0) } }
    }

    private static func list(_ texts: [String]) -> JSONValue? {
        texts.isEmpty ? nil : .array(texts.map(JSONValue.string))
    }

    var isEmpty: Bool { given.isEmpty }

    func apply(to settings: inout JSONValue) {
        for (path, value) in given { settings.set(path, to: value) }
    }
}

/// `100` or `100/500`: a rate, and a burst that is the same if it isn't given.
struct RateArgument: ExpressibleByArgument {
    let messagesPerSecond: Int64
    let burst: Int64

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let rate = Int64(parts[0]), rate > 0, let burst = Int64(parts[parts.count - 1]),
            burst > 0
        else { return nil }
        messagesPerSecond = rate
        self.burst = burst
    }

    var json: JSONValue {
        .object(["messages_per_second": .integer(messagesPerSecond), "burst": .integer(burst)])
    }
}
