internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

private let day: Int64 = 86_400_000
private let midnight = Day(containing: start).start

/// Old entries of the audit log go, to the day, a few at a time.
@Suite struct AuditRetentionTests {
    private let fixture = SQLiteFixture()

    private func store(days: Int?) throws -> SQLiteMessageStore {
        fixture.options.retention.auditDays = days
        return try fixture.openSQLite()
    }

    private func append(_ times: [Int64], to store: SQLiteMessageStore) throws {
        try store.administer { (store) throws(StoreError) in
            for time in times {
                try store.append(
                    AuditRecord(
                        context: AuditContext(actor: "apusd", at: time), verb: "pause", subject: "the-marker \(time)"))
            }
        }
    }

    /// All that is to be done at that time.
    /// - Returns: how many entries each round has left.
    @discardableResult
    private func sweep(_ store: SQLiteMessageStore, at now: Int64) throws -> [Int] {
        var left: [Int] = []
        while true {
            let next = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: now) }
            left.append(try store.administration.audit(before: nil, limit: .max).count)
            guard next == now + 20 else { return left }
            try #require(left.count < 100, "it comes to an end")
        }
    }

    private func times(_ store: SQLiteMessageStore) throws -> [Int64] {
        try store.administration.audit(before: nil, limit: .max).map(\.context.at).reversed()
    }

    @Test func anEntryIsKeptForItsDaysAndNotLonger() throws {
        let store = try store(days: 3)
        let entries = [midnight, midnight + day - 1, midnight + day, midnight + 9 * day]
        try append(entries, to: store)
        try sweep(store, at: midnight + 4 * day - 1)
        #expect(try times(store) == entries)
        try sweep(store, at: midnight + 4 * day)
        #expect(try times(store) == Array(entries[2...]))
        #expect(try fixture.faults() == [])
    }

    @Test func withoutABoundTheyStay() throws {
        let store = try store(days: nil)
        try append([start, start + 1], to: store)
        try sweep(store, at: start + 40_000 * day)
        #expect(try times(store).count == 2)
    }

    /// Else the entry after it would have an id that another one had.
    @Test func theNewestStays() throws {
        let store = try store(days: 3)
        try append([start, start + 1, start + 2], to: store)
        try sweep(store, at: start + 9 * day)
        let last = try #require(try store.administration.audit(before: nil, limit: 9).first)
        #expect(try times(store) == [start + 2])
        try append([start + 9 * day], to: store)
        #expect(try store.administration.audit(before: nil, limit: 1).first.map { $0.id > last.id } == true)
        try sweep(store, at: start + 9 * day)
        #expect(try times(store) == [start + 9 * day])
    }

    @Test(arguments: [127, 128, 129, 300]) func aRoundDeletesAFew(count: Int) throws {
        let store = try store(days: 3)
        try append(Array(repeating: start, count: count) + [start + 9 * day], to: store)
        let left = try sweep(store, at: start + 9 * day)
        #expect(zip([count + 1] + left, left).allSatisfy { $0 - $1 <= 128 })
        #expect(left.last == 1)
        #expect(left.count == count / 128 + 1)
    }

    @Test func nothingOfItIsLeftInTheFile() throws {
        do {
            let store = try store(days: 3)
            try append((0..<200).map { start + $0 }, to: store)
            try append([start + 9 * day], to: store)
            try sweep(store, at: start + 9 * day)
        }
        // A clean end has copied the log into the file.
        let file = try Data(contentsOf: URL(fileURLWithPath: fixture.directory.path + "/control.db"))
        let log = (try? Data(contentsOf: URL(fileURLWithPath: fixture.directory.path + "/control.db-wal"))) ?? Data()
        #expect(file.range(of: Data("the-marker \(start + 9 * day)".utf8)) != nil || !log.isEmpty)
        #expect(file.range(of: Data("the-marker \(start + 100)".utf8)) == nil)
    }
}
