internal import ApusClient
internal import Synchronization

/// One upload of a bulk file: rows in, refusals out as they come, totals at the end.
///
/// A row's index in the batch is its place in the file, so an interrupted run that is repeated meets the same messages
/// at the same indices, those too of which the gateway has not told yet. Where the batch has another message at that
/// index, since the file has changed, the row is sent again at the same place of the next layer.
///
/// Sendable by its locks: the rows are read and the answers told by the task that runs it.
final class BulkRun: Sendable {
    /// Bits of an index that are the row's place.
    private static let placeBits: UInt64 = 32
    /// How often a row's place may have been taken by a row of another content.
    private static let layers: UInt64 = 200

    private struct State {
        var totals: BulkTotals
        /// The value of the passes before this one.
        var before: BulkTotals
        /// Rows that have been handed to the client.
        var handed: UInt64 = 0
        /// Places at which the batch has another message.
        var conflicts: Set<UInt64> = []
        var ids: IDFile?
        var failure: CommandFailure?
    }

    let client: GatewayClient
    let input: BulkInput
    let survey: FileSurvey
    let plan: SendPlan
    let report: RowReport
    /// One text for all rows, where none of them says more; nil = each row is a message.
    private let template: OutgoingMessage?
    private let chunk: Int
    private let state: Mutex<State>

    init(
        client: GatewayClient, batch: String, input: BulkInput, survey: FileSurvey, plan: SendPlan,
        template: OutgoingMessage?, chunk: Int, report: RowReport, ids: IDFile?
    ) {
        self.client = client
        self.input = input
        self.survey = survey
        self.plan = plan
        self.template = template
        self.chunk = chunk
        self.report = report
        var totals = BulkTotals(batch: batch)
        totals.refused = UInt64(survey.faults)
        totals.hasFaults = survey.faults > 0
        totals.duplicates = UInt64(plan.known)
        totals.leftOut = UInt64(plan.leftOut + plan.changed)
        state = Mutex(State(totals: totals, before: totals, ids: ids))
    }

    /// Sends the rows of the plan.
    ///
    /// - Throws: a failure that says how far it came.
    func upload() async throws -> BulkTotals {
        do {
            var places: Set<UInt64>?
            var layer: UInt64 = 0
            repeat {
                try await pass(layer, places)
                places = state.withLock { state in
                    state.before = state.totals
                    defer { state.conflicts.removeAll() }
                    return state.conflicts
                }
                layer += 1
            } while places?.isEmpty == false && layer < Self.layers
            try state.withLock { state in
                // Rows whose places other rows of the batch have in every layer.
                state.totals.refused += UInt64(places?.count ?? 0)
                try state.ids?.flush()
            }
        } catch {
            report.progress.clear()
            _ = try? state.withLock { try $0.ids?.flush() }
            throw interrupted(by: error)
        }
        return state.withLock(\.totals)
    }

    /// - Parameter places: nil = all of the plan's.
    private func pass(_ layer: UInt64, _ places: Set<UInt64>?) async throws {
        let batch = state.withLock { $0.totals.batch }
        var options = BulkOptions()
        options.messagesPerChunk = chunk
        if let template {
            let recipients = input.compactMap { (row) throws -> (index: UInt64, element: TemplateRecipient)? in
                guard let (message, variables) = try self.wanted(row, places) else { return nil }
                return (layer << Self.placeBits | row.place, TemplateRecipient(to: message.to, variables: variables))
            }
            _ = try await client.bulk(
                template: template, indexed: recipients, batch: batch, options: options, progress: answered)
        } else {
            let messages = input.compactMap { (row) throws -> (index: UInt64, element: OutgoingMessage)? in
                guard let (message, _) = try self.wanted(row, places) else { return nil }
                return (layer << Self.placeBits | row.place, message)
            }
            _ = try await client.bulk(indexed: messages, batch: batch, options: options, progress: answered)
        }
        if let failure = state.withLock(\.failure) { throw failure }
    }

    /// The message of a row that is to be sent in this pass.
    private func wanted(
        _ row: BulkRow, _ places: Set<UInt64>?
    ) throws -> (message: OutgoingMessage, variables: [String: String])? {
        let place = Int(row.place)
        let key: ContentKey = (try? row.key.get()) ?? .faulty
        guard place < survey.keys.count, key == survey.keys[place] else {
            throw CommandFailure(
                .refused, "\(input.file.name) has changed while it was sent, at line \(row.line)")
        }
        guard plan.isSent[place], places?.contains(row.place) ?? true,
            case .message(let message, let variables) = row.content
        else { return nil }
        state.withLock { $0.handed += 1 }
        return (message, variables)
    }

    private func answered(_ answer: BulkProgress) {
        let (refusals, totals) = state.withLock { state in
            var refusals: [BulkRefusal] = []
            for refusal in answer.refusals {
                if refusal.code == .alreadyExists {
                    state.conflicts.insert(Self.place(refusal.index))
                } else {
                    refusals.append(refusal)
                }
            }
            let met = state.totals.note(refusals)
            state.totals.accepted = state.before.accepted + answer.report.accepted
            state.totals.duplicates = state.before.duplicates + answer.report.duplicates
            state.totals.refused = state.before.refused + answer.report.refused - UInt64(state.conflicts.count)
            keepIDs(answer, &state)
            // All rows past a quota are refused for the same reason: the first one tells it.
            return (refusals.filter { $0.code != .resourceExhausted || $0.index == met?.index }, state.totals)
        }
        for refusal in refusals {
            let place = Self.place(refusal.index)
            report.refusal(line: survey.lines.line(of: place) ?? 0, place: place, refusal)
        }
        report.progress.show("\(totals.accepted) accepted, \(totals.refused) refused")
    }

    private func keepIDs(_ answer: BulkProgress, _ state: inout State) {
        guard let ids = state.ids, state.failure == nil else { return }
        do throws(CommandFailure) {
            for (item, id) in answer.ids.enumerated() {
                guard let id else { continue }
                let place = Self.place(answer.firstIndex + UInt64(item))
                try ids.append(
                    line: survey.lines.line(of: place) ?? 0, recipient: survey.keys[Int(place)].recipient, id: id)
            }
        } catch {
            state.failure = error
        }
    }

    private static func place(_ index: UInt64) -> UInt64 { index & (1 << placeBits - 1) }

    /// What is said of an upload that did not come to its end: how far it came, and how it goes on, if it ever began.
    private func interrupted(by error: any Error) -> any Error {
        let (totals, handed) = state.withLock { ($0.totals, $0.handed) }
        var failure: CommandFailure
        switch error {
        case let error as CommandFailure: failure = error
        case let error as ApusError: failure = CommandFailure(error)
        default: return error
        }
        guard handed > 0, failure.status == .unavailable || totals.accepted > 0 else { return failure }
        let counts =
            "\(totals.accepted) accepted, \(totals.refused) refused, \(counted(totals.duplicates, "duplicate"))"
        failure.what =
            Interruption.isInterrupted ? "interrupted after \(counts)" : "interrupted after \(counts): \(failure.what)"
        failure.advice = "Go on with --batch \(totals.batch) and the same file: what was accepted is not sent twice."
        failure.members += totals.members
        return failure
    }

    // MARK: Afterwards

    /// - Throws: a failure that says how to go on, also when it is interrupted.
    func waitUntilSettled(timeout: Duration) async throws -> BatchStatus {
        let batch = state.withLock { $0.totals.batch }
        do throws(ApusError) {
            return try await client.waitUntilSettled(batch: .name(batch), timeout: timeout) { status in
                self.report.progress.show("\(status.settled) of \(status.messages) settled")
            }
        } catch {
            report.progress.clear()
            var failure = CommandFailure(error)
            failure.what = "all rows were handed over, but the batch could not be followed: \(failure.what)"
            failure.advice = "Wait on with `apus status --batch \(batch) --wait`."
            failure.members += state.withLock(\.totals).members
            throw failure
        }
    }
}

/// What became of a bulk file.
struct BulkTotals: Equatable {
    var batch: String
    var accepted: UInt64 = 0
    /// Rows that the batch had already.
    var duplicates: UInt64 = 0
    var refused: UInt64 = 0
    /// Rows that were not to be sent.
    var leftOut: UInt64 = 0
    /// What the gateway says of the tenant's limit that was met last; nil = none was.
    private(set) var limit: String?
    /// Whether rows were refused that no other time would help.
    var hasFaults = false

    init(batch: String) {
        self.batch = batch
    }

    /// Takes in why rows were refused.
    ///
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
        let again =
            "run the file again with --batch \(batch): rows that were accepted are known by their content, "
            + "and not sent twice."
        guard let limit, !hasFaults else {
            return CommandFailure(
                .refused, "\(counted(refused, "row")) refused", advice: "Correct them and \(again)")
        }
        return CommandFailure(.unavailable, "\(counted(refused, "row")) refused: \(limit)", advice: "Then \(again)")
    }

    var members: [(String, JSONOutput)] {
        [
            ("batch", .string(batch)), ("accepted", .unsigned(accepted)), ("refused", .unsigned(refused)),
            ("duplicates", .unsigned(duplicates)), ("left_out", .unsigned(leftOut)),
        ]
    }

    func json(_ settled: BatchStatus?) -> JSONOutput {
        .object(members + (settled.map { [("states", $0.states.json)] } ?? []))
    }

    func text(_ settled: BatchStatus?) -> String {
        var counts = "\(accepted) accepted, \(refused) refused, \(counted(duplicates, "duplicate"))"
        if leftOut > 0 { counts += ", \(leftOut) left out" }
        return settled.map { "\(counts)\n\($0.states.text)" } ?? counts
    }
}
