/// A file that takes part in rounds: it begins its transaction when the round first writes to it.
final class SQLiteFile {
    let connection: SQLiteConnection
    private(set) var isInRound = false
    private let beginRound: SQLiteStatement
    private let commitRound: SQLiteStatement
    /// Pages of the log that the last checkpoint copied.
    private var checkpointedPages = 0

    init(_ connection: SQLiteConnection) throws(StoreError) {
        self.connection = connection
        beginRound = try connection.prepare("BEGIN IMMEDIATE")
        commitRound = try connection.prepare("COMMIT")
    }

    /// To be called before each write.
    func touch() throws(StoreError) {
        guard !isInRound else { return }
        try beginRound.run()
        isInRound = true
    }

    /// Returns once it is on the disk.
    func commit() throws(StoreError) {
        try commitRound.run()
        isInRound = false
        // Once all is copied and nobody reads it, the log begins again.
        if connection.logPages < checkpointedPages { checkpointedPages = 0 }
    }

    func rollback() {
        isInRound = false
        if connection.isInTransaction { try? connection.execute("ROLLBACK") }
    }

    /// Pages of the log that a checkpoint has yet to copy.
    var uncopiedPages: Int { max(0, connection.logPages - checkpointedPages) }

    func checkpoint() throws(StoreError) { checkpointedPages = try connection.checkpoint() }

    /// - Returns: false while somebody reads the log.
    func emptyLog() throws(StoreError) -> Bool {
        guard try connection.emptyLog() else { return false }
        checkpointedPages = connection.logPages
        return true
    }
}
