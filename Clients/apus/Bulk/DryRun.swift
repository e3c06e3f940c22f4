internal import ApusClient

/// What a dry run of a bulk file has found out so far.
struct DryRunTotals {
    /// Rows that are told one by one.
    static let rowsTold = 20

    var accepted: UInt64 = 0
    var refused: UInt64 = 0
    var report = DryRunReport()
    /// The first rows that are UCS-2, and their lines.
    private(set) var ucs2: [(line: Int?, message: UCS2Message)] = []

    /// - Returns: those of the messages that are to be told.
    mutating func note(_ messages: [(line: Int?, message: UCS2Message)]) -> [(line: Int?, message: UCS2Message)] {
        let told = Array(messages.prefix(Self.rowsTold - ucs2.count))
        ucs2 += told
        return told
    }

    var failure: CommandFailure? {
        guard refused > 0 else { return nil }
        return CommandFailure(.refused, "\(counted(refused, "row")) would be refused", advice: "Correct them first.")
    }

    var json: JSONValue {
        .object([
            ("dry_run", true), ("accepted", .unsigned(accepted)), ("refused", .unsigned(refused)),
            ("segments", .unsigned(report.segments)),
            ("encodings", .object([("GSM7", .unsigned(accepted - report.ucs2)), ("UCS2", .unsigned(report.ucs2))])),
            ("replaced", .unsigned(report.replaced)),
            (
                "ucs2",
                .array(
                    ucs2.map { line, message in
                        .object([
                            ("line", line.map { .integer(Int64($0)) } ?? .null),
                            ("segments", .integer(Int64(message.segments))), ("cause", message.cause.json),
                        ])
                    })
            ),
        ])
    }

    var text: String {
        var facts = ["\(counted(report.segments, "segment"))", "\(report.ucs2) UCS2"]
        if report.replaced > 0 { facts.append("characters replaced in \(report.replaced)") }
        return "dry run: \(accepted) would be accepted, \(refused) refused; " + facts.joined(separator: ", ")
    }
}

extension UCS2Message {
    func text(line: Int?) -> String {
        let place = line.map { "line \($0)" } ?? "row \(index + 1)"
        return "\(place): \(counted(segments, "segment")) UCS2: \(cause.text(segments: segments))"
    }
}
