internal import ConfigurationModel
internal import SMSModel

/// Tenants, keys, generations, opt-outs and the audit log in `control.db`. Nothing of them is kept in memory, so a
/// rollback needs no more than the file's.
final class SQLiteAdministration: AdministrationStore {
    private let control: ControlFile
    private let reader: AdministrationReader
    private let optOuts: SuppressionTables
    private var connection: SQLiteConnection { control.connection }

    init(_ control: ControlFile) throws(StoreError) {
        self.control = control
        reader = AdministrationReader(control.connection)
        optOuts = try SuppressionTables(control.connection)
    }

    /// A statement that writes.
    private func write(_ sql: String) throws(StoreError) -> SQLiteStatement {
        try control.touch()
        return try connection.prepare(sql)
    }

    // MARK: Tenants

    func tenants() throws(StoreError) -> [TenantRecord] { try reader.tenants() }

    func tenantID(name: String, now: Int64) throws(StoreError) -> TenantID {
        let select = try connection.prepare("SELECT number FROM tenant WHERE name = ?1")
        select.bindText(1, name)
        if try !select.step() {
            select.reset()
            // Rows are never removed, so that the next number is one that nobody had.
            let insert = try write("INSERT INTO tenant (name, created_at) VALUES (?1, ?2)")
            insert.bindText(1, name)
            insert.bind(2, now)
            try insert.run()
            _ = try select.step()
        }
        guard let number = Int32(exactly: select.integer(0)), number > 0 else {
            throw .failed("\(connection.path) cannot number any more tenants")
        }
        return TenantID(rawValue: number)
    }

    // MARK: Generations

    func generation() throws(StoreError) -> UInt32 { try reader.generation() }

    func configuration() throws(StoreError) -> [ConfigurationObject] { try reader.configuration() }

    func apply(_ changes: [ConfigurationChange], by context: AuditContext) throws(StoreError) -> UInt32 {
        let number = try generation() + 1
        let select = try connection.prepare("SELECT document FROM configuration WHERE kind = ?1 AND name = ?2")
        let upsert = try write(
            "INSERT INTO configuration VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET document = excluded.document")
        let delete = try write("DELETE FROM configuration WHERE kind = ?1 AND name = ?2")
        let history = try write("INSERT INTO generation_change VALUES (?1, ?2, ?3, ?4, ?5)")
        for change in changes {
            select.bindText(1, change.kind)
            select.bindText(2, change.name)
            let found = try select.step() ? select.text(0) : nil
            select.reset()
            guard found == change.before, change.before != change.after else {
                throw .failed(
                    "\(connection.path): the change of \(change.kind) \(change.name) is not one of generation "
                        + "\(number - 1)")
            }
            let step = change.after == nil ? delete : upsert
            step.bindText(1, change.kind)
            step.bindText(2, change.name)
            if let after = change.after { step.bindText(3, after) }
            try step.run()
            history.bind(1, Int64(number))
            history.bindText(2, change.kind)
            history.bindText(3, change.name)
            history.bindText(4, orNull: change.before)
            history.bindText(5, orNull: change.after)
            try history.run()
        }
        let insert = try write("INSERT INTO generation VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        insert.bind(1, Int64(number))
        insert.bind(2, context: context)
        insert.bind(6, Int64(changes.count))
        try insert.run()
        return number
    }

    func generations(before: UInt32?, limit: Int) throws(StoreError) -> [GenerationRecord] {
        try reader.generations(before: before, limit: limit)
    }

    func changes(of generation: UInt32) throws(StoreError) -> [ConfigurationChange] {
        try reader.changes(of: generation)
    }

    // MARK: Keys

    func keys() throws(StoreError) -> [KeyRecord] { try reader.keys() }

    func key(_ id: String) throws(StoreError) -> KeyRecord? { try reader.key(id) }

    func insert(_ key: KeyRecord) throws(StoreError) {
        let insert = try write("INSERT INTO api_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
        insert.bindText(1, key.id)
        insert.bind(2, Int64(key.tenant.rawValue))
        insert.bind(3, Int64(key.scopes))
        insert.bindBlob(4, key.salt)
        insert.bindBlob(5, key.hash)
        insert.bindText(6, key.note)
        insert.bind(7, key.createdAt)
        insert.bind(8, orNull: key.expiresAt)
        insert.bind(9, orNull: key.revokedAt)
        insert.bind(10, orNull: key.lastUsedAt)
        try insert.run()
    }

    func revokeKey(_ id: String, at time: Int64) throws(StoreError) -> Bool {
        let update = try write("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
        update.bindText(1, id)
        update.bind(2, time)
        try update.run()
        return connection.changes > 0
    }

    func setLastUse(of keys: [(id: String, at: Int64)]) throws(StoreError) {
        let update = try write(
            "UPDATE api_key SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2")
        for (id, time) in keys {
            update.bindText(1, id)
            update.bind(2, time)
            try update.run()
        }
    }

    // MARK: Opt-outs

    func suppress(_ entry: SuppressionRecord) throws(StoreError) -> Bool {
        try control.touch()
        return try optOuts.add(entry)
    }

    func unsuppress(
        _ number: UInt64, tenant: TenantID, where isMeant: (SuppressionRecord) -> Bool
    ) throws(StoreError) -> [SuppressionRecord] {
        try control.touch()
        return try optOuts.remove(number, tenant: tenant, where: isMeant)
    }

    func isSuppressed(_ number: UInt64, tenant: TenantID) throws(StoreError) -> Bool {
        try optOuts.contains(number, tenant: tenant)
    }

    func suppressions(_ visit: (SuppressionRecord) -> Void) throws(StoreError) { try reader.suppressions(visit) }

    func suppressedNumbers(_ visit: (TenantID, UInt64) -> Void) throws(StoreError) {
        try reader.suppressedNumbers(visit)
    }

    // MARK: Audit

    func append(_ entry: AuditRecord) throws(StoreError) {
        let insert = try write("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        insert.bind(1, orNull: entry.id == 0 ? nil : entry.id)
        insert.bind(2, context: entry.context)
        insert.bindText(6, entry.verb)
        insert.bindText(7, entry.subject)
        insert.bindText(8, entry.before)
        insert.bindText(9, entry.after)
        try insert.run()
    }

    func audit(before: Int64?, limit: Int) throws(StoreError) -> [AuditRecord] {
        try reader.audit(before: before, limit: limit)
    }

    // MARK: Marks

    func value(_ name: String) throws(StoreError) -> [UInt8]? { try reader.value(name) }

    func setValue(_ name: String, _ value: [UInt8]) throws(StoreError) {
        let upsert = try write("INSERT INTO value VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")
        upsert.bindText(1, name)
        upsert.bindBlob(2, value)
        try upsert.run()
    }
}

extension SQLiteStatement {
    /// To the columns `at, actor, peer, note`.
    fileprivate func bind(_ index: Int32, context: AuditContext) {
        bind(index, context.at)
        bindText(index + 1, context.actor)
        bindText(index + 2, context.peer)
        bindText(index + 3, context.note)
    }
}
