internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "Says through whom messages are sent.",
        subcommands: [
            ProviderListCommand.self, ProviderShowCommand.self, ProviderCreateCommand.self, ProviderSetCommand.self,
            ProviderRemoveCommand.self, ProviderEnableCommand.self, ProviderDisableCommand.self,
            ProviderTestCommand.self,
        ])
}

/// The provider that a command is about.
struct ProviderArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The provider's name: 1 to 32 of a-z, 0-9 and -.", valueName: "provider"))
    var name: String

    func editor(_ client: GatewayClient, _ note: NoteOption) -> SettingsEditor {
        SettingsEditor(client: client, kind: .provider, name: name, note: note.note)
    }
}

struct ProviderListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the providers.")

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { try await SettingsTable(kind: .provider).list($0, connection) }
    }
}

struct ProviderShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a provider's settings; of secrets the names.")

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { try await SettingsTable(kind: .provider).show(provider.name, $0, connection) }
    }
}

struct ProviderCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Adds a provider.",
        discussion: """
            Messages go to it once a route names it. `apus admin provider test` tells whether the carrier takes its \
            credentials. The gateway encrypts secrets with its master key.
            """)

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var settings: ProviderOptions
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard settings.kind != nil else { throw ValidationError("Say with --kind what the provider is.") }
    }

    mutating func run() async throws {
        let secrets = try await settings.read()
        try await connection.withClient { client in
            var json = JSONValue.object([:])
            settings.apply(to: &json, secrets: secrets)
            connection.print(try await provider.editor(client, note).create(json))
        }
    }
}

struct ProviderSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes some of a provider's settings.",
        discussion: "What it is not told stays, secrets too; --clear options.proxy makes that the default again.")

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var settings: ProviderOptions
    @OptionGroup var cleared: ClearOption
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard !settings.isEmpty || !cleared.clear.isEmpty else {
            throw ValidationError("Nothing to change was given.")
        }
    }

    mutating func run() async throws {
        let secrets = try await settings.read()
        try await connection.withClient { client in
            let applied = try await provider.editor(client, note).change { json in
                cleared.apply(to: &json)
                settings.apply(to: &json, secrets: secrets)
            }
            connection.print(applied)
        }
    }
}

struct ProviderRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a provider that no route names.",
        discussion: """
            Receipts of what it took are not understood any more: disable it, and remove it once they have come.
            """)

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(try await provider.editor(client, note).remove())
        }
    }
}

struct ProviderEnableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Lets a provider take messages again.")

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(try await provider.editor(client, note).change { $0.set("enabled", to: nil) })
        }
    }
}

struct ProviderDisableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Gives a provider no new messages.",
        discussion: """
            Routes pass it over, until `apus admin provider enable`. To stop it for a moment only, with what waits \
            for it waiting on, use `apus pause --provider`.
            """)

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(try await provider.editor(client, note).change { $0.set("enabled", to: .bool(false)) })
        }
    }
}

struct ProviderTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Asks a provider's carrier whether it takes the credentials.",
        discussion: """
            Nothing is sent. The exit code is 0 if the carrier takes them, 1 if it refuses, and 3 if it can't be \
            reached or its answer says neither.
            """)

    @OptionGroup var provider: ProviderArgument
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let test = try await client.testProvider(provider.name)
            connection.print(json: test.json, text: "\(provider.name): \(test.text)")
            if let failure = test.failure(of: provider.name) { throw failure }
        }
    }
}

extension ProviderTest {
    var json: JSONOutput {
        .object([
            ("result", .string(result.rawValue)), ("code", .string(code)), ("detail", .string(detail)),
        ])
    }

    var text: String {
        "\(result.rawValue.lowercased())" + (code.isEmpty ? "" : " (\(code))") + (detail.isEmpty ? "" : ": \(detail)")
    }

    /// nil if it passed.
    func failure(of provider: String) -> CommandFailure? {
        switch result {
        case .passed: nil
        case .refused:
            CommandFailure(
                .refused, "the carrier refuses \(provider)",
                advice: "Correct its settings with `apus admin provider set \(provider)`.")
        case .inconclusive:
            CommandFailure(
                .unavailable, "the carrier says nothing about \(provider)",
                advice: "Can this gateway reach it? See the options base_url, endpoint, proxy and ca_file.")
        }
    }
}
