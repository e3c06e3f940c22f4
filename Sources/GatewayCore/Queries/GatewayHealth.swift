package import Engine
package import SMSModel

/// How long messages may wait before the gateway counts as degraded, in milliseconds; nil = as long as they like.
package struct HealthBounds: Hashable, Sendable {
    /// URGENT and NORMAL.
    package var waiting: Int64? = 300_000
    package var bulkWaiting: Int64? = 4 * 3_600_000

    package init() {}
}

/// Whether the gateway does its work.
package struct GatewayHealth: Hashable, Sendable {
    package struct Check: Hashable, Sendable {
        package var name: String
        package var isGood: Bool
        /// For people; "" = there is nothing to say.
        package var detail: String
        /// Whether it is good, and yet worth a look.
        package var isWarning: Bool

        package init(name: String, isGood: Bool, detail: String = "", isWarning: Bool = false) {
            self.name = name
            self.isGood = isGood
            self.detail = detail
            self.isWarning = isWarning
        }
    }

    package var isAccepting: Bool
    /// Whether messages are handed over as far as providers take them.
    package var isDispatching: Bool
    /// Whether it does both, and yet some messages don't go: no provider of a route takes any, or they wait too long.
    package var isDegraded = false
    package var checks: [Check]
    /// For administrators.
    package var providers: [ProviderStatistics] = []
    /// The gateway's clock, in milliseconds since the Unix epoch.
    package var now: Int64 = 0

    package init(isAccepting: Bool, isDispatching: Bool, checks: [Check]) {
        self.isAccepting = isAccepting
        self.isDispatching = isDispatching
        self.checks = checks
    }

    /// - Parameters:
    ///   - idleReason: why no provider takes messages, by the configuration alone; nil = one does.
    ///   - lackingURL: the providers whose carriers' posts can't be believed for want of a public URL.
    ///   - installation: what else is to be said.
    package init(
        _ report: WriterReport, _ survey: WaitingSurvey, idleReason: String?, lackingURL: [String] = [],
        installation: [Check] = [], _ bounds: HealthBounds, now: Int64
    ) {
        let isDispatching = report.isDispatching && !report.isTakingUp
        let why =
            report.isTakingUp
            ? "taking up what waits"
            : report.pausedForAll.isEmpty ? "" : "paused: " + report.pausedForAll.joined(separator: ", ")
        let overdue = Self.overdue(survey, bounds, now: now)
        let routes = Self.failing(survey)
        let troubles = survey.providers.filter { $0.condition != .disabled }.compactMap(\.troubleText)
        self.init(
            isAccepting: report.trouble == nil, isDispatching: isDispatching && idleReason == nil,
            checks: [
                Check(name: "store", isGood: report.trouble == nil, detail: report.trouble ?? ""),
                Check(name: "dispatch", isGood: isDispatching, detail: why),
                Check(
                    name: "providers", isGood: idleReason == nil,
                    detail: idleReason ?? troubles.joined(separator: "; "), isWarning: !troubles.isEmpty),
                Check(name: "routes", isGood: idleReason != nil || survey.failingRoutes.isEmpty, detail: routes),
                Check(name: "waiting", isGood: overdue.isEmpty, detail: overdue),
                Check(
                    name: "webhooks", isGood: true,
                    detail: lackingURL.isEmpty
                        ? ""
                        : "webhooks.public-url is not set: nothing comes in for \(lackingURL.joined(separator: ", "))",
                    isWarning: !lackingURL.isEmpty),
                Check(
                    name: "retention", isGood: true, detail: report.retentionHold ?? "",
                    isWarning: report.retentionHold != nil),
            ] + installation)
        isDegraded = isAccepting && self.isDispatching && !checks.allSatisfy(\.isGood)
        providers = survey.providers
        self.now = now
    }

    private static func failing(_ survey: WaitingSurvey) -> String {
        var texts = survey.failingRoutes.map { route in
            let subject = route.name.isEmpty ? "no provider takes messages" : "route \(route.name): none takes messages"
            return "\(subject): \(route.reasons.joined(separator: "; "))"
        }
        if survey.withoutRoute > 0 { texts.append("messages wait that no route is for: \(survey.withoutRoute)") }
        return texts.joined(separator: ". ")
    }

    /// - Returns: "" where nothing waits for too long.
    private static func overdue(_ survey: WaitingSurvey, _ bounds: HealthBounds, now: Int64) -> String {
        func text(_ subject: String, _ since: Int64?, _ bound: Int64?) -> String? {
            guard let since, let bound, now - since > bound else { return nil }
            return "\(subject) messages wait since \(WallTime.utcText(milliseconds: since)), "
                + "longer than \(bound / 1000) s"
        }
        return [
            text("URGENT or NORMAL", survey.oldest, bounds.waiting),
            text("BULK", survey.oldestBulk, bounds.bulkWaiting),
        ].compactMap(\.self).joined(separator: "; ")
    }
}
