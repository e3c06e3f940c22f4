package import ConfigurationModel
package import SMSModel

/// Reads what administration has left in `control.db`: the writer's own, or alongside it what has been committed.
/// Used by one thread.
package struct AdministrationReader {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    // MARK: Tenants

    package func tenants() throws(StoreError) -> [TenantRecord] {
        let rows = try connection.prepare("SELECT number, name, created_at FROM tenant ORDER BY number")
        var tenants: [TenantRecord] = []
        while try rows.step() {
            tenants.append(TenantRecord(id: rows.tenant(0), name: rows.text(1), createdAt: rows.integer(2)))
        }
        return tenants
    }

    // MARK: Generations

    /// The number of the newest generation; 0 before the first.
    package func generation() throws(StoreError) -> UInt32 {
        UInt32(truncatingIfNeeded: try connection.integer("SELECT coalesce(max(number), 0) FROM generation"))
    }

    /// What the newest generation consists of, by kind and name.
    package func configuration() throws(StoreError) -> [ConfigurationObject] {
        let rows = try connection.prepare("SELECT kind, name, document FROM configuration ORDER BY kind, name")
        var objects: [ConfigurationObject] = []
        while try rows.step() {
            objects.append(ConfigurationObject(kind: rows.text(0), name: rows.text(1), document: rows.text(2)))
        }
        return objects
    }

    /// The newest generation: its number, and what it consists of, by kind and name.
    package func newest() throws(StoreError) -> (generation: UInt32, objects: [ConfigurationObject]) {
        // Both as of one moment, though the writer goes on.
        try connection.execute("BEGIN")
        do throws(StoreError) {
            let newest = (try generation(), try configuration())
            try connection.execute("COMMIT")
            return newest
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    /// The newest generations, newest first, `before` one; at most `limit`.
    package func generations(before: UInt32?, limit: Int) throws(StoreError) -> [GenerationRecord] {
        let rows = try connection.prepare(
            """
            SELECT number, at, actor, peer, note, changes FROM generation WHERE number < ?1
            ORDER BY number DESC LIMIT ?2
            """)
        rows.bind(1, before.map(Int64.init) ?? .max)
        rows.bind(2, Int64(limit))
        var generations: [GenerationRecord] = []
        while try rows.step() {
            generations.append(
                GenerationRecord(
                    number: UInt32(truncatingIfNeeded: rows.integer(0)), context: rows.context(1),
                    changes: Int(rows.integer(5))))
        }
        return generations
    }

    /// The changes that made a generation, by kind and name.
    package func changes(of generation: UInt32) throws(StoreError) -> [ConfigurationChange] {
        let rows = try connection.prepare(
            "SELECT kind, name, before, after FROM generation_change WHERE generation = ?1 ORDER BY kind, name")
        rows.bind(1, Int64(generation))
        var changes: [ConfigurationChange] = []
        while try rows.step() {
            changes.append(
                ConfigurationChange(
                    kind: rows.text(0), name: rows.text(1), before: rows.textOrNull(2), after: rows.textOrNull(3)))
        }
        return changes
    }

    // MARK: Keys

    /// All that ever were, by the time of their making.
    package func keys() throws(StoreError) -> [KeyRecord] {
        let rows = try connection.prepare("SELECT \(Self.keyColumns) FROM api_key ORDER BY created_at, id")
        var keys: [KeyRecord] = []
        while try rows.step() { keys.append(rows.key) }
        return keys
    }

    /// Some of them, in the same order.
    ///
    /// - Parameters:
    ///   - tenant: nil = of all.
    ///   - cursor: they come after the one where it was made; nil = from the first.
    ///   - limit: at most this many.
    package func keys(of tenant: TenantID?, after cursor: KeyCursor?, limit: Int) throws(StoreError) -> [KeyRecord] {
        let rows = try connection.prepare(
            """
            SELECT \(Self.keyColumns) FROM api_key
            WHERE (?1 IS NULL OR tenant = ?1) AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4
            """)
        rows.bind(1, orNull: tenant.map { Int64($0.rawValue) })
        rows.bind(2, cursor?.createdAt ?? .min)
        rows.bindText(3, cursor?.id ?? "")
        rows.bind(4, Int64(limit))
        var keys: [KeyRecord] = []
        while try rows.step() { keys.append(rows.key) }
        return keys
    }

    /// nil if there never was one of that id.
    package func key(_ id: String) throws(StoreError) -> KeyRecord? {
        let row = try connection.prepare("SELECT \(Self.keyColumns) FROM api_key WHERE id = ?1")
        row.bindText(1, id)
        return try row.step() ? row.key : nil
    }

    private static let keyColumns =
        "id, tenant, scopes, salt, hash, note, created_at, expires_at, revoked_at, last_used_at"

    // MARK: Opt-outs

    static let entriesOfNumber =
        """
        SELECT tenant, number, origin, own_number, at, reason FROM suppression_entry
        WHERE tenant = ?1 AND number = ?2 ORDER BY origin, own_number
        """

    /// All entries, by tenant, number, origin and own number.
    func suppressions(_ visit: (SuppressionRecord) -> Void) throws(StoreError) {
        let rows = try connection.prepare(
            """
            SELECT s.tenant, s.number, coalesce(e.origin, 0), coalesce(e.own_number, ''), coalesce(e.at, s.at),
                coalesce(e.reason, s.reason)
            FROM suppression AS s LEFT JOIN suppression_entry AS e USING (tenant, number)
            ORDER BY s.tenant, s.number, e.origin, e.own_number
            """)
        while try rows.step() { visit(rows.suppressionEntry) }
    }

    /// All numbers that are suppressed, each once, by tenant and number.
    func suppressedNumbers(_ visit: (TenantID, UInt64) -> Void) throws(StoreError) {
        let rows = try connection.prepare("SELECT tenant, number FROM suppression ORDER BY tenant, number")
        while try rows.step() { visit(rows.tenant(0), UInt64(truncatingIfNeeded: rows.integer(1))) }
    }

    /// A tenant's entries, those of the first numbers above `number`.
    /// - Parameter limit: numbers, at most.
    package func suppressions(
        of tenant: TenantID, after number: UInt64 = 0, limit: Int
    ) throws(StoreError) -> [SuppressedNumber] {
        let rows = try connection.prepare(
            """
            SELECT tenant, number, at, reason FROM suppression WHERE tenant = ?1 AND number > ?2
            ORDER BY number LIMIT ?3
            """)
        rows.bind(1, Int64(tenant.rawValue))
        rows.bind(2, Int64(clamping: number))
        rows.bind(3, Int64(limit))
        var found: [SuppressionRecord] = []
        while try rows.step() { found.append(rows.suppression) }
        return try withEntries(found)
    }

    /// nil if that recipient has not opted out of the tenant's messages.
    package func suppression(of number: UInt64, tenant: TenantID) throws(StoreError) -> SuppressedNumber? {
        let row = try connection.prepare(
            "SELECT tenant, number, at, reason FROM suppression WHERE tenant = ?1 AND number = ?2")
        row.bind(1, Int64(tenant.rawValue))
        row.bind(2, Int64(clamping: number))
        return try row.step() ? try withEntries([row.suppression]).first : nil
    }

    private func withEntries(_ numbers: [SuppressionRecord]) throws(StoreError) -> [SuppressedNumber] {
        let rows = try connection.prepare(Self.entriesOfNumber)
        var found: [SuppressedNumber] = []
        for first in numbers {
            rows.bind(1, Int64(first.tenant.rawValue))
            rows.bind(2, Int64(clamping: first.number))
            var entries: [SuppressionRecord] = []
            while try rows.step() { entries.append(rows.suppressionEntry) }
            rows.reset()
            found.append(SuppressedNumber(first: first, entries: entries.isEmpty ? [first] : entries))
        }
        return found
    }

    /// How many recipients have opted out of the tenant's messages.
    package func suppressionCount(of tenant: TenantID) throws(StoreError) -> UInt64 {
        UInt64(try connection.integer("SELECT count(*) FROM suppression WHERE tenant = \(tenant.rawValue)"))
    }

    /// The recipients of a tenant that carriers refuse, those of the first numbers from `number` on.
    /// - Parameter limit: numbers, at most.
    package func carrierOptOuts(
        of tenant: TenantID, from number: UInt64, limit: Int
    ) throws(StoreError) -> [CarrierOptOut] {
        try CarrierOptOutTable(connection).page(of: tenant, from: number, limit: limit)
    }

    /// How many recipients of a tenant carriers refuse.
    package func carrierOptOutCount(of tenant: TenantID) throws(StoreError) -> UInt64 {
        try CarrierOptOutTable(connection).count(of: tenant)
    }

    // MARK: Audit

    /// The newest entries, newest first, `before` one; at most `limit`.
    package func audit(before: Int64?, limit: Int) throws(StoreError) -> [AuditRecord] {
        let rows = try connection.prepare(
            """
            SELECT id, at, actor, peer, note, verb, subject, before, after FROM audit WHERE id < ?1
            ORDER BY id DESC LIMIT ?2
            """)
        rows.bind(1, before ?? .max)
        rows.bind(2, Int64(limit))
        var entries: [AuditRecord] = []
        while try rows.step() {
            entries.append(
                AuditRecord(
                    id: rows.integer(0), context: rows.context(1), verb: rows.text(5), subject: rows.text(6),
                    before: rows.text(7), after: rows.text(8)))
        }
        return entries
    }

    // MARK: Marks

    package func value(_ name: String) throws(StoreError) -> [UInt8]? {
        let row = try connection.prepare("SELECT value FROM value WHERE name = ?1")
        row.bindText(1, name)
        return try row.step() ? Array(row.bytes(0)) : nil
    }
}

extension SQLiteStatement {
    fileprivate func tenant(_ column: Int32) -> TenantID {
        TenantID(rawValue: Int32(truncatingIfNeeded: integer(column)))
    }

    /// The act in the columns `at, actor, peer, note`.
    fileprivate func context(_ column: Int32) -> AuditContext {
        AuditContext(actor: text(column + 1), peer: text(column + 2), at: integer(column), note: text(column + 3))
    }

    /// The key in a row of all of a key's columns.
    fileprivate var key: KeyRecord {
        KeyRecord(
            id: text(0), tenant: tenant(1), scopes: UInt8(truncatingIfNeeded: integer(2)), salt: Array(bytes(3)),
            hash: Array(bytes(4)), note: text(5), createdAt: integer(6), expiresAt: integerOrNull(7),
            revokedAt: integerOrNull(8), lastUsedAt: integerOrNull(9))
    }

    /// The suppression in a row `tenant, number, at, reason`.
    fileprivate var suppression: SuppressionRecord {
        SuppressionRecord(
            tenant: tenant(0), number: UInt64(truncatingIfNeeded: integer(1)), at: integer(2), reason: text(3),
            origin: nil)
    }
}

/// A number on a tenant's list of opt-outs, and why it is there.
package struct SuppressedNumber: Hashable, Sendable {
    /// The time and reason of the first of its entries.
    package var first: SuppressionRecord
    /// At least one, by origin and own number.
    package var entries: [SuppressionRecord]
}
