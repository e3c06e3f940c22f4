internal import ApusClient
internal import ArgumentParser

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tells what would become of a message, and why, without sending it.",
        usage: "apus explain [--to] NUMBER [--body] TEXT [options]",
        discussion: """
            Nothing is recorded, and nothing is taken of any rate or quota. It takes the options of `apus send`. The \
            exit code is 0 if the message would go now or later, 1 if it would be refused.
            """)

    @Argument(help: ArgumentHelp("The recipient and the body; a body of - is read from standard input."))
    var words: [String] = []

    @Option(help: ArgumentHelp("The recipient, in international form as +14155550100.", valueName: "number"))
    var to: String?

    @Option(help: ArgumentHelp("The text; @FILE is a file's, - standard input's.", valueName: "text"))
    var body: String?

    @OptionGroup var message: MessageOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        (to, body) = try MessageWords.take(words, to: to, body: body, command: "explain")
    }

    mutating func run() async throws {
        let outgoing = message.defaults.message(to: to ?? "", body: try await TextArgument.value(body ?? ""))
        try await connection.withClient { client in
            let explanation = try await client.explain(outgoing)
            connection.print(json: explanation.json, text: explanation.text)
            if let failure = explanation.failure { throw failure }
        }
    }
}
