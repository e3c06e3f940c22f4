internal import ApusClient
internal import ArgumentParser

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Sends one message and prints its id.",
        usage: "apus send [--to] NUMBER [--body] TEXT [options]")

    @Argument(help: ArgumentHelp("The recipient and the body; a body of - is read from standard input."))
    var words: [String] = []

    @Option(help: ArgumentHelp("The recipient, in international form as +14155550100.", valueName: "number"))
    var to: String?

    @Option(help: ArgumentHelp("The text; @FILE is a file's, - standard input's.", valueName: "text"))
    var body: String?

    @OptionGroup var message: MessageOptions

    @Option(help: "The same key again sends nothing twice (1 to 64 bytes; default: a new one).")
    var idempotencyKey: String?

    @Flag(help: "Wait until nothing is awaited any more; exit code 3 at --timeout, 4 if it was not delivered.")
    var wait = false

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        (to, body) = try MessageWords.take(words, to: to, body: body, command: "send")
        if let idempotencyKey, !(1...64).contains(idempotencyKey.utf8.count) {
            throw ValidationError("An idempotency key has 1 to 64 bytes.")
        }
    }

    mutating func run() async throws {
        let outgoing = message.defaults.message(to: to ?? "", body: try await TextArgument.value(body ?? ""))
        try await connection.withClient { client in
            let receipt = try await client.send(outgoing, idempotencyKey: idempotencyKey)
            guard wait else { return connection.print(json: receipt.json, text: receipt.text) }
            let status = try await settled(receipt, client)
            connection.print(
                json: .object(status.members + receipt.encodingMembers), text: status.outcome(receipt))
            if !status.settled { throw CommandFailure.notSettled(1, advice: "apus status \(receipt.id) --wait") }
            if let failure = CommandFailure(undelivered: [status]) { throw failure }
        }
    }

    private func settled(_ receipt: SendReceipt, _ client: GatewayClient) async throws -> MessageStatus {
        do {
            let report = try await client.waitUntilSettled([receipt.id], timeout: connection.timeoutDuration)
            guard let status = report.messages.first else { throw CommandFailure.notFound([receipt.id]) }
            return status
        } catch let error as ApusError {
            // It is accepted all the same: who reads this needs its id.
            var failure = CommandFailure(error)
            failure.what = "\(receipt.id) was accepted, but could not be followed: \(failure.what)"
            failure.members.append(("id", .string(receipt.id.description)))
            throw failure
        }
    }
}

extension ConnectionOptions {
    func print(json: JSONOutput, text: String) {
        switch format {
        case .json: Console.json(json)
        case .text: Console.line(text)
        }
    }
}

extension CommandFailure {
    static func notSettled(_ count: some BinaryInteger, advice: String) -> CommandFailure {
        CommandFailure(
            .unavailable, "\(counted(count, "message")) not settled when the time was over",
            advice: "Wait on with `\(advice)`.")
    }
}
