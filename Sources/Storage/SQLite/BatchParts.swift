internal import SMSModel

/// Which ids a batch's indices were given, in one day's file.
final class BatchParts {
    private let connection: SQLiteConnection
    private let selectOverlapping: SQLiteStatement
    private let insertRow: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        selectOverlapping = try connection.prepare(
            """
            SELECT first_index, first_id, count FROM batch_part
            WHERE batch = ?1 AND first_index <= ?2 ORDER BY first_index DESC
            """)
        insertRow = try connection.prepare("INSERT INTO batch_part VALUES (?1, ?2, ?3, ?4)")
    }

    /// A run of indices and the ids that they were given.
    struct Part {
        var firstIndex: UInt64
        var firstID: MessageID
        var count: UInt64

        func id(at index: UInt64) -> MessageID? {
            index >= firstIndex && index - firstIndex < count
                ? firstID.advanced(by: Int(index - firstIndex)) : nil
        }
    }

    /// Appends those that overlap `indices`.
    func find(_ batch: BatchID, overlapping indices: ClosedRange<UInt64>, into parts: inout [Part]) throws(StoreError) {
        selectOverlapping.bind(1, batch)
        selectOverlapping.bind(2, Int64(indices.upperBound))
        defer { selectOverlapping.reset() }
        while try selectOverlapping.step() {
            let part = Self.part(selectOverlapping)
            guard part.firstIndex + part.count > indices.lowerBound else { return }
            parts.append(part)
        }
    }

    func insert(_ batch: BatchID, _ part: Part) throws(StoreError) {
        insertRow.bind(1, batch)
        insertRow.bind(2, Int64(part.firstIndex))
        insertRow.bind(3, part.firstID)
        insertRow.bind(4, Int64(part.count))
        try insertRow.run()
    }

    /// Batches that have messages on the day.
    func batches() throws(StoreError) -> [BatchID] {
        let rows = try connection.prepare("SELECT DISTINCT batch FROM batch_part")
        var found: [BatchID] = []
        while try rows.step() { found.append(BatchID(rawValue: UInt64(rows.integer(0)))) }
        return found
    }

    /// The first part, by rising index, that ends beyond `index`.
    func next(_ batch: BatchID, from index: UInt64) throws(StoreError) -> Part? {
        // No two parts overlap, so only the last one that begins at or before it may reach over it.
        for sql in [
            """
            first_index = (SELECT max(first_index) FROM batch_part WHERE batch = ?1 AND first_index <= ?2)
            AND first_index + count > ?2
            """,
            "first_index > ?2 ORDER BY first_index LIMIT 1",
        ] {
            let row = try connection.prepare(
                "SELECT first_index, first_id, count FROM batch_part WHERE batch = ?1 AND \(sql)")
            row.bind(1, batch)
            row.bind(2, Int64(index))
            if try row.step() { return Self.part(row) }
        }
        return nil
    }

    static func part(_ row: SQLiteStatement) -> Part {
        Part(
            firstIndex: UInt64(row.integer(0)), firstID: MessageID(rawValue: UInt64(row.integer(1))),
            count: UInt64(row.integer(2)))
    }
}
