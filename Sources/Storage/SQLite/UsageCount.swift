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

    /// Charges a file of a version that counted no usage with what its rows say, within the transaction under way.
    static func charge(_ connection: SQLiteConnection) throws(StoreError) {
        var count = UsageCount()
        let rows = try connection.prepare(
            """
            SELECT m.id, m.tenant, m.segments, m.reserve, s.state, s.due, s.history
            FROM message m LEFT JOIN state s ON s.id = m.id
            """)
        while try rows.step() {
            let id = MessageID(rawValue: UInt64(bitPattern: rows.integer(0)))
            let lifecycle =
                rows.isNull(4) ? nil : try MessageLifecycle(id, rows, column: 4, path: connection.path)
            count.add(
                Charge(segments: rows.integer(2), cost: rows.integer(3)), TenantID(rawValue: Int32(rows.integer(1))),
                lifecycle)
        }
        let insert = try connection.prepare("INSERT INTO usage VALUES (?1, ?2, ?3)")
        for (tenant, charge) in count.charges {
            insert.bind(1, Int64(tenant.rawValue))
            insert.bind(2, charge.segments)
            insert.bind(3, charge.cost)
            try insert.run()
        }
    }
}
