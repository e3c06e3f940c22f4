internal import ApusClient
internal import ArgumentParser

struct BatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Finds batches.",
        discussion: """
            `bulk` sends them; `status`, `list`, `cancel` and `pause` take one with --batch.
            """,
        subcommands: [BatchListCommand.self])
}

struct BatchListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists batches, those begun last first.",
        discussion: """
            Of each: when it was begun, its id and name, how many of its messages are settled, its messages by state, \
            and whether it is canceled or paused.
            """)

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = BatchListCommand.defaultLimit

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var cursor: ListCursor?
            let isMixed = tenants.everyTenant
            var listing = Listing(headings: BatchStatus.headings(withTenant: isMixed), widths: [24, 19])
            repeat {
                let page = try await client.batches(
                    of: tenants.owner, limit: min(left, Self.pageSize), after: cursor)
                connection.print(rows: page.batches, in: &listing, json: \.json) { $0.cells(withTenant: isMixed) }
                left -= page.batches.count
                cursor = page.cursor
            } while left > 0 && cursor != nil
            // A hint for people: where the limit was theirs they know of it.
            if cursor != nil, limit == Self.defaultLimit, connection.format == .text, Console.errorIsTerminal {
                Console.errorLine("These are \(limit); --limit 0 lists all.")
            }
        }
    }

    private static let pageSize = 100
    private static let defaultLimit = 20
}
