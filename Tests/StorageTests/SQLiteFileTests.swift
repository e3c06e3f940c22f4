internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// The file as such: versions, damage, crashes, bounds, the clock.
@Suite struct SQLiteFileTests {
    // MARK: Which files are taken

    @Test func aNewerSchemaIsRefusedAndLeftAsItIs() throws {
        let fixture = SQLiteFixture()
        _ = try fixture.openSQLite()
        let newer = SQLiteSchema.version + 1
        try fixture.tamper("PRAGMA user_version = \(newer)")
        #expect {
            _ = try fixture.openSQLite()
        } throws: { error in
            guard case StoreError.newerVersion(let text)? = error as? StoreError else { return false }
            return text.contains("version \(newer)") && text.contains(fixture.path)
        }
        #expect(try fixture.integer("PRAGMA user_version") == newer)
    }

    @Test func aForeignDatabaseIsRefusedAndLeftAsItIs() throws {
        let fixture = SQLiteFixture()
        try fixture.tamper("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        let before = try fixture.directory.read(SQLiteFixture.name)
        #expect {
            _ = try fixture.openSQLite()
        } throws: { error in
            guard case StoreError.damaged(let text)? = error as? StoreError else { return false }
            return text.contains("not a database of Apus")
        }
        #expect(try fixture.directory.read(SQLiteFixture.name) == before)
    }

    @Test func whatIsNoDatabaseIsRefused() throws {
        let fixture = SQLiteFixture()
        let text = Data(String(repeating: "these are not the bytes you are looking for ", count: 200).utf8)
        try fixture.directory.write(text, to: SQLiteFixture.name)
        #expect {
            _ = try fixture.openSQLite()
        } throws: { error in
            guard case StoreError.damaged? = error as? StoreError else { return false }
            return true
        }
        #expect(try fixture.directory.read(SQLiteFixture.name) == text)
    }

    /// A file with some thousand messages, its log folded in.
    private func filled() throws -> SQLiteFixture {
        let fixture = SQLiteFixture()
        let store = try fixture.openSQLite()
        for round in 0..<10 {
            let results = try store.accept(Array(repeating: TestMessage(), count: 200), now: start + Int64(round))
            try store.record(
                results.map { result in
                    var lifecycle = MessageLifecycle(id: result.id, waiting: .queued)
                    _ = lifecycle.claimed(at: start, provider: 1, reason: "only provider")
                    return (lifecycle, .queued, true)
                })
        }
        try fixture.foldLogs()
        return fixture
    }

    @Test func aDamagedFileIsNamedAtTheStart() throws {
        let whole = try filled()
        let data = try whole.directory.read(SQLiteFixture.name)
        let pages = data.count / 4096
        #expect(pages > 50)
        // The header of a page: what it is, and where its cells are.
        for page in [1, pages / 4, pages / 2, pages - 2] {
            var broken = data
            for offset in 0..<8 { broken[page * 4096 + offset] ^= 0xFF }
            let fixture = SQLiteFixture()
            try fixture.directory.write(broken, to: SQLiteFixture.name)
            #expect("page \(page)") {
                _ = try fixture.openSQLite()
            } throws: { error in
                guard case StoreError.damaged(let text)? = error as? StoreError else { return false }
                return text.contains(fixture.path)
            }
        }
        try whole.openSQLite().checkRoom()
    }

    @Test func randomDamageNeverCrashes() throws {
        let data = try filled().directory.read(SQLiteFixture.name)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<25 {
            var broken = data
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                broken[Int.random(in: 100..<data.count, using: &generator)] ^= UInt8.random(
                    in: 1...255, using: &generator)
            }
            let fixture = SQLiteFixture()
            try fixture.directory.write(broken, to: SQLiteFixture.name)
            // Either it is refused, or it serves what it can: but it says so by an error.
            do {
                let store = try fixture.openSQLite()
                for message in try store.recovered(now: start) { _ = try store.lifecycle(of: message.id) }
                _ = try store.accept([TestMessage()], now: start + 60)
            } catch is StoreError {}
        }
    }

    // MARK: Crashes

    @Test func whatWasCommittedSurvivesACrashAndNothingElse() throws {
        let fixture = SQLiteFixture()
        let store = try fixture.openSQLite()
        var ids: [MessageID] = []
        for round in 0..<8 {
            let now = start + Int64(round)
            ids += try store.accept([TestMessage { $0.key = "k\(round)" }, TestMessage()], now: now).map(\.id)
            // Half way through a transaction that touches all tables.
            try store.begin()
            let batch = try store.openBatch(tenant: .first, name: "b\(round)", now: now)
            var results: [AcceptResult] = []
            let drafts = MessageDrafts(
                Array(repeating: TestMessage { $0.body = String(repeating: "x", count: 900) }, count: 300))
            try store.accept(
                drafts, 0..<300,
                chunk: BatchChunk(tenant: .first, batch: batch.id, indices: Array(0..<300)), now: now, results: &results
            )
            let crash = try fixture.crashed()
            store.rollback()

            let restarted = try crash.openSQLite(now: now)
            #expect(try restarted.recovered(now: now).map(\.id) == ids)
            #expect(try restarted.batch(tenant: .first, .name("b\(round)")) == nil)
            #expect(try Tallies.stored(in: crash.path) == Tallies.counted(in: crash.path))
            let again = try restarted.accept([TestMessage { $0.key = "k\(round)" }], now: now)[0]
            #expect(again == AcceptResult(kind: .duplicate, state: .queued, id: ids[ids.count - 2]))
            let new = try restarted.accept([TestMessage()], now: now)[0]
            #expect(new.id > ids.last!)
        }
    }

    @Test func aTornLogLosesOnlyWhatWasNotCommitted() throws {
        let fixture = SQLiteFixture()
        let store = try fixture.openSQLite()
        var ids: [MessageID] = []
        var ends: [Int] = []
        for round in 0..<12 {
            ids.append(try store.accept([TestMessage()], now: start + Int64(round))[0].id)
            ends.append(try fixture.directory.read(SQLiteFixture.name + "-wal").count)
        }
        let log = try fixture.directory.read(SQLiteFixture.name + "-wal")
        let database = try fixture.directory.read(SQLiteFixture.name)
        for (round, end) in ends.enumerated() {
            for torn in [end - 1, end, end + 100] where torn <= log.count {
                let crash = SQLiteFixture()
                try crash.directory.write(database, to: SQLiteFixture.name)
                try crash.directory.write(log.prefix(torn), to: SQLiteFixture.name + "-wal")
                let found = try crash.openSQLite(now: start + 100).recovered(now: start + 100).map(\.id)
                #expect(found == Array(ids.prefix(torn < end ? round : round + 1)), "cut at \(torn)")
            }
        }
    }

    // MARK: Room

    @Test func aFullDatabaseTakesNothingHalf() throws {
        let fixture = SQLiteFixture()
        fixture.options.maximumBytes = 400_000
        let store = try fixture.openSQLite()
        let large = TestMessage { $0.body = String(repeating: "x", count: 1500) }
        var accepted: [MessageID] = []
        var error: StoreError?
        for round in 0..<100 where error == nil {
            do throws(StoreError) {
                var burst = Array(repeating: large, count: 10)
                burst[3].key = "round \(round)"
                accepted += try store.accept(burst, now: start).map(\.id)
            } catch let refusal {
                error = refusal
                // The round that failed left no key: the same key with another content is not a conflict.
                let small = TestMessage {
                    $0.key = "round \(round)"
                    $0.body = "small"
                }
                do throws(StoreError) {
                    let result = try store.accept([small], now: start)[0]
                    #expect(result.kind == .accepted)
                    accepted.append(result.id)
                } catch {
                    guard case .full = error else { throw error }
                }
            }
        }
        guard case .full(let text)? = error else {
            Issue.record("it was never full: \(String(describing: error))")
            return
        }
        #expect(text.contains(fixture.path))
        #expect(try fixture.integer("SELECT count(*) FROM message") == accepted.count)
        #expect(try Tallies.stored(in: fixture.path) == Tallies.counted(in: fixture.path))
        #expect(try store.recovered(now: start).map(\.id) == accepted)
        #expect(try fixture.integer("SELECT page_count FROM pragma_page_count") * 4096 <= 400_000)
        #expect {
            try store.checkRoom()
        } throws: { error in
            (error as? StoreError)?.isPassing == true
        }
        #expect(try store.recovered(now: start).map(\.id) == accepted)
        // With more room it goes on.
        fixture.options.maximumBytes = 4_000_000
        let more = try fixture.openSQLite()
        try more.checkRoom()
        #expect(try more.accept([large], now: start)[0].kind == .accepted)
    }

    // MARK: The clock

    @Test func aClockBehindIsWarnedAboutAndThenRefused() throws {
        let fixture = SQLiteFixture()
        let last = try fixture.openSQLite().accept([TestMessage()], now: start)[0].id
        let hour: Int64 = 3_600_000

        _ = try fixture.openSQLite(now: start - 60_000)
        #expect(fixture.warnings.isEmpty)
        _ = try fixture.openSQLite(now: start - 60_001)
        #expect(fixture.warnings.count == 1)
        let behind = try fixture.openSQLite(now: start - 24 * hour)
        #expect(fixture.warnings.count == 2)
        #expect(try behind.accept([TestMessage()], now: start - 24 * hour)[0].id == last.advanced(by: 1))

        #expect {
            _ = try fixture.openSQLite(now: start - 24 * hour - 1)
        } throws: { error in
            guard case StoreError.clockBehind(let text)? = error as? StoreError else { return false }
            return text.contains("storage.accept-clock-behind")
        }
        fixture.options.acceptsClockBehind = true
        let forced = try fixture.openSQLite(now: start - 1000 * hour)
        #expect(try forced.accept([TestMessage()], now: start - 1000 * hour)[0].id == last.advanced(by: 2))
    }

    // MARK: The directory

    @Test func aSecondHolderIsToldWhoHoldsTheDirectory() throws {
        let parent = TemporaryDirectory()
        let path = parent.file("data")
        var first: DataDirectory? = try DataDirectory(path: path)
        #expect(first?.socketPath == path + "/apus.sock")
        #expect {
            _ = try DataDirectory(path: path)
        } throws: { error in
            guard case StoreError.locked(let text)? = error as? StoreError else { return false }
            return text.contains("process \(getpid())") && text.contains(path)
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        first = nil
        _ = try DataDirectory(path: path)
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        let parent = TemporaryDirectory()
        try parent.write(Data(), to: "file")
        #expect {
            _ = try DataDirectory(path: parent.file("file/data"))
        } throws: { error in
            guard case StoreError.failed(let text)? = error as? StoreError else { return false }
            return text.contains("file/data")
        }
    }

    @Test func moreProvidersThanHistoriesCanNameAreRefused() throws {
        let store = try SQLiteFixture().openSQLite()
        try store.begin()
        for number in 1...255 {
            #expect(try store.providerIndex(name: "p\(number)", kind: "x") == UInt8(number))
        }
        #expect(throws: StoreError.self) { try store.providerIndex(name: "one too many", kind: "x") }
        store.rollback()
    }
}
