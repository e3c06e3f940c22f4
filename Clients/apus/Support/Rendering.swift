internal import ApusClient
internal import FoundationEssentials

// What the gateway answers, as JSON with the protocol's names and as text.

extension SendReceipt {
    var json: JSONOutput {
        .object(
            [
                ("id", .string(id.description)), ("state", .string(state.rawValue)), ("duplicate", .bool(duplicate)),
                ("segments", .integer(Int64(segments))), ("encoding", .string(encoding.rawValue)),
            ] + encodingMembers)
    }

    /// What `send --wait` tells too.
    var encodingMembers: [(String, JSONOutput)] {
        [("ucs2", ucs2?.json ?? .null), ("replaced", .integer(Int64(replaced)))]
    }

    var text: String {
        let repeated = duplicate ? ", sent before" : ""
        return
            "\(id) \(state.rawValue) (\(counted(segments, "segment")) \(encoding.rawValue)\(repeated)\(encodingNote))"
    }

    /// What made the body UCS-2, or was done against it; empty if neither.
    var encodingNote: String {
        if let ucs2 { return ": \(ucs2.text(segments: segments))" }
        return replaced > 0 ? ", \(counted(replaced, "character")) replaced" : ""
    }
}

extension MessageStatus {
    var json: JSONOutput { .object(members) }

    var members: [(String, JSONOutput)] {
        [
            ("id", .string(id.description)), ("state", .string(state.rawValue)),
            // A status is no repeated sending; the member is there because `send` has it.
            ("duplicate", false), ("segments", .integer(Int64(segments))), ("encoding", .string(encoding.rawValue)),
            ("to", .string(to)), ("sender", .string(sender)), ("priority", .string(priority.rawValue)),
            ("provider", .string(provider)), ("provider_id", .string(providerID)),
            ("attempts", .integer(Int64(attempts))),
            (
                "error",
                error.map { .object([("code", .string($0.code)), ("message", .string($0.message))]) } ?? .null
            ),
            ("settled", .bool(settled)), ("receipt_overdue", .bool(receiptOverdue)),
            ("reference", .string(reference)), ("tags", .array(tags.map(JSONOutput.string))),
            ("batch_id", batchID.map { .string($0.description) } ?? .null),
            ("accepted_at", .string(TimeText.rfc3339(acceptedAt))),
            ("send_at", sendAt.map { .string(TimeText.rfc3339($0)) } ?? .null),
            ("expires_at", .string(TimeText.rfc3339(expiresAt))), ("generation", .integer(Int64(generation))),
            ("waiting", waiting?.json ?? .null), ("tenant", .string(tenant)), ("price", .integer(price)),
        ] + bodyMembers + [("timeline", timelineJSON)]
    }

    /// Its text, or why there is none.
    private var bodyMembers: [(String, JSONOutput)] {
        switch body {
        case .shown(let text): [("body", .string(text)), ("body_disclosure", "SHOWN")]
        case .withheld: [("body", .null), ("body_disclosure", "WITHHELD")]
        case .removed: [("body", .null), ("body_disclosure", "REMOVED")]
        case nil: []
        }
    }

    private var bodyText: String? {
        switch body {
        case .shown(let text): text
        case .withheld: "withheld: the key lacks the scope messages:text"
        case .removed: "taken away by retention"
        case nil: nil
        }
    }

    var timelineJSON: JSONOutput { .array(timeline.map(\.json)) }

    /// On one line, for the one who sent it just now.
    func outcome(_ receipt: SendReceipt) -> String {
        let note = receipt.encodingNote
        let line = "\(id) \(state.rawValue) (\(counted(segments, "segment")) \(encoding.rawValue)\(note))"
        return (error.map { "\(line): \($0.message) (\($0.code))" } ?? line).onOneLine
    }

    /// On one line, among others.
    var summary: String {
        var line = "\(id) \(state.rawValue) to \(to)"
        if !provider.isEmpty { line += " through \(provider)" }
        if let error { line += ": \(error.message) (\(error.code))" }
        if !settled { line += ", not settled yet" }
        if let waiting { line += ", waits: \(waiting.detail)" }
        return line.onOneLine
    }

    /// Its columns in a listing.
    func cells(withTenant: Bool) -> [String] {
        [TimeText.rfc3339(acceptedAt), id.description, state.rawValue, to]
            + (withTenant ? [tenant] : []) + [provider, error.map { "\($0.message) (\($0.code))" } ?? ""]
    }

    static func headings(withTenant: Bool) -> [String] {
        ["accepted", "id", "state", "to"] + (withTenant ? ["tenant"] : []) + ["provider", "error"]
    }

    /// The value as wide on every page: the longest state, and the longest number with its plus.
    static let rowWidths = [24, 19, MessageState.allCases.map(\.rawValue.count).max() ?? 0, 16]

    var text: String {
        var rows = [("state", state.rawValue + (settled ? "" : ", not settled yet"))]
        if let waiting { rows.append(("waits", "\(waiting.detail) (\(waiting.kind))")) }
        if !tenant.isEmpty { rows.append(("tenant", tenant)) }
        rows.append(("to", to))
        if !sender.isEmpty { rows.append(("sender", sender)) }
        rows.append(("priority", priority.rawValue))
        if let bodyText { rows.append(("text", bodyText)) }
        rows.append(("segments", "\(segments) \(encoding.rawValue)"))
        if price > 0 { rows.append(("price", moneyText(price))) }
        if !provider.isEmpty { rows.append(("provider", provider + (providerID.isEmpty ? "" : " \(providerID)"))) }
        rows.append(("attempts", String(attempts)))
        if let error { rows.append(("error", "\(error.message) (\(error.code))")) }
        if receiptOverdue { rows.append(("receipt", "overdue")) }
        if !reference.isEmpty { rows.append(("reference", reference)) }
        if !tags.isEmpty { rows.append(("tags", tags.joined(separator: ", "))) }
        if let batchID { rows.append(("batch", batchID.description)) }
        rows.append(("accepted", TimeText.rfc3339(acceptedAt)))
        if let sendAt { rows.append(("send at", TimeText.rfc3339(sendAt))) }
        rows.append(("expires", TimeText.rfc3339(expiresAt)))
        return "\(id)\n" + TextTable.list(rows, indent: "  ")
    }

    var timelineText: String {
        var before = timeline.first?.state
        return TextTable.columns(
            timeline.map { event in
                let detail = event.detail(after: before)
                before = event.state
                return [
                    TimeText.rfc3339(event.at), event.event.rawValue, event.state.rawValue,
                    event.attempt == 0 ? "" : "#\(event.attempt)", event.provider,
                    detail,
                ]
            })
    }
}

extension TimelineEvent {
    /// What a person is told.
    fileprivate func detail(after before: MessageState?) -> String {
        let remark: String
        switch event {
        // A lost answer does not come any more: such an id is from asking the provider.
        case .sent where before == .unknown && state == .sent: remark = "found by look-up"
        case .identified where state == .sent && before != .sent: remark = "a receipt says that it was taken"
        case .identified where state == .submitting: remark = "a receipt says that it was taken; the next was under way"
        case .attemptUndelivered where state != .undelivered: remark = "another attempt may be delivered yet"
        default: return detail
        }
        return detail.isEmpty ? "(\(remark))" : "\(detail) (\(remark))"
    }

    var json: JSONOutput {
        .object([
            ("at", .string(TimeText.rfc3339(at))), ("event", .string(event.rawValue)),
            ("state", .string(state.rawValue)), ("attempt", .integer(Int64(attempt))),
            ("provider", .string(provider)), ("detail", .string(detail)),
        ])
    }
}

extension WaitReason {
    var json: JSONOutput {
        .object([
            ("kind", .string(kind.rawValue)), ("detail", .string(detail)),
            ("until", until.map { .string(TimeText.rfc3339($0)) } ?? .null),
        ])
    }
}

extension StateCounts {
    var json: JSONOutput {
        .object(present.map { ($0.state.rawValue, .unsigned($0.count)) })
    }

    /// Such as `2 DELIVERED, 1 FAILED`.
    var text: String {
        total == 0 ? "none" : present.map { "\($0.count) \($0.state.rawValue)" }.joined(separator: ", ")
    }
}

extension BatchStatus {
    var json: JSONOutput {
        .object([
            ("batch", .string(name)), ("batch_id", .string(id.description)), ("messages", .unsigned(messages)),
            ("settled", .unsigned(settled)), ("states", states.json), ("canceled", .bool(canceled)),
            ("paused", .bool(paused)), ("created_at", .string(TimeText.rfc3339(createdAt))),
            ("tenant", .string(tenant)),
        ])
    }

    /// Its columns in a listing.
    func cells(withTenant: Bool) -> [String] {
        let remarks = (canceled ? ["canceled"] : []) + (paused ? ["paused"] : [])
        return [TimeText.rfc3339(createdAt), id.description] + (withTenant ? [tenant] : [])
            + [name, "\(settled) of \(messages) settled", states.text] + remarks
    }

    static func headings(withTenant: Bool) -> [String] {
        ["begun", "id"] + (withTenant ? ["tenant"] : []) + ["name", "settled", "states"]
    }

    var text: String {
        var rows = [
            ("messages", String(messages)), ("settled", String(settled)), ("states", states.text),
            ("created", TimeText.rfc3339(createdAt)),
        ]
        if canceled { rows.append(("canceled", "yes")) }
        if paused { rows.append(("paused", "yes")) }
        return "batch \(name.onOneLine) (\(id))\n" + TextTable.list(rows, indent: "  ")
    }
}

extension GatewayStatistics {
    var json: JSONOutput {
        .object([
            ("states", states.json), ("waiting_urgent", .unsigned(waitingUrgent)),
            ("waiting_normal", .unsigned(waitingNormal)), ("waiting_bulk", .unsigned(waitingBulk)),
            ("waiting_later", .unsigned(waitingLater)), ("in_flight", .unsigned(inFlight)),
            ("uptime_ms", .integer(uptime.milliseconds)), ("cpu_us", .integer(cpu.microseconds)),
            ("resident_bytes", .unsigned(residentBytes)), ("connections", .unsigned(connections)),
            ("commits", .unsigned(commits)), ("committed_operations", .unsigned(committedOperations)),
            ("providers", .array(providers.map(\.json))), ("paused", .array(paused.map(JSONOutput.string))),
        ])
    }

    var text: String {
        let waiting = "\(waitingUrgent) urgent, \(waitingNormal) normal, \(waitingBulk) bulk, \(waitingLater) later"
        var rows = [
            ("messages", states.text), ("waiting", waiting), ("in flight", String(inFlight)),
            ("paused", paused.isEmpty ? "nothing" : paused.joined(separator: ", ")),
        ]
        // Only administrators are told of the gateway itself.
        guard uptime > .zero else { return TextTable.list(rows, indent: "") }
        rows += [
            ("connections", String(connections)),
            ("commits", "\(commits) of \(counted(committedOperations, "operation"))"),
            ("memory", "\(residentBytes / 1_048_576) MiB"), ("cpu", cpu.formattedSeconds),
            ("uptime", uptime.formattedSeconds),
        ]
        for provider in providers { rows += provider.rows }
        return TextTable.list(rows, indent: "")
    }
}

extension CancelReport {
    var json: JSONOutput {
        .object([
            ("canceled", .unsigned(canceled)), ("too_late", .unsigned(tooLate)), ("not_found", .unsigned(notFound)),
            ("may_have_been_sent", .unsigned(mayHaveBeenSent)),
            (
                "results",
                .array(
                    results.map {
                        .object([
                            ("id", .string($0.id.description)), ("canceled", .bool($0.canceled)),
                            ("state", $0.state.map { .string($0.rawValue) } ?? .null),
                            ("may_have_been_sent", .bool($0.mayHaveBeenSent)),
                        ])
                    })
            ),
        ])
    }

    var text: String {
        var lines = results.map { result in
            guard let state = result.state else { return "\(result.id) not found" }
            if result.mayHaveBeenSent {
                return "\(result.id) \(state.rawValue): not sent again, but it may have been sent before"
            }
            return "\(result.id) \(state.rawValue)" + (result.canceled ? "" : ": too late to cancel")
        }
        var counts = "\(canceled) canceled, \(tooLate) too late, \(notFound) not found"
        if mayHaveBeenSent > 0 { counts += ", \(mayHaveBeenSent) perhaps sent before" }
        lines.append(counts)
        return lines.joined(separator: "\n")
    }
}

extension SandboxRecord {
    var json: JSONOutput {
        .object([
            ("at", .string(TimeText.rfc3339(at))), ("id", .string(id.description)),
            ("attempt", .integer(Int64(attempt))), ("to", .string(to)), ("sender", .string(sender)),
            ("body", .string(body)), ("segments", .integer(Int64(segments))),
            ("encoding", .string(encoding.rawValue)), ("provider_id", .string(providerID)),
            ("outcome", .string(outcome)),
        ])
    }

    var columns: [String] {
        [TimeText.rfc3339(at), id.description, "#\(attempt)", to, outcome, body]
    }
}

/// Texts under each other.
enum TextTable {
    /// Names and what they stand for.
    static func list(_ rows: [(String, String)], indent: String) -> String {
        let rows = rows.map { ($0.0.onOneLine, $0.1.onOneLine) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { indent + padded($0.0, width) + "  " + $0.1 }.joined(separator: "\n")
    }

    /// - Parameter widths: of the first columns, at least.
    static func columns(_ rows: [[String]], widths: [Int] = []) -> String {
        var widths = widths
        let rows = rows.map { $0.map(\.onOneLine) }
        for row in rows {
            for (column, text) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], text.count)
            }
        }
        let lines = rows.map { row in
            let line = zip(row, widths).map(padded).joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return lines.joined(separator: "\n")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// `1 segment`, `2 segments`.
func counted(_ count: some BinaryInteger, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

extension Duration {
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
