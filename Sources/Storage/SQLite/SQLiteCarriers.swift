internal import SMSModel

/// Parked receipts and inbound messages in `control.db`. Nothing of them is kept in memory, so a rollback needs no more
/// than the file's.
final class SQLiteCarriers: CarrierStore {
    private let control: ControlFile
    private let reader: InboundReader
    private var connection: SQLiteConnection { control.connection }

    init(_ control: ControlFile) {
        self.control = control
        reader = InboundReader(control.connection)
    }

    /// A statement that writes.
    private func write(_ sql: String) throws(StoreError) -> SQLiteStatement {
        try control.touch()
        return try connection.prepare(sql)
    }

    // MARK: Parked receipts

    func park(_ receipt: ParkedReceipt) throws(StoreError) {
        let insert = try write("INSERT INTO parked_receipt VALUES (?1, ?2, ?3, ?4, ?5)")
        insert.bind(1, receipt.id)
        insert.bind(2, receipt.at)
        insert.bind(3, Int64(receipt.provider))
        insert.bindText(4, receipt.providerID)
        switch receipt.status {
        case .undelivered(let code): insert.bindText(5, code)
        case .delivered: break
        case .taken: throw .failed("a receipt that a message is on its way cannot be parked")
        }
        try insert.run()
    }

    func unpark(_ ids: [Int64]) throws(StoreError) {
        guard !ids.isEmpty else { return }
        let delete = try write("DELETE FROM parked_receipt WHERE id = ?1")
        for id in ids {
            delete.bind(1, id)
            try delete.run()
        }
    }

    func parkedReceipts() throws(StoreError) -> [ParkedReceipt] {
        let rows = try connection.prepare(
            "SELECT id, at, provider, provider_id, undelivered FROM parked_receipt ORDER BY id")
        var receipts: [ParkedReceipt] = []
        while try rows.step() {
            receipts.append(
                ParkedReceipt(
                    id: rows.integer(0), at: rows.integer(1), provider: UInt8(truncatingIfNeeded: rows.integer(2)),
                    providerID: rows.text(3),
                    status: rows.textOrNull(4).map { .undelivered(code: $0) } ?? .delivered))
        }
        return receipts
    }

    // MARK: Inbound messages

    func insert(_ message: InboundRecord) throws(StoreError) -> Bool {
        let insert = try write(
            """
            INSERT OR IGNORE INTO inbound (at, provider, provider_id, sender, recipient, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """)
        insert.bind(1, message.at)
        insert.bind(2, Int64(message.provider))
        insert.bindText(3, orNull: message.providerID.isEmpty ? nil : message.providerID)
        insert.bindText(4, message.sender)
        insert.bindText(5, message.recipient)
        insert.bindText(6, message.body)
        try insert.run()
        return connection.changes > 0
    }

    func inbound(before: Int64?, limit: Int) throws(StoreError) -> [InboundRecord] {
        try reader.page(before: before, limit: limit, examined: limit) { _ in true }.messages
    }
}

/// Reads the inbound messages in `control.db`: the writer's own, or beside it what has been committed. Used by one
/// thread.
package struct InboundReader {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    /// The newest that are meant, newest first.
    /// - Parameters:
    ///   - before: they are from before the one of this id; nil = from the newest on.
    ///   - limit: messages, at most.
    ///   - examined: as many are looked at, at most.
    ///   - isMeant: told a recipient, as the carrier wrote it.
    /// - Returns: `next` is what to go on `before`; nil at the end.
    package func page(
        before: Int64?, limit: Int, examined: Int, _ isMeant: (String) -> Bool
    ) throws(StoreError) -> (messages: [InboundRecord], next: Int64?) {
        let rows = try connection.prepare(
            """
            SELECT id, at, provider, provider_id, sender, recipient, body FROM inbound WHERE id < ?1
            ORDER BY id DESC LIMIT ?2
            """)
        rows.bind(1, before ?? .max)
        rows.bind(2, Int64(examined))
        var messages: [InboundRecord] = []
        var last: Int64?
        var count = 0
        while messages.count < limit, try rows.step() {
            let recipient = rows.text(5)
            (last, count) = (rows.integer(0), count + 1)
            guard isMeant(recipient) else { continue }
            messages.append(
                InboundRecord(
                    id: rows.integer(0), at: rows.integer(1), provider: UInt8(truncatingIfNeeded: rows.integer(2)),
                    providerID: rows.textOrNull(3) ?? "", sender: rows.text(4), recipient: recipient,
                    body: rows.text(6)))
        }
        return (messages, messages.count == limit || count == examined ? last : nil)
    }

    /// The names of all providers that ever were, by number.
    package func providers() throws(StoreError) -> [UInt8: String] {
        let rows = try connection.prepare("SELECT number, name FROM provider")
        var names: [UInt8: String] = [:]
        while try rows.step() { names[UInt8(truncatingIfNeeded: rows.integer(0))] = rows.text(1) }
        return names
    }
}
