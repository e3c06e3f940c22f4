internal import ConfigurationModel
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// What of carriers' words is this store's own: old files, retention, backups, verification.
@Suite struct CarrierStoreTests {
    private let day = Int64(Day.milliseconds)
    /// The beginning of a day.
    private let midnight = Day(containing: start).start

    private func open(
        _ directory: TemporaryDirectory, bodies: Int? = nil, records: Int? = nil, now: Int64 = start
    ) throws -> SQLiteMessageStore {
        var options = SQLiteStoreOptions()
        options.retention.standard = RetentionPolicy.Days(bodies: bodies, records: records)
        let store = try SQLiteMessageStore(directory: directory.path, options: options, now: now) { _ in }
        try store.begin()
        _ = try store.providerIndex(name: "p", kind: "scripted")
        try store.commit()
        return store
    }

    private func receive(_ store: any MessageStore, _ id: String, at time: Int64, provider: UInt8 = 1) throws {
        _ = try store.onCarriers { (store) throws(StoreError) in
            try store.insert(
                InboundRecord(
                    at: time, provider: provider, providerID: id, sender: "+14155550100", recipient: "1", body: id,
                    media: [InboundMedia(url: "https://a/\(id)", contentType: "image/png")]))
        }
    }

    /// Sweeps until nothing is left to be swept.
    private func sweep(_ store: SQLiteMessageStore, now: Int64) throws {
        for _ in 0..<30 {
            try store.begin()
            _ = try store.applyRetentionInTime(now: now)
            try store.commit()
            try store.checkpoint(isIdle: true)
        }
    }

    @Test func aFileFromBeforeGetsTheTables() throws {
        let directory = TemporaryDirectory()
        do {
            let store = try open(directory)
            try store.control.connection.execute(
                """
                DROP TABLE inbound; DROP TABLE parked_receipt; DROP TABLE inbound_media; DROP TABLE inbound_part;
                DROP TABLE carrier_opt_out; DROP TABLE opt_out_reply; DROP TABLE suppression_entry
                """)
        }
        try requireSound(directory.path)
        let store = try open(directory)
        try receive(store, "a", at: start)
        #expect(try store.carriers.inbound(before: nil, limit: 9).map(\.body) == ["a"])
        #expect(try store.carriers.unmatchedReceipts().isEmpty)
        try requireSound(directory.path)
    }

    @Test func retentionTakesBodiesAndThenMessages() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory, bodies: 1, records: 3)
        for number in 0..<300 { try receive(store, "\(number)", at: midnight) }
        try receive(store, "later", at: midnight + day)
        func bodies() throws -> Int {
            try store.carriers.inbound(before: nil, limit: 999).count { !$0.body.isEmpty }
        }
        // As for messages: as many whole days after their own.
        try sweep(store, now: midnight + 2 * day - 1)
        #expect(try bodies() == 301)
        func media() throws -> Int { try store.carriers.inbound(before: nil, limit: 999).count { !$0.media.isEmpty } }
        #expect(try media() == 301)
        try sweep(store, now: midnight + 2 * day)
        #expect(try bodies() == 1)
        #expect(try media() == 1)
        try sweep(store, now: midnight + 4 * day - 1)
        #expect(try store.carriers.inbound(before: nil, limit: 999).count == 301)
        try sweep(store, now: midnight + 4 * day)
        let left = try store.carriers.inbound(before: nil, limit: 999)
        #expect(left.map(\.providerID) == ["later"])
        try sweep(store, now: midnight + 9 * day)
        #expect(try store.carriers.inbound(before: nil, limit: 9).isEmpty)
        // Ids go on.
        try receive(store, "new", at: midnight + 9 * day)
        #expect(try #require(try store.carriers.inbound(before: nil, limit: 9).first).id > left[0].id)
        try requireSound(directory.path)
    }

    @Test func withoutABoundAllStays() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory)
        try receive(store, "a", at: midnight)
        try sweep(store, now: midnight + 1000 * day)
        #expect(try store.carriers.inbound(before: nil, limit: 9).map(\.body) == ["a"])
    }

    @Test func aBackupHasThem() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory)
        try receive(store, "a", at: start)
        let unmatched = UnmatchedReceipt(id: 1, at: start, provider: 1, providerID: "SM1", status: .delivered)
        try store.onCarriers { (store) throws(StoreError) in try store.addUnmatched(unmatched) }
        let (backup, restored) = (TemporaryDirectory(), TemporaryDirectory())
        _ = try SQLiteBackup.make(of: directory.path, at: backup.path + "/b", now: start)
        _ = try SQLiteBackup.restore(backup.path + "/b", to: restored.path, now: start + 1)
        let copy = try SQLiteMessageStore(directory: restored.path, now: start + 1) { _ in }
        #expect(try copy.carriers.inbound(before: nil, limit: 9).map(\.body) == ["a"])
        #expect(try copy.carriers.unmatchedReceipts() == [unmatched])
    }

    @Test(arguments: [
        "INSERT INTO inbound (at, provider, sender, recipient, body) VALUES (1, 9, '', '', '')",
        "INSERT INTO parked_receipt VALUES (1, 1, 9, 'SM1', NULL)",
        "INSERT INTO inbound_media VALUES (77, 0, 'https://a/', '')",
    ])
    func verificationFindsProvidersThatThereAreNot(_ sql: String) throws {
        let directory = TemporaryDirectory()
        do { try open(directory).control.connection.execute(sql) }
        #expect(try SQLiteVerification.run(directory.path).faults.count == 1)
    }

    /// An older version writes only the table that it knows.
    @Test func optOutsOfAnOlderVersionStay() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory)
        try store.administer { (store) throws(StoreError) in _ = try store.tenantID(name: "t", now: start) }
        func entries() throws -> [SuppressionRecord] {
            var found: [SuppressionRecord] = []
            try store.administration.suppressions { found.append($0) }
            return found
        }
        func add(_ origin: SuppressionOrigin, _ own: String = "") throws {
            _ = try store.administer { (store) throws(StoreError) in
                try store.suppress(
                    SuppressionRecord(
                        tenant: .first, number: 7, at: start + 1, reason: "later", origin: origin, ownNumber: own))
            }
        }
        let old = SuppressionRecord(tenant: .first, number: 7, at: start, reason: "STOP", origin: nil)
        try store.control.connection.execute("INSERT INTO suppression VALUES (1, 7, \(start), 'STOP')")
        #expect(try entries() == [old])
        // What was there has not become a keyword's by another one.
        try add(.keyword, "12345")
        #expect(try entries().map(\.origin) == [nil, .keyword])
        #expect(try entries().first == old)
        let reader = AdministrationReader(store.control.connection)
        let number = try #require(try reader.suppression(of: 7, tenant: .first))
        #expect(number.first.reason == "STOP" && number.entries.count == 2)
        // It removes the number, and leaves the entries: they count for nothing, and go when the number comes again.
        try store.control.connection.execute("DELETE FROM suppression")
        #expect(try entries().isEmpty)
        try add(.operatorRequest)
        #expect(try entries().map(\.origin) == [.operatorRequest])
        try requireSound(directory.path)
    }

    @Test func aPageLooksAtSoManyOnly() throws {
        let directory = TemporaryDirectory()
        let store = try open(directory)
        for number in 1...10 { try receive(store, "\(number)", at: start) }
        let reader = InboundReader(store.control.connection)
        var page = try reader.page(before: nil, limit: 9, examined: 4) { _ in false }
        #expect(page.messages.isEmpty && page.next == 7)
        page = try reader.page(before: 7, limit: 2, examined: 4) { $0 == "1" }
        #expect(page.messages.map(\.id) == [6, 5] && page.next == 5)
        page = try reader.page(before: 5, limit: 9, examined: 9) { _ in true }
        #expect(page.messages.map(\.id) == [4, 3, 2, 1] && page.next == nil)
        #expect(try reader.providers() == [1: "p"])
    }
}
