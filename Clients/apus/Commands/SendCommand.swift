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

    @Option(help: ArgumentHelp("The text; - reads it from standard input.", valueName: "text"))
    var body: String?

    @OptionGroup var message: MessageOptions

    @Option(help: "The same key again sends nothing twice (1 to 64 bytes; default: a new one).")
    var idempotencyKey: String?

    @Flag(help: "Wait until nothing is awaited any more; exit code 3 at --timeout.")
    var wait = false

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        var rest = words[...]
        if to == nil { to = rest.popFirst() }
        if body == nil { body = rest.popFirst() }
        guard to != nil else { throw ValidationError("The recipient is missing: apus send NUMBER TEXT.") }
        guard body != nil else { throw ValidationError("The text is missing: apus send NUMBER TEXT.") }
        guard rest.isEmpty else {
            throw ValidationError("\"\(rest.first!)\" is one word too many: put the text in quotes.")
        }
        if let idempotencyKey, !(1...64).contains(idempotencyKey.utf8.count) {
            throw ValidationError("An idempotency key has 1 to 64 bytes.")
        }
    }

    mutating func run() async throws {
        let text = body == "-" ? try await readBody() : body ?? ""
        let outgoing = message.defaults.message(to: to ?? "", body: text)
        try await connection.withClient { client in
            let receipt = try await client.send(outgoing, idempotencyKey: idempotencyKey)
            guard wait else { return connection.print(json: receipt.json, text: receipt.text) }
            let status = try await settled(receipt, client)
            connection.print(json: status.json, text: status.outcome)
            if !status.settled { throw CommandFailure.notSettled(1, advice: "apus status \(receipt.id) --wait") }
        }
    }

    private func settled(_ receipt: SendReceipt, _ client: GatewayClient) async throws -> MessageStatus {
        do {
            let report = try await client.waitUntilSettled([receipt.id], timeout: connection.timeoutDuration)
            guard let status = report.messages.first else { throw CommandFailure.notFound([receipt.id]) }
            return status
        } catch let error as ApusError {
            // It is accepted all the same: whoever reads this needs its id.
            Console.error("\(receipt.id) was accepted, but could not be followed")
            throw error
        }
    }

    /// Standard input without the line's end.
    private func readBody() async throws -> String {
        let input = try InputFile(path: "-")
        var bytes: [UInt8] = []
        while true {
            let block = try await input.read()
            if block.isEmpty { break }
            bytes += block
            // More than any body: the gateway would only refuse it later.
            guard bytes.count <= 64 * 1024 else {
                throw CommandFailure(.refused, "the text is longer than a message may be (1600 characters)")
            }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.refused, "the text is not valid UTF-8")
        }
        return text
    }
}

extension ConnectionOptions {
    func print(json: JSONValue, text: String) {
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
