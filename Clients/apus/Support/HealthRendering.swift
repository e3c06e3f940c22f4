internal import ApusClient
internal import FoundationEssentials

// How the gateway and its providers are, as JSON with the protocol's names and as text.

extension ProviderStatistics {
    var json: JSONOutput {
        .object([
            ("name", .string(name)), ("kind", .string(kind)), ("submitted", .unsigned(submitted)),
            ("accepted", .unsigned(accepted)), ("rejected", .unsigned(rejected)),
            ("throttled", .unsigned(throttled)), ("unavailable", .unsigned(unavailable)),
            ("unknown", .unsigned(unknown)), ("in_flight", .unsigned(inFlight)), ("paused", .bool(paused)),
            ("circuit", circuit.map { .string($0.rawValue) } ?? .null), ("in_flight_bound", .unsigned(inFlightBound)),
            ("rate", rate.map(JSONOutput.number) ?? .null),
            ("latency_ms", latency.map { .integer($0.milliseconds) } ?? .null),
            ("condition", condition.map { .string($0.rawValue) } ?? .null),
            ("condition_detail", .string(conditionDetail)), ("condition_since", Self.json(conditionSince)),
            ("last_error", lastError?.json ?? .null), ("waiting", .unsigned(waiting)),
            ("waiting_only", .unsigned(waitingOnly)), ("oldest_waiting", Self.json(oldestWaiting)),
        ])
    }

    private static func json(_ time: Date?) -> JSONOutput { time.map { .string(TimeText.rfc3339($0)) } ?? .null }

    /// Its counts, and below them what an operator has to know of it.
    var rows: [(String, String)] {
        var rows = [(name, text)]
        if let trouble { rows.append(("", trouble)) }
        if let lastError { rows.append(("", "last error \(lastError.text)")) }
        if let waitingText { rows.append(("", waitingText)) }
        return rows
    }

    private var text: String {
        let counts =
            "\(submitted) submitted: \(accepted) accepted, \(rejected) rejected, \(throttled) throttled, "
            + "\(unavailable) unavailable, \(unknown) unknown, \(inFlight) of \(inFlightBound) in flight"
        var notes: [String] = []
        if let rate { notes.append("at most \(Int(rate.rounded())) a second") }
        if let latency { notes.append("answers in \(latency.milliseconds) ms") }
        switch circuit {
        case .open: notes.append("failing, left alone")
        case .halfOpen: notes.append("failing, being tried")
        case .closed, nil: break
        }
        if paused { notes.append("paused") }
        return ([counts] + notes).joined(separator: ", ")
    }

    /// Why it takes no messages; nil if it takes some.
    var trouble: String? {
        guard let condition, condition != .ready else { return nil }
        var text = condition.rawValue
        if let conditionSince { text += " since \(TimeText.rfc3339(conditionSince))" }
        return conditionDetail.isEmpty ? text : "\(text): \(conditionDetail)"
    }

    var waitingText: String? {
        guard waiting > 0 else { return nil }
        var text = "\(counted(waiting, "message")) may go to it, \(waitingOnly) of them only to it"
        if let oldestWaiting { text += "; the oldest waits since \(TimeText.rfc3339(oldestWaiting))" }
        return text
    }
}

extension ProviderStatistics.LastError {
    var json: JSONOutput {
        .object([
            ("code", .string(failure.code)), ("message", .string(failure.message)),
            ("at", .string(TimeText.rfc3339(at))),
        ])
    }

    var text: String { "\(failure.code) at \(TimeText.rfc3339(at)): \(failure.message)" }
}

extension GatewayHealth {
    var json: JSONOutput {
        .object([
            ("accepting", .bool(accepting)), ("dispatching", .bool(dispatching)), ("degraded", .bool(degraded)),
            (
                "checks",
                .array(
                    checks.map {
                        .object([
                            ("name", .string($0.name)), ("ok", .bool($0.ok)), ("warning", .bool($0.warning)),
                            ("detail", .string($0.detail)),
                        ])
                    })
            ),
            ("providers", .array(providers.map(\.json))),
        ])
    }

    var text: String {
        var rows = [
            ("accepting", accepting ? "yes" : "no"), ("dispatching", dispatching ? "yes" : "no"),
            ("degraded", degraded ? "yes" : "no"),
        ]
        for check in checks {
            let state = !check.ok ? "not ok" : check.warning ? "warning" : "ok"
            rows.append((check.name, state + (check.detail.isEmpty ? "" : ": \(check.detail)")))
        }
        for provider in providers {
            rows.append((provider.name, provider.trouble ?? "READY"))
            if let error = provider.lastError { rows.append(("", "last error \(error.text)")) }
            if let waiting = provider.waitingText { rows.append(("", waiting)) }
        }
        return TextTable.list(rows, indent: "")
    }
}
