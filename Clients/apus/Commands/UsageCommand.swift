internal import ApusClient
internal import ArgumentParser

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Shows what of its limits a tenant has used.")

    @Option(help: ArgumentHelp("Of another tenant; needs the scope admin.", valueName: "name"))
    var tenant: String?

    @Flag(help: "Of every tenant; needs the scope admin.")
    var all = false

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard tenant == nil || !all else { throw ValidationError("Give one of --tenant NAME and --all.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let usage = all ? try await client.usageOfEveryTenant() : [try await client.usage(tenant: tenant)]
            connection.print(rows: usage, json: \.json, columns: \.columns)
        }
    }
}
