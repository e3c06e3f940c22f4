internal import ApusClient
internal import Synchronization

/// One run of `apus bulk`: rows in, refusals out as they come, totals at the end.
///
/// Sendable by its locks: the rows are read and the answers told by the task that runs it.
final class BulkRun: Sendable {
    private struct State {
        var totals: BulkTotals
        var dryRun = DryRunTotals()
        /// Rows that were not even sent; they are among the refused.
        var skipped: UInt64 = 0
        /// Lines of the rows whose answers are awaited, by their index.
        var lines = LineTable()
    }

    let client: GatewayClient
    let progress: ProgressLine
    private let template: OutgoingMessage?
    private let chunk: Int
    private let isDryRun: Bool
    private let state: Mutex<State>

    /// - Parameter isDryRun: nothing is sent; ``dryRun`` has the totals then.
    init(
        client: GatewayClient, batch: String, template: OutgoingMessage?, chunk: Int, isDryRun: Bool = false,
        progress: ProgressLine
    ) {
        self.isDryRun = isDryRun
        self.client = client
        self.template = template
        self.chunk = chunk
        self.progress = progress
        state = Mutex(State(totals: BulkTotals(batch: batch)))
    }

    /// - Throws: after saying what was accepted until then.
    func upload(_ rows: BulkInput) async throws -> BulkTotals {
        let batch = state.withLock { $0.totals.batch }
        var options = BulkOptions()
        options.messagesPerChunk = chunk
        options.isDryRun = isDryRun
        do {
            if let template {
                let recipients = rows.compactMap { row -> (index: UInt64, element: TemplateRecipient)? in
                    guard case .recipient(let recipient) = row.content else { return self.skip(row) }
                    self.note(row)
                    return (row.index, recipient)
                }
                _ = try await client.bulk(
                    template: template, indexed: recipients, batch: batch, options: options, progress: answered)
            } else {
                let messages = rows.compactMap { row -> (index: UInt64, element: OutgoingMessage)? in
                    guard case .message(let message) = row.content else { return self.skip(row) }
                    self.note(row)
                    return (row.index, message)
                }
                _ = try await client.bulk(indexed: messages, batch: batch, options: options, progress: answered)
            }
        } catch {
            progress.clear()
            if isDryRun { throw error }
            let totals = state.withLock(\.totals)
            Console.error(
                "interrupted after \(totals.accepted) accepted, \(totals.refused) refused, "
                    + "\(counted(totals.duplicates, "duplicate"))\n"
                    + "  Go on with --batch \(batch): what was accepted is not sent twice.")
            throw error
        }
        return state.withLock(\.totals)
    }

    /// What a dry run has found out.
    var dryRun: DryRunTotals {
        state.withLock { state in
            var totals = state.dryRun
            totals.refused = state.totals.refused
            return totals
        }
    }

    func waitUntilSettled(timeout: Duration) async throws -> BatchStatus {
        let batch = state.withLock { $0.totals.batch }
        return try await client.waitUntilSettled(batch: .name(batch), timeout: timeout) { status in
            self.progress.show("\(status.settled) of \(status.messages) settled")
        }
    }

    private func note(_ row: BulkRow) {
        state.withLock { $0.lines.append(index: row.index, line: row.line) }
    }

    /// Tells a row that is not even sent.
    private func skip<Item>(_ row: BulkRow) -> Item? {
        if case .invalid(let problem) = row.content {
            state.withLock { state in
                state.skipped += 1
                state.totals.refused += 1
                state.totals.hasFaults = true
            }
            progress.clear()
            Console.errorLine("line \(row.line): \(problem)")
        }
        return nil
    }

    private func answered(_ answer: BulkProgress) {
        let report = answer.report
        let (told, ucs2, totals) = state.withLock { state in
            let met = state.totals.note(answer.refusals)
            state.totals.accepted = report.accepted
            state.totals.duplicates = report.duplicates
            state.totals.refused = report.refused + state.skipped
            // All rows past a quota are refused for the same reason: the first one tells it.
            let told = answer.refusals.filter { $0.code != .resourceExhausted || $0.index == met?.index }
                .map { (state.lines.line(of: $0.index), $0) }
            state.dryRun.accepted = report.accepted
            state.dryRun.report = report.dryRun
            let ucs2 = state.dryRun.note(answer.ucs2.map { (state.lines.line(of: $0.index), $0) })
            state.lines.forget(from: answer.firstIndex, count: answer.ids.count)
            return (told, ucs2, state.totals)
        }
        if !told.isEmpty || !ucs2.isEmpty { progress.clear() }
        for (line, message) in ucs2 { Console.errorLine(message.text(line: line)) }
        for (line, refusal) in told {
            let place = line.map { "line \($0)" } ?? "row \(refusal.index + 1)"
            let fields = refusal.violations.map { "\($0.field): \($0.description)" }.joined(separator: "; ")
            Console.errorLine("\(place): \(fields.isEmpty ? refusal.message : fields) (\(refusal.code))")
        }
        progress.show("\(totals.accepted) accepted, \(totals.refused) refused")
    }
}

/// Lines of rows by their index. Most rows take one line, so runs of both that rise together are kept as one.
struct LineTable {
    private struct Run {
        var index: UInt64
        var line: Int
        var count: UInt64
    }

    private var runs: [Run] = []

    /// - Parameter index: higher than all before.
    mutating func append(index: UInt64, line: Int) {
        if let last = runs.last, index == last.index + last.count, line == last.line + Int(last.count) {
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(index: index, line: line, count: 1))
        }
    }

    func line(of index: UInt64) -> Int? {
        guard let run = runs.last(where: { $0.index <= index }), index - run.index < run.count else { return nil }
        return run.line + Int(index - run.index)
    }

    /// Drops what has been answered: runs that lie within these rows.
    mutating func forget(from index: UInt64, count: Int) {
        let end = index + UInt64(count)
        runs.removeAll { $0.index >= index && $0.index + $0.count <= end }
    }
}
