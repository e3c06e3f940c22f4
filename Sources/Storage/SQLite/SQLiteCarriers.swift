internal import SMSModel

/// Unmatched receipts and inbound messages in `control.db`. Nothing of them is kept in memory, so a rollback needs no more
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

    // MARK: Unmatched receipts

    func addUnmatched(_ receipt: UnmatchedReceipt) throws(StoreError) {
        let insert = try write("INSERT INTO parked_receipt VALUES (?1, ?2, ?3, ?4, ?5)")
        insert.bind(1, receipt.id)
        insert.bind(2, receipt.at)
        insert.bind(3, Int64(receipt.provider))
        insert.bindText(4, receipt.providerID)
        switch receipt.status {
        case .undelivered(let code): insert.bindText(5, code)
        case .delivered: break
        case .taken: throw .failed("a receipt that a message is on its way cannot be unmatched")
        }
        try insert.run()
    }

    func removeUnmatched(_ ids: [Int64]) throws(StoreError) {
        guard !ids.isEmpty else { return }
        let delete = try write("DELETE FROM parked_receipt WHERE id = ?1")
        for id in ids {
            delete.bind(1, id)
            try delete.run()
        }
    }

    func unmatchedReceipts() throws(StoreError) -> [UnmatchedReceipt] {
        let rows = try connection.prepare(
            "SELECT id, at, provider, provider_id, undelivered FROM parked_receipt ORDER BY id")
        var receipts: [UnmatchedReceipt] = []
        while try rows.step() {
            receipts.append(
                UnmatchedReceipt(
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
        guard connection.changes > 0 else { return false }
        if !message.media.isEmpty { try insertMedia(message.media, of: connection.lastInsertedRow) }
        return true
    }

    private func insertMedia(_ media: [InboundMedia], of message: Int64) throws(StoreError) {
        let insert = try write("INSERT INTO inbound_media VALUES (?1, ?2, ?3, ?4)")
        for (position, file) in media.enumerated() {
            insert.bind(1, message)
            insert.bind(2, Int64(position))
            insert.bindText(3, file.url)
            insert.bindText(4, file.contentType)
            try insert.run()
        }
    }

    // MARK: Parts of inbound messages

    func insert(_ part: InboundPartRecord) throws(StoreError) -> Bool {
        try control.touch()
        return try InboundPartTable(connection).insert(part)
    }

    func waitingParts(like part: InboundPartRecord) throws(StoreError) -> [InboundPartRecord] {
        try InboundPartTable(connection).waiting(like: part)
    }

    func waitingParts(limit: Int) throws(StoreError) -> [InboundPartRecord] {
        try InboundPartTable(connection).waiting(limit: limit)
    }

    func waitingPartCount() throws(StoreError) -> Int { try InboundPartTable(connection).waitingCount() }

    func finish(_ parts: [Int64]) throws(StoreError) {
        try control.touch()
        try InboundPartTable(connection).finish(parts)
    }

    // MARK: Opt-outs at carriers

    func remember(_ optOut: CarrierOptOut) throws(StoreError) {
        try control.touch()
        try CarrierOptOutTable(connection).insert(optOut)
    }

    func forget(_ optOuts: [CarrierOptOut]) throws(StoreError) {
        guard !optOuts.isEmpty else { return }
        try control.touch()
        try CarrierOptOutTable(connection).delete(optOuts)
    }

    func carrierOptOuts() throws(StoreError) -> [CarrierOptOut] { try CarrierOptOutTable(connection).all() }

    // MARK: Answers to keywords

    func record(_ reply: OptOutReply) throws(StoreError) {
        let insert = try write("INSERT OR REPLACE INTO opt_out_reply VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        insert.bind(1, Int64(reply.tenant.rawValue))
        insert.bind(2, Int64(clamping: reply.number))
        insert.bindText(3, reply.ownNumber)
        insert.bind(4, reply.at)
        insert.bind(5, reply.message)
        insert.bind(6, Int64(reply.provider))
        try insert.run()
    }

    func lastReply(
        to number: UInt64, of tenant: TenantID, from ownNumber: String
    ) throws(StoreError) -> OptOutReply? {
        let select = try connection.prepare(
            """
            SELECT tenant, number, own_number, at, message, provider FROM opt_out_reply
            WHERE tenant = ?1 AND number = ?2 AND own_number = ?3
            """)
        select.bind(1, Int64(tenant.rawValue))
        select.bind(2, Int64(clamping: number))
        select.bindText(3, ownNumber)
        return try select.step() ? select.optOutReply : nil
    }

    func replies(since time: Int64) throws(StoreError) -> [OptOutReply] {
        let select = try connection.prepare(
            "SELECT tenant, number, own_number, at, message, provider FROM opt_out_reply WHERE at >= ?1")
        select.bind(1, time)
        var found: [OptOutReply] = []
        while try select.step() { found.append(select.optOutReply) }
        return found
    }

    // MARK: Reading inbound messages

    func inbound(before: Int64?, limit: Int) throws(StoreError) -> [InboundRecord] {
        try reader.page(before: before, limit: limit, examined: limit) { _ in true }.messages
    }
}

extension SQLiteStatement {
    /// Reads a row `tenant, number, own_number, at, message, provider`.
    fileprivate var optOutReply: OptOutReply {
        OptOutReply(
            tenant: TenantID(rawValue: Int32(truncatingIfNeeded: integer(0))),
            number: UInt64(truncatingIfNeeded: integer(1)), ownNumber: text(2), at: integer(3),
            message: MessageID(rawValue: UInt64(truncatingIfNeeded: integer(4))),
            provider: UInt8(truncatingIfNeeded: integer(5)))
    }
}

/// Reads the inbound messages in `control.db`: the writer's own, or alongside it what has been committed. Used by one
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
        for place in messages.indices { messages[place].media = try media(of: messages[place].id) }
        return (messages, messages.count == limit || count == examined ? last : nil)
    }

    private func media(of message: Int64) throws(StoreError) -> [InboundMedia] {
        let rows = try connection.prepare(
            "SELECT url, content_type FROM inbound_media WHERE inbound = ?1 ORDER BY position")
        rows.bind(1, message)
        var media: [InboundMedia] = []
        while try rows.step() { media.append(InboundMedia(url: rows.text(0), contentType: rows.text(1))) }
        return media
    }

    /// The names of all providers that ever were, by number.
    package func providers() throws(StoreError) -> [UInt8: String] {
        let rows = try connection.prepare("SELECT number, name FROM provider")
        var names: [UInt8: String] = [:]
        while try rows.step() { names[UInt8(truncatingIfNeeded: rows.integer(0))] = rows.text(1) }
        return names
    }
}
