internal import ArgumentParser
internal import JSON

/// The sender rules of a provider or a route on the command line.
struct SenderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who messages to a country are from that don't say, such as US=+14155550100; repeatable.",
            valueName: "country=sender"))
    var senderFor: [CountrySenderArgument] = []

    @Option(help: ArgumentHelp("The number for all other countries.", valueName: "number"))
    var senderFallback: String?

    @Option(
        help: ArgumentHelp(
            "A country in which a message's name gives way to the number for it; repeatable.", valueName: "country"))
    var replaceNamesIn: [String] = []

    var isEmpty: Bool { senderFor.isEmpty && senderFallback == nil && replaceNamesIn.isEmpty }

    func apply(to settings: inout JSONValue) {
        for rule in senderFor {
            settings.set(["sender", "by_country", rule.country[...]], to: .string(rule.sender))
        }
        if let senderFallback { settings.set("sender.fallback", to: .string(senderFallback)) }
        if !replaceNamesIn.isEmpty {
            settings.set("sender.replace_names_in", to: .array(replaceNamesIn.map(JSONValue.string)))
        }
    }
}

/// `COUNTRY=SENDER`. The gateway checks both.
struct CountrySenderArgument: ExpressibleByArgument {
    let country: String
    let sender: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        country = String(argument[..<equals])
        sender = String(argument[argument.index(after: equals)...])
        if sender.isEmpty { return nil }
    }
}
