internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// The files of version 2, which knew one tenant and no quotas, are brought up to date where they are. The fixture was
/// made by that version over two days, and has every state in it.
@Suite struct SecondVersionTests {
    private let fixture = SQLiteFixture(isEmpty: true)
    /// On the second day.
    private let now: Int64 = 1_795_560_000_000
    private static let files = ["control.db", "days/2026-11-23.db", "days/2026-11-24.db"]
    private static let versions = [SecondVersion.schemaVersion, SQLiteSchema.version]

    private func contents() throws -> [Data] { try Self.files.map { try fixture.directory.read($0) } }

    private func usage(_ file: String) throws -> [TenantID: Charge] {
        try DayUsage.charges(SQLiteConnection(path: fixture.directory.file(file), mode: .readOnly))
    }

    /// What the directory of the fixture has to hold, whatever was done to bring it here.
    private func checkContents(_ store: SQLiteMessageStore) throws {
        #expect(try Self.files.map(fixture.version) == [3, 3, 3])
        let report = try SQLiteVerification.run(fixture.directory.path)
        #expect(report.faults == [])
        #expect(report.messages == 35)
        // Of the 24 segments of the first day not charged: what was refused (2), canceled (1), or had expired without
        // a provider that may have taken it (2 of 3).
        #expect(try usage(Self.files[1]) == [.first: Charge(segments: 19, cost: 0)])
        #expect(try usage(Self.files[2]) == [.first: Charge(segments: 13, cost: 0)])
    }

    @Test func allOfItIsThere() throws {
        try fixture.putSecondVersion()
        let store = try fixture.openSQLite(now: now)
        #expect(fixture.warnings.count == 2)
        try checkContents(store)
        let usage = try store.usage(of: .first, now: now)
        #expect(usage.segmentsToday == 13)
        #expect(usage.costThisMonth == 0)
        #expect(usage.waitingMessages == 10)
        #expect(
            try fixture.reader().states(tenant: .first) == [
                StateCount(state: .scheduled, count: 1), StateCount(state: .queued, count: 9),
                StateCount(state: .sent, count: 1), StateCount(state: .unknown, count: 1),
                StateCount(state: .delivered, count: 16), StateCount(state: .undelivered, count: 1),
                StateCount(state: .failed, count: 2), StateCount(state: .expired, count: 3),
                StateCount(state: .canceled, count: 1),
            ])
        #expect(try store.recovered(now: now).count == 10)
        #expect(try store.pausedTargets() == [.everything])
        #expect(try fixture.reader().batch(tenant: .first, .name("waiting"), now: now)?.messages == 8)
        let magic = try fixture.reader().statuses(reference: "order-8", tenant: .first, now: now, limit: 2)
        #expect(magic.map(\.state) == [.delivered])
        // The first tenant that is named is the one whose messages there are.
        #expect(
            try store.administer { (store) throws(StoreError) in try store.tenantID(name: "t", now: now) } == .first)
        #expect(try store.accept([TestMessage { $0.key = "new" }], now: now)[0].kind == .accepted)
        #expect(try fixture.faults() == [])
        fixture.warnings = []
        _ = try fixture.openSQLite(now: now)
        #expect(fixture.warnings == [])
    }

    /// Whichever files a start has reached.
    @Test(arguments: 0..<8) func someFilesMayBeUpToDate(done: Int) throws {
        try fixture.putSecondVersion()
        for (place, file) in Self.files.enumerated() where done >> place & 1 == 1 {
            let path = fixture.directory.file(file)
            try file == "control.db" ? SecondVersion.migrateControl(path) : SecondVersion.migrateDay(path)
        }
        #expect(try Self.files.map(fixture.version) == (0..<3).map { Self.versions[done >> $0 & 1] })
        let store = try fixture.openSQLite(now: now)
        #expect(fixture.warnings.count == (done == 7 ? 0 : 2))
        try checkContents(store)
    }

    /// The header of a file is of the version before while its log has the new one.
    @Test func whatOnlyTheLogHoldsCounts() throws {
        try fixture.putSecondVersion()
        let path = fixture.directory.file(Self.files[1])
        let reader = try SQLiteConnection(path: path, mode: .readOnly)
        try reader.execute("BEGIN")
        _ = try reader.integer("SELECT count(*) FROM message")
        try SecondVersion.migrateDay(path)
        #expect(try fixture.version(of: Self.files[1]) == 3)
        #expect(try fixture.directory.read(Self.files[1])[63] == 2)
        try SecondVersion.migrateDay(path)
        try reader.execute("COMMIT")
        try checkContents(try fixture.openSQLite(now: now))
    }

    @Test func aDayOfThatVersionMayBePutBack() throws {
        try fixture.putSecondVersion()
        let day = try fixture.directory.read(Self.files[1])
        try FileManager.default.removeItem(atPath: fixture.directory.file(Self.files[1]))
        do { _ = try fixture.openSQLite(now: now) }
        try fixture.directory.write(day, to: Self.files[1])
        try checkContents(try fixture.openSQLite(now: now))
    }

    @Test func aDamagedDayDoesNotKeepTheOthersFromIt() throws {
        try fixture.putSecondVersion()
        try fixture.tamper("UPDATE state SET state = state + 90 WHERE state = 9", in: Self.files[1])
        do {
            let store = try fixture.openSQLite(now: now)
            #expect(fixture.warnings.contains { $0.contains(Self.files[1]) && $0.contains("unknown state 99") })
            #expect(!fixture.warnings.contains { $0.contains("has schema version") })
            #expect(try Self.files.map(fixture.version) == [3, 2, 3])
            #expect(try store.accept([TestMessage()], now: now)[0].kind == .accepted)
            #expect(
                try SQLiteConnection(path: fixture.directory.file(Self.files[1]), mode: .readOnly)
                    .integer("SELECT count(*) FROM pragma_table_info('message') WHERE name = 'trace'") == 0)
        }
        try fixture.tamper("UPDATE state SET state = state - 90 WHERE state = 99", in: Self.files[1])
        _ = try fixture.openSQLite(now: now)
        #expect(try Self.files.map(fixture.version) == [3, 3, 3])
        #expect(try usage(Self.files[1]) == [.first: Charge(segments: 19, cost: 0)])
        #expect(try fixture.faults() == [])
    }

    @Test func verifyAndBackupSayWhatToDo() throws {
        try fixture.putSecondVersion()
        let before = try contents()
        let copy = fixture.directory.file("copy")
        for attempt in [
            { _ = try SQLiteVerification.run(fixture.directory.path) },
            { try SQLiteBackup.make(of: fixture.directory.path, at: copy, now: now) },
        ] {
            #expect {
                try attempt()
            } throws: { error in
                (error as? StoreError)?.text.contains("older version: the first start of this one migrates") == true
            }
        }
        #expect(try contents() == before)
        // Where some are up to date too.
        try SecondVersion.migrateControl(fixture.directory.file("control.db"))
        #expect(throws: StoreError.self) { _ = try SQLiteVerification.run(fixture.directory.path) }
    }

    // MARK: Backups of that version

    private func putBackup() throws {
        try fixture.putSecondVersion()
        try fixture.tamper("INSERT INTO meta VALUES ('backed_up_at', \(now))", in: "control.db")
        for file in Self.files { try fixture.tamper("PRAGMA journal_mode = DELETE", in: file) }
    }

    @Test func aBackupIsRestoredAndStaysAsItIs() throws {
        try putBackup()
        let before = try contents()
        let target = SQLiteFixture(isEmpty: true)
        let restored = try SQLiteBackup.restore(fixture.directory.path, to: target.directory.path, now: now + 1000)
        #expect(restored.messages == 35)
        #expect(restored.unsettled == 12)
        #expect(try contents() == before)
        #expect(try target.faults() == [])
        let store = try target.openSQLite(now: now + 2000)
        #expect(target.warnings == [])
        let usage = try store.usage(of: .first, now: now + 2000)
        #expect(usage.segmentsToday == 13)
        #expect(usage.waitingMessages == 0)
        #expect(try store.administration.tenants() == [])
        for file in Self.files { #expect(try target.version(of: file) == 3) }
    }

    @Test func aBackupIsNotServedNorChanged() throws {
        try putBackup()
        let before = try contents()
        #expect {
            _ = try fixture.openSQLite(now: now)
        } throws: { error in
            guard case StoreError.notRestored? = error as? StoreError else { return false }
            return true
        }
        #expect(try contents() == before)
        #expect(throws: StoreError.self) { _ = try SQLiteVerification.run(fixture.directory.path) }
    }
}

extension SQLiteFixture {
    /// Puts what version 2 has left into the directory.
    func putSecondVersion() throws { try Self.copySecondVersion(to: directory.path) }

    static func copySecondVersion(to directory: String) throws {
        let stored = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/version-2").path
        for name in ["control.db", "days"] {
            try FileManager.default.copyItem(atPath: "\(stored)/\(name)", toPath: "\(directory)/\(name)")
        }
    }

    /// The schema's.
    func version(of file: String) throws -> Int64 {
        try SQLiteConnection(path: directory.file(file), mode: .readOnly).integer("PRAGMA user_version")
    }
}
