internal import ApusClient
internal import FoundationEssentials
internal import SMSModel

extension Explanation {
    /// nil unless the message would be refused.
    var failure: CommandFailure? {
        guard outcome == .refused else { return nil }
        let limits = refusals.compactMap(\.retryAfter)
        // Waiting helps only where nothing else is in the way.
        let wait = limits.count == refusals.count ? limits.max() : nil
        return CommandFailure(
            .refused, "the message would be refused: \(reason.onOneLine)",
            advice: wait.map { "There may be room in \($0.formattedWait)." })
    }

    // MARK: JSON

    var json: JSONOutput {
        .object([
            ("outcome", .string(outcome.rawValue)), ("reason", .string(reason)),
            ("refusals", .array(refusals.map(\.json))), ("body", body?.json ?? .null),
            ("terms", terms?.json ?? .null), ("route", .optional(route?.name)), ("policy", .optional(policy)),
            ("provider", .optional(provider)), ("segment_price", .integer(segmentPrice)), ("price", .integer(price)),
            (
                "routes",
                .array(
                    routes.map {
                        .object([
                            ("name", .string($0.name)), ("verdict", .string($0.verdict)), ("text", .string($0.text)),
                        ])
                    })
            ),
            ("providers", .array(providers.map(\.json))), ("generation", .integer(Int64(generation))),
        ])
    }

    // MARK: Text

    var text: String {
        var parts = [summary, TextTable.list(facts, indent: "  ")]
        if !refusals.isEmpty { parts += ["refused by", TextTable.list(refusals.map(\.row), indent: "  ")] }
        if !routes.isEmpty { parts += ["routes", TextTable.list(routes.map { ($0.title, $0.text) }, indent: "  ")] }
        if !providers.isEmpty { parts += ["providers", TextTable.list(providers.map(\.row), indent: "  ")] }
        return parts.joined(separator: "\n")
    }

    private var summary: String {
        switch outcome {
        case .now: "It would go now, through \(provider ?? "a provider")."
        case .later: "It would wait."
        case .refused: "It would be refused."
        }
    }

    private var facts: [(String, String)] {
        var rows: [(String, String)] = []
        if outcome != .refused { rows.append(("why", reason)) }
        if let body {
            rows.append(("body", body.text))
            if let ucs2 = body.ucs2 { rows.append(("UCS2", ucs2.text(segments: body.segments))) }
            if let replaced = body.replaced { rows.append(("replaced", replaced)) }
        }
        if let terms {
            rows += [("sender", terms.senderText), ("priority", terms.priority.rawValue)]
            if let sendAt = terms.sendAt { rows.append(("send at", TimeText.rfc3339(sendAt))) }
            rows += [
                ("expires", TimeText.rfc3339(terms.expiresAt)), ("if unknown", terms.onUnknown.rawValue),
                ("price", price(terms)),
            ]
        }
        rows.append(("generation", String(generation)))
        return rows
    }

    private func price(_ terms: Terms) -> String {
        let reserve = "at most \(Money(millionths: terms.reserve)), which the budget is charged"
        guard provider != nil else { return reserve }
        return "\(Money(millionths: price)) at \(Money(millionths: segmentPrice)) a segment; \(reserve)"
    }
}

extension Explanation.Body {
    fileprivate var json: JSONOutput {
        .object([
            ("encoding", .string(encoding.rawValue)), ("segments", .integer(Int64(segments))),
            ("characters", .integer(Int64(characters))), ("units", .integer(Int64(units))),
            ("ucs2", ucs2?.json ?? .null), ("replaced", .optional(replaced)),
        ])
    }

    fileprivate var text: String {
        "\(counted(segments, "segment")) \(encoding.rawValue): \(counted(characters, "character")), "
            + "\(counted(units, "unit"))"
    }
}

extension Explanation.Terms {
    fileprivate var senderText: String {
        let name = sender ?? "the provider's choice"
        return senderRule.map { "\(name) (\($0))" } ?? name
    }

    fileprivate var json: JSONOutput {
        .object([
            ("sender", .optional(sender)), ("sender_rule", .optional(senderRule)),
            ("priority", .string(priority.rawValue)),
            ("on_unknown", .string(onUnknown.rawValue)), ("send_at", .optional(sendAt.map(TimeText.rfc3339))),
            ("expires_at", .string(TimeText.rfc3339(expiresAt))), ("reserve", .integer(reserve)),
        ])
    }
}

extension Explanation.Refusal {
    fileprivate var json: JSONOutput {
        .object([
            ("field", .optional(field)), ("limit", .optional(limit)), ("description", .string(description)),
            ("retry_after_ms", retryAfter.map { .integer($0.milliseconds) } ?? .null),
        ])
    }

    fileprivate var row: (String, String) {
        (field ?? limit ?? "-", description + (retryAfter.map { " (in \($0.formattedWait))" } ?? ""))
    }
}

extension Explanation.Route {
    fileprivate var title: String { name.isEmpty ? "(none configured)" : name }
}

extension Explanation.Provider {
    fileprivate var json: JSONOutput {
        .object([
            ("name", .string(name)), ("kind", .string(kind)), ("verdict", .string(verdict)), ("text", .string(text)),
            ("chosen", .bool(isChosen)), ("segment_price", .integer(segmentPrice)), ("weight", .integer(Int64(weight))),
            ("latency_ms", latency.map { .integer($0.milliseconds) } ?? .null),
        ])
    }

    fileprivate var row: (String, String) {
        var facts = [text, "\(Money(millionths: segmentPrice)) a segment", "weight \(weight)"]
        if let latency { facts.append("answers in \(latency.milliseconds) ms") }
        return (name, (isChosen ? "chosen: " : "") + facts.joined(separator: ", "))
    }
}

extension JSONOutput {
    fileprivate static func optional(_ text: String?) -> JSONOutput { text.map(JSONOutput.string) ?? .null }
}
