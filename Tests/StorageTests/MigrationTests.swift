internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// The single file of the first version becomes a file for each day, at the first start.
@Suite struct MigrationTests {
    private let fixture = SQLiteFixture(isEmpty: true)
    /// A day after most of what the first version accepted, and within a day of the rest.
    private let now: Int64 = 1_795_350_000_000
    private let days = ["2026-11-21", "2026-11-22"]

    /// Puts what the first version has left into the directory.
    private func putFirstVersion() throws {
        let stored = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/version-1.db")
        try fixture.directory.write(Data(contentsOf: stored), to: "apus.db")
    }

    private func migrated() throws -> SQLiteMessageStore {
        try putFirstVersion()
        return try fixture.openSQLite(now: now)
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: fixture.directory.file(name))
    }

    private func magic(_ number: Int) throws -> MessageStatus {
        let found = try fixture.reader().statuses(reference: "order-\(number)", tenant: .first, now: now, limit: 10)
        #expect(found.count == 1)
        return try #require(found.first)
    }

    @Test func allOfItIsThere() throws {
        let store = try migrated()
        #expect(fixture.warnings.count == 2)
        #expect(!exists("apus.db"))
        #expect(!exists("migration"))
        #expect(store.catalog.days.map(\.description) == days)
        let report = try SQLiteVerification.run(fixture.directory.path)
        #expect(report.faults == [])
        #expect(report.messages == 184)
        let reader = try fixture.reader()
        let counts = try reader.states(tenant: .first)
        #expect(
            counts == [
                StateCount(state: .scheduled, count: 1), StateCount(state: .queued, count: 61),
                StateCount(state: .sent, count: 1), StateCount(state: .unknown, count: 1),
                StateCount(state: .delivered, count: 116), StateCount(state: .undelivered, count: 1),
                StateCount(state: .failed, count: 2), StateCount(state: .canceled, count: 1),
            ])
        #expect(try store.pausedTargets() == [.everything])
        // The next start finds nothing to do.
        fixture.warnings = []
        _ = try fixture.openSQLite(now: now)
        #expect(fixture.warnings == [])
    }

    @Test func eachMessageIsAsItWas() throws {
        _ = try migrated()
        let states: [MessageState] = [
            .failed, .failed, .delivered, .queued, .unknown, .undelivered, .sent, .delivered, .delivered,
        ]
        for (place, state) in states.enumerated() {
            let status = try magic(place + 1)
            #expect(status.state == state, "magic \(place + 1)")
            #expect(status.to == "+1500555000\(place + 1)")
            #expect(status.timeline.prefix(3).map(\.event) == [.accepted, .queued, .submitting])
            #expect(status.timeline.last?.state == state)
            #expect(status.timeline.dropFirst(2).allSatisfy { $0.provider.isEmpty || $0.provider == "sandbox" })
        }
        #expect(try magic(1).error?.code == "INVALID_RECIPIENT")
        #expect(try magic(3).attempts == 3)
        let retrying = try magic(4)
        #expect(retrying.timeline.map(\.event).contains(.unavailable))
        let early = try magic(8)
        #expect(early.id == MessageID(rawValue: 3_765_022_441_760_358_400))
        #expect(early.timeline.map(\.event) == [.accepted, .queued, .submitting, .delivered, .sent])
        #expect(early.providerID == "sslrx2fype4n4")
        let body = try fixture.openSQLite(now: now).body(of: MessageID(rawValue: 3_765_100_453_310_758_912))
        #expect(body == "Hällo 1 👋")
    }

    @Test func providersIDsLeadToTheirMessages() throws {
        let store = try migrated()
        for (text, id) in [
            ("s3-slrx2fjerif4", 3_765_022_440_835_514_368), ("sslrx2fype4n4", 3_765_022_441_760_358_400),
            ("sslsopxz4avwg", 3_765_100_453_310_758_912),
        ] as [(String, UInt64)] {
            let found = try fixture.reader().statuses(providerID: text, tenant: .first, now: now, limit: 10)
            #expect(found.map(\.id.rawValue) == [id])
            #expect(try store.find(providerID: text, provider: 1)?.rawValue == id)
        }
        #expect(try store.find(providerID: "sslrx2fype4n4", provider: 2) == nil)
        #expect(
            try store.transaction { () throws(StoreError) in
                try store.providerIndex(name: "sandbox", kind: "sandbox")
            } == 1)
    }

    @Test func batchesAreWhole() throws {
        let store = try migrated()
        for (name, state, isCanceled) in [
            ("first", MessageState.delivered, false), ("second", .delivered, true), ("waiting", .queued, false),
        ] {
            let status = try #require(try fixture.reader().batch(tenant: .first, .name(name), now: now))
            #expect(status.messages == 40)
            #expect(status.states == [StateCount(state: state, count: 40)])
            #expect(status.canceled == isCanceled)
            let ids = try store.messages(of: status.id, from: 0, limit: 100).ids
            #expect(ids == (1...40).map { status.id.advanced(by: $0) })
            var query = ListQuery(limit: 1000, oldestFirst: true)
            query.filter.batch = .name(name)
            #expect(try fixture.reader().list(query, tenant: .first, now: now)?.messages.map(\.id) == ids)
        }
        #expect(try store.unfinishedCancellations() == [])
    }

    @Test func listingsGoOverBothDays() throws {
        _ = try migrated()
        let reader = try fixture.reader()
        var query = ListQuery(limit: 50)
        var found: [MessageID] = []
        repeat {
            let page = try #require(try reader.list(query, tenant: .first, now: now))
            found += page.messages.map(\.id)
            query.cursor = page.cursor
        } while query.cursor != nil
        #expect(found.count == 184)
        #expect(found == found.sorted(by: >))
        func count(_ change: (inout MessageFilter) -> Void) throws -> Int? {
            var query = ListQuery(limit: 1000)
            change(&query.filter)
            return try reader.list(query, tenant: .first, now: now)?.messages.count
        }
        #expect(try count { $0.states = MessageStates(.queued) } == 61)
        #expect(try count { $0.recipient = "+15005550005" } == 1)
        #expect(try count { $0.until = Day("2026-11-22")!.start } == 79)
        #expect(try count { $0.from = Day("2026-11-22")!.start } == 105)
    }

    @Test func whatWaitedIsFound() throws {
        let store = try migrated()
        let waiting = try store.recovered(now: now)
        #expect(waiting.count == 62)
        #expect(waiting.map(\.id) == waiting.map(\.id).sorted())
        #expect(waiting.first?.id == (try magic(4).id))
        #expect(waiting.first?.lifecycle?.state == .queued)
        #expect(waiting.dropFirst().allSatisfy { $0.lifecycle == nil })
        #expect(waiting.count { $0.batch != nil } == 40)
        #expect(waiting.filter { $0.sendAt > 0 }.map(\.sendAt) == [1_795_600_800_000])
    }

    @Test func repeatsOfKeysAndPlacesAreKnown() throws {
        try putFirstVersion()
        // The draft as the gateway would make it of the same request.
        let old = try SQLiteConnection(path: fixture.directory.file("apus.db"), mode: .readOnly)
        func draft(_ condition: String, key: String = "") throws -> MessageDrafts {
            let row = try old.prepare("SELECT key_hash, fingerprint FROM message WHERE \(condition)")
            try #require(try row.step())
            var batch = MessageDrafts([TestMessage { $0.key = key }])
            batch.drafts[0].keyHash = UInt64(bitPattern: row.integer(0))
            batch.drafts[0].fingerprint = Fingerprint(bytes: row.bytes(1))
            return batch
        }
        let keys = (1...9).map { "magic-\($0)" } + (1...3).map { "second-\($0)" }
        let drafts = try keys.map { try draft("key = CAST('\($0)' AS BLOB)", key: $0) }
        let inBatch = try draft("batch IS NOT NULL LIMIT 1")
        let store = try fixture.openSQLite(now: now)
        func repeated(_ batch: MessageDrafts) throws -> AcceptResult {
            var results: [AcceptResult] = []
            try store.transaction { () throws(StoreError) in
                try store.accept(batch, 0..<1, chunk: nil, now: now, results: &results)
            }
            return results[0]
        }
        for (key, batch) in zip(keys, drafts) {
            let result = try repeated(batch)
            #expect(result.kind == .duplicate, "\(key)")
            let number = Int(key.split(separator: "-")[1])!
            if key.hasPrefix("magic") { #expect(result.id == (try magic(number).id)) }
            var other = batch
            other.drafts[0].fingerprint.low ^= 1
            #expect(try repeated(other) == AcceptResult(kind: .conflict, state: result.state, id: result.id))
        }
        let record = try #require(try store.batch(tenant: .first, .name("first")))
        var results: [AcceptResult] = []
        try store.transaction { () throws(StoreError) in
            let chunk = BatchChunk(tenant: .first, batch: record.id, indices: [0])
            try store.accept(inBatch, 0..<1, chunk: chunk, now: now, results: &results)
        }
        #expect(results == [AcceptResult(kind: .duplicate, state: .delivered, id: record.id.advanced(by: 1))])
        let next = try store.accept([TestMessage()], now: now)[0]
        #expect(next.kind == .accepted)
        #expect(next.id.milliseconds == UInt64(now))
        #expect(try fixture.faults() == [])
    }

    @Test func bothVersionsInOneDirectoryAreRefused() throws {
        _ = try fixture.openSQLite(now: now)
        try putFirstVersion()
        let before = try fixture.directory.read("apus.db")
        #expect {
            _ = try fixture.openSQLite(now: now)
        } throws: { error in
            guard case StoreError.damaged(let text)? = error as? StoreError else { return false }
            return text.contains("both apus.db") && text.contains("control.db")
        }
        #expect(try fixture.directory.read("apus.db") == before)
        #expect(exists("control.db"))
    }

    /// Ids of a part follow each other from one millisecond into the next, over midnight too.
    @Test(arguments: [1, 7, 19]) func aPartOverMidnightBecomesTwo(before: Int) throws {
        try putFirstVersion()
        let midnight = Day("2026-11-23")!.firstID
        let batch = midnight.advanced(by: -before - 1)
        let first = midnight.advanced(by: -before)
        let columns =
            """
            priority, on_unknown, encoding, segments, send_at, expires_at, recipient, sender, body, reference, tags,
            NULL, NULL, fingerprint
            """
        var sql = "BEGIN; INSERT INTO batch VALUES (\(batch), 1, 'over midnight', 0, 1);"
        sql += "INSERT INTO batch_part VALUES (\(batch), 100, \(first), 20);"
        sql += "INSERT INTO tally VALUES (\(batch), \(MessageState.queued.rawValue), 20);"
        for place in 0..<20 {
            sql += "INSERT INTO message SELECT \(first.advanced(by: place)), tenant, \(batch), \(columns) "
            sql += "FROM message WHERE batch IS NULL AND send_at = 0 LIMIT 1;"
        }
        try fixture.tamper(sql + "COMMIT", in: "apus.db")

        let now = Day("2026-11-23")!.start + 5000
        let store = try fixture.openSQLite(now: now)
        #expect(try fixture.faults() == [])
        let ids = (0..<20).map { first.advanced(by: $0) }
        #expect(ids.filter { Day(of: $0).description == "2026-11-22" }.count == before)
        let found = try store.messages(of: batch, from: 100, limit: 100)
        #expect(found.ids == ids)
        #expect(try store.messages(of: batch, from: 100 + UInt64(before), limit: 1).ids == [ids[before]])
        #expect(try fixture.reader().batch(tenant: .first, .name("over midnight"), now: now)?.messages == 20)
        let (_, again) = try store.accept(chunk: Array(99...120), of: "over midnight", now: now) { _ in TestMessage() }
        #expect(again.map(\.kind).filter { $0 == .accepted }.count == 2)
        #expect(again.dropFirst().dropLast().map(\.id) == ids)
        #expect(try fixture.faults() == [])
    }

    @Test func whatIsNoneOfOursIsLeftAlone() throws {
        try SQLiteConnection(path: fixture.directory.file("apus.db"), mode: .readWrite)
            .execute("CREATE TABLE theirs (x)")
        let before = try fixture.directory.read("apus.db")
        #expect {
            _ = try fixture.openSQLite(now: now)
        } throws: { error in
            guard case StoreError.damaged(let text)? = error as? StoreError else { return false }
            return text.contains("not a database of Apus")
        }
        #expect(try fixture.directory.read("apus.db") == before)
        #expect(!exists("control.db"))
    }
}
