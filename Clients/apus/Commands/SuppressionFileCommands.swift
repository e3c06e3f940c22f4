internal import ApusClient
internal import ArgumentParser

struct SuppressionImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Adds the numbers of a CSV file to the opt-outs.",
        discussion: """
            The first line may be a header with the columns number and, if you like, reason; others are passed over. \
            Without a header each line is a number, or a number and a reason. All lines are checked before anything is \
            added: if one is wrong, it is named, and nothing is. What is there already stays as it is, so that the same \
            file may be imported again.
            """)

    @Argument(help: ArgumentHelp("The file; - reads standard input.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The reason where a line has none; at most 128 bytes.", valueName: "text"))
    var reason = ""

    @Flag(help: "Adds the good lines although others are wrong; those are named all the same.")
    var skipBad = false

    @OptionGroup var owner: SuppressionOwner
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        let list = try await OptOutFile(file, reason: reason)
        for problem in list.problems.prefix(OptOutFile.problemsShown) {
            Console.errorLine("line \(problem.line): \(problem.text)")
        }
        if list.problemCount > OptOutFile.problemsShown {
            Console.errorLine("and \(list.problemCount - OptOutFile.problemsShown) more lines are wrong")
        }
        guard list.problemCount == 0 || skipBad else {
            throw CommandFailure(
                .refused, "\(counted(list.problemCount, "line")) of \(list.name) cannot be taken: nothing was added",
                advice: "Correct them, or say --skip-bad to add the others.")
        }
        let (added, total) = try await add(list)
        connection.print(
            json: .object([
                ("added", .integer(Int64(added))), ("there_before", .integer(Int64(total - added))),
                ("bad_lines", .integer(Int64(list.problemCount))),
            ]),
            text: "\(added) added, \(total - added) there before")
        if list.problemCount > 0 {
            throw CommandFailure(.refused, "\(counted(list.problemCount, "line")) could not be taken")
        }
    }

    /// Adds the numbers, a thousand a call.
    private func add(_ list: OptOutFile) async throws -> (added: Int, total: Int) {
        try await connection.withClient { client in
            var (added, done) = (0, 0)
            for chunk in list.chunks {
                do throws(ApusError) {
                    added += try await client.suppress(
                        chunk.numbers, tenant: owner.tenant, reason: chunk.reason, origin: .importedList)
                } catch {
                    if done > 0 {
                        Console.errorLine(
                            "\(done) of \(list.count) numbers were imported before the error: import the file again, "
                                + "what is there stays as it is")
                    }
                    throw error
                }
                done += chunk.numbers.count
            }
            return (added, done)
        }
    }
}

struct SuppressionExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the opt-outs as CSV to standard output.",
        discussion: "A line for each reason why a number is there: number,at,origin,to,reason.")

    @OptionGroup var owner: SuppressionOwner
    @OptionGroup var connection: ConnectionOptions

    mutating func run() async throws {
        try await connection.withClient { client in
            Console.document("number,at,origin,to,reason\n")
            var cursor: SuppressionCursor?
            repeat {
                let page = try await client.suppressions(tenant: owner.tenant, limit: 1000, after: cursor)
                for entry in page.entries {
                    for reason in entry.reasons {
                        let fields = [
                            entry.number, TimeText.rfc3339(reason.at), reason.origin.rawValue, reason.to, reason.text,
                        ]
                        Console.document(fields.map(CSVText.field).joined(separator: ",") + "\n")
                    }
                }
                cursor = page.cursor
            } while cursor != nil
        }
    }
}

/// A field of CSV (RFC 4180).
enum CSVText {
    static func field(_ text: String) -> String {
        let isPlain = !text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
