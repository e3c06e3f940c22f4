internal import Foundation
internal import GatewayTestKit
internal import SMSModel

@testable internal import Storage

let start: Int64 = 1_800_000_000_000

/// SQLite stores over one directory.
final class SQLiteFixture: StoreFixture {
    let directory = TemporaryDirectory()
    var options = SQLiteStoreOptions()
    var warnings: [String] = []
    /// The first day's file, in the directory.
    static let name = "days/\(Day(containing: start)).db"

    var path: String { directory.file(Self.name) }

    /// - Parameter isEmpty: nothing has been there before.
    init(isEmpty: Bool = false) {
        guard !isEmpty else { return }
        try? FileManager.default.createDirectory(atPath: directory.file("days"), withIntermediateDirectories: true)
        // Days are refused where there is none.
        _ = try? SQLiteSchema.open(directory.file("control.db"), SQLiteSchema.control, cacheBytes: 1 << 20)
    }

    func open(now: Int64) throws -> any MessageStore { try openSQLite(now: now) }

    func openSQLite(now: Int64 = start) throws -> SQLiteMessageStore {
        try SQLiteMessageStore(directory: directory.path, options: options, now: now) { warnings.append($0) }
    }

    func reader() throws -> SQLiteStatusReader { try SQLiteStatusReader(directory: directory.path) }

    /// Names of the databases and logs that are there.
    private var files: [String] {
        let days = (try? FileManager.default.contentsOfDirectory(atPath: directory.file("days"))) ?? []
        return (["control.db", "control.db-wal"] + days.map { "days/" + $0 }).filter { name in
            !name.hasSuffix("-shm") && FileManager.default.fileExists(atPath: directory.file(name))
        }
    }

    /// What is on the disk at this moment, as a crash would leave it, in a fixture of its own.
    func crashed() throws -> SQLiteFixture {
        let copy = SQLiteFixture()
        for name in files { try copy.directory.write(directory.read(name), to: name) }
        return copy
    }

    /// All of each file without its log. No store may have them open.
    func foldLogs() throws {
        for name in files where name.hasSuffix(".db") {
            let file = try SQLiteConnection(path: directory.file(name), mode: .readWrite)
            // A connection that has read nothing knows of no log.
            _ = try file.integer("PRAGMA schema_version")
            try file.checkpoint(truncating: true)
        }
    }

    /// What `apusd verify` says.
    func faults() throws -> [String] { try SQLiteVerification.run(directory.path).faults }

    /// One number by SQL, by a connection of its own.
    func integer(_ sql: String) throws -> Int64 {
        try SQLiteConnection(path: path, mode: .readOnly).integer(sql)
    }

    /// Runs SQL that this version would not.
    func tamper(_ sql: String) throws {
        try SQLiteConnection(path: path, mode: .readWrite).execute(sql)
    }
}

extension SQLiteMessageStore {
    /// Applies retention at a time that the clock has come to step by step, so that it is believed.
    func applyRetentionInTime(now: Int64) throws(StoreError) -> Int64 {
        while now - retentionClock.believed > Limits.retentionLeapMilliseconds {
            _ = retentionClock.read(retentionClock.believed + Limits.retentionLeapMilliseconds)
        }
        return try applyRetention(now: now)
    }
}

/// The tallies as stored, and as counting the rows gives them.
struct Tallies: Equatable {
    var counts: [String: Int64] = [:]

    static func stored(in path: String) throws -> Tallies {
        try read(path, "SELECT scope, state, count FROM tally WHERE count <> 0")
    }

    static func counted(in path: String) throws -> Tallies {
        let state =
            """
            coalesce(s.state, CASE m.send_at WHEN 0 THEN \(MessageState.queued.rawValue)
                ELSE \(MessageState.scheduled.rawValue) END)
            """
        return try read(
            path,
            """
            SELECT -m.tenant, \(state), count(*) FROM message m LEFT JOIN state s ON s.id = m.id GROUP BY 1, 2
            UNION ALL SELECT m.batch, \(state), count(*) FROM message m LEFT JOIN state s ON s.id = m.id
            WHERE m.batch IS NOT NULL GROUP BY 1, 2
            """)
    }

    private static func read(_ path: String, _ sql: String) throws -> Tallies {
        let rows = try SQLiteConnection(path: path, mode: .readOnly).prepare(sql)
        var tallies = Tallies()
        while try rows.step() { tallies.counts["\(rows.integer(0))/\(rows.integer(1))"] = rows.integer(2) }
        return tallies
    }
}
