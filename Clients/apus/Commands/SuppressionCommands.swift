internal import ApusClient
internal import ArgumentParser

struct SuppressionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppression", abstract: "Keeps the list of recipients who have opted out.",
        subcommands: [
            SuppressionListCommand.self, SuppressionAddCommand.self, SuppressionRemoveCommand.self,
            SuppressionImportCommand.self, SuppressionExportCommand.self,
        ])
}

/// The tenant whose opt-outs are meant.
struct SuppressionOwner: ParsableArguments {
    @Option(help: ArgumentHelp("Of another tenant; needs the scope admin.", valueName: "name"))
    var tenant: String?
}

struct SuppressionListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists opt-outs, by number.")

    @Option(help: ArgumentHelp("Only this one.", valueName: "number"))
    var number: String?

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = 100

    @Flag(help: "Instead of the list: whom carriers refuse because they have opted out there.")
    var atCarriers = false

    @OptionGroup var owner: SuppressionOwner
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var cursor: SuppressionCursor?
            var total: UInt64 = 0
            repeat {
                let page = try await client.suppressions(
                    tenant: owner.tenant, number: number, atCarriers: atCarriers, limit: min(left, 1000), after: cursor)
                for entry in page.entries { connection.print(json: entry.json, text: entry.row) }
                left -= page.entries.count
                (cursor, total) = (page.cursor, page.total)
            } while left > 0 && cursor != nil
            if connection.format == .text { Console.errorLine(counted(total, "opt-out") + " in all") }
        }
    }
}

struct SuppressionAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Sends these recipients nothing more, also of what waits.")

    @Argument(help: "Numbers in international form.")
    var numbers: [String]

    @Option(help: ArgumentHelp("Who asked for it and why; at most 128 bytes.", valueName: "text"))
    var reason = ""

    @OptionGroup var owner: SuppressionOwner
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let changed = try await client.suppress(numbers, tenant: owner.tenant, reason: reason)
            connection.print(
                json: .object([("changed", .integer(Int64(changed)))]),
                text: "\(changed) added, \(numbers.count - changed) there before")
        }
    }
}

struct SuppressionRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Lets these recipients be sent to again.")

    @Argument(help: "Numbers in international form.")
    var numbers: [String]

    @OptionGroup var owner: SuppressionOwner
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let changed = try await client.unsuppress(numbers, tenant: owner.tenant)
            connection.print(
                json: .object([("changed", .integer(Int64(changed)))]),
                text: "\(changed) removed, \(numbers.count - changed) were not there")
        }
    }
}
