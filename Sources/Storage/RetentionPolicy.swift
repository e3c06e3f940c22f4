package import SMSModel

/// How long messages are kept once they are settled.
package struct RetentionPolicy: Hashable, Sendable {
    /// Whole days after the day of acceptance; nil = for ever.
    package struct Days: Hashable, Sendable {
        /// The body is kept for so long.
        package var bodies: Int?
        /// The message, without its body, is kept for so long: at least ``RetentionPolicy/leastRecordDays``.
        package var records: Int?

        package init(bodies: Int? = nil, records: Int? = nil) {
            self.bodies = bodies
            self.records = records
        }
    }

    package static let leastRecordDays = Limits.retentionRecordDaysMinimum

    /// The days of tenants that have none of their own.
    package var standard = Days()
    package var tenants: [TenantID: Days] = [:]
    /// Whole days after its own for which an entry of the audit log is kept; nil = for ever.
    package var auditDays: Int?

    package init() {}

    /// What of the audit log is from before goes, in milliseconds since the Unix epoch; nil = nothing does.
    func auditStart(today: Day) -> Int64? {
        auditDays.map { today.start - Int64($0) * Int64(Day.milliseconds) }
    }

    /// What is to become of a settled message.
    enum Action: UInt8, Sendable {
        case keep
        case redact
        case delete
    }

    /// What is to become of a day's settled messages, by tenant.
    struct Plan: Hashable, Sendable {
        var standard: Action
        /// The tenants whose action differs.
        var tenants: [TenantID: Action]

        func action(for tenant: TenantID) -> Action { tenants[tenant] ?? standard }

        var keepsAll: Bool { standard == .keep && tenants.isEmpty }
        var deletesAll: Bool { standard == .delete && tenants.isEmpty }

        /// A value that is the same for the same plan, whatever the process.
        var mark: Int64 {
            var mark = Int64(standard.rawValue) + 1
            for (tenant, action) in tenants.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                mark = mark &* 1_000_003 &+ Int64(tenant.rawValue) &* 4 &+ Int64(action.rawValue)
            }
            return mark
        }
    }

    /// - Parameter age: whole days since the messages' day.
    func plan(age: Int) -> Plan {
        let standard = Self.action(self.standard, age)
        return Plan(
            standard: standard, tenants: tenants.mapValues { Self.action($0, age) }.filter { $0.value != standard })
    }

    private static func action(_ days: Days, _ age: Int) -> Action {
        if let records = days.records, age > max(records, leastRecordDays) { return .delete }
        if let bodies = days.bodies, age > bodies { return .redact }
        return .keep
    }
}
