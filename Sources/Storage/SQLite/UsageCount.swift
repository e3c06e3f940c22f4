internal import SMSModel

/// What a day's rows say that each tenant is charged, row by row.
struct UsageCount {
    private(set) var charges: [TenantID: Charge] = [:]

    /// - Parameters:
    ///   - reserved: when the message was accepted.
    ///   - lifecycle: nil where nothing but the acceptance has happened.
    mutating func add(_ reserved: Charge, _ tenant: TenantID, _ lifecycle: MessageLifecycle?) {
        charges[tenant, default: Charge()] += lifecycle.map { reserved.settled($0.accountedState.cost) } ?? reserved
    }

    /// Tells of each tenant whose usage is not what its rows, and those that are gone, are charged.
    func check(_ connection: SQLiteConnection, _ report: inout VerificationReport) throws(StoreError) {
        var differences = try DayUsage.charges(connection)
        for (tenant, charge) in try DayUsage.deletedCharges(connection) {
            differences[tenant, default: Charge()] += -charge
        }
        for (tenant, charge) in charges { differences[tenant, default: Charge()] += -charge }
        for (tenant, difference) in differences where !difference.isZero {
            report.fault(
                "\(connection.path): the usage of tenant \(tenant.rawValue) is off by \(difference.segments) segments "
                    + "and a cost of \(difference.cost) millionths")
        }
    }
}
