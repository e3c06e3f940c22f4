internal import ApusClient
internal import ArgumentParser

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tells where messages, or a batch, stand.",
        discussion: """
            The text is shown to keys with the scope messages:text, unless retention has taken it away. That another \
            tenant's messages are read is entered in the audit log.
            """)

    @Argument(help: "Ids of messages.")
    var ids: [MessageIDArgument] = []

    @Option(help: ArgumentHelp("A batch instead; 19 digits are its id.", valueName: "name|id"))
    var batch: BatchArgument?

    @Option(help: "The messages that were sent with this reference, newest first, instead.")
    var reference: String?

    @Option(help: ArgumentHelp("The messages that a provider knows by this id, instead.", valueName: "id"))
    var providerID: String?

    @Flag(
        help: """
            Wait until nothing is awaited any more; exit code 3 at --timeout, 4 if a message was not delivered.
            """)
    var wait = false

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard [!ids.isEmpty, batch != nil, reference != nil, providerID != nil].count(where: \.self) == 1 else {
            throw ValidationError(
                "Give the ids of messages, or one of --batch NAME, --reference REFERENCE and --provider-id ID.")
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            if let batch {
                try await show(batch, client)
            } else if let reference {
                try await show(try await client.status(reference: reference, owner: tenants.owner), client)
            } else if let providerID {
                try await show(try await client.status(providerID: providerID, owner: tenants.owner), client)
            } else {
                try await show(ids.map(\.id), client)
            }
        }
    }

    private func show(_ batch: BatchArgument, _ client: GatewayClient) async throws {
        let owner = tenants.owner
        let status =
            wait
            ? try await client.waitUntilSettled(
                batch: batch.value, owner: owner, timeout: connection.timeoutDuration)
            : try await client.status(of: batch.value, owner: owner)
        connection.print(json: status.json, text: status.text)
        if wait, !status.isSettled {
            throw CommandFailure.notSettled(
                status.messages - status.settled, advice: "apus status --batch \(batch.text) --wait\(tenants.words)")
        }
        if wait, let failure = CommandFailure(undelivered: status) { throw failure }
    }

    private func show(_ found: [MessageStatus], _ client: GatewayClient) async throws {
        guard !found.isEmpty else {
            throw CommandFailure(
                .refused, "no such message (NOT_FOUND)",
                advice: "Check --server and the key; `apus list` finds messages by other things.")
        }
        if wait {
            try await show(found.map(\.id), client)
        } else {
            show(found)
        }
    }

    private func show(_ messages: [MessageStatus]) {
        for status in messages {
            connection.print(json: status.json, text: messages.count == 1 ? status.text : status.summary)
        }
    }

    private func show(_ ids: [MessageID], _ client: GatewayClient) async throws {
        let report =
            wait
            ? try await client.waitUntilSettled(ids, owner: tenants.owner, timeout: connection.timeoutDuration)
            : try await client.status(of: ids, owner: tenants.owner)
        show(report.messages)
        guard report.notFound.isEmpty else {
            throw CommandFailure.notFound(report.notFound)
        }
        let open = report.messages.count { !$0.settled }
        if wait, open > 0 {
            throw CommandFailure.notSettled(open, advice: "apus status ID… --wait --timeout SECONDS")
        }
        if wait, let failure = CommandFailure(undelivered: report.messages) { throw failure }
    }
}

struct TimelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Shows every step of a message's life.")

    @Argument(help: "The message's id.")
    var id: MessageIDArgument

    @OptionGroup var tenants: OwnerOptions
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let report = try await client.status(of: [id.id], owner: tenants.owner)
            guard let status = report.messages.first else { throw CommandFailure.notFound([id.id]) }
            let json = JSONOutput.object([
                ("id", .string(status.id.description)), ("state", .string(status.state.rawValue)),
                ("settled", .bool(status.settled)), ("timeline", status.timelineJSON),
            ])
            connection.print(json: json, text: status.timelineText)
        }
    }
}

extension CommandFailure {
    static func notFound(_ ids: [MessageID]) -> CommandFailure {
        let list = ids.prefix(10).map(\.description).joined(separator: ", ") + (ids.count > 10 ? ", …" : "")
        return CommandFailure(
            .refused, "no such message: \(list) (NOT_FOUND)",
            advice: "Ids belong to one gateway and tenant: check --server, the key and --tenant.")
    }
}
