internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Says which messages go to which providers.",
        discussion: "Routes are tried by their order, then by name; the first whose conditions all hold decides.",
        subcommands: [
            RouteListCommand.self, RouteShowCommand.self, RouteCreateCommand.self, RouteSetCommand.self,
            RouteRemoveCommand.self,
        ])
}

/// The route that a command is about.
struct RouteArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The route's name.", valueName: "route"))
    var name: String

    func editor(_ client: GatewayClient, _ note: NoteOption) -> SettingsEditor {
        SettingsEditor(client: client, kind: .route, name: name, note: note.note)
    }
}

struct RouteListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the routes as they are tried.")

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { try await SettingsTable(kind: .route).list($0, connection) }
    }
}

struct RouteShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a route's settings that aren't the defaults.")

    @OptionGroup var route: RouteArgument
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { try await SettingsTable(kind: .route).show(route.name, $0, connection) }
    }
}

struct RouteCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Adds a route.",
        discussion: """
            Without conditions it is for all messages that no route before it takes. Without --order it is tried after \
            those that have one below \(RouteOptions.defaultOrder).
            """)

    @OptionGroup var route: RouteArgument
    @OptionGroup var settings: RouteOptions
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard !settings.provider.isEmpty || settings.reject != nil else {
            throw ValidationError("Give --provider, or --reject with a reason.")
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var json = JSONValue.object([:])
            settings.apply(to: &json)
            connection.print(try await route.editor(client, note).create(json))
        }
    }
}

struct RouteSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes some of a route's settings.",
        discussion: "A list that is given replaces the whole list. --clear destinations makes it a route to everywhere."
    )

    @OptionGroup var route: RouteArgument
    @OptionGroup var settings: RouteOptions
    @OptionGroup var cleared: ClearOption
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard !settings.isEmpty || !cleared.clear.isEmpty else {
            throw ValidationError("Nothing to change was given.")
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let applied = try await route.editor(client, note).change { json in
                cleared.apply(to: &json)
                settings.apply(to: &json)
            }
            connection.print(applied)
        }
    }
}

struct RouteRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a route; its messages go by the next one that matches.")

    @OptionGroup var route: RouteArgument
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(try await route.editor(client, note).remove())
        }
    }
}
