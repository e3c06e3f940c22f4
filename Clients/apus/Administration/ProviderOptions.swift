internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

/// Settings of a provider on the command line.
struct ProviderOptions: ParsableArguments {
    @Option(help: ArgumentHelp("sandbox, twilio, sns or http.", valueName: "kind"))
    var kind: String?

    @Option(
        name: .customLong("option"),
        help: ArgumentHelp(
            "An option of its kind, a text; NAME:=JSON for what is none, such as connections:=50; repeatable.",
            valueName: "name=text"))
    var options: [OptionArgument] = []

    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp("A secret, from a file or from standard input; repeatable.", valueName: "name=@file|-"))
    var secrets: [SecretArgument] = []

    @Option(help: ArgumentHelp("Messages that it may have at one time.", valueName: "count"))
    var inFlight: Int64?

    @Option(help: ArgumentHelp("Messages a second, such as 50 or 0.5.", valueName: "number"))
    var rate: Double?

    @Option(help: ArgumentHelp("Its share where a route goes by WEIGHT, 1 to 1000.", valueName: "count"))
    var weight: Int64?

    @Option(help: ArgumentHelp("What a segment costs, such as 0.0075.", valueName: "amount"))
    var price: String?

    @OptionGroup var sender: SenderOptions

    mutating func validate() throws {
        guard secrets.count(where: { $0.file == "-" }) <= 1 else {
            throw ValidationError("Only one --secret can be read from standard input.")
        }
    }

    var isEmpty: Bool {
        kind == nil && options.isEmpty && secrets.isEmpty && inFlight == nil && rate == nil && weight == nil
            && price == nil && sender.isEmpty
    }

    /// Reads the secrets.
    func read() async throws -> [String: JSONValue] {
        var texts: [String: JSONValue] = [:]
        for secret in secrets {
            texts[secret.name] = .string(try await InputFile(path: secret.file).trimmedText())
        }
        return texts
    }

    /// - Parameter secrets: as ``read()`` brought them.
    func apply(to settings: inout JSONValue, secrets: [String: JSONValue]) {
        if let kind { settings.set("kind", to: .string(kind)) }
        if let inFlight { settings.set("in_flight", to: .integer(inFlight)) }
        if let rate { settings.set("rate", to: .real(rate)) }
        if let weight { settings.set("weight", to: .integer(weight)) }
        if let price { settings.set("price", to: .string(price)) }
        sender.apply(to: &settings)
        for option in options { settings.set("options.\(option.path)", to: option.value) }
        for (name, secret) in secrets { settings.set(["secrets", name[...]], to: secret) }
    }
}

/// `NAME=TEXT` or `NAME:=JSONValue`; a name has dots where one object is in another.
struct OptionArgument: ExpressibleByArgument {
    let path: String
    let value: JSONValue

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        let text = String(argument[equals...].dropFirst())
        if argument[..<equals].hasSuffix(":") {
            guard let value = try? JSONValue(text) else { return nil }
            self.value = value
            path = String(argument[..<equals].dropLast())
        } else {
            value = .string(text)
            path = String(argument[..<equals])
        }
        if path.isEmpty { return nil }
    }
}

/// `NAME=-` or `NAME=@FILE`: what stands on the command line itself, others on the machine can see.
struct SecretArgument: ExpressibleByArgument {
    let name: String
    /// `-` is standard input.
    let file: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[1] == "-" || parts[1].hasPrefix("@") && parts[1].count > 1 else { return nil }
        name = String(parts[0])
        file = parts[1] == "-" ? "-" : String(parts[1].dropFirst())
    }
}
