internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// What `apusd verify` finds: nothing where all is well, and each thing that can be wrong.
@Suite struct VerificationTests {
    struct Fault: Sendable, CustomStringConvertible {
        var description: String
        var sql: String
        /// What the report is to say.
        var text: String
        var file = SQLiteFixture.name

        init(_ description: String, _ sql: String, says text: String, in file: String = SQLiteFixture.name) {
            self.description = description
            self.sql = sql
            self.text = text
            self.file = file
        }
    }

    private static let states = MessageState.self
    private static let oneDelivered = "(SELECT min(id) FROM state WHERE state = \(states.delivered.rawValue))"

    private static let faults: [Fault] = [
        Fault(
            "a tenant's count", "UPDATE tally SET count = count + 1 WHERE scope = -1 AND state = 7", says: "off by -1"),
        Fault("a batch's count", "DELETE FROM tally WHERE scope > 0", says: "in scope"),
        Fault("a count of what is not there", "INSERT INTO tally VALUES (-9, 7, 3)", says: "scope -9 is off by -3"),
        Fault("a state", "UPDATE state SET state = 9 WHERE state = 7", says: "its history ends in DELIVERED"),
        Fault("no such state", "UPDATE state SET state = 99 WHERE state = 7", says: "unknown state 99"),
        Fault("a time", "UPDATE state SET due = 5 WHERE state = 7", says: "it is DELIVERED and due"),
        Fault("no history", "UPDATE state SET history = X'' WHERE state = 7", says: "nothing has happened to it"),
        Fault(
            "half a history", "UPDATE state SET history = substr(history, 1, length(history) - 1)",
            says: "its history is not whole"),
        Fault(
            "an illegal step", "UPDATE state SET history = X'0B0800010000' WHERE state = 7",
            says: "undelivered leads from waiting"),
        Fault(
            "a state without its message", "DELETE FROM message WHERE id = \(oneDelivered)",
            says: "1 states belong to no message"),
        Fault("another tenant", "UPDATE state SET tenant = 2 WHERE id = \(oneDelivered)", says: "another tenant"),
        Fault(
            "another batch", "UPDATE state SET batch = 7 WHERE id = \(oneDelivered)", says: "another tenant or batch"),
        Fault(
            "an index without a key", "DELETE FROM index_recent WHERE place >> 48 = 1",
            says: "not found by its idempotency key"),
        Fault(
            "an index without a provider's id", "DELETE FROM index_recent WHERE place >> 48 = 2",
            says: "not found by its provider's id"),
        Fault(
            "an index without a reference", "DELETE FROM index_recent WHERE place >> 48 = 3",
            says: "not found by its reference"),
        Fault(
            "a key twice",
            """
            UPDATE message SET (key, key_hash) = (SELECT key, key_hash FROM message WHERE key = CAST('k1' AS BLOB))
            WHERE key = CAST('k2' AS BLOB)
            """, says: "has the same idempotency key"),
        Fault("a batch's part", "DELETE FROM batch_part WHERE first_index = 5", says: "does not have it"),
        Fault("a shorter part", "UPDATE batch_part SET count = count - 1", says: "does not have it"),
        Fault(
            "an index in two parts",
            "INSERT INTO batch_part SELECT batch, first_index + 1, first_id + 1, 1 FROM batch_part WHERE count > 1",
            says: "has two messages"),
        Fault(
            "another day's id",
            """
            UPDATE message SET id = id + (86400000 << 21) WHERE id = \(oneDelivered);
            UPDATE state SET id = id + (86400000 << 21) WHERE id = \(oneDelivered)
            """, says: "its id is of another day"),
        Fault("a provider", "DELETE FROM provider", says: "does not know provider 1", in: "control.db"),
        Fault("a batch", "DELETE FROM batch", says: "does not know batch", in: "control.db"),
        Fault("a batch's day", "DELETE FROM batch_day", says: "does not know batch", in: "control.db"),
        Fault(
            "a generation", "DELETE FROM generation WHERE number = 2", says: "2 changes are of no generation",
            in: "control.db"
        ),
        Fault(
            "the first generation", "DELETE FROM generation WHERE number = 1", says: "generation 1 is missing",
            in: "control.db"),
        Fault(
            "a generation that messages have", "DELETE FROM generation; DELETE FROM generation_change",
            says: "does not know generation 2", in: "control.db"),
        Fault(
            "a change", "DELETE FROM generation_change WHERE generation = 1 AND name = 'a'",
            says: "generation 1 has 1 changes, and was made of 2", in: "control.db"),
        Fault(
            "a change from another place", "UPDATE generation_change SET before = '[]' WHERE generation = 2",
            says: "generation 2 changes tenant a from what it was not", in: "control.db"),
        Fault(
            "a change of no generation", "INSERT INTO generation_change VALUES (9, 'tenant', 'a', NULL, '{}')",
            says: "1 changes are of no generation", in: "control.db"),
        Fault(
            "a setting", "UPDATE configuration SET document = '{}'", says: "tenant a is not what the generations make",
            in: "control.db"),
        Fault(
            "an object", "DELETE FROM configuration", says: "tenant a is not what the generations make",
            in: "control.db"),
        Fault(
            "an object too many", "INSERT INTO configuration VALUES ('tenant', 'z', '{}')",
            says: "tenant z is not what the generations make", in: "control.db"),
        Fault("a tenant", "DELETE FROM tenant WHERE name = 'a'", says: "1 keys are of no tenant", in: "control.db"),
        Fault(
            "an opt-out's tenant", "UPDATE suppression SET tenant = 77", says: "1 opt-outs are of no tenant",
            in: "control.db"),
        Fault(
            "a tenant's number", "UPDATE tenant SET number = -1 WHERE name = 'b'",
            says: "1 tenants have impossible numbers", in: "control.db"),
    ]

    /// A directory of two days with something of everything; nobody serves it.
    private func healthy() throws -> SQLiteFixture {
        let fixture = SQLiteFixture()
        let store = try fixture.openWithProvider()
        try store.administer { (store) throws(StoreError) in
            let tenant = try store.tenantID(name: "a", now: start)
            _ = try store.tenantID(name: "b", now: start)
            try store.insert(
                KeyRecord(id: "k", tenant: tenant, scopes: 1, salt: [1], hash: [2], note: "", createdAt: start))
            _ = try store.suppress(SuppressionRecord(tenant: tenant, number: 14_155_550_100, at: start, reason: ""))
            let context = AuditContext(actor: "apusd", at: start)
            let changes = [("a", nil, "{}"), ("b", nil, "{}")] as [(String, String?, String?)]
            _ = try store.apply(changes.map { .init(kind: "tenant", name: $0, before: $1, after: $2) }, by: context)
            let others = [("a", "{}", "{\"weight\":2}"), ("b", "{}", nil)] as [(String, String?, String?)]
            _ = try store.apply(others.map { .init(kind: "tenant", name: $0, before: $1, after: $2) }, by: context)
        }
        var number = 0
        for now in [start, start + 86_400_000 - 60_000] {
            for fate in Fate.allCases {
                try store.accept(
                    TestMessage {
                        $0.key = "k\(number)"
                        $0.reference = "r\(number % 3)"
                        $0.tenant = number % 4 == 0 ? .second : .first
                    }, fate, now: now)
                number += 1
            }
            let base = UInt64(number)
            let (batch, results) = try store.accept(chunk: [base, base + 1, base + 4], of: "b", now: now) { _ in
                TestMessage()
            }
            try store.live(results[0].id, .delivered, batch: batch, now: now)
            _ = try store.accept(chunk: [0, 1, 2, 5], of: "day \(now)", now: now) { _ in
                TestMessage { $0.sendAt = now + 1000 }
            }
            var drafts = MessageDrafts([TestMessage()])
            drafts.drafts[0].generation = 2
            var accepted: [AcceptResult] = []
            try store.transaction { () throws(StoreError) in
                try store.accept(drafts, 0..<1, chunk: nil, now: now, results: &accepted)
            }
        }
        return fixture
    }

    @Test func aHealthyDirectoryHasNone() throws {
        let fixture = try healthy()
        var files: [String] = []
        let report = try SQLiteVerification.run(fixture.directory.path) { files.append($0) }
        #expect(report.faults == [])
        #expect(report.faultCount == 0)
        #expect(report.messages == 2 * (Int64(Fate.allCases.count) + 8))
        #expect(report.files == 3)
        #expect(files.count == 3)
        // And while it is served, in the middle of a round.
        let store = try fixture.openSQLite(now: start + 86_400_000)
        try store.begin()
        var results: [AcceptResult] = []
        try store.accept(
            MessageDrafts(Array(repeating: TestMessage(), count: 4000)), 0..<4000, chunk: nil, now: start + 86_400_000,
            results: &results)
        #expect(try fixture.faults() == [])
        try store.commit()
        #expect(try fixture.faults() == [])
    }

    @Test(arguments: faults)
    func itFinds(_ fault: Fault) throws {
        let fixture = try healthy()
        try fixture.tamper(fault.sql, in: fault.file)
        let report = try SQLiteVerification.run(fixture.directory.path)
        #expect(report.faults.contains { $0.contains(fault.text) }, "\(report.faults)")
        #expect(report.faultCount == report.faults.count)
    }

    /// Yesterday's keys are looked up too.
    @Test func itFindsAKeyOfYesterday() throws {
        let fixture = SQLiteFixture()
        let hours: Int64 = 3_600_000
        do {
            let store = try fixture.openWithProvider()
            try store.accept(TestMessage { $0.key = "k" }, .waits, now: start)
            try store.accept(TestMessage { $0.key = "other" }, .waits, now: start + 20 * hours)
        }
        #expect(try fixture.faults() == [])
        let (first, second) = (SQLiteFixture.name, "days/\(Day(containing: start + 20 * hours)).db")
        #expect(first != second)
        try fixture.tamper(
            """
            ATTACH '\(fixture.directory.file(first))' AS yesterday;
            UPDATE message SET (key, key_hash) = (SELECT key, key_hash FROM yesterday.message);
            """, in: second)
        #expect(try fixture.faults().contains { $0.contains("has the same idempotency key") })
    }

    @Test func itFindsADamagedPage() throws {
        let whole = try healthy()
        try whole.foldLogs()
        let data = try whole.directory.read(SQLiteFixture.name)
        let pages = data.count / 4096
        #expect(pages > 8)
        for page in 1..<pages {
            var broken = data
            for offset in 0..<16 { broken[page * 4096 + offset] ^= 0xFF }
            try whole.directory.write(broken, to: SQLiteFixture.name)
            do {
                let faults = try whole.faults()
                #expect(!faults.isEmpty, "page \(page)")
                #expect(faults.allSatisfy { $0.contains(whole.path) }, "\(faults)")
            } catch let error as StoreError {
                guard case .damaged(let text) = error else { throw error }
                #expect(text.contains(whole.path))
            }
        }
        try whole.directory.write(data, to: SQLiteFixture.name)
        #expect(try whole.faults() == [])
    }

    @Test func manyFaultsAreCountedAndSomeAreTold() throws {
        let fixture = SQLiteFixture()
        _ = try fixture.openSQLite().accept(
            (0..<500).map { number in TestMessage { $0.key = "\(number)" } }, now: start)
        try fixture.tamper("DELETE FROM index_recent")
        let report = try SQLiteVerification.run(fixture.directory.path)
        #expect(report.faultCount == 500)
        #expect(report.faults.count == VerificationReport.faultsTold)
    }

    @Test func whatIsNoDataDirectoryIsRefused() throws {
        let directory = TemporaryDirectory()
        #expect {
            _ = try SQLiteVerification.run(directory.path)
        } throws: { error in
            (error as? StoreError)?.text.contains("control.db") == true
        }
        try directory.write(Data(), to: "apus.db")
        #expect {
            _ = try SQLiteVerification.run(directory.path)
        } throws: { error in
            (error as? StoreError)?.text.contains("before the first release") == true
        }
    }
}
