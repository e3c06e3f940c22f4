internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

private let day: Int64 = 86_400_000
/// When the first day began.
private let midnight = Day(containing: start).start

/// What is old goes, to the day, and nothing else does.
@Suite struct RetentionTests {
    private let fixture = SQLiteFixture()

    private func store(_ change: (inout RetentionPolicy) -> Void) throws -> SQLiteMessageStore {
        change(&fixture.options.retention)
        return try fixture.openWithProvider()
    }

    /// All that is to be done at that time, with what follows a round.
    /// - Returns: rounds that it took.
    @discardableResult
    private func sweep(_ store: SQLiteMessageStore, at now: Int64) throws -> Int {
        var rounds = 0
        var isDone = false
        while !isDone {
            let next = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: now) }
            try store.checkpoint(isIdle: true)
            // With more to do it asks for the next round soon.
            isDone = next != now + 20
            rounds += 1
            try #require(rounds < 1000, "it comes to an end")
        }
        return rounds
    }

    private var firstFileExists: Bool { FileManager.default.fileExists(atPath: fixture.path) }

    private func check() throws {
        #expect(try fixture.faults() == [])
        guard firstFileExists else { return }
        #expect(try Tallies.stored(in: fixture.path) == Tallies.counted(in: fixture.path))
    }

    // MARK: To the day

    @Test func bodiesGoAfterTheirDaysAndNotBefore() throws {
        let store = try store { $0.standard.bodies = 3 }
        let id = try store.accept(TestMessage { $0.body = "secret" }, .delivered, now: start)
        for time in [start, midnight + 3 * day, midnight + 4 * day - 1] {
            try sweep(store, at: time)
            #expect(try store.body(of: id) == "secret", "at \(time - midnight) ms")
        }
        try sweep(store, at: midnight + 4 * day)
        #expect(try store.body(of: id) == "")
        let status = try fixture.reader().status(of: id, tenant: .first, now: start + 4 * day, timeline: true)
        #expect(status?.state == .delivered)
        #expect(status?.timeline.map(\.event) == [.accepted, .queued, .submitting, .sent, .delivered])
        #expect(status?.to == "+14155550100")
        try check()
    }

    @Test func tenantsMayHaveOtherDaysAtAnyTime() throws {
        let store = try store { $0.standard.bodies = 3 }
        let first = try store.accept(TestMessage(), .delivered, now: start)
        let second = try store.accept(TestMessage { $0.tenant = .second }, .delivered, now: start)
        store.setRetention(of: [.second: .init(bodies: 1)])
        try sweep(store, at: midnight + 2 * day)
        #expect(try store.body(of: first) == "hello" && store.body(of: second) == "")
        // What a tenant doesn't say is as for all.
        store.setRetention(of: [.first: .init(records: 5)])
        try sweep(store, at: midnight + 4 * day)
        #expect(try store.body(of: first) == "" && store.lifecycle(of: first) != nil)
        try sweep(store, at: midnight + 6 * day)
        #expect(try store.lifecycle(of: first) == nil && store.lifecycle(of: second) != nil)
        try check()
    }

    @Test func recordsGoAfterTheirDaysAndNotBefore() throws {
        let store = try store { $0.standard.records = 5 }
        let id = try store.accept(TestMessage { $0.reference = "r" }, .delivered, now: start)
        for time in [midnight + 5 * day, midnight + 6 * day - 1] {
            try sweep(store, at: time)
            #expect(try store.body(of: id) == "hello")
        }
        try sweep(store, at: midnight + 6 * day)
        #expect(!firstFileExists)
        #expect(try store.body(of: id) == nil)
        #expect(try store.lifecycle(of: id) == nil)
        #expect(try store.find(providerID: "p-\(id)", provider: 1) == nil)
        let reader = try fixture.reader()
        #expect(try reader.status(of: id, tenant: .first, now: start, timeline: false) == nil)
        #expect(try reader.statuses(reference: "r", tenant: .first, now: start, limit: 9) == [])
        #expect(try reader.states(tenant: .first) == [])
        try check()
    }

    /// Keys are looked up in yesterday's messages.
    @Test func recordsStayForTwoDaysWhateverIsAskedFor() throws {
        let store = try store { $0.standard.records = 0 }
        try store.accept(TestMessage(), .failed, now: start)
        try sweep(store, at: midnight + 3 * day - 1)
        #expect(firstFileExists)
        try sweep(store, at: midnight + 3 * day)
        #expect(!firstFileExists)
    }

    @Test func withoutAPolicyNothingGoes() throws {
        let store = try store { _ in }
        let id = try store.accept(TestMessage(), .delivered, now: start)
        #expect(try sweep(store, at: start + 10_000 * day) == 1)
        #expect(try store.body(of: id) == "hello")
    }

    @Test func tomorrowsFileIsMadeAheadOfIt() throws {
        let store = try store { _ in }
        let tomorrow = fixture.path(of: Day(containing: start + day))
        try sweep(store, at: midnight + day - 300_001)
        #expect(!FileManager.default.fileExists(atPath: tomorrow))
        try sweep(store, at: midnight + day - 300_000)
        #expect(FileManager.default.fileExists(atPath: tomorrow))
    }

    // MARK: What is not settled

    @Test func whatIsNotSettledStaysAndGoesOnceItIs() throws {
        let store = try store { policy in
            policy.standard = RetentionPolicy.Days(bodies: 0, records: 2)
        }
        var ids: [Fate: MessageID] = [:]
        for fate in Fate.allCases { ids[fate] = try store.accept(TestMessage(), fate, now: start) }
        let later = try store.accept(TestMessage { $0.sendAt = start + 30 * day }, .waits, now: start)

        func bodies() throws -> [Fate: String] { try ids.compactMapValues { try store.body(of: $0) } }
        func fates(_ belongs: (Fate) -> Bool) -> Set<Fate> { Set(Fate.allCases.filter(belongs)) }

        // Bodies of what is settled.
        try sweep(store, at: midnight + day)
        #expect(try bodies().count == Fate.allCases.count)
        #expect(Set(try bodies().filter { $0.value.isEmpty }.keys) == fates(\.isFinal))
        try check()
        // All of what is settled; a receipt may still come for what was sent, until three days have passed.
        try sweep(store, at: midnight + 3 * day)
        #expect(Set(try bodies().keys) == fates { !$0.isFinal })
        #expect(try bodies().values.allSatisfy { $0 == "hello" })
        try check()
        // The next day none can come any more.
        try sweep(store, at: midnight + 4 * day)
        #expect(Set(try bodies().keys) == [.waits, .retries, .claimed])
        #expect(try store.body(of: later) == "hello")
        try check()

        for fate in [Fate.retries, .claimed] {
            var lifecycle = try #require(try store.lifecycle(of: ids[fate]!)).lifecycle
            let previous = lifecycle.accountedState
            _ = lifecycle.canceled(at: start)
            _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: start)
            try store.record([(lifecycle, previous, false)])
        }
        try store.live(ids[.waits]!, .canceled, now: start)
        try sweep(store, at: midnight + 5 * day)
        #expect(try bodies() == [:])
        #expect(firstFileExists, "a message of it is yet to be sent")
        #expect(try store.recovered(now: start).map(\.id) == [later])
        try check()
        try store.live(later, .delivered, waiting: .scheduled, now: start + 30 * day)
        try sweep(store, at: midnight + 31 * day)
        #expect(!firstFileExists)
        try check()
    }

    /// To the millisecond: its deadline is the first moment at which it is settled.
    @Test func whatWasSentIsSettledAtItsDeadline() throws {
        let deadline = start + Limits.receiptDeadlineMilliseconds
        for (time, isKept) in [(deadline - 1, true), (deadline, false)] {
            let fixture = SQLiteFixture()
            fixture.options.retention.standard.records = 2
            let store = try fixture.openWithProvider()
            try store.accept(TestMessage(), .sent, now: start)
            try sweep(store, at: time)
            #expect(FileManager.default.fileExists(atPath: fixture.path) == isKept)
        }
    }

    // MARK: Tenants

    @Test(arguments: [true, false])
    func oneTenantKeepsWhatAnotherDeletes(isStandardToKeep: Bool) throws {
        let forget = RetentionPolicy.Days(bodies: 1, records: 3)
        let store = try store { policy in
            policy.standard = isStandardToKeep ? RetentionPolicy.Days() : forget
            policy.tenants = isStandardToKeep ? [.first: forget] : [.second: RetentionPolicy.Days()]
        }
        let (_, mine) = try store.accept(chunk: [0, 1], of: "b", now: start) { _ in TestMessage { $0.key = "" } }
        let kept = try store.accept(
            TestMessage {
                $0.tenant = .second
                $0.key = "k"
            }, .delivered, now: start)
        let batch = try #require(try store.batch(tenant: .first, .name("b"))).id
        for result in mine { try store.live(result.id, .delivered, batch: batch, now: start) }

        try sweep(store, at: midnight + 2 * day)
        #expect(try store.body(of: mine[0].id) == "")
        #expect(try store.body(of: kept) == "hello")
        try check()
        try sweep(store, at: midnight + 4 * day)
        #expect(try store.body(of: mine[0].id) == nil)
        #expect(try store.body(of: kept) == "hello")
        let reader = try fixture.reader()
        #expect(try reader.states(tenant: .first) == [])
        #expect(try reader.states(tenant: .second) == [StateCount(state: .delivered, count: 1)])
        #expect(try reader.batch(tenant: .first, .name("b"), now: start)?.messages == 0)
        try check()
        // Their places in the batch stay taken.
        let (_, again) = try store.accept(chunk: [1], of: "b", now: start + 4 * day) { _ in TestMessage() }
        #expect(again.map(\.kind) == [.duplicate])
        #expect(again.map(\.id) == [mine[1].id])
    }

    /// What the gateway remembers of a message may outlive it.
    @Test func aReceiptForWhatIsGoneChangesNoCount() throws {
        let store = try store { policy in
            policy.standard.records = 2
            policy.tenants[.second] = RetentionPolicy.Days()
        }
        let id = try store.accept(TestMessage(), .sent, now: start)
        try store.accept(TestMessage { $0.tenant = .second }, .delivered, now: start)
        var remembered = try #require(try store.lifecycle(of: id))
        try sweep(store, at: start + 4 * day)
        #expect(try store.lifecycle(of: id) == nil)

        _ = remembered.lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 4 * day)
        #expect(remembered.lifecycle.state == .delivered)
        try store.transaction { () throws(StoreError) in
            let isRecorded = try store.record(remembered, previous: .sent, isFirst: false)
            #expect(!isRecorded)
        }
        #expect(try fixture.reader().states(tenant: .first) == [])
        try check()
    }

    // MARK: Repeats

    @Test func repeatsAreKnownWithoutTheBodies() throws {
        let store = try store { $0.standard.bodies = 0 }
        let message = TestMessage { $0.key = "k" }
        let other = TestMessage {
            $0.key = "k"
            $0.body = "other"
        }
        let id = try store.accept(message, .delivered, now: start)
        let (batch, first) = try store.accept(chunk: [4, 5], of: "b", now: start) { _ in TestMessage() }
        for result in first { try store.live(result.id, .delivered, batch: batch, now: start) }
        let later = midnight + day
        try sweep(store, at: later)
        #expect(try store.body(of: id) == "")
        #expect(try store.body(of: first[0].id) == "")

        #expect(try store.accept([message], now: later) == [AcceptResult(kind: .duplicate, state: .delivered, id: id)])
        #expect(try store.accept([other], now: later) == [AcceptResult(kind: .conflict, state: .delivered, id: id)])
        let (_, again) = try store.accept(chunk: [4, 5, 6], of: "b", now: later) { index in
            index == 5 ? other : TestMessage()
        }
        #expect(again.map(\.kind) == [.duplicate, .conflict, .accepted])
        #expect(again.prefix(2).map(\.id) == first.map(\.id))
        try check()
    }

    // MARK: Alongside readers

    @Test func aReaderLetsGoOfAFileThatIsGone() throws {
        let store = try store { $0.standard.records = 2 }
        let id = try store.accept(TestMessage { $0.reference = "r" }, .delivered, now: start)
        let (batch, results) = try store.accept(chunk: [0], of: "b", now: start) { _ in TestMessage() }
        try store.live(results[0].id, .failed, batch: batch, now: start)
        let reader = try SQLiteStatusReader(store.catalog)
        func found() throws -> [Int] {
            var query = ListQuery()
            let all = try reader.list(query, tenant: .first, now: start)?.messages.count
            query.filter.batch = .name("b")
            return [
                try reader.status(of: id, tenant: .first, now: start, timeline: true) == nil ? 0 : 1,
                try reader.statuses(reference: "r", tenant: .first, now: start, limit: 9).count,
                try reader.statuses(providerID: "p-\(id)", tenant: .first, now: start, limit: 9).count,
                try reader.states(tenant: .first).count,
                all ?? -1,
                try reader.list(query, tenant: .first, now: start)?.messages.count ?? 0,
                Int(try reader.batch(tenant: .first, .name("b"), now: start)?.messages ?? 0),
            ]
        }
        #expect(try found() == [1, 1, 1, 2, 2, 1, 1])
        try sweep(store, at: start + 3 * day)
        #expect(try found() == [0, 0, 0, 0, 0, 0, 0])
        #expect(Self.openFiles.filter { $0.hasPrefix(fixture.path) } == [], "its room on the disk is free")
    }

    /// Also those that were removed.
    private static var openFiles: [String] {
        let folder = "/proc/self/fd"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0) }
    }

    // MARK: Batches

    @Test func aBatchGoesWithItsLastDay() throws {
        let store = try store { $0.standard.records = 2 }
        let (batch, first) = try store.accept(chunk: [0, 1], of: "b", now: start) { _ in TestMessage() }
        _ = try store.transaction { () throws(StoreError) in
            try store.openBatch(tenant: .first, name: "empty", now: start)
        }
        let (_, second) = try store.accept(chunk: [2, 3], of: "b", now: start + day) { _ in TestMessage() }
        for result in first + second { try store.live(result.id, .failed, batch: batch, now: start + day) }

        try sweep(store, at: midnight + 3 * day)
        #expect(!firstFileExists)
        #expect(try store.batch(tenant: .first, .name("empty")) == nil)
        #expect(try store.batch(tenant: .first, .name("b"))?.id == batch)
        #expect(try store.messages(of: batch, from: 0, limit: 10).ids == second.map(\.id))
        #expect(try fixture.reader().batch(tenant: .first, .id(batch), now: start)?.messages == 2)
        try check()
        try sweep(store, at: midnight + 4 * day)
        #expect(try store.batch(tenant: .first, .name("b")) == nil)
        #expect(try store.messages(of: batch, from: 0, limit: 10).ids == [])
        try check()
        // The name is free for another.
        let (next, results) = try store.accept(chunk: [0], of: "b", now: start + 4 * day) { _ in TestMessage() }
        #expect(next > batch)
        #expect(results.map(\.kind) == [.accepted])
        try check()
    }

    // MARK: Rounds

    @Test func aRoundDoesABoundedPart() throws {
        let store = try store { policy in
            policy.standard.bodies = 0
            policy.tenants[.second] = RetentionPolicy.Days(bodies: 0, records: 2)
        }
        let tenants: [TenantID] = [.first, .second]
        let messages = (0..<1000).map { number in TestMessage { $0.tenant = tenants[number % 2] } }
        let ids = try store.accept(messages, now: start).map(\.id)
        for (tenant, parity) in [(TenantID.first, 0), (.second, 1)] {
            let mine = ids.enumerated().filter { $0.offset % 2 == parity }
            try store.record(
                mine.map { (Fate.failed.lifecycle($0.element, at: start), .queued, true) }, tenant: tenant)
        }
        func left(_ condition: String) throws -> Int64 {
            try fixture.integer("SELECT count(*) FROM message WHERE \(condition)")
        }
        for (time, condition) in [(start + day, "body <> ''"), (start + 3 * day, "tenant = 2")] {
            var last = try left(condition)
            var rounds = 0
            while last > 0 {
                _ = try store.transaction { () throws(StoreError) in try store.applyRetention(now: time) }
                let now = try left(condition)
                #expect(last - now <= 256)
                last = now
                rounds += 1
                try #require(rounds < 20)
            }
            #expect(rounds >= 4)
            try sweep(store, at: time)
            try check()
        }
        #expect(try left("true") == 500)
    }

    @Test func aRolledBackSweepDidNothing() throws {
        let store = try store { $0.standard = RetentionPolicy.Days(bodies: 0, records: 2) }
        let (batch, results) = try store.accept(chunk: Array(0..<300), of: "b", now: start) { _ in TestMessage() }
        let ids = results.map(\.id)
        try store.record(
            ids.map { (Fate.failed.lifecycle($0, at: start), .queued, true) }, batch: batch)
        try store.begin()
        _ = try store.applyRetention(now: start + day)
        #expect(try store.body(of: ids[0]) == "")
        store.rollback()
        try store.checkpoint(isIdle: true)
        #expect(try store.body(of: ids[0]) == "hello")
        try sweep(store, at: start + day)
        #expect(try store.body(of: ids[299]) == "")

        // The round that would remove all.
        for _ in 0..<100 {
            try store.begin()
            _ = try store.applyRetention(now: start + 3 * day)
            guard store.retention.emptied.isEmpty else { break }
            try store.commit()
        }
        #expect(store.retention.emptied == [Day(containing: start)])
        store.rollback()
        try store.checkpoint(isIdle: true)
        #expect(firstFileExists)
        #expect(try store.messages(of: batch, from: 0, limit: 1000).ids == ids)
        try check()
        try sweep(store, at: start + 3 * day)
        #expect(!firstFileExists)
        #expect(try store.batch(tenant: .first, .name("b")) == nil)
        try check()
    }

    @Test func anotherPolicyIsAppliedAfterTheNextStart() throws {
        var store = try store { $0.standard.bodies = 1 }
        let id = try store.accept(TestMessage(), .delivered, now: start)
        try sweep(store, at: start + 2 * day)
        let rounds = try sweep(try fixture.openSQLite(now: start + 2 * day), at: start + 2 * day)
        #expect(rounds <= 2, "the day is known to be done")
        #expect(try store.body(of: id) == "")
        fixture.options.retention.standard = RetentionPolicy.Days(records: 2)
        store = try fixture.openSQLite(now: start + 3 * day)
        try sweep(store, at: start + 3 * day)
        #expect(!firstFileExists)
    }

    // MARK: The bytes

    /// - Parameter isBusy: the same round records a receipt in that day's file.
    @Test(arguments: [false, true], [RetentionPolicy.Days(bodies: 1), RetentionPolicy.Days(records: 2)])
    func theFileHoldsNoTraceOfABody(isBusy: Bool, days: RetentionPolicy.Days) throws {
        let marker = "the-marker-of-a-body"
        do {
            let store = try store { policy in
                policy.standard = days
                policy.tenants[.second] = RetentionPolicy.Days()
            }
            let late = try store.accept(TestMessage { $0.tenant = .second }, .sent, now: start)
            for round in 0..<30 {
                let messages = (0..<20).map { number in
                    TestMessage { $0.body = marker + String(repeating: "x", count: (round * 20 + number) * 13 % 6000) }
                }
                let ids = try store.accept(messages, now: start).map(\.id)
                try store.record(ids.map { (Fate.failed.lifecycle($0, at: start), .queued, true) })
            }
            try store.checkpoint(isIdle: true)
            let time = start + 3 * day
            if isBusy {
                try store.transaction { () throws(StoreError) in
                    guard var stored = try store.lifecycle(of: late) else { return }
                    _ = stored.lifecycle.receiptReceived(attempt: 1, .delivered, at: time)
                    _ = try store.record(stored, previous: .sent, isFirst: false)
                    _ = try store.applyRetention(now: time)
                }
            }
            try sweep(store, at: time)
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path + "-wal"))
        #expect(try fixture.directory.read(SQLiteFixture.name).range(of: Data(marker.utf8)) == nil)
        try check()
    }
}
