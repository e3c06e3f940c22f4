internal import ApusClient
internal import ArgumentParser

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Administers tenants, keys, providers, routes and the configuration.",
        discussion: "Needs a key with the scope admin, such as the one in the daemon's key-file.",
        subcommands: [
            TenantCommand.self, KeyCommand.self, IssuerCommand.self, ProviderCommand.self, RouteCommand.self,
            ConfigurationCommand.self, AuditCommand.self,
        ])
}

/// Words for the history.
struct NoteOption: ParsableArguments {
    @Option(help: ArgumentHelp("Your own words, for the history; at most 256 bytes.", valueName: "text"))
    var note = ""
}

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows who did what, newest first.")

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = 100

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var before: Int64?
            var listing = Listing(headings: ["at", "actor", "peer", "verb", "subject", "note"])
            while left > 0 {
                let page = try await client.audit(limit: min(left, 1000), before: before)
                guard let last = page.last else { break }
                connection.print(rows: page, in: &listing, json: \.json, cells: \.columns)
                left -= page.count
                before = last.id
            }
        }
    }
}

extension ConnectionOptions {
    /// What a change of the configuration did.
    func print(_ applied: AppliedConfiguration, isDryRun: Bool = false) {
        print(json: applied.json, text: applied.text(isDryRun: isDryRun))
    }
}
