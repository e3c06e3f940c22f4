internal import SMSModel

/// A day's part of what tenants have used of their quotas: what its messages were charged, by tenant.
///
/// A message is charged when it is accepted and stays so, also once retention has deleted its row; what it is charged
/// goes by its ``MessageLifecycle/Cost``. Changes are added up here and written at the commit.
final class DayUsage {
    private let day: Day
    /// nil where nobody accepts anything.
    private let ledger: QuotaLedger?
    private var charged = ChargeDeltas()
    /// The part of it that is for messages whose rows are gone.
    private var deleted = ChargeDeltas()
    private let connection: SQLiteConnection
    private let selectCharge: SQLiteStatement
    private let upsert: SQLiteStatement

    init(_ day: Day, _ connection: SQLiteConnection, _ ledger: QuotaLedger?) throws(StoreError) {
        self.day = day
        self.connection = connection
        self.ledger = ledger
        selectCharge = try connection.prepare("SELECT segments, reserve FROM message WHERE id = ?1")
        upsert = try connection.prepare(Self.upsert("usage"))
    }

    private static func upsert(_ table: String) -> String {
        """
        INSERT INTO \(table) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET segments = segments + ?2, cost = cost + ?3
        """
    }

    // MARK: A round

    func charge(_ charge: Charge, _ tenant: TenantID) {
        charged.add(charge, tenant)
        ledger?.charge(charge, tenant, on: day)
    }

    /// It is known better what a message costs.
    func settle(
        _ id: MessageID, _ tenant: TenantID, from former: MessageLifecycle.Cost, to cost: MessageLifecycle.Cost
    ) throws(StoreError) {
        selectCharge.bind(1, id)
        defer { selectCharge.reset() }
        guard try selectCharge.step() else { return }
        let reserved = Charge(segments: selectCharge.integer(0), cost: selectCharge.integer(1))
        charge(-reserved.settled(former), tenant)
        charge(reserved.settled(cost), tenant)
    }

    /// A row is deleted; its charge stays.
    func rowDeleted(_ charge: Charge, _ tenant: TenantID) { deleted.add(charge, tenant) }

    func prepareCommit() throws(StoreError) {
        try write(charged.changes, upsert)
        let deletions = deleted.changes
        if !deletions.isEmpty { try write(deletions, try connection.prepare(Self.upsert("deleted_usage"))) }
    }

    private func write(
        _ changes: [(tenant: TenantID, charge: Charge)], _ statement: SQLiteStatement
    ) throws(StoreError) {
        for (tenant, charge) in changes {
            statement.bind(1, Int64(tenant.rawValue))
            statement.bind(2, charge.segments)
            statement.bind(3, charge.cost)
            try statement.run()
        }
    }

    func committed() {
        charged.removeAll()
        deleted.removeAll()
    }

    func rolledBack() {
        for (tenant, charge) in charged.changes { ledger?.charge(-charge, tenant, on: day) }
        charged.removeAll()
        deleted.removeAll()
    }

    // MARK: All of the day

    /// What each tenant was charged, with what the round under way has changed.
    func charges() throws(StoreError) -> [TenantID: Charge] {
        var charges = try Self.charges(connection)
        for (tenant, charge) in charged.changes { charges[tenant, default: Charge()] += charge }
        return charges
    }

    /// What the file says that each tenant was charged.
    static func charges(_ connection: SQLiteConnection) throws(StoreError) -> [TenantID: Charge] {
        try read(connection, "usage")
    }

    /// Reads the part of ``charges(_:)`` that is for messages whose rows are gone.
    static func deletedCharges(_ connection: SQLiteConnection) throws(StoreError) -> [TenantID: Charge] {
        try read(connection, "deleted_usage")
    }

    private static func read(
        _ connection: SQLiteConnection, _ table: String
    ) throws(StoreError) -> [TenantID: Charge] {
        let rows = try connection.prepare("SELECT tenant, segments, cost FROM \(table)")
        var charges: [TenantID: Charge] = [:]
        while try rows.step() {
            charges[TenantID(rawValue: Int32(truncatingIfNeeded: rows.integer(0)))] = Charge(
                segments: rows.integer(1), cost: rows.integer(2))
        }
        return charges
    }
}

/// Changes of what tenants are charged that one round makes.
private struct ChargeDeltas {
    private var sums: [TenantID: Charge] = [:]
    /// Most messages of a round follow one of the same tenant.
    private var run = Charge()
    private var tenant = TenantID(rawValue: 0)

    mutating func add(_ charge: Charge, _ tenant: TenantID) {
        if tenant != self.tenant {
            endRun()
            self.tenant = tenant
        }
        run += charge
    }

    private mutating func endRun() {
        if !run.isZero { sums[tenant, default: Charge()] += run }
        run = Charge()
    }

    var changes: [(tenant: TenantID, charge: Charge)] {
        mutating get {
            endRun()
            return sums.compactMap { $0.value.isZero ? nil : ($0.key, $0.value) }
        }
    }

    mutating func removeAll() {
        sums.removeAll(keepingCapacity: true)
        run = Charge()
    }
}
