internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// A start that is refused changes no file.
@Suite struct RefusedStartTests {
    private let fixture = SQLiteFixture()
    private static let day: Int64 = 86_400_000

    /// Two days with messages, as a crash leaves them: what was written last is in the logs.
    private func fill() throws -> SQLiteFixture {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .delivered, now: start)
        try store.accept(TestMessage(), .sent, now: start + Self.day)
        return try fixture.crashed()
    }

    /// Everything in the directory but what is there to read logs by.
    private func contents(_ fixture: SQLiteFixture) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        let root = fixture.directory.path
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) where !name.hasSuffix("-shm") {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isDirectory)
            let data = isDirectory.boolValue ? Data() : try fixture.directory.read(name)
            // Reading a file whose log is gone makes an empty one.
            if !name.hasSuffix("-wal") || !data.isEmpty { contents[name] = data }
        }
        return contents
    }

    private func refuses(_ fixture: SQLiteFixture, now: Int64, _ words: String) throws {
        let before = try contents(fixture)
        #expect {
            _ = try fixture.openSQLite(now: now)
        } throws: { error in
            (error as? StoreError)?.text.contains(words) == true
        }
        #expect(try contents(fixture) == before)
    }

    @Test func byAClockThatIsDaysBehind() throws {
        let crashed = try fill()
        try refuses(crashed, now: start - Self.day, "storage.accept-clock-behind")
        // The same data start at the right time.
        #expect(try crashed.openSQLite(now: start + Self.day).catalog.days.count == 2)
    }

    @Test func byADamagedFile() throws {
        let crashed = try fill()
        try crashed.foldLogs()
        let name = "days/\(Day(containing: start + Self.day)).db"
        var bytes = try crashed.directory.read(name)
        // The headers of all pages but the first: what they are, and where their cells are.
        for page in stride(from: 4096, to: bytes.count, by: 4096) {
            for place in page..<page + 8 { bytes[place] ^= 0xFF }
        }
        try crashed.directory.write(bytes, to: name)
        try refuses(crashed, now: start + Self.day, "damaged")
    }

    @Test(arguments: [Int64(1), 2]) func byAnOlderFormat(_ version: Int64) throws {
        let crashed = try fill()
        try SQLiteConnection(path: crashed.directory.file("control.db"), mode: .readWrite)
            .execute("PRAGMA user_version = \(version)")
        try refuses(crashed, now: start + Self.day, "before the first release")
        #expect(throws: StoreError.self) { _ = try SQLiteVerification.run(crashed.directory.path) }
    }

    @Test func byADayOfAnOlderFormat() throws {
        let crashed = try fill()
        let newest = crashed.path(of: Day(containing: start + Self.day))
        try SQLiteConnection(path: newest, mode: .readWrite).execute("PRAGMA user_version = 2")
        try refuses(crashed, now: start + Self.day, "before the first release")
    }

    @Test func byTheSingleFileOfTheFirstFormat() throws {
        let empty = SQLiteFixture(isEmpty: true)
        try empty.directory.write(Data("theirs".utf8), to: "apus.db")
        try refuses(empty, now: start, "before the first release")
        // Next to data of this version it is refused too: one of the two is a stranger.
        let crashed = try fill()
        try crashed.directory.write(Data("theirs".utf8), to: "apus.db")
        try refuses(crashed, now: start + Self.day, "apus.db")
        #expect(throws: StoreError.self) {
            try SQLiteBackup.make(of: crashed.directory.path, at: crashed.directory.file("backup"), now: start)
        }
    }

    @Test func byAnUnrestoredBackupOrALaterVersion() throws {
        let crashed = try fill()
        let control = crashed.directory.file("control.db")
        try SQLiteConnection(path: control, mode: .readWrite).execute("PRAGMA user_version = 99")
        try refuses(crashed, now: start + Self.day, "run the newer apusd")
        let backup = try fill()
        try SQLiteConnection(path: backup.directory.file("control.db"), mode: .readWrite)
            .execute("INSERT INTO meta VALUES ('backed_up_at', 1)")
        try refuses(backup, now: start + Self.day, "is a backup")
    }

    @Test func byDaysWithoutAControlFile() throws {
        let crashed = try fill()
        for name in ["control.db", "control.db-wal"] {
            try? FileManager.default.removeItem(atPath: crashed.directory.file(name))
        }
        try refuses(crashed, now: start + Self.day, "no control.db")
    }
}
