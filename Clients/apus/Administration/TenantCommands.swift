internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Lists, makes, changes and removes tenants.",
        subcommands: [
            TenantListCommand.self, TenantShowCommand.self, TenantCreateCommand.self, TenantSetCommand.self,
            TenantRemoveCommand.self,
        ])
}

struct TenantListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the tenants.")

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let configuration = try await client.configuration(kind: "tenants")
            let tenants = try JSONValue(configuration.document)["tenants"]?.object ?? [:]
            connection.print(
                rows: tenants.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) },
                headings: ["tenant", "settings"]
            ) {
                name, settings in
                Self.json(name, settings)
            } columns: { name, settings in
                Self.columns(name, settings)
            }
        }
    }

    static func json(_ name: String, _ settings: JSONValue) -> JSONOutput {
        .object([("name", .string(name)), ("settings", JSONOutput(settings))])
    }

    /// The name, and what isn't the default.
    private static func columns(_ name: String, _ settings: JSONValue) -> [String] {
        var settings = settings
        let issuers = settings["issuers"]?.array?.count ?? 0
        settings.set("issuers", to: issuers == 0 ? nil : .integer(Int64(issuers)))
        let words = settings.settings.map { path, value in
            value.array.map { "\(path) (\($0.count))" } ?? "\(path)=\(value.plainText)"
        }
        return [name, words.joined(separator: " ")]
    }
}

/// The tenant that a command is about.
struct TenantArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The tenant's name.", valueName: "tenant"))
    var name: String
}

struct TenantShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a tenant's settings that aren't the defaults.")

    @OptionGroup var tenant: TenantArgument
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let settings = try await SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: "")
                .current()
            let rows = settings.settings.map { ($0.path, $0.value.plainText) }
            connection.print(
                json: TenantListCommand.json(tenant.name, settings),
                text: rows.isEmpty
                    ? "\(tenant.name) has the defaults" : "\(tenant.name)\n" + TextTable.list(rows, indent: "  "))
        }
    }
}

struct TenantCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a tenant.",
        discussion: "What is not said has its default: no limits, any sender, everywhere.")

    @OptionGroup var tenant: TenantArgument
    @OptionGroup var settings: TenantOptions
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            var json = JSONValue.object([:])
            settings.apply(to: &json)
            let editor = SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: note.note)
            connection.print(try await editor.create(json))
        }
    }
}

struct TenantSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes some of a tenant's settings.",
        discussion: """
            A list that is given replaces the whole list. --clear makes a setting the default again, by the name that \
            `apus admin tenant show` tells, such as quota.segments_per_day or quota.
            """)

    @OptionGroup var tenant: TenantArgument
    @OptionGroup var settings: TenantOptions

    @Option(help: ArgumentHelp("The default again; may be given repeatedly.", valueName: "setting"))
    var clear: [String] = []

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard !settings.isEmpty || !clear.isEmpty else { throw ValidationError("Nothing to change was given.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let editor = SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: note.note)
            let applied = try await editor.change { json in
                for path in clear { json.set(path, to: nil) }
                settings.apply(to: &json)
            }
            connection.print(applied)
        }
    }
}

struct TenantRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a tenant of which nothing waits.",
        discussion: """
            Its keys open nothing any more. Its messages stay until retention takes them, and its name keeps its \
            number: the same name again is the same tenant.
            """)

    @OptionGroup var tenant: TenantArgument
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let editor = SettingsEditor(client: client, kind: .tenant, name: tenant.name, note: note.note)
            connection.print(try await editor.remove())
        }
    }
}
