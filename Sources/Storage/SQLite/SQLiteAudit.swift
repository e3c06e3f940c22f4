internal import SMSModel

/// Reads a whole database and checks that it is sound.
extension SQLiteMessageStore {
    /// May run beside a gateway that serves the database: it sees one moment of it.
    /// - Throws: `damaged`, saying what is wrong.
    package static func check(path: String) throws(StoreError) {
        let connection = try SQLiteConnection(path: path, mode: .readOnly)
        try SQLiteSchema.prepare(connection)
        try quickCheck(connection)
        try connection.execute("BEGIN")
        try checkTallies(connection)
        try connection.execute("COMMIT")
    }

    /// The counts by state are those of the rows.
    private static func checkTallies(_ connection: SQLiteConnection) throws(StoreError) {
        var counts: [TallyKey: Int64] = [:]
        let state =
            """
            coalesce(s.state, CASE m.send_at WHEN 0 THEN \(MessageState.queued.rawValue)
                ELSE \(MessageState.scheduled.rawValue) END)
            """
        let messages = "FROM message m LEFT JOIN state s ON s.id = m.id"
        for sql in [
            "SELECT -m.tenant, \(state), count(*) \(messages) GROUP BY 1, 2",
            "SELECT m.batch, \(state), count(*) \(messages) WHERE m.batch IS NOT NULL GROUP BY 1, 2",
        ] {
            let rows = try connection.prepare(sql)
            while try rows.step() {
                counts[TallyKey(scope: rows.integer(0), state: rows.integer(1))] = rows.integer(2)
            }
        }
        let rows = try connection.prepare("SELECT scope, state, count FROM tally")
        while try rows.step() {
            counts[TallyKey(scope: rows.integer(0), state: rows.integer(1)), default: 0] -= rows.integer(2)
        }
        guard let wrong = counts.first(where: { $0.value != 0 }) else { return }
        throw .damaged(
            "\(connection.path): the count of state \(wrong.key.state) in scope \(wrong.key.scope) is off by "
                + "\(wrong.value): keep a copy of the data directory, and restore a backup")
    }

    private struct TallyKey: Hashable {
        var scope: Int64
        var state: Int64
    }
}
