internal import GatewayTestKit
internal import Providers
internal import SMSModel
internal import Testing

@testable internal import Engine
@testable internal import Storage

private let day: Int64 = 86_400_000

/// A start over more than is taken up before it: the rest is, while the gateway works.
@Suite struct RecoveryTests {
    /// What the gateway that ended has left, by rising ids.
    private struct Left {
        let directory = TemporaryDirectory()
        /// Taken up before the first round.
        var early: [MessageID] = []
        var earlyBatch: [MessageID] = []
        var earlyInterrupted: [MessageID] = []
        /// Due in days, some early and some not.
        var later: [MessageID] = []
        var normal: [MessageID] = []
        var urgent: [MessageID] = []
        var batch: [MessageID] = []
        var interrupted: [MessageID] = []
        var resent: [MessageID] = []

        init() throws {
            var store = try SQLiteMessageStore(directory: directory.path, now: start) { _ in }
            try store.transaction { () throws(StoreError) in
                _ = try store.providerIndex(name: "scripted", kind: "scripted")
            }
            func accept(_ count: Int, _ change: (inout TestMessage) -> Void = { _ in }) throws -> [MessageID] {
                try store.accept(Array(repeating: TestMessage(change), count: count), now: start).map(\.id)
            }
            func claim(_ ids: [MessageID]) throws {
                try store.record(
                    ids.map { id in
                        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
                        _ = lifecycle.claimed(at: start, provider: 1, reason: "only provider")
                        return (lifecycle, .queued, true)
                    })
            }
            early = try accept(20)
            earlyBatch = try store.accept(chunk: Array(0..<10), of: "early", now: start) { _ in TestMessage() }
                .results.map(\.id)
            earlyInterrupted = try accept(3)
            later = try accept(100) { $0.sendAt = start + 10 * day }
            try claim(earlyInterrupted)
            // More that are canceled than are taken up at once, so that what comes after them is not taken up at the start.
            try SQLiteConnection(path: directory.file(Self.name), mode: .readWrite).execute(Self.canceled(28 * 2048))
            store = try SQLiteMessageStore(directory: directory.path, now: start) { _ in }
            later += try accept(100) { $0.sendAt = start + 10 * day }
            normal = try accept(30)
            batch = try store.accept(chunk: Array(0..<10), of: "b", now: start) { _ in TestMessage() }.results.map(\.id)
            interrupted = try accept(3)
            resent = try accept(2) { $0.onUnknown = .resend }
            urgent = try accept(10) { $0.priority = .urgent }
            try claim(interrupted + resent)
            try store.checkpoint(isIdle: true)
        }

        static let name = "days/\(Day(containing: start)).db"

        /// Messages that follow the newest.
        private static func canceled(_ count: Int) -> String {
            """
            BEGIN;
            CREATE TEMP TABLE filler AS
                WITH RECURSIVE place(ordinal, number) AS (
                    SELECT (max(id) >> 21 << 12) + (max(id) & 4095), 0 FROM message
                    UNION ALL SELECT ordinal + 1, number + 1 FROM place WHERE number < \(count))
                SELECT (ordinal >> 12 << 21) + (ordinal & 4095) AS id FROM place WHERE number > 0;
            INSERT INTO message SELECT f.id, 1, NULL, priority, on_unknown, encoding, segments, send_at, expires_at,
                recipient, sender, body, NULL, NULL, NULL, NULL, fingerprint, 0, 0, NULL
                FROM filler f, (SELECT * FROM message ORDER BY id LIMIT 1);
            INSERT INTO state SELECT id, 1, NULL, 11, 0, X'0E0B00000000' FROM filler;
            INSERT INTO tally VALUES (-1, 11, \(count));
            COMMIT
            """
        }

        static let shared = Result { try Left() }
    }

    private let left: Left
    private let driver: WriterDriver

    init() throws {
        left = try Left.shared.get()
        driver = try WriterDriver(over: left.directory)
        #expect(driver.report.isTakingUp)
    }

    /// Rounds until all is known; nothing is handed over before.
    private func finish() {
        var rounds = 0
        while driver.report.isTakingUp {
            guard driver.seen.isEmpty, driver.wait == 0, rounds < 1000 else {
                Issue.record("round \(rounds): \(driver.seen.count) are handed over, it waits \(driver.wait ?? -1) ms")
                return
            }
            driver.turn()
            rounds += 1
        }
    }

    /// Runs until nothing is to be done at this moment.
    private func runAll() {
        finish()
        driver.run()
    }

    private func events(_ ids: [MessageID]) throws -> Set<[EventKind]> { Set(try ids.map(driver.events(of:))) }

    // MARK: Order

    @Test func whatComesMeanwhileIsAcceptedAtOnceAndTakesItsTurn() throws {
        let normal = driver.submit([TestMessage(), TestMessage()])
        driver.turn()
        #expect(normal.value?.results.map(\.kind) == [.accepted, .accepted])
        #expect(driver.report.isTakingUp)
        let urgent = driver.submit([TestMessage { $0.priority = .urgent }], index: .urgent)
        driver.turn()
        #expect(urgent.value != nil)
        let scheduled = driver.submit([TestMessage { $0.sendAt = start + 5000 }])
        let bulk = driver.bulk([20, 21], of: "b") { _ in TestMessage() }
        driver.turn()
        #expect(scheduled.value != nil)
        #expect(driver.seen == [])
        finish()
        driver.run()
        func ids(_ answer: Answer<AcceptedBurst>) throws -> [MessageID] { try #require(answer.value).results.map(\.id) }
        let first = left.early + left.earlyBatch + left.normal + left.batch
        let urgents = left.urgent + (try ids(urgent))
        let own = try ids(normal) + ids(bulk)
        let seen = driver.seen
        #expect(Array(seen.prefix(urgents.count)) == urgents, "urgent first, by age")
        let others = seen.dropFirst(urgents.count).filter { !left.resent.contains($0) }
        #expect(others == first + own, "then by age, what came meanwhile last")
        #expect(Set(seen).count == seen.count)
        #expect(driver.report.waitingLater == UInt64(left.later.count) + 1 + UInt64(left.resent.count))
        driver.advance(5000)
        #expect(driver.seen.contains(try ids(scheduled)[0]))
        #expect(Set(driver.seen).isSuperset(of: left.resent))
        try driver.check()
    }

    @Test func whatWasInterruptedIsSettledOnce() throws {
        runAll()
        #expect(try events(left.earlyInterrupted + left.interrupted) == [[.submitting, .interrupted]])
        for id in left.interrupted { #expect(try driver.state(of: id) == .unknown) }
        driver.advance(5000)
        #expect(try events(left.resent) == [[.submitting, .interrupted, .submitting]])
        #expect(driver.seen.filter { left.interrupted.contains($0) } == [])
        try driver.check()
    }

    // MARK: What is asked meanwhile

    @Test func whatIsCanceledMeanwhileIsNotSent() throws {
        let ids = [left.early[3], left.later[50], left.later.last!, left.normal[5], left.urgent[2]]
        let answer = driver.cancel(ids + [left.interrupted[0]])
        driver.turn()
        #expect(driver.report.isTakingUp)
        #expect(answer.value?.map(\.isCanceled) == [true, true, true, true, true, false])
        #expect(answer.value?.last?.state == .submitting)
        runAll()
        for id in ids { #expect(try driver.events(of: id) == [.canceled]) }
        #expect(driver.seen.filter { ids.contains($0) } == [])
        try driver.check()
    }

    @Test func batchesCanceledMeanwhileAreNotSent() throws {
        let first = driver.cancelBatch("early")
        let second = driver.cancelBatch("b")
        driver.turn()
        driver.turn()
        #expect(driver.report.isTakingUp)
        #expect(first.value == BatchCancelCount(canceled: 10, tooLate: 0))
        #expect(second.value == BatchCancelCount(canceled: 10, tooLate: 0))
        let refused = driver.bulk([30], of: "b")
        runAll()
        #expect(refused.error?.code == .failedPrecondition)
        #expect(try events(left.earlyBatch + left.batch) == [[.canceled]])
        #expect(driver.seen.filter { (left.batch + left.earlyBatch).contains($0) } == [])
        #expect(Set(driver.seen).isSuperset(of: left.early + left.normal + left.urgent))
        try driver.check()
    }

    @Test func pausesMeanwhileHold() throws {
        driver.pause(.batch(.name("b")))
        driver.turn()
        runAll()
        #expect(driver.seen.filter { left.batch.contains($0) } == [])
        driver.pause(.batch(.name("b")), false)
        driver.run()
        #expect(driver.seen.suffix(left.batch.count) == left.batch[...])
        try driver.check()
    }

    /// A receipt may come before it is known that its message was interrupted.
    @Test func receiptsMeanwhileSettleWhatWasInterrupted() throws {
        driver.report(
            (left.earlyInterrupted + left.interrupted).map { Receipt(id: $0, attempt: 1, status: .delivered) })
        driver.report([Receipt(id: left.resent[0], attempt: 1, status: .delivered)])
        runAll()
        #expect(
            try events(left.earlyInterrupted + left.interrupted) == [[.submitting, .interrupted, .delivered]])
        #expect(try driver.state(of: left.resent[0]) == .delivered)
        driver.advance(5000)
        #expect(!driver.seen.contains(left.resent[0]), "it was delivered")
        #expect(driver.seen.contains(left.resent[1]))
        try driver.check()
    }

    // MARK: When it goes wrong

    @Test(arguments: FailingStore.Point.clean)
    func aRoundThatFailsMeanwhileIsMadeUpFor(_ point: FailingStore.Point) throws {
        let canceled = driver.cancel([left.normal[0]])
        driver.turn()
        #expect(canceled.value?.map(\.isCanceled) == [true])
        driver.turn()
        #expect(driver.report.isTakingUp)
        driver.store.failsAt = point
        let refused = driver.submit([TestMessage { $0.key = "k" }])
        let cancel = driver.cancel([left.normal[1]])
        driver.turn()
        if point == .record { #expect(refused.error?.code == .unavailable) }
        #expect(cancel.error?.code == .unavailable)
        #expect(refused.error?.code == .unavailable)
        #expect(driver.report.trouble != nil)
        #expect(driver.wait == 1000)
        driver.store.failsAt = nil
        driver.now += 1000
        driver.turn()
        #expect(driver.report.trouble == nil)
        let again = driver.submit([TestMessage { $0.key = "k" }])
        runAll()
        #expect(again.value?.results.map(\.kind) == [.accepted])
        let others = driver.seen.filter { !left.resent.contains($0) }
        let expected = left.urgent + left.early + left.earlyBatch + left.normal.dropFirst() + left.batch
        #expect(others == expected + (try #require(again.value).results.map(\.id)))
        driver.advance(5000)
        #expect(try events(left.resent) == [[.submitting, .interrupted, .submitting]])
        #expect(try events(left.interrupted) == [[.submitting, .interrupted]])
        try driver.check()
    }

    /// Where it has got to is not where the next start may begin.
    @Test func aStopMeanwhileLosesNothing() throws {
        // So that nothing is in the queue yet: what was early is canceled.
        let driver = try WriterDriver(over: left.directory)
        let end = left.later[99]
        try SQLiteConnection(path: driver.directory.file(Left.name), mode: .readWrite).execute(
            """
            INSERT OR REPLACE INTO state SELECT id, tenant, batch, 11, 0, X'0E0B00000000' FROM message WHERE id <= \(end);
            DELETE FROM tally;
            INSERT INTO tally SELECT -m.tenant, coalesce(s.state, 3 - (m.send_at > 0)), count(*)
                FROM message m LEFT JOIN state s ON s.id = m.id GROUP BY 1, 2;
            INSERT INTO tally SELECT m.batch, coalesce(s.state, 3), count(*)
                FROM message m LEFT JOIN state s ON s.id = m.id WHERE m.batch IS NOT NULL GROUP BY 1, 2;
            DELETE FROM usage;
            INSERT INTO usage SELECT m.tenant, sum(m.segments), sum(m.reserve)
                FROM message m LEFT JOIN state s ON s.id = m.id WHERE s.state IS NOT 11 GROUP BY 1;
            """)
        try driver.restartQuietly()
        #expect(driver.report.isTakingUp)
        let accepted = driver.submit([TestMessage()])
        driver.turn()
        driver.turn()
        #expect(accepted.value != nil)
        #expect(driver.report.isTakingUp)
        driver.stop()
        try driver.restartQuietly()
        while driver.report.isTakingUp { driver.turn() }
        driver.run()
        let expected = left.urgent + left.normal + left.batch + (try #require(accepted.value).results.map(\.id))
        #expect(driver.seen.filter { !left.resent.contains($0) } == expected)
        try driver.check()
    }
}
