internal import SMSModel

/// Parts of inbound messages in `control.db`: those that wait for others, and for a while those of messages that are
/// whole.
struct InboundPartTable {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    private static let columns =
        "id, at, provider, provider_id, sender, recipient, reference, total, number, service, body"

    /// - Returns: false if it is there already.
    func insert(_ part: InboundPartRecord) throws(StoreError) -> Bool {
        let insert = try connection.prepare(
            """
            INSERT OR IGNORE INTO inbound_part
            (at, provider, provider_id, sender, recipient, reference, total, number, service, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """)
        insert.bind(1, part.at)
        insert.bind(2, Int64(part.provider))
        insert.bindText(3, orNull: part.providerID.isEmpty ? nil : part.providerID)
        insert.bindText(4, part.sender)
        insert.bindText(5, part.recipient)
        insert.bindText(6, part.part.reference)
        insert.bind(7, Int64(part.part.total))
        insert.bind(8, Int64(part.part.number))
        insert.bindText(9, part.service)
        insert.bindText(10, part.body)
        try insert.run()
        return connection.changes > 0
    }

    func waiting(like part: InboundPartRecord) throws(StoreError) -> [InboundPartRecord] {
        let select = try connection.prepare(
            """
            SELECT \(Self.columns) FROM inbound_part WHERE body IS NOT NULL AND provider = ?1 AND sender = ?2
            AND recipient = ?3 AND reference = ?4 AND total = ?5 ORDER BY id
            """)
        select.bind(1, Int64(part.provider))
        select.bindText(2, part.sender)
        select.bindText(3, part.recipient)
        select.bindText(4, part.part.reference)
        select.bind(5, Int64(part.part.total))
        return try rows(of: select)
    }

    func waiting(limit: Int) throws(StoreError) -> [InboundPartRecord] {
        try rows(
            of: connection.prepare(
                "SELECT \(Self.columns) FROM inbound_part INDEXED BY inbound_part_oldest "
                    + "WHERE body IS NOT NULL ORDER BY id LIMIT \(limit)"))
    }

    func waitingCount() throws(StoreError) -> Int {
        Int(try connection.integer("SELECT count(*) FROM inbound_part WHERE body IS NOT NULL"))
    }

    func finish(_ parts: [Int64]) throws(StoreError) {
        try connection.execute("PRAGMA secure_delete = ON")
        let update = try connection.prepare("UPDATE inbound_part SET body = NULL WHERE id = ?1")
        for id in parts {
            update.bind(1, id)
            try update.run()
        }
    }

    /// Finished parts that came before a time, of the oldest `limit`.
    func finished(before time: Int64, limit: Int) throws(StoreError) -> [Int64] {
        let select = try connection.prepare(
            "SELECT id, at FROM inbound_part WHERE body IS NULL ORDER BY id LIMIT \(limit)")
        var ids: [Int64] = []
        while try select.step(), select.integer(1) < time { ids.append(select.integer(0)) }
        select.reset()
        return ids
    }

    func delete(_ parts: [Int64]) throws(StoreError) {
        let delete = try connection.prepare("DELETE FROM inbound_part WHERE id = ?1")
        for id in parts {
            delete.bind(1, id)
            try delete.run()
        }
    }

    private func rows(of select: SQLiteStatement) throws(StoreError) -> [InboundPartRecord] {
        var found: [InboundPartRecord] = []
        while try select.step() {
            // What could not be a part was not stored.
            guard
                let part = InboundPart(
                    reference: select.text(6), total: Int(select.integer(7)), number: Int(select.integer(8)))
            else { continue }
            found.append(
                InboundPartRecord(
                    id: select.integer(0), at: select.integer(1),
                    provider: UInt8(truncatingIfNeeded: select.integer(2)), providerID: select.textOrNull(3) ?? "",
                    sender: select.text(4), recipient: select.text(5), service: select.text(9), part: part,
                    body: select.text(10)))
        }
        return found
    }
}
