internal import ApusClient
internal import SMSModel

/// What a check of a bulk file has found out.
struct DryRunTotals {
    var accepted: UInt64 = 0
    var refused: UInt64 = 0
    var report = DryRunReport()
    var countries: [GatewayCheck.Country] = []
    /// What the file says by itself.
    var file = FileFacts()
    /// The first rows that are UCS-2, and their lines.
    private(set) var ucs2: [(line: Int, message: UCS2Message)] = []

    /// What is known of a file without the gateway.
    struct FileFacts {
        var repeats = 0
        var firstRepeats: [FileSurvey.Repeated] = []
        /// Rows of repeated recipients that are left out.
        var leftOut = 0
        /// Rows that the batch has already.
        var known = 0
        /// Rows whose recipient the batch has sent something else.
        var changed = 0
        var ignoredColumns: [String] = []
    }

    mutating func add(_ result: BulkReport) {
        accepted += result.accepted
        refused += result.refused
        report.segments += result.dryRun.segments
        report.ucs2 += result.dryRun.ucs2
        report.replaced += result.dryRun.replaced
    }

    /// Keeps the first rows that are UCS-2.
    ///
    /// - Returns: those of them that are to be reported.
    mutating func note(_ messages: [(line: Int, message: UCS2Message)]) -> [(line: Int, message: UCS2Message)] {
        let shown = Array(messages.prefix(FileSurvey.rowsShown - ucs2.count))
        ucs2 += shown
        return shown
    }

    var failure: CommandFailure? {
        guard refused > 0 else { return nil }
        return CommandFailure(.refused, "\(counted(refused, "row")) would be refused", advice: "Correct them first.")
    }

    /// The price of all countries, in millionths of the currency; nil if one of them is not known.
    private var price: Int64? {
        let prices = countries.filter { $0.accepted > 0 }.map(\.price)
        return prices.contains(nil) ? nil : prices.compactMap(\.self).reduce(0, +)
    }

    // MARK: JSON

    var json: JSONOutput {
        .object([
            ("dry_run", true), ("accepted", .unsigned(accepted)), ("refused", .unsigned(refused)),
            ("segments", .unsigned(report.segments)),
            ("encodings", .object([("GSM7", .unsigned(accepted - report.ucs2)), ("UCS2", .unsigned(report.ucs2))])),
            ("replaced", .unsigned(report.replaced)), ("duplicates", .integer(Int64(file.known))),
            ("changed", .integer(Int64(file.changed))), ("left_out", .integer(Int64(file.leftOut))),
            ("repeated", .integer(Int64(file.repeats))),
            (
                "repeated_rows",
                .array(
                    file.firstRepeats.map {
                        .object([("line", .integer(Int64($0.line))), ("to", .string("+\($0.recipient)"))])
                    })
            ),
            ("ignored_columns", .array(file.ignoredColumns.map(JSONOutput.string))),
            ("price", price.map(JSONOutput.integer) ?? .null),
            ("countries", .array(countries.map(\.json))),
            (
                "ucs2",
                .array(
                    ucs2.map { line, message in
                        .object([
                            ("line", .integer(Int64(line))), ("segments", .integer(Int64(message.segments))),
                            ("cause", message.cause.json),
                        ])
                    })
            ),
        ])
    }

    // MARK: Text

    var text: String {
        var facts = ["\(counted(report.segments, "segment"))", "\(report.ucs2) UCS2"]
        if report.replaced > 0 { facts.append("characters replaced in \(report.replaced)") }
        var lines = ["dry run: \(accepted) would be accepted, \(refused) refused; " + facts.joined(separator: ", ")]
        if file.known > 0 { lines.append("the batch has \(counted(file.known, "row")) already: not sent again") }
        if file.repeats > 0 { lines.append(repeatsText) }
        if !countries.isEmpty {
            var rows = countries.map(\.columns)
            if countries.count > 1, let price { rows.append(["all", "", "", Money(millionths: price).description]) }
            lines.append(TextTable.columns(rows.map { ["  " + $0[0]] + $0.dropFirst() }))
        }
        return lines.joined(separator: "\n")
    }

    private var repeatsText: String {
        let rows = counted(file.repeats, "row")
        let isOne = file.repeats == 1
        let places = file.firstRepeats.prefix(5).map { "line \($0.line) (+\($0.recipient))" }.joined(separator: ", ")
        let more = file.repeats > min(5, file.firstRepeats.count) ? ", …" : ""
        let fate =
            file.leftOut > 0
            ? "\(file.leftOut == file.repeats ? "left out" : "\(file.leftOut) left out")"
            : "sent too; --unique leaves \(isOne ? "it" : "them") out"
        return "\(rows) \(isOne ? "goes" : "go") to a recipient who has had a row before, \(fate): \(places)\(more)"
    }
}

extension GatewayCheck.Country {
    fileprivate var json: JSONOutput {
        .object([
            ("country", .string(name)), ("accepted", .unsigned(accepted)), ("refused", .unsigned(refused)),
            ("segments", .unsigned(segments)), ("ucs2", .unsigned(ucs2)),
            ("segment_price", segmentPrice.map(JSONOutput.integer) ?? .null),
            ("price", price.map(JSONOutput.integer) ?? .null),
        ])
    }

    fileprivate var columns: [String] {
        var cost = problem.map { "price not known: \($0)" } ?? ""
        if let segmentPrice, let price {
            cost = "\(Money(millionths: price)) at \(Money(millionths: segmentPrice)) a segment"
        }
        return [name, counted(accepted, "message"), counted(segments, "segment"), cost]
    }
}

extension UCS2Message {
    var text: String { "\(counted(segments, "segment")) UCS2: \(cause.text(segments: segments))" }
}
