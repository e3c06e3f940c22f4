internal import ApusClient
internal import ArgumentParser
internal import ConfigurationModel
internal import JSON

struct ConfigurationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Shows, compares, applies and rolls back the whole configuration.",
        discussion: "A FILE is YAML or JSON: tenants, and under each name its settings. - is standard input.",
        subcommands: [
            ConfigurationShowCommand.self, ConfigurationDiffCommand.self, ConfigurationApplyCommand.self,
            ConfigurationRollbackCommand.self, ConfigurationHistoryCommand.self,
        ])
}

struct ConfigurationShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the configuration, as YAML that apply takes.")

    @Option(help: ArgumentHelp("One of before.", valueName: "number"))
    var generation: UInt32?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let configuration = try await client.configuration(generation: generation)
            let document = try JSONValue(configuration.document)
            switch connection.format {
            case .json:
                Console.json(
                    .object([
                        ("generation", .integer(Int64(configuration.generation))), ("document", JSONOutput(document)),
                    ]))
            case .text:
                Console.document("# generation \(configuration.generation)\n" + ConfigurationFile.yaml(document))
            }
        }
    }
}

/// A file, and how it is meant.
struct DocumentOptions: ParsableArguments {
    @Argument(help: "YAML or JSON; - = standard input.")
    var file: String

    @Flag(help: "What the file doesn't name stays; null removes.")
    var partial = false

    @Option(help: ArgumentHelp("Only if this is the newest generation.", valueName: "number"))
    var ifGeneration: UInt32?
}

struct ConfigurationDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Checks a file, and shows what applying it would change.",
        discussion: "Exit codes: 0 nothing would change, 1 something would, or the file is refused.")

    @OptionGroup var document: DocumentOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let text = try await ConfigurationFile.read(document.file).text
        try await connection.withClient { client in
            let applied = try await client.apply(
                text, partial: document.partial, dryRun: true, ifGeneration: document.ifGeneration)
            connection.print(applied, isDryRun: true)
            guard applied.changes.isEmpty else { throw ExitCode(ExitStatus.refused.rawValue) }
        }
    }
}

struct ConfigurationApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Makes a file the configuration: all of it, or nothing.",
        discussion: """
            What the file doesn't name is removed, unless --partial is given. Where that removes providers or routes it \
            needs --remove; without it you are asked, or it is refused where nobody can be asked.
            """)

    @OptionGroup var document: DocumentOptions

    @Flag(help: "Providers and routes may be removed.")
    var remove = false

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let text = try await ConfigurationFile.read(document.file).text
        try await connection.withClient { client in
            var (remove, generation) = (remove, document.ifGeneration)
            if !remove, document.file != "-", Console.canAsk {
                let tried = try await client.apply(
                    text, partial: document.partial, dryRun: true, ifGeneration: generation)
                if let question = RemovalQuestion(tried.changes) {
                    remove = try question.ask()
                    // What was agreed to is what was shown.
                    generation = tried.generation
                }
            }
            let applied = try await client.apply(
                text, partial: document.partial, ifGeneration: generation, note: note.note, remove: remove)
            connection.print(applied)
        }
    }
}

struct ConfigurationRollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Makes a new generation that is like an old one.",
        discussion: "Keys, opt-outs and messages stay as they are.")

    @Argument(help: "The generation to be like.")
    var generation: UInt32

    @Flag(help: "Only shows what would change.")
    var dryRun = false

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let applied = try await client.rollBack(to: generation, dryRun: dryRun, note: note.note)
            connection.print(applied, isDryRun: dryRun)
        }
    }
}

struct ConfigurationHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Lists generations, newest first.",
        discussion: "Each with who made it and what it changed: + is new, - is removed.")

    @Option(help: ArgumentHelp("At most this many, 1 to 1000.", valueName: "count"))
    var limit = 20

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit must be 1 to 1000.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(
                rows: try await client.generations(limit: limit),
                headings: ["number", "at", "actor", "peer", "changes", "note"], json: \.json, columns: \.columns)
        }
    }
}
