internal import ApusClient
internal import ArgumentParser
internal import FoundationEssentials

struct BulkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk", abstract: "Sends a file of messages as one batch.",
        discussion: """
            The file is CSV whose first line names the columns (to and body; from, priority, reference, tags, at and \
            validity if you like), or JSON lines with the same names. With --body TEXT all rows get that text: {{name}} \
            in it stands for the column of that name. The whole file is read before anything is sent. Rows that are \
            refused are reported with their line; the others go on.

            The same --batch NAME goes on where an earlier run ended. Rows are known by their content, wherever they \
            stand: what the batch has already is not sent twice.
            """)

    @Argument(help: "The file; - reads standard input.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "One text for all rows, with {{column}} for what differs; @FILE reads it from a file.",
            valueName: "template"))
    var body: String?

    @Option(help: "The batch's name, 1 to 64 bytes (default: a new one, which is printed first).")
    var batch: String?

    @OptionGroup var message: MessageOptions
    @OptionGroup var reading: BulkReadingOptions

    @Flag(
        help: """
            Send nothing: report every fault of the file, recipients that occur twice, segments and prices by country, \
            and what makes texts UCS-2. The gateway checks each row as it would accept it; quotas are not looked at.
            """)
    var dryRun = false

    @Flag(help: "Send each recipient the message of its first row alone.")
    var unique = false

    @Option(
        help: ArgumentHelp(
            """
            What to do with rows whose recipient the batch has sent something else: refuse (nothing is sent), skip, or \
            send (a second message).
            """, valueName: "what"))
    var changed = SendPlan.ChangedRows.refuse

    @Flag(help: "Do not ask before sending. Only a person at a terminal is asked.")
    var yes = false

    @Option(help: ArgumentHelp("Write which row became which message: CSV of line, to, id.", valueName: "file"))
    var ids: String?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Wait until nothing is awaited any more, and print the states. With --wait the exit code is 3 if --timeout \
            is over before, and 4 if a message was not delivered; without either it waits as long, but does not mind.
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
        let source = try InputFile(path: file)
        let text = try await body.asyncMap { try await TextArgument.value($0) }
        let progress = ProgressLine(isShown: Console.errorIsTerminal)
        let report = RowReport(format: connection.format, progress: progress)
        let mapper = try reading.mapper(defaults: defaults, template: text)
        let ids = try ids.map { (path) throws(CommandFailure) in try IDFile(path: path) }
        try await connection.withClient { client in
            let file = try await source.rereadable(in: FileManager.default.temporaryDirectory.path)
            progress.file = file
            var input = BulkInput(file: file, mapper: mapper, separator: try reading.separator)
            let listing = try await listing(client, &input, report)
            let survey = try await FileSurvey(input) { report.fault(line: $0, place: $1, $2) }
            if !survey.ignored.isEmpty {
                report.note("not used: \(survey.ignored.map { "column \"\($0)\"" }.joined(separator: ", "))")
            }
            let plan = try plan(survey, listing, report, ids)
            let template = survey.haveMessageFields ? nil : text.map { input.mapper.defaults.message(to: "", body: $0) }
            try await check(client, input, survey, plan, report)
            guard !dryRun else { return }
            try await send(
                BulkRun(
                    client: client, batch: batchName(), input: input, survey: survey, plan: plan, template: template,
                    chunk: chunk, report: report, ids: ids))
        }
    }

    private var defaults: RowDefaults {
        var defaults = message.defaults
        // What comes by the file gives way to what comes one by one.
        if defaults.priority == nil { defaults.priority = .bulk }
        return defaults
    }

    // MARK: Before anything is sent

    /// What the batch has already; nil if it is new.
    private func listing(
        _ client: GatewayClient, _ input: inout BulkInput, _ report: RowReport
    ) async throws -> BatchListing? {
        guard let batch, let listing = try await BatchListing(of: batch, client, report.progress) else { return nil }
        if let at = message.at, at.isRelative, let sendAt = listing.sendAt, sendAt != at.date {
            // Else each run would ask for other messages.
            input.mapper.defaults.sendAt = sendAt
            report.note("the batch is for \(TimeText.rfc3339(sendAt)), and goes on with that time")
        }
        return listing
    }

    private func plan(
        _ survey: FileSurvey, _ listing: BatchListing?, _ report: RowReport, _ ids: IDFile?
    ) throws -> SendPlan {
        var failure: CommandFailure?
        let plan = SendPlan(
            survey, contents: listing?.contents, isUnique: unique, changedRows: changed
        ) { place, id in
            guard let ids, failure == nil else { return }
            do throws(CommandFailure) {
                try ids.append(
                    line: survey.lines.line(of: UInt64(place)) ?? 0, recipient: survey.keys[place].recipient, id: id)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if let listing, let batch {
            report.note(plan.comparison(batch: batch, messages: listing.contents.count))
            if !dryRun, let failure = plan.failure(changed, batch: batch) { throw failure }
        }
        return plan
    }

    /// Shows what would be sent, where that is asked for, and asks a person who can answer.
    private func check(
        _ client: GatewayClient, _ input: BulkInput, _ survey: FileSurvey, _ plan: SendPlan, _ report: RowReport
    ) async throws {
        let asks = !yes && Console.canAsk
        guard dryRun || asks else { return }
        var check = GatewayCheck(client: client, report: report, lines: survey.lines)
        try await check.run(input, plan)
        report.progress.clear()
        var totals = check.totals
        totals.refused += UInt64(survey.faults)
        let repeats = survey.repeats
        totals.file = DryRunTotals.FileFacts(
            repeats: repeats.count, firstRepeats: repeats.first, leftOut: plan.leftOut, known: plan.known,
            changed: plan.changed, ignoredColumns: survey.ignored)
        if dryRun {
            connection.print(json: totals.json, text: totals.text)
            if let failure = plan.failure(changed, batch: batch ?? "") ?? totals.failure { throw failure }
        } else {
            Console.errorLine(totals.text)
            Console.ask("Send \(counted(totals.accepted, "message"))? [y/N] ")
            guard RemovalQuestion.agrees(readLine()) else {
                throw CommandFailure(.refused, "not sent: you did not agree")
            }
        }
    }

    private func batchName() -> String {
        if let batch { return batch }
        let name = BatchNames.new()
        switch connection.format {
        case .text: Console.line("batch \(name)")
        // Standard output is one object.
        case .json: Console.errorJSON(.object([("batch", .string(name))]))
        }
        return name
    }

    // MARK: Sending

    private func send(_ run: BulkRun) async throws {
        let watch = Interruption.watch()
        defer { watch.cancel() }
        let totals = try await run.upload()
        var settled: BatchStatus?
        // Without one accepted row there is no batch to wait for.
        if wait ?? true, totals.accepted + totals.duplicates > 0 { settled = try await wait(for: run) }
        run.report.progress.clear()
        connection.print(json: totals.json(settled), text: totals.text(settled))
        try finish(totals, settled)
    }

    /// - Returns: nil if the key may not see where the batch stands, and nobody has asked to wait for it.
    private func wait(for run: BulkRun) async throws -> BatchStatus? {
        do {
            return try await run.waitUntilSettled(timeout: connection.timeoutDuration)
        } catch {
            guard wait == nil, Self.isForbidden(error) else { throw error }
            run.report.note("not waited for: the key lacks the scope messages:read")
            return nil
        }
    }

    /// Apart from where it is caught: the optimizer of Swift 6.3.1 can't compile the two in one.
    private static func isForbidden(_ error: any Error) -> Bool {
        (error as? CommandFailure)?.error?.code == .permissionDenied
    }

    private func finish(_ totals: BulkTotals, _ settled: BatchStatus?) throws {
        if let failure = totals.failure { throw failure }
        guard let settled else { return }
        if !settled.isSettled {
            let advice = "apus status --batch \(totals.batch) --wait"
            if wait == true { throw CommandFailure.notSettled(settled.messages - settled.settled, advice: advice) }
            if connection.format == .text { Console.line("The rest is under way: see `\(advice)`.") }
        } else if wait == true, let failure = CommandFailure(undelivered: settled) {
            throw failure
        }
    }
}

/// How a bulk file is read.
struct BulkReadingOptions: ParsableArguments {
    @Option(
        name: .customLong("map"),
        help: ArgumentHelp("Take a field from a column of another name: to=Phone; may be repeated.", valueName: "map"))
    var mapping: [String] = []

    @Option(
        help: ArgumentHelp(
            "What separates the fields of CSV: one character, or tab (default: comma, semicolon or tab, as the file has).",
            valueName: "character"))
    var delimiter: String?

    @Option(
        help: ArgumentHelp(
            "Take numbers without + or 00 for national ones of this country (ISO 3166-1): DE.", valueName: "code"))
    var country: String?

    mutating func validate() throws {
        _ = try separator
        if let country, NationalNumbering(country: country) == nil {
            throw ValidationError(
                "--country \(country): the national numbers of such a country are not known; write them with + instead."
            )
        }
    }

    var separator: UInt8? {
        get throws {
            guard let delimiter else { return nil }
            let names = ["tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"]
            let text = names[delimiter.lowercased()] ?? delimiter
            guard text.utf8.count == 1, let byte = text.utf8.first, !"\"\r\n".utf8.contains(byte) else {
                throw ValidationError("--delimiter \"\(delimiter)\" is not one character, such as ; or tab.")
            }
            return byte
        }
    }

    func mapper(defaults: RowDefaults, template: String?) throws(CommandFailure) -> RowMapper {
        try RowMapper(
            defaults: defaults, template: template, mapping: mapping,
            numbering: country.flatMap(NationalNumbering.init(country:)))
    }
}

extension SendPlan.ChangedRows: ExpressibleByArgument {}

enum BatchNames {
    /// A name that nobody else makes: 80 random bits, in letters and digits.
    static func new() -> String {
        "bulk-" + String((0..<16).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement()! })
    }
}
