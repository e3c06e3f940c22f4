internal import ConfigurationModel
internal import SMSModel

/// The lists of opt-outs in `control.db`, as the writer changes them.
///
/// `suppression` has each number once, with the time and reason of its first entry: it is all that decides whether
/// somebody is sent to. `suppression_entry` has each reason why the number is there. A number without entries is from
/// before they were kept, and its row is its one entry.
struct SuppressionTables {
    // Opt-outs come by the thousand.
    private let insertNumber: SQLiteStatement
    private let deleteNumber: SQLiteStatement
    private let findNumber: SQLiteStatement
    private let insertEntry: SQLiteStatement
    private let deleteEntry: SQLiteStatement
    private let selectEntries: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        insertNumber = try connection.prepare(
            """
            INSERT INTO suppression VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET at = excluded.at, reason = excluded.reason
            """)
        deleteNumber = try connection.prepare("DELETE FROM suppression WHERE tenant = ?1 AND number = ?2")
        findNumber = try connection.prepare("SELECT at, reason FROM suppression WHERE tenant = ?1 AND number = ?2")
        insertEntry = try connection.prepare("INSERT INTO suppression_entry VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        deleteEntry = try connection.prepare(
            "DELETE FROM suppression_entry WHERE tenant = ?1 AND number = ?2 AND origin = ?3 AND own_number = ?4")
        selectEntries = try connection.prepare(AdministrationReader.entriesOfNumber)
    }

    func contains(_ number: UInt64, tenant: TenantID) throws(StoreError) -> Bool {
        findNumber.bind(tenant, number)
        defer { findNumber.reset() }
        return try findNumber.step()
    }

    /// - Returns: false if there is one of its origin and own number already.
    func add(_ entry: SuppressionRecord) throws(StoreError) -> Bool {
        let found = try entries(entry.number, entry.tenant)
        guard !found.contains(where: { $0.origin == entry.origin && $0.ownNumber == entry.ownNumber }) else {
            return false
        }
        // What is from before entries were kept gets one of its own, lest the new one is taken for it.
        if let former = found.first, former.origin == nil, found.count == 1, try !hasEntries(former) {
            try insert(former)
        }
        try insert(entry)
        if found.isEmpty { try set(entry) }
        return true
    }

    /// - Returns: those that were removed.
    func remove(
        _ number: UInt64, tenant: TenantID, where isMeant: (SuppressionRecord) -> Bool
    ) throws(StoreError) -> [SuppressionRecord] {
        let found = try entries(number, tenant)
        let removed = found.filter(isMeant)
        for entry in removed {
            deleteEntry.bind(tenant, number)
            deleteEntry.bind(3, Int64(entry.origin?.rawValue ?? 0))
            deleteEntry.bindText(4, entry.ownNumber)
            try deleteEntry.run()
        }
        guard !removed.isEmpty else { return [] }
        if let first = found.filter({ !isMeant($0) }).min(by: { $0.at < $1.at }) {
            try set(first)
        } else {
            deleteNumber.bind(tenant, number)
            try deleteNumber.run()
        }
        return removed
    }

    // MARK: Rows

    private func entries(_ number: UInt64, _ tenant: TenantID) throws(StoreError) -> [SuppressionRecord] {
        findNumber.bind(tenant, number)
        defer { findNumber.reset() }
        // Entries that an older version left behind when it removed their number count for nothing.
        guard try findNumber.step() else {
            try forgetEntries(number, tenant)
            return []
        }
        let stored = try stored(number, tenant)
        guard stored.isEmpty else { return stored }
        return [
            SuppressionRecord(
                tenant: tenant, number: number, at: findNumber.integer(0), reason: findNumber.text(1), origin: nil)
        ]
    }

    private func stored(_ number: UInt64, _ tenant: TenantID) throws(StoreError) -> [SuppressionRecord] {
        selectEntries.bind(tenant, number)
        defer { selectEntries.reset() }
        var found: [SuppressionRecord] = []
        while try selectEntries.step() { found.append(selectEntries.suppressionEntry) }
        return found
    }

    private func hasEntries(_ entry: SuppressionRecord) throws(StoreError) -> Bool {
        try !stored(entry.number, entry.tenant).isEmpty
    }

    private func forgetEntries(_ number: UInt64, _ tenant: TenantID) throws(StoreError) {
        for entry in try stored(number, tenant) {
            deleteEntry.bind(tenant, number)
            deleteEntry.bind(3, Int64(entry.origin?.rawValue ?? 0))
            deleteEntry.bindText(4, entry.ownNumber)
            try deleteEntry.run()
        }
    }

    private func insert(_ entry: SuppressionRecord) throws(StoreError) {
        insertEntry.bind(entry.tenant, entry.number)
        insertEntry.bind(3, Int64(entry.origin?.rawValue ?? 0))
        insertEntry.bindText(4, entry.ownNumber)
        insertEntry.bind(5, entry.at)
        insertEntry.bindText(6, entry.reason)
        try insertEntry.run()
    }

    private func set(_ entry: SuppressionRecord) throws(StoreError) {
        insertNumber.bind(entry.tenant, entry.number)
        insertNumber.bind(3, entry.at)
        insertNumber.bindText(4, entry.reason)
        try insertNumber.run()
    }
}

extension SQLiteStatement {
    /// To the first two columns, `tenant, number`.
    fileprivate func bind(_ tenant: TenantID, _ number: UInt64) {
        bind(1, Int64(tenant.rawValue))
        bind(2, Int64(clamping: number))
    }

    /// Reads a row `tenant, number, origin, own_number, at, reason`.
    var suppressionEntry: SuppressionRecord {
        SuppressionRecord(
            tenant: TenantID(rawValue: Int32(truncatingIfNeeded: integer(0))),
            number: UInt64(truncatingIfNeeded: integer(1)), at: integer(4), reason: text(5),
            origin: SuppressionOrigin(rawValue: UInt8(truncatingIfNeeded: integer(2))), ownNumber: text(3))
    }
}
