internal import ApusClient

/// Reports rows that are refused, on standard error: a line each, or an object each with `--output json`.
struct RowReport {
    let format: OutputFormat
    let progress: ProgressLine

    /// A row that was not even sent.
    func fault(line: Int, place: UInt64, _ problem: RowProblem) {
        row(line: line, place: place, code: .invalidArgument, message: problem.text, text: problem.text)
    }

    /// A row that the gateway refuses.
    func refusal(line: Int, place: UInt64, _ refusal: BulkRefusal) {
        let fields = refusal.violations.map { "\($0.field): \($0.description)" }.joined(separator: "; ")
        row(
            line: line, place: place, code: refusal.code, message: refusal.message, violations: refusal.violations,
            text: "\(fields.isEmpty ? refusal.message : fields) (\(refusal.code))")
    }

    /// Anything else that a person should know; programs have it in the result.
    func note(_ text: String) {
        guard format == .text else { return }
        progress.clear()
        Console.errorLine(text)
    }

    private func row(
        line: Int, place: UInt64, code: ApusError.Code, message: String, violations: [ApusError.Violation] = [],
        text: String
    ) {
        progress.clear()
        switch format {
        case .text: Console.errorLine("line \(line): \(text.onOneLine)")
        case .json:
            Console.errorJSON(
                .object([
                    ("line", .integer(Int64(line))), ("index", .unsigned(place)), ("code", .string(code.description)),
                    ("message", .string(message)), ("violations", violations.json),
                ]))
        }
    }
}
