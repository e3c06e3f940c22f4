internal import ApusClient
internal import ConfigurationModel
internal import FoundationEssentials
internal import JSON
internal import SMSModel

// What the gateway answers to its administrators, as JSON with the protocol's names and as text.

extension ApusClient.ConfigurationChange {
    var json: JSONOutput {
        .object([
            ("kind", .string(kind)), ("name", .string(name)), ("before", Self.json(before)),
            ("after", Self.json(after)),
        ])
    }

    private static func json(_ document: String?) -> JSONOutput {
        document.flatMap { try? JSONValue($0) }.map { JSONOutput($0.withoutSecrets) } ?? .null
    }

    /// `tenants shop`, then the settings that go and those that come.
    var text: String {
        let (old, new) = (Self.settings(before), Self.settings(after))
        let title = "\(kind) \(name)" + (before == nil ? ", new" : after == nil ? ", removed" : "")
        var lines = [title]
        for path in Set(old.keys).union(new.keys).sorted() where old[path] != new[path] {
            // Of a secret it is told that it changes, and no more.
            let isSecret = path.hasPrefix("secrets.")
            if let value = old[path] { lines.append("  - \(path): \(isSecret ? "…" : value.plainText)") }
            if let value = new[path] { lines.append("  + \(path): \(isSecret ? "…" : value.plainText)") }
        }
        return lines.joined(separator: "\n")
    }

    private static func settings(_ document: String?) -> [String: JSONValue] {
        let settings = document.flatMap { try? JSONValue($0) }?.settings ?? []
        return Dictionary(settings.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension AppliedConfiguration {
    var json: JSONOutput {
        .object([("generation", .integer(Int64(generation))), ("changes", .array(changes.map(\.json)))])
    }

    /// - Parameter isDryRun: nothing of it was done.
    func text(isDryRun: Bool = false) -> String {
        guard !changes.isEmpty else { return "nothing changes: generation \(generation) is like that" }
        let end = isDryRun ? "not applied: generation \(generation) stays" : "generation \(generation)"
        return (changes.map(\.text) + [end]).joined(separator: "\n")
    }
}

extension ConfigurationGeneration {
    var json: JSONOutput {
        .object([
            ("number", .integer(Int64(number))), ("at", .string(TimeText.rfc3339(at))), ("actor", .string(actor)),
            ("peer", .string(peer)), ("note", .string(note)), ("changes", .array(changes.map(\.json))),
        ])
    }

    var columns: [String] {
        [
            String(number), TimeText.rfc3339(at), actor, peer,
            changes.map { change in
                (change.before == nil ? "+" : change.after == nil ? "-" : "") + change.name
            }.joined(separator: ", "),
            note,
        ]
    }
}

extension KeyDescription {
    private var members: [(String, JSONOutput)] {
        [
            ("id", .string(id)), ("tenant", .string(tenant)),
            ("scopes", .array(scopes.map { .string($0.rawValue) })), ("note", .string(note)),
            ("created_at", .string(TimeText.rfc3339(createdAt))), ("expires_at", Self.json(expiresAt)),
            ("revoked_at", Self.json(revokedAt)), ("last_used_at", Self.json(lastUsedAt)),
        ]
    }

    private static func json(_ date: Date?) -> JSONOutput { date.map { .string(TimeText.rfc3339($0)) } ?? .null }

    var json: JSONOutput { .object(members) }

    func json(secret: String) -> JSONOutput { .object(members + [("secret", .string(secret))]) }

    var columns: [String] {
        let state =
            if let revokedAt {
                "revoked \(TimeText.rfc3339(revokedAt))"
            } else if let expiresAt {
                (expiresAt <= Date() ? "expired " : "until ") + TimeText.rfc3339(expiresAt)
            } else {
                "good"
            }
        return [
            id, tenant, scopes.map(\.rawValue).joined(separator: ","), state,
            "used " + (lastUsedAt.map(TimeText.rfc3339) ?? "never"), note,
        ]
    }
}

extension AuditEntry {
    var json: JSONOutput {
        .object([
            ("id", .integer(id)), ("at", .string(TimeText.rfc3339(at))), ("actor", .string(actor)),
            ("peer", .string(peer)), ("verb", .string(verb)), ("subject", .string(subject)),
            ("before", JSONOutput(document: before)), ("after", JSONOutput(document: after)), ("note", .string(note)),
        ])
    }

    var columns: [String] { [TimeText.rfc3339(at), actor, peer, verb, subject, note] }
}

extension Suppression {
    var json: JSONOutput {
        .object([
            ("number", .string(number)), ("at", .string(TimeText.rfc3339(at))), ("reason", .string(reason)),
            ("entries", .array(reasons.map(\.json))),
        ])
    }

    /// A line for each reason.
    var row: String {
        reasons.map { reason in
            TextTable.columns(
                [[number, TimeText.rfc3339(reason.at), reason.origin.rawValue, reason.text, reason.place]],
                widths: [16, 24, 8, reason.place.isEmpty ? 0 : 12])
        }.joined(separator: "\n")
    }
}

extension SuppressionReason {
    var json: JSONOutput {
        .object([
            ("origin", .string(origin.rawValue)), ("to", .string(to)), ("provider", .string(provider)),
            ("at", .string(TimeText.rfc3339(at))), ("reason", .string(text)),
        ])
    }

    /// Where it was said, in words.
    fileprivate var place: String {
        switch origin {
        case .keyword: "to \(to)"
        case .carrier: "at \(provider), from \(to.isEmpty ? "its own sender" : to)"
        default: ""
        }
    }
}

extension TenantUsage {
    var json: JSONOutput {
        .object([
            ("tenant", .string(tenant)), ("segments_today", .unsigned(segmentsToday)),
            ("segments_per_day", .unsigned(segmentsPerDay ?? 0)), ("cost_this_month", .integer(costThisMonth)),
            ("cost_per_month", .integer(costPerMonth ?? 0)), ("waiting_messages", .unsigned(waitingMessages)),
            ("waiting_maximum", .unsigned(waitingMaximum ?? 0)),
            ("opted_out_at_carriers", .unsigned(optedOutAtCarriers)),
        ])
    }

    var columns: [String] {
        func of(_ maximum: String?) -> String { maximum.map { " of \($0)" } ?? "" }
        return [
            tenant, "\(segmentsToday)\(of(segmentsPerDay.map(String.init))) segments today",
            "\(Self.money(costThisMonth))\(of(costPerMonth.map(Self.money))) this month",
            "\(waitingMessages)\(of(waitingMaximum.map(String.init))) waiting",
        ] + (optedOutAtCarriers == 0 ? [] : ["\(optedOutAtCarriers) opted out at carriers"])
    }

    private static func money(_ millionths: Int64) -> String { Money(millionths: millionths).description }
}
