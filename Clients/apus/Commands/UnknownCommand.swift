internal import ApusClient
internal import ArgumentParser

struct UnknownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unknown",
        abstract: "Handles messages of which nobody knows whether they were sent.",
        discussion: """
            A provider may have taken them, but its answer was lost. They are never sent again on their own account. A \
            receipt settles them; else ask the provider, and settle them or send them again.
            """,
        subcommands: [UnknownListCommand.self, UnknownResendCommand.self, UnknownSettleCommand.self])
}

/// The tenants and the provider whose messages are meant.
struct UnknownOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only those that this provider may have taken.", valueName: "name"))
    var provider: String?

    @OptionGroup var tenants: OwnerOptions

    mutating func validate() throws {
        if let provider, provider.isEmpty { throw ValidationError("The provider's name is empty.") }
    }

    var isGiven: Bool { provider != nil || tenants.isGiven }

    var owner: MessageOwner { tenants.owner }
}

struct UnknownListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists them, newest first: since when, who may have it, and why.")

    @OptionGroup var options: UnknownOptions

    @Option(help: ArgumentHelp("At most this many; 0 = all.", valueName: "count"))
    var limit = UnknownListCommand.defaultLimit

    @Flag(help: "In the order of acceptance.")
    var oldestFirst = false

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must be 0 or more.") }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            var left = limit == 0 ? Int.max : limit
            var cursor: ListCursor?
            var listing = Listing(headings: UnknownMessage.headings, widths: [24, 19, 16])
            repeat {
                let page = try await client.unknown(
                    of: options.owner, provider: options.provider, oldestFirst: oldestFirst, limit: min(left, 1000),
                    after: cursor)
                connection.print(rows: page.messages, in: &listing, json: \.json, cells: \.cells)
                left -= page.messages.count
                cursor = page.cursor
            } while left > 0 && cursor != nil
            // A hint for people: where the limit was theirs they know of it.
            if cursor != nil, limit == Self.defaultLimit, connection.format == .text, Console.errorIsTerminal {
                Console.errorLine("These are \(limit); --limit 0 lists all.")
            }
        }
    }

    private static let defaultLimit = 100
}

struct UnknownResendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend", abstract: "Sends them again: recipients may get them twice.",
        discussion: "The exit code is 1 if one of them was not sent again.")

    @Argument(help: "Ids of messages.")
    var ids: [MessageIDArgument] = []

    @Flag(help: "All that `list` would list with the same options, instead.")
    var all = false

    @OptionGroup var options: UnknownOptions
    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard ids.isEmpty == all else { throw ValidationError("Give the ids of messages, or --all.") }
        guard all || !options.isGiven else {
            throw ValidationError("--provider, --tenant and --every-tenant go with --all.")
        }
    }

    mutating func run() async throws {
        try await connection.withClient { client in
            guard all else {
                let report = try await client.resend(ids.map(\.id), note: note.note)
                return try connection.finish(report, "sent again")
            }
            var report = UnknownReport()
            var cursor: ListCursor?
            repeat {
                let page = try await client.unknown(
                    of: options.owner, provider: options.provider, limit: 1000, after: cursor)
                report.results += try await client.resend(page.messages.map(\.status.id), note: note.note).results
                cursor = page.cursor
            } while cursor != nil
            try connection.finish(report, "sent again")
        }
    }
}

struct UnknownSettleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle", abstract: "Says what became of them.",
        discussion: """
            A receipt that comes all the same still applies. The exit code is 1 if one of them was not settled.
            """)

    enum Settlement: String, CaseIterable, ExpressibleByArgument {
        case sent
        case delivered
        case undelivered
        case failed

        var state: MessageState {
            switch self {
            case .sent: .sent
            case .delivered: .delivered
            case .undelivered: .undelivered
            case .failed: .failed
            }
        }
    }

    @Argument(help: "Ids of messages.")
    var ids: [MessageIDArgument]

    @Option(name: .customLong("as"), help: ArgumentHelp("What became of them.", valueName: "state"))
    var settlement: Settlement

    @OptionGroup var note: NoteOption
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            let report = try await client.settle(ids.map(\.id), as: settlement.state, note: note.note)
            try connection.finish(report, "settled")
        }
    }
}

extension ConnectionOptions {
    /// - Parameter what: was done.
    /// - Throws: what makes the exit code 1, if something was not.
    fileprivate func finish(_ report: UnknownReport, _ what: String) throws {
        print(json: report.json, text: report.text(what))
        guard report.done < report.results.count else { return }
        guard report.refused > 0 else {
            throw CommandFailure.notFound(report.results.filter { $0.state == nil }.map(\.id))
        }
        throw CommandFailure(
            .refused, "\(counted(report.refused + report.notFound, "message")) not \(what)",
            advice: "See `apus timeline ID` for what has become of them.")
    }
}

extension UnknownMessage {
    var json: JSONOutput {
        .object([
            ("id", .string(status.id.description)), ("since", .string(TimeText.rfc3339(since))),
            ("tenant", .string(tenant)), ("to", .string(status.to)), ("provider", .string(status.provider)),
            ("attempts", .integer(Int64(status.attempts))),
            (
                "error",
                status.error.map { .object([("code", .string($0.code)), ("message", .string($0.message))]) } ?? .null
            ),
            ("settled", .bool(status.settled)), ("accepted_at", .string(TimeText.rfc3339(status.acceptedAt))),
            ("expires_at", .string(TimeText.rfc3339(status.expiresAt))),
        ])
    }

    /// Its columns in a listing.
    var cells: [String] {
        [
            TimeText.rfc3339(since), status.id.description, status.to, status.provider, tenant,
            status.error.map { "\($0.message) (\($0.code))" } ?? "",
        ]
    }

    static let headings = ["since", "id", "to", "provider", "tenant", "error"]
}

extension UnknownReport {
    var json: JSONOutput {
        .object([
            ("done", .integer(Int64(done))), ("refused", .integer(Int64(refused))),
            ("not_found", .integer(Int64(notFound))),
            (
                "results",
                .array(
                    results.map {
                        .object([
                            ("id", .string($0.id.description)), ("done", .bool($0.isDone)),
                            ("state", $0.state.map { .string($0.rawValue) } ?? .null), ("reason", .string($0.reason)),
                        ])
                    })
            ),
        ])
    }

    /// - Parameter what: was done.
    func text(_ what: String) -> String {
        var lines = results.map { result in
            let state = result.state.map { " \($0.rawValue)" } ?? ""
            return "\(result.id)\(state)" + (result.isDone ? "" : ": not \(what): \(result.reason.onOneLine)")
        }
        lines.append("\(done) \(what), \(refused) refused, \(notFound) not found")
        return lines.joined(separator: "\n")
    }
}
