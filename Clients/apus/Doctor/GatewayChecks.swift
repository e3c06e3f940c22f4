internal import ApusClient
internal import FoundationEssentials

/// What the gateway says of itself and of the caller, as findings.
enum GatewayChecks {
    /// A difference of the two clocks that is worth a look, and one by which times go wrong. Seconds.
    static let clockWarning = 2.0
    static let clockFailure = 60.0

    /// - Parameters:
    ///   - asked, answered: the times by this machine's clock between which the gateway told its own.
    static func clock(_ now: Date?, asked: Date, answered: Date) -> Finding {
        guard let now else { return Finding("clock", .skipped, "the gateway doesn't tell its time") }
        // What the way took is no difference.
        let early = asked.timeIntervalSince(now)
        let late = now.timeIntervalSince(answered)
        let seconds = max(0, early, late)
        let text = String(Double(Int(seconds * 10)) / 10)
        guard seconds > clockWarning else {
            return Finding("clock", .ok, "differs by less than \(Int(clockWarning)) s")
        }
        let detail = "the gateway's is \(text) s \(early > late ? "behind" : "ahead of") this machine's"
        return Finding(
            "clock", seconds > clockFailure ? .failure : .warning, detail,
            advice: "Look which of the two is wrong (`timedatectl`): send times, expiries and tokens go by it.")
    }

    static func health(_ health: GatewayHealth) -> [Finding] {
        let sentence =
            !health.accepting
            ? "the gateway does not accept messages"
            : !health.dispatching
                ? "the gateway hands no messages over"
                : health.degraded ? "the gateway is degraded: some messages don't go" : "it accepts and dispatches"
        var findings = [
            Finding(
                "health", health.isHealthy ? .ok : .failure, sentence,
                advice: health.isHealthy ? nil : "See the failures below, and the daemon's log.")
        ]
        for check in health.checks {
            let result: Finding.Result = !check.ok ? .failure : check.warning ? .warning : .ok
            findings.append(
                Finding(check.name, result, check.detail, advice: result == .ok ? nil : advice[check.name]))
        }
        return findings
    }

    /// What to do where a check of the gateway is not good.
    private static let advice = [
        "store": "Make room, or repair what the reason names: docs/operations.md, \"No room\".",
        "dispatch": "`apus resume`, unless it is paused on purpose.",
        "providers": "`apus stats` tells of each; `apus admin provider test NAME` asks its carrier.",
        "routes": "Mend one of its providers, or add another to the route: `apus admin route set`.",
        "waiting": "`apus stats` tells what waits for which provider; `apus status ID` why a message waits.",
        "webhooks": "Set webhooks.public-url to what the carriers call, and restart.",
        "disk": "Make room: at its end new messages are refused.",
        "certificates": "Renew them: the daemon reads them again by itself.",
        "settings": "Take them out of the configuration file, or complete them.",
    ]

    static func providers(_ health: GatewayHealth, isAdministrator: Bool) -> [Finding] {
        guard !health.providers.isEmpty else {
            return isAdministrator
                ? []
                : [Finding("providers", .skipped, "an administrator's key (scope admin) is told how each of them is")]
        }
        return health.providers.map { provider in
            let name = "provider \(provider.name)"
            let error = provider.lastError.map { ", last error \($0.text)" } ?? ""
            let waiting = provider.waitingText.map { "; \($0)" } ?? ""
            switch provider.condition {
            case .failing, .disconnected:
                return Finding(
                    name, .failure, (provider.trouble ?? "") + error + waiting,
                    advice: "`apus admin provider test \(provider.name)` asks its carrier.")
            case .paused:
                return Finding(
                    name, .warning, "paused by an operator" + waiting,
                    advice: "`apus resume --provider \(provider.name)`; `apus admin audit` tells who paused it.")
            case .disabled: return Finding(name, .ok, "disabled by the configuration")
            case .ready, nil: return Finding(name, .ok, "takes messages" + error + waiting)
            }
        }
    }

    static func credential(_ description: GatewayDescription) -> Finding {
        let scopes = description.scopes.isEmpty ? "not told" : description.scopes.joined(separator: ", ")
        return Finding("credential", .ok, "accepted: tenant \(description.tenant), scopes \(scopes)")
    }

    static func credential(_ error: ApusError, hasKey: Bool) -> Finding {
        switch error.code {
        case .unauthenticated where !hasKey:
            return Finding(
                "credential", .warning, "none is given", advice: "Give one with --key-file or `apus context set`.")
        case .unauthenticated:
            return Finding(
                "credential", .failure, "refused: \(error.message)",
                advice: "Make another with `apus admin key create TENANT`, or use the file that key-file names.")
        case .permissionDenied: return Finding("credential", .ok, "accepted, and \(error.message)")
        default: return Finding("credential", .skipped, "\(error.message) (\(error.code))")
        }
    }

    /// - Parameter agent: the gateway's name and version, such as `apusd/0.1.0`.
    static func version(_ agent: String, client: String) -> Finding {
        let server = agent.split(separator: "/", maxSplits: 1).last.map(String.init) ?? agent
        func number(_ version: String) -> Substring { version.prefix { $0 != " " && $0 != "+" } }
        guard number(server) == number(client) else {
            return Finding(
                "version", .warning, "the gateway's is \(server), this program's \(client)",
                advice: "Use the program of the gateway's version: another may not know all that it says.")
        }
        return Finding("version", .ok, "\(server), and \(client) of this program")
    }
}
