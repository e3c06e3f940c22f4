internal import ApusClient
internal import ArgumentParser

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Lists, makes and revokes API keys.",
        subcommands: [KeyListCommand.self, KeyCreateCommand.self, KeyRevokeCommand.self])
}

struct KeyListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists keys, revoked ones too, without their secrets.",
        discussion: "The key in the daemon's key-file is not among them.")

    @Option(help: ArgumentHelp("Only those of this tenant.", valueName: "name"))
    var tenant: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            var keys: [KeyDescription] = []
            var cursor: KeyCursor?
            repeat {
                let page = try await client.keys(tenant: tenant, after: cursor)
                keys += page.keys
                cursor = page.cursor
            } while cursor != nil
            connection.print(
                rows: keys, headings: ["key", "tenant", "scopes", "state", "used", "note"], json: \.json,
                columns: \.columns)
        }
    }
}

struct KeyCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a key and prints it, this once.",
        discussion: "The key goes to standard output, what is told about it to standard error.")

    @OptionGroup var tenant: TenantArgument

    @Option(
        help: ArgumentHelp(
            "Parted by commas: messages:send, messages:read, messages:cancel, messages:text, admin (default: the three of messages).",
            valueName: "list"))
    var scopes: String?

    @Option(help: ArgumentHelp("How long it holds, such as 90d (default: until revoked).", valueName: "duration"))
    var expires: DurationArgument?

    @Option(help: ArgumentHelp("What it is for; at most 256 bytes.", valueName: "text"))
    var note = ""

    @OptionGroup var connection: ConnectionOptions

    private var wanted: [KeyScope] {
        (scopes ?? "").split(separator: ",").map { KeyScope(rawValue: String($0)) }
    }

    mutating func validate() throws {
        if scopes != nil, wanted.isEmpty { throw ValidationError("--scopes names no scope.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let created = try await client.createKey(
                tenant: tenant.name, scopes: wanted, note: note, lifetime: expires?.duration)
            if connection.format == .text {
                Console.errorLine("key \(created.key.id) of \(created.key.tenant); it is not shown again:")
            }
            connection.print(json: created.key.json(secret: created.secret), text: created.secret)
        }
    }
}

struct KeyRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes keys: they open nothing any more, at once and for ever.")

    @Argument(help: ArgumentHelp("The first 8 characters after apus_.", valueName: "id"))
    var ids: [String]

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            for id in ids {
                connection.print(rows: [try await client.revokeKey(id)], json: \.json, columns: \.columns)
            }
        }
    }
}
