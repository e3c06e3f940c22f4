internal import ApusClient
internal import ArgumentParser

struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Shows the gateway's counts and load.",
        discussion: """
            With the scope admin those of the gateway: --every-tenant counts the messages of all, and --tenant shows one \
            tenant what it sees itself. Without that scope one's own.
            """)

    @Flag(help: "Again every second, until interrupted.")
    var watch = false

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            var statistics = try await client.statistics(of: tenants.owner)
            while watch {
                if connection.format == .text, Console.outputIsTerminal { Console.clearScreen() }
                connection.print(json: statistics.json, text: statistics.text)
                try await Task.sleep(for: .seconds(1))
                statistics = try await client.statistics(of: tenants.owner)
            }
            connection.print(json: statistics.json, text: statistics.text)
        }
    }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels messages that no provider has been called for yet.",
        discussion: """
            The exit code is 1 if one of the given messages was too late, may have been sent, or is \
            not known. That another tenant's are \
            canceled is entered in the audit log.
            """)

    @Argument(help: "Ids of messages.")
    var ids: [MessageIDArgument] = []

    @Option(help: ArgumentHelp("A batch instead; 19 digits are its id.", valueName: "name|id"))
    var batch: BatchArgument?

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard ids.isEmpty != (batch == nil) else {
            throw ValidationError("Give the ids of messages, or --batch NAME.")
        }
        guard batch == nil || !tenants.everyTenant else {
            throw ValidationError("A batch is canceled with --tenant NAME: say whose it is.")
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            let report =
                if let batch {
                    try await client.cancel(batch: batch.value, owner: tenants.owner)
                } else {
                    try await client.cancel(ids.map(\.id), owner: tenants.owner)
                }
            connection.print(json: report.json, text: report.text)
            let left = report.tooLate + report.mayHaveBeenSent + report.notFound
            guard batch == nil, left > 0 else { return }
            throw CommandFailure(
                .refused, "\(counted(left, "message")) not canceled",
                advice: "What a provider has been called for cannot be taken back: see `apus timeline ID`.")
        }
    }
}

/// What `pause` and `resume` are about.
struct PauseOptions: ParsableArguments {
    @Argument(help: "\"everything\", which is also meant if nothing is given.")
    var subject: Everything?

    @Option(help: ArgumentHelp("Only this provider.", valueName: "name"))
    var provider: String?

    @Option(help: ArgumentHelp("Only this batch.", valueName: "name"))
    var batch: String?

    @Option(help: ArgumentHelp("Only this tenant's messages.", valueName: "name"))
    var tenant: String?

    enum Everything: String, ExpressibleByArgument, CaseIterable {
        case everything
    }

    mutating func validate() throws {
        guard [subject != nil, provider != nil, batch != nil, tenant != nil].count(where: \.self) <= 1 else {
            throw ValidationError("Give one of everything, --provider NAME, --batch NAME and --tenant NAME.")
        }
        if let batch { try BatchName.check(batch) }
        if let tenant, tenant.isEmpty { throw ValidationError("The tenant's name is empty.") }
        if let provider, provider.isEmpty { throw ValidationError("The provider's name is empty.") }
    }

    var value: PauseSubject {
        if let provider { return .provider(provider) }
        if let batch { return .batch(.name(batch)) }
        if let tenant { return .tenant(tenant) }
        return .everything
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stops handing messages to providers; they go on being accepted.")

    @OptionGroup var subject: PauseOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(paused: try await client.pause(subject.value))
        }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Goes on handing messages to providers.")

    @OptionGroup var subject: PauseOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            connection.print(paused: try await client.resume(subject.value))
        }
    }
}

extension ConnectionOptions {
    fileprivate func print(paused: [String]) {
        print(
            json: .object([("paused", .array(paused.map(JSONOutput.string)))]),
            text: "paused: " + (paused.isEmpty ? "nothing" : paused.joined(separator: ", ")))
    }
}

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Tells whether the gateway works: exit code 3 if not, 5 if it is degraded.",
        discussion: """
            Degraded: it takes messages, but no provider of some route does, or messages wait for longer than \
            health.waiting-seconds. An administrator's key is told how each provider is.
            """)

    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let health = try await client.health()
            connection.print(json: health.json, text: health.text)
            guard !health.degraded else {
                throw CommandFailure(
                    .degraded, "the gateway is degraded",
                    advice: "See what is not ok above, and `apus stats` for what waits for which provider.")
            }
            guard health.isHealthy else {
                throw CommandFailure(
                    .unavailable, "the gateway is not healthy",
                    advice: "See what is not ok above, `apus stats` for what is paused, and the daemon's log.")
            }
        }
    }
}

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Prints a shell's completion script.",
        discussion: """
            bash: apus completions bash > ~/.local/share/bash-completion/completions/apus
            zsh:  apus completions zsh > a folder of $fpath/_apus
            fish: apus completions fish > ~/.config/fish/completions/apus.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Console.verbatim(ApusCommand.completionScript(for: shell))
    }
}
