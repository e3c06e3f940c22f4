internal import ApusClient
internal import ArgumentParser

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Shows what the sandbox provider was sent, and has it bring messages.",
        subcommands: [SandboxListCommand.self, SandboxReceiveCommand.self],
        defaultSubcommand: SandboxListCommand.self)
}

struct SandboxListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows what the sandbox provider was sent, oldest first.")

    @Option(help: "The newest of them, this many, 1 to 1000.")
    var limit = 100

    @Option(help: ArgumentHelp("Only those to this recipient.", valueName: "number"))
    var to: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let log = try await client.sandbox(limit: limit, to: to)
            switch connection.format {
            case .json:
                for record in log.records { Console.json(record.json) }
            case .text:
                var listing = Listing(headings: ["at", "id", "attempt", "to", "outcome", "body"])
                for line in listing.lines(log.records.map(\.columns)) { Console.line(line) }
                Console.line("\(log.records.count) shown of \(log.total) since the daemon started")
            }
        }
    }
}

struct SandboxReceiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Has the sandbox bring a message from a person, as a carrier would.",
        discussion: """
            It takes the way of what carriers post: the message is kept, and a keyword such as STOP is followed. When \
            the command ends, all of it is durable. Needs the scope admin.
            """)

    @Option(help: ArgumentHelp("The person's number.", valueName: "number"))
    var from: String

    @Option(help: ArgumentHelp("Your number, which it is sent to.", valueName: "number"))
    var to: String

    @Argument(help: "What it says.")
    var body: String

    @Option(help: ArgumentHelp("A link to what comes with it; may be repeated.", valueName: "url"))
    var media: [String] = []

    @Option(help: ArgumentHelp("The carrier's id of it; the same again changes nothing.", valueName: "text"))
    var id: String?

    @Option(
        help: ArgumentHelp("It is one part of a long message, such as ref7:1/2.", valueName: "reference:number/total"))
    var part: PartArgument?

    @Option(help: ArgumentHelp("A provider of kind sandbox, if there are several.", valueName: "name"))
    var provider: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let name = try await client.receiveInSandbox(
                from: from, to: to, body: body, id: id, provider: provider, mediaURLs: media, part: part?.part)
            connection.print(json: .object([("provider", .string(name))]), text: "received by \(name)")
        }
    }
}

/// `ref7:1/2`: the first of two parts.
struct PartArgument: ExpressibleByArgument {
    let part: InboundMessagePart

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":") else { return nil }
        let numbers = argument[argument.index(after: colon)...].split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, let number = Int(numbers[0]), let total = Int(numbers[1]), colon > argument.startIndex
        else { return nil }
        part = InboundMessagePart(reference: String(argument[..<colon]), total: total, number: number)
    }
}
