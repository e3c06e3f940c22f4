internal import ApusClient
internal import ArgumentParser

struct BulkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Sends a file of messages as one batch.",
        discussion: """
            The file is CSV whose first line names the columns (to and body; sender, priority and reference if you \
            like), or JSON lines with the same names. With --body TEXT all rows get that text: {{name}} in it stands \
            for the column of that name. Rows that are refused are told with their line; the others go on.

            The same file under the same --batch NAME continues where an earlier run ended, and sends nothing twice.
            """)

    @Argument(help: "The file; - reads standard input.")
    var file: String

    @Option(help: ArgumentHelp("One text for all rows, with {{column}} for what differs.", valueName: "template"))
    var body: String?

    @Option(help: "The batch's name, 1 to 64 bytes (default: a new one, which is printed first).")
    var batch: String?

    @OptionGroup var message: MessageOptions

    @Flag(
        help: """
            Send nothing: have the gateway check each row as it would accept it, and tell what would be refused, the \
            segments, and what makes texts UCS-2. Routes and quotas are not looked at.
            """)
    var dryRun = false

    @Flag(
        inversion: .prefixedNo,
        help: """
            Wait until nothing is awaited any more, and tell the states. With --wait the exit code is 3 if --timeout is \
            over before; without either it waits as long, but does not mind.
            """)
    var wait: Bool?

    @Option(help: .hidden)
    var chunk = 1000

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        if let batch { try BatchName.check(batch) }
        guard (1...10_000).contains(chunk) else { throw ValidationError("--chunk must be 1 to 10000.") }
    }

    mutating func run() async throws {
        var defaults = message.defaults
        // What comes by the file gives way to what comes one by one.
        if defaults.priority == nil { defaults.priority = .bulk }
        let file = try InputFile(path: file)
        let rows = BulkInput(file: file, mapper: RowMapper(defaults: defaults, template: body))
        let name = batch ?? BatchNames.new()
        if batch == nil, !dryRun {
            switch connection.format {
            case .text: Console.line("batch \(name)")
            // Standard output is one object.
            case .json: Console.errorLine("batch \(name)")
            }
        }
        let template = body.map { defaults.message(to: "", body: $0) }
        try await connection.withClient { client in
            let run = BulkRun(
                client: client, batch: name, template: template, chunk: chunk, isDryRun: dryRun,
                progress: ProgressLine(file: file, isShown: Console.errorIsTerminal))
            let totals = try await run.upload(rows)
            if dryRun { return try tell(run) }
            var settled: BatchStatus?
            // Without one accepted row there is no batch to wait for.
            if wait ?? true, totals.accepted + totals.duplicates > 0 {
                settled = try await run.waitUntilSettled(timeout: connection.timeoutDuration)
            }
            run.progress.clear()
            connection.print(json: totals.json(settled), text: totals.text(settled))
            try finish(totals, settled)
        }
    }

    private func tell(_ run: BulkRun) throws {
        run.progress.clear()
        let totals = run.dryRun
        connection.print(json: totals.json, text: totals.text)
        if let failure = totals.failure { throw failure }
    }

    private func finish(_ totals: BulkTotals, _ settled: BatchStatus?) throws {
        if let failure = totals.failure { throw failure }
        guard let settled, !settled.isSettled else { return }
        let advice = "apus status --batch \(totals.batch) --wait"
        if wait == true { throw CommandFailure.notSettled(settled.messages - settled.settled, advice: advice) }
        if connection.format == .text { Console.line("The rest is under way: see `\(advice)`.") }
    }
}

/// What became of a bulk file.
struct BulkTotals: Equatable {
    var batch: String
    var accepted: UInt64 = 0
    var duplicates: UInt64 = 0
    var refused: UInt64 = 0
    /// What the gateway says of the tenant's limit that was met last; nil = none was.
    private(set) var limit: String?
    /// Rows were refused that no other time would help.
    var hasFaults = false

    /// Takes in why rows were refused.
    /// - Returns: the first of those that tell of a limit, if none has before.
    mutating func note(_ refusals: [BulkRefusal]) -> BulkRefusal? {
        let wasMet = limit != nil
        let met = refusals.first { $0.code == .resourceExhausted }
        limit = met?.message ?? limit
        if refusals.contains(where: { $0.code != .resourceExhausted }) { hasFaults = true }
        return wasMet ? nil : met
    }

    /// Why not all is done; nil if no row was refused.
    var failure: CommandFailure? {
        guard refused > 0 else { return nil }
        let again = "run the same file again with --batch \(batch): what was accepted is not sent twice."
        guard let limit, !hasFaults else {
            return CommandFailure(
                .refused, "\(counted(refused, "row")) refused", advice: "Correct them and \(again)")
        }
        return CommandFailure(.unavailable, "\(counted(refused, "row")) refused: \(limit)", advice: "Then \(again)")
    }

    func json(_ settled: BatchStatus?) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("batch", .string(batch)), ("accepted", .unsigned(accepted)), ("refused", .unsigned(refused)),
            ("duplicates", .unsigned(duplicates)),
        ]
        if let settled { members.append(("states", settled.states.json)) }
        return .object(members)
    }

    func text(_ settled: BatchStatus?) -> String {
        let counts = "\(accepted) accepted, \(refused) refused, \(counted(duplicates, "duplicate"))"
        return settled.map { "\(counts)\n\($0.states.text)" } ?? counts
    }
}

enum BatchNames {
    /// A name that nobody else makes: 80 random bits, in letters and digits.
    static func new() -> String {
        "bulk-" + String((0..<16).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement()! })
    }
}
