internal import ApusClient
internal import ArgumentParser

struct InboundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbound", abstract: "Shows the messages that people have sent to your numbers.",
        subcommands: [InboundListCommand.self])
}

struct InboundListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists them, newest first.",
        discussion: "A tenant's are those to the numbers that it names as its senders.")

    @Option(help: ArgumentHelp("Of another tenant; needs the scope admin.", valueName: "name"))
    var tenant: String?

    @Flag(help: "To any number; needs the scope admin.")
    var everyTenant = false

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = 100

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
        guard tenant == nil || !everyTenant else {
            throw ValidationError("Give one of --tenant NAME and --every-tenant.")
        }
        if let tenant, tenant.isEmpty { throw ValidationError("The tenant's name is empty.") }
    }

    mutating func run() async throws {
        let owner: MessageOwner = everyTenant ? .everyTenant : tenant.map(MessageOwner.tenant) ?? .own
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var cursor: InboundCursor?
            var listing = Listing(headings: InboundMessage.headings, widths: [24, 16, 16, 12])
            repeat {
                let page = try await client.inbound(of: owner, limit: min(left, 1000), after: cursor)
                for message in page.messages {
                    connection.print(rows: [message], in: &listing, json: \.json, cells: \.cells)
                    if connection.format == .text { message.links.forEach(Console.line) }
                }
                left -= page.messages.count
                cursor = page.cursor
            } while left > 0 && cursor != nil
        }
    }
}

extension InboundMessage {
    var json: JSONOutput {
        .object([
            ("id", .string(String(id))), ("at", .string(TimeText.rfc3339(at))), ("provider", .string(provider)),
            ("provider_id", .string(providerID)), ("from", .string(from)), ("to", .string(to)),
            ("body", .string(body)),
            (
                "media",
                .array(
                    media.map { .object([("url", .string($0.url)), ("content_type", .string($0.contentType))]) })
            ),
        ])
    }

    var cells: [String] { [TimeText.rfc3339(at), from, to, provider, body] }

    static let headings = ["at", "from", "to", "provider", "body"]

    /// A line for each link to what came with it.
    var links: [String] {
        media.map { ("  \($0.url)" + ($0.contentType.isEmpty ? "" : "  \($0.contentType)")).onOneLine }
    }
}
