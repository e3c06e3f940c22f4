package import SMSModel

/// What waits and for whom, counted at the moment when somebody asks.
package struct WaitingSurvey: Hashable, Sendable {
    /// A route of which no provider takes messages.
    package struct FailingRoute: Hashable, Sendable {
        /// "" = the route of all messages where none is configured.
        package var name: String
        /// Why each of its providers takes none, in sentences.
        package var reasons: [String]

        package init(name: String, reasons: [String]) {
            self.name = name
            self.reasons = reasons
        }
    }

    package var providers: [ProviderStatistics] = []
    package var failingRoutes: [FailingRoute] = []
    /// Messages for which no route is.
    package var withoutRoute: UInt64 = 0
    /// Since when the URGENT or NORMAL message that waits longest does, in milliseconds since the Unix epoch; nil = none
    /// waits. What an operator holds back doesn't count.
    package var oldest: Int64?
    /// The same, of BULK.
    package var oldestBulk: Int64?

    package init() {}

    mutating func waits(_ priority: Priority, since: Int64) {
        if priority == .bulk {
            oldestBulk = min(oldestBulk ?? since, since)
        } else {
            oldest = min(oldest ?? since, since)
        }
    }
}

/// What waits in one place for one kind of reason.
struct WaitingGroup {
    var candidates: UInt16
    var priority: Priority
    var tenant: TenantID
    /// The only provider that it waits for; nil = those of its candidate set.
    var provider: UInt8?
    var count: Int
    /// Some ids, rising, the oldest among them.
    var ids: [MessageID]
}

/// What waits for one provider.
struct ProviderWaiting {
    var count = 0
    var only = 0
    var oldest: Int64?

    mutating func add(_ count: Int, since: Int64?, isOnly: Bool) {
        self.count += count
        if isOnly { only += count }
        if let since { oldest = min(oldest ?? since, since) }
    }
}
