internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

private let hour: Int64 = 3_600_000
private let day: Int64 = 24 * hour

/// Copies, and what is made of them.
@Suite struct BackupTests {
    private let fixture = SQLiteFixture()
    private let scratch = TemporaryDirectory()

    private var backup: String { scratch.file("backup") }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func fails(_ part: String, _ body: () throws -> Void) {
        #expect("an error that says: \(part)") {
            try body()
        } throws: { error in
            (error as? StoreError)?.text.contains(part) == true
        }
    }

    private func make(at path: String? = nil, now: Int64 = start) throws {
        try SQLiteBackup.make(of: fixture.directory.path, at: path ?? backup, now: now)
    }

    /// A directory made of the backup.
    private func restored(now: Int64) throws -> (fixture: SQLiteFixture, messages: Int64, unsettled: Int) {
        let target = SQLiteFixture(isEmpty: true)
        let (messages, unsettled) = try SQLiteBackup.restore(backup, to: target.directory.path, now: now)
        return (target, messages, unsettled)
    }

    private func isNotServed(_ directory: String) {
        #expect {
            _ = try SQLiteMessageStore(directory: directory, now: start) { _ in }
        } throws: { error in
            guard case StoreError.notRestored(let text)? = error as? StoreError else { return false }
            return text.contains("apusd restore") && text.contains(directory)
        }
    }

    // MARK: Making one

    @Test func itHoldsWhatWasCommittedWhenItBegan() throws {
        let store = try fixture.openWithProvider()
        var ids: [MessageID] = []
        for number in 0..<4 {
            let now = start + Int64(number) * day
            let batch = try store.accept(chunk: [UInt64(number)], of: "b", now: now) { _ in
                TestMessage { $0.body = "\(number)" }
            }
            ids.append(batch.results[0].id)
            ids.append(try store.accept(TestMessage { $0.key = "k\(number)" }, .delivered, now: now))
        }
        // A round is half done.
        let now = start + 3 * day
        try store.begin()
        var results: [AcceptResult] = []
        try store.accept(
            MessageDrafts(Array(repeating: TestMessage(), count: 5000)), 0..<5000, chunk: nil, now: now,
            results: &results)
        var copied: [String] = []
        try SQLiteBackup.make(of: fixture.directory.path, at: backup, now: now) { path in
            copied.append(path)
            // Older days' files are copied one after the other; of the others and control.db it has one moment. The
            // gateway goes on while they are copied.
            guard copied.count >= 3 else { return }
            do throws(StoreError) {
                if copied.count == 3 { try store.commit() }
                _ = try store.accept(Array(repeating: TestMessage(), count: 100), now: now + 1)
                _ = try store.accept(chunk: [100], of: "later \(copied.count)", now: now) { _ in TestMessage() }
                try store.checkpoint(isIdle: true)
            } catch {
                Issue.record(error)
            }
        }
        #expect(copied.count == 5)
        #expect(copied.last == fixture.directory.file("control.db"))
        #expect(!exists(backup + ".partial"))
        let report = try SQLiteVerification.run(backup)
        #expect(report.faults == [])
        #expect(report.messages == ids.count)
        let reader = try SQLiteStatusReader(directory: backup)
        for id in ids { #expect(try reader.status(of: id, tenant: .first, now: now, timeline: false) != nil) }
        #expect(try reader.batch(tenant: .first, .name("later 3"), now: now) == nil)
        #expect(try fixture.faults() == [])
        #expect(try fixture.reader().states(tenant: .first).reduce(0) { $0 + $1.count } == UInt64(ids.count + 5303))
    }

    /// Tenants, generations, keys, opt-outs and the audit log too, as they were then.
    @Test func itHoldsWhatAdministrationMade() throws {
        let store = try fixture.openWithProvider()
        let context = AuditContext(actor: "apusd", peer: "", at: start, note: "before")
        let (kept, revoked) = try store.administer { (store) throws(StoreError) in
            let tenant = try store.tenantID(name: "shop", now: start)
            let change = ConfigurationChange(kind: "tenant", name: "shop", before: nil, after: "{\"weight\":2}")
            _ = try store.apply([change], by: context)
            let keys = ["kept", "revoked"].map {
                KeyRecord(id: $0, tenant: tenant, scopes: 7, salt: [1], hash: [2], note: $0, createdAt: start)
            }
            for key in keys { try store.insert(key) }
            _ = try store.suppress(SuppressionRecord(tenant: tenant, number: 14_155_550_100, at: start, reason: "STOP"))
            try store.append(AuditRecord(context: context, verb: "config.apply", subject: "1", after: "{}"))
            try store.setValue("master_key_check", [7, 7])
            return (keys[0], keys[1])
        }
        try make()
        try store.administer { (store) throws(StoreError) in
            _ = try store.revokeKey("revoked", at: start + 1)
            _ = try store.tenantID(name: "later", now: start + 1)
            _ = try store.unsuppress(14_155_550_100, tenant: .first) { _ in true }
        }
        let (target, _, _) = try restored(now: start + hour)
        let copy = try target.openSQLite(now: start + hour).administration
        #expect(try copy.tenants().map(\.name) == ["shop"])
        #expect(try copy.generation() == 1)
        #expect(
            try copy.configuration() == [
                ConfigurationObject(kind: "tenant", name: "shop", document: "{\"weight\":2}")
            ])
        // A key that was revoked since is good again: docs/durability.md tells so.
        #expect(try copy.keys() == [kept, revoked])
        var numbers: [UInt64] = []
        try copy.suppressions { numbers.append($0.number) }
        #expect(numbers == [14_155_550_100])
        #expect(try copy.audit(before: nil, limit: 9).map(\.context) == [context])
        #expect(try copy.value("master_key_check") == [7, 7])
        #expect(try target.faults() == [])
    }

    @Test func itNeedsNoLogAndNoWriter() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .sent, now: start)
        try make()
        let files = try FileManager.default.subpathsOfDirectory(atPath: backup)
        #expect(Set(files) == ["control.db", "days", "days/\(Day(containing: start)).db"])
    }

    @Test func itNeverReplacesAnything() throws {
        _ = try fixture.openWithProvider()
        try make()
        let before = try Data(contentsOf: URL(fileURLWithPath: backup + "/control.db"))
        fails("there already") { try make() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: backup + "/control.db")) == before)
        try scratch.write(Data("x".utf8), to: "file")
        fails("there already") { try make(at: scratch.file("file")) }
        #expect(try scratch.read("file") == Data("x".utf8))
    }

    @Test func aDirectoryWithoutDataIsRefused() throws {
        fails("control.db") {
            try SQLiteBackup.make(of: scratch.path, at: backup, now: start)
        }
        #expect(!exists(backup))
        #expect(!exists(backup + ".partial"))
    }

    @Test func halfABackupIsNone() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .sent, now: start)
        let partial = backup + ".partial"
        // Cut short before the last file was copied, and before it was said what it is.
        try make(at: partial)
        try FileManager.default.removeItem(atPath: partial + "/control.db")
        fails("is no backup") {
            _ = try SQLiteBackup.restore(partial, to: scratch.file("target"), now: start)
        }
        fails("control.db") { _ = try SQLiteVerification.run(partial) }
        // The next one clears it away.
        try make()
        #expect(!exists(partial))
        try FileManager.default.moveItem(atPath: backup, toPath: partial)
        try SQLiteConnection(path: partial + "/control.db", mode: .readWrite)
            .execute("DELETE FROM meta WHERE name = 'backed_up_at'")
        fails("is no backup") {
            _ = try SQLiteBackup.restore(partial, to: scratch.file("target"), now: start)
        }
        #expect(!exists(scratch.file("target/control.db")))
    }

    // MARK: Restoring

    @Test func aBackupIsNotServed() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .waits, now: start)
        try make()
        isNotServed(backup)
        isNotServed(backup)
    }

    @Test func whatWasNotSettledIsUnknownAndNothingWaits() throws {
        let store = try fixture.openWithProvider()
        var ids: [Fate: MessageID] = [:]
        for fate in Fate.allCases {
            ids[fate] = try store.accept(TestMessage { $0.onUnknown = .resend }, fate, now: start)
        }
        let scheduled = try store.accept(
            TestMessage {
                $0.sendAt = start + day
                $0.tenant = .second
            }, .waits, now: start)
        let (_, inBatch) = try store.accept(chunk: [7], of: "b", now: start + day) { _ in TestMessage() }
        var settled: [MessageID: MessageStatus] = [:]
        func status(_ fixture: SQLiteFixture, _ id: MessageID, _ tenant: TenantID = .first) throws -> MessageStatus? {
            try fixture.reader().status(of: id, tenant: tenant, now: start + 2 * day, timeline: true)
        }
        for fate in Fate.allCases where fate.isFinal { settled[ids[fate]!] = try status(fixture, ids[fate]!) }
        try make(now: start + day)

        let now = start + 2 * day
        let (target, messages, unsettled) = try restored(now: now)
        #expect(messages == 10)
        #expect(unsettled == 7)
        #expect(try target.faults() == [])
        for fate in Fate.allCases {
            let id = ids[fate]!
            if fate.isFinal {
                #expect(try status(target, id) == settled[id])
                continue
            }
            let found = try #require(try status(target, id))
            #expect(found.state == .unknown, "\(fate)")
            #expect(found.timeline.last?.event == .restored, "\(fate)")
            #expect(found.timeline.last?.at == now)
            #expect(found.error?.code == "RESTORED")
            #expect(!found.settled)
        }
        #expect(try status(target, scheduled, .second)?.state == .unknown)
        #expect(try status(target, inBatch[0].id)?.state == .unknown)
        let after = try target.openSQLite(now: now)
        #expect(try after.recovered(now: now).isEmpty)
        #expect(try after.unfinishedCancellations() == [])
        // A receipt that comes still settles it.
        var stored = try #require(try after.lifecycle(of: ids[.sent]!))
        _ = stored.lifecycle.receiptReceived(attempt: 1, .delivered, at: now)
        try after.record([(stored.lifecycle, .unknown, false)])
        #expect(try after.find(providerID: "p-\(ids[.sent]!)", provider: 1) == ids[.sent])
        stored = try #require(try after.lifecycle(of: ids[.unknown]!))
        #expect(stored.lifecycle.isSettled(at: now + Limits.receiptDeadlineMilliseconds))
        #expect(try target.faults() == [])
    }

    /// Its receipt is overdue: it is settled, and stays as it is.
    @Test func whatIsOverdueIsLeftAlone() throws {
        let store = try fixture.openWithProvider()
        let id = try store.accept(TestMessage(), .sent, now: start)
        try make()
        let edge = start + Limits.receiptDeadlineMilliseconds
        for (now, state) in [(edge - 1, MessageState.unknown), (edge, .sent)] {
            let (target, _, unsettled) = try restored(now: now)
            #expect(unsettled == (state == .sent ? 0 : 1))
            #expect(try target.reader().status(of: id, tenant: .first, now: now, timeline: false)?.state == state)
        }
    }

    @Test func idsGoOnAboveAllThatTheLostGatewayGave() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .sent, now: start)
        try make()
        let lost = try store.accept(Array(repeating: TestMessage(), count: 5000), now: start + 10 * hour).map(\.id)
        let now = start + 10 * hour + 5
        let (target, _, _) = try restored(now: now)
        // The clock that it is served by may be behind the one that it was restored by.
        for behind in [Int64(0), 50_000] {
            let next = try target.openSQLite(now: now - behind).accept([TestMessage()], now: now - behind)[0].id
            #expect(next > lost.last!)
            #expect(next.milliseconds >= UInt64(now))
        }
        // A clock that was set back since the backup does not lead to ids below it.
        let (other, _, _) = try restored(now: start - hour)
        #expect(try other.openSQLite(now: start).accept([TestMessage()], now: start - hour)[0].id.milliseconds >= start)
    }

    @Test func repeatsAreStillKnown() throws {
        let store = try fixture.openWithProvider()
        let message = TestMessage { $0.key = "k" }
        let id = try store.accept(message, .sent, now: start)
        let (batch, first) = try store.accept(chunk: [0, 1, 5], of: "b", now: start) { _ in TestMessage() }
        try store.transaction { () throws(StoreError) in try store.setPaused(.batch(batch), true) }
        try make()
        let now = start + hour
        let (target, _, _) = try restored(now: now)
        let after = try target.openSQLite(now: now)
        #expect(try after.accept([message], now: now) == [AcceptResult(kind: .duplicate, state: .unknown, id: id)])
        let (same, again) = try after.accept(chunk: [0, 1, 2, 5], of: "b", now: now) { _ in TestMessage() }
        #expect(same == batch)
        #expect(again.map(\.kind) == [.duplicate, .duplicate, .accepted, .duplicate])
        #expect([again[0].id, again[1].id, again[3].id] == first.map(\.id))
        #expect(try after.pausedTargets() == [.batch(batch)])
        #expect(
            try after.transaction { () throws(StoreError) in try after.providerIndex(name: "scripted", kind: "x") } == 1
        )
        #expect(try target.faults() == [])
    }

    @Test func nothingIsRestoredOverData() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage(), .sent, now: start)
        try make()
        let other = SQLiteFixture()
        let theirs = try other.openWithProvider().accept(TestMessage(), .delivered, now: start)
        fails("holds data") {
            _ = try SQLiteBackup.restore(backup, to: other.directory.path, now: start)
        }
        #expect(try other.openSQLite().body(of: theirs) == "hello")
        let first = TemporaryDirectory()
        try first.write(Data("old".utf8), to: "apus.db")
        fails("holds data") { _ = try SQLiteBackup.restore(backup, to: first.path, now: start) }
        #expect(try first.read("apus.db") == Data("old".utf8))
        fails("is no backup") {
            _ = try SQLiteBackup.restore(other.directory.path, to: scratch.file("new"), now: start)
        }
    }

    /// Between its first file and its last step the directory says that it is none to be served.
    @Test func aRestoreThatWasCutShortIsBegunAgain() throws {
        let store = try fixture.openWithProvider()
        for number in 0..<3 {
            let now = start + Int64(number) * day
            _ = try store.accept(Array(repeating: TestMessage { $0.body = "\(number)" }, count: 50), now: now)
        }
        try make(now: start + 2 * day)
        let target = SQLiteFixture()
        let days = try FileManager.default.contentsOfDirectory(atPath: backup + "/days").sorted()
        func copy(_ name: String, _ change: (inout Data) -> Void = { _ in }) throws {
            var data = try Data(contentsOf: URL(fileURLWithPath: backup + "/" + name))
            change(&data)
            try target.directory.write(data, to: name)
        }
        // One day whole, one in part, one not at all; something else that an earlier try has left.
        try copy("control.db")
        try copy("days/\(days[0])")
        try copy("days/\(days[1])") { $0.removeLast($0.count / 2) }
        try target.directory.write(Data("torn".utf8), to: "days/\(days[1])-wal")
        try target.directory.write(Data("torn".utf8), to: "days/2020-01-01.db")
        isNotServed(target.directory.path)

        let now = start + 3 * day
        let (messages, unsettled) = try SQLiteBackup.restore(backup, to: target.directory.path, now: now)
        #expect(messages == 150)
        #expect(unsettled == 150)
        let after = try target.openSQLite(now: now)
        #expect(after.catalog.days.count == 4, "the backup's, and today's")
        #expect(try after.recovered(now: now).isEmpty)
        #expect(try target.faults() == [])
        // It is data now.
        fails("holds data") { _ = try SQLiteBackup.restore(backup, to: target.directory.path, now: now) }
    }

    @Test func aBackupOfARestoredDirectoryIsOneToo() throws {
        let store = try fixture.openWithProvider()
        let id = try store.accept(TestMessage(), .claimed, now: start)
        try make()
        let (target, _, _) = try restored(now: start + hour)
        let second = scratch.file("second")
        try SQLiteBackup.make(of: target.directory.path, at: second, now: start + 2 * hour)
        #expect(try SQLiteVerification.run(second).faults == [])
        let last = TemporaryDirectory()
        _ = try SQLiteBackup.restore(second, to: last.path, now: start + 3 * hour)
        let status = try SQLiteStatusReader(directory: last.path).status(
            of: id, tenant: .first, now: start + 3 * hour, timeline: true)
        #expect(status?.timeline.map(\.event) == [.accepted, .queued, .submitting, .restored, .restored])
        #expect(try SQLiteVerification.run(last.path).faults == [])
    }
}
