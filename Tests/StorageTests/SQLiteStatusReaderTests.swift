internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@Suite struct SQLiteStatusReaderTests {
    private let fixture = SQLiteFixture()

    @Test func aMessageExplainsItself() throws {
        let store = try fixture.openSQLite()
        let number = try store.transaction { () throws(StoreError) in
            try store.providerIndex(name: "sandbox", kind: "sandbox")
        }
        let message = TestMessage {
            $0.to = "+447400123456"
            $0.sender = "Shop"
            $0.body = "Привет 👋"
            $0.reference = "order 7"
            $0.tags = ["a", "", "größer"]
            $0.priority = .urgent
            $0.expiresAt = start + 60_000
            $0.generation = 7
        }
        let id = try store.accept([message], now: start)[0].id
        let reader = try fixture.reader()
        func status(at now: Int64) throws -> MessageStatus {
            try #require(try reader.status(of: id, tenant: .first, now: now, timeline: true))
        }
        var found = try status(at: start)
        #expect(found.state == .queued)
        #expect(!found.settled)
        #expect(found.to == message.to)
        #expect(found.sender == "Shop")
        #expect(found.reference == "order 7")
        #expect(found.tags == ["a", "", "größer"])
        #expect(found.priority == .urgent)
        #expect(found.attempts == 0)
        #expect(found.provider == "")
        #expect(found.batch == nil)
        #expect(found.acceptedAt == start)
        #expect(found.sendAt == 0)
        #expect(found.expiresAt == start + 60_000)
        #expect(found.error == nil)
        #expect(found.generation == 7)
        #expect(found.timeline.map(\.event) == [.accepted, .queued])

        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: start + 1, provider: number, reason: "only provider")
        _ = lifecycle.answered(
            attempt: 1, .unavailable(code: "DOWN"), at: start + 5, provider: number, onUnknown: .hold)
        try store.record([(lifecycle, .queued, true)])
        found = try status(at: start + 6)
        #expect(found.state == .queued)
        #expect(found.attempts == 1)
        #expect(found.error?.code == "DOWN")

        _ = lifecycle.claimed(at: start + 1000, provider: number, reason: "only provider")
        _ = lifecycle.answered(
            attempt: 2, .accepted(providerID: "p-1", receipts: true), at: start + 1005, provider: number,
            onUnknown: .hold)
        try store.record([(lifecycle, .queued, false)])
        let deadline = start + 1005 + Limits.receiptDeadlineMilliseconds
        found = try status(at: deadline - 1)
        #expect(found.state == .sent)
        #expect(found.provider == "sandbox")
        #expect(found.providerID == "p-1")
        #expect(found.error == nil)
        #expect(!found.settled)
        #expect(!found.receiptOverdue)
        found = try status(at: deadline)
        #expect(found.settled)
        #expect(found.receiptOverdue)
        #expect(found.timeline.last == TimelineEvent(at: deadline, event: .receiptOverdue, state: .sent))

        _ = lifecycle.receiptReceived(attempt: 2, .delivered, at: deadline + 7)
        try store.record([(lifecycle, .sent, false)])
        found = try status(at: deadline + 8)
        #expect(found.state == .delivered)
        #expect(found.settled)
        #expect(!found.receiptOverdue)
        #expect(
            found.timeline == [
                TimelineEvent(at: start, event: .accepted, state: .accepted),
                TimelineEvent(at: start, event: .queued, state: .queued),
                TimelineEvent(
                    at: start + 1, event: .submitting, state: .submitting, attempt: 1, provider: "sandbox",
                    detail: "only provider"),
                TimelineEvent(
                    at: start + 5, event: .unavailable, state: .queued, attempt: 1, provider: "sandbox", detail: "DOWN"),
                TimelineEvent(
                    at: start + 1000, event: .submitting, state: .submitting, attempt: 2, provider: "sandbox",
                    detail: "only provider"),
                TimelineEvent(
                    at: start + 1005, event: .sent, state: .sent, attempt: 2, provider: "sandbox", detail: "p-1"),
                TimelineEvent(at: deadline + 7, event: .delivered, state: .delivered, attempt: 2, provider: "sandbox"),
            ])
        #expect(try reader.status(of: id, tenant: .first, now: start, timeline: false)?.timeline.isEmpty == true)
    }

    @Test func failuresHaveACodeAndWords() throws {
        let store = try fixture.openSQLite()
        func failure(_ outcome: Outcome) throws -> MessageFailure? {
            let id = try store.accept([TestMessage()], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 0, reason: "")
            _ = lifecycle.answered(attempt: 1, outcome, at: start, provider: 0, onUnknown: .hold)
            try store.record([(lifecycle, .queued, true)])
            let reader = try fixture.reader()
            return try reader.status(of: id, tenant: .first, now: start, timeline: false)?.error
        }
        #expect(
            try failure(.rejected(.recipient, code: "21211", message: "no such number: really"))
                == MessageFailure(code: "21211", message: "no such number: really"))
        #expect(try failure(.unknown(code: "TIMEOUT"))?.code == "TIMEOUT")
        #expect(try failure(.throttled(retryAfterMilliseconds: nil))?.code == "THROTTLED")
        for scope in [ThrottleScope.account, .sender] {
            #expect(
                try failure(.throttled(retryAfterMilliseconds: nil, scope: scope))
                    == MessageFailure(code: "THROTTLED", message: scope.text))
        }
        #expect(try failure(.unavailable(code: "DOWN"))?.code == "DOWN")
        #expect(try failure(.accepted(providerID: "p", receipts: true)) == nil)
    }

    @Test func aTenantSeesItsOwnOnly() throws {
        let store = try fixture.openSQLite()
        let id = try store.accept([TestMessage { $0.tenant = .second }], now: start)[0].id
        let (batch, _) = try store.accept(chunk: [0, 1], of: "b", tenant: .second, now: start) { _ in
            TestMessage { $0.tenant = .second }
        }
        let reader = try fixture.reader()
        #expect(try reader.status(of: id, tenant: .first, now: start, timeline: true) == nil)
        #expect(try reader.status(of: id, tenant: .second, now: start, timeline: true) != nil)
        #expect(try reader.status(of: MessageID(rawValue: 5), tenant: .second, now: start, timeline: true) == nil)
        #expect(try reader.batch(tenant: .first, .name("b"), now: start) == nil)
        #expect(try reader.batch(tenant: .first, .id(batch), now: start) == nil)
        #expect(try reader.states(tenant: .first).isEmpty)
        #expect(try reader.states(tenant: .second) == [StateCount(state: .queued, count: 3)])
    }

    @Test func aScheduledMessageIsQueuedOnceItsTimeHasCome() throws {
        let store = try fixture.openSQLite()
        let id = try store.accept([TestMessage { $0.sendAt = start + 100 }], now: start)[0].id
        let reader = try fixture.reader()
        func state(at now: Int64) throws -> MessageState? {
            try reader.status(of: id, tenant: .first, now: now, timeline: false)?.state
        }
        #expect(try state(at: start + 99) == .scheduled)
        #expect(try state(at: start + 100) == .queued)
    }

    /// They are settled at once, none is overdue, and that is so after a restart and once some rows are gone.
    @Test func aBatchCountsWhatNoReceiptIsExpectedOf() throws {
        var store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in _ = try store.providerIndex(name: "one", kind: "test") }
        let (batch, results) = try store.accept(chunk: Array(0..<4), of: "b", now: start) { _ in TestMessage() }
        var lives: [MessageLifecycle] = []
        for (number, result) in results.enumerated() {
            var lifecycle = MessageLifecycle(id: result.id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            _ = lifecycle.answered(
                attempt: 1, .accepted(providerID: "p\(number)", receipts: number == 3), at: start + 1, provider: 1,
                onUnknown: .hold)
            lives.append(lifecycle)
        }
        try store.record(lives.map { ($0, .queued, true) }, batch: batch)
        func settled(at now: Int64) throws -> UInt64? {
            try fixture.reader().batch(tenant: .first, .name("b"), now: now)?.settled
        }
        #expect(try settled(at: start + 1) == 3)
        store = try fixture.openSQLite()
        #expect(try settled(at: start + 1) == 3)
        let status = try fixture.reader().status(of: results[0].id, tenant: .first, now: .max / 2, timeline: true)
        #expect(status?.settled == true && status?.receiptOverdue == false)
        #expect(status?.timeline.contains { $0.event == .receiptOverdue } == false)

        // A receipt that comes all the same applies, and is counted once.
        let before = lives[0].accountedState
        _ = lives[0].receiptReceived(attempt: 1, .delivered, at: start + 2)
        try store.record([(lives[0], before, false)], batch: batch)
        #expect(try settled(at: start + 2) == 3)
        #expect(try settled(at: start + 1 + Limits.receiptDeadlineMilliseconds) == 4)
        #expect(try SQLiteVerification.run(fixture.directory.path).faults == [])
    }

    @Test func aBatchCountsItsMessagesAndWhatIsOverdue() throws {
        let store = try fixture.openSQLite()
        let (batch, results) = try store.accept(chunk: Array(0..<6), of: "b", now: start) { _ in TestMessage() }
        _ = try store.accept([TestMessage()], now: start)
        let (_, more) = try store.accept(chunk: Array(6..<8), of: "b", now: start + 5) { _ in TestMessage() }
        var steps: [(lifecycle: MessageLifecycle, previous: MessageLifecycle.AccountedState, isFirst: Bool)] = []
        for (number, result) in (results + more).enumerated() where number > 0 {
            var lifecycle = MessageLifecycle(id: result.id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            let outcome: Outcome = number == 1 ? .unknown(code: "x") : .accepted(providerID: "p", receipts: true)
            _ = lifecycle.answered(
                attempt: 1, outcome, at: start + Int64(number), provider: 1, onUnknown: .hold)
            if number == 3 { _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: start + 9) }
            steps.append((lifecycle, .queued, true))
        }
        try store.record(steps, batch: batch)
        try store.transaction { () throws(StoreError) in
            try store.setPaused(.batch(batch), true)
            try store.cancelBatch(batch)
        }
        let reader = try fixture.reader()
        let deadline = start + Limits.receiptDeadlineMilliseconds
        for (now, settled) in [(start + 10, 1), (deadline, 1), (deadline + 2, 3), (deadline + 6, 6), (deadline + 7, 7)]
        {
            let status = try #require(try reader.batch(tenant: .first, .name("b"), now: now))
            #expect(status.messages == 8)
            #expect(status.settled == UInt64(settled), "at \(now - deadline)")
            #expect(status.paused)
            #expect(status.canceled)
            #expect(status.createdAt == start)
            #expect(
                Set(status.states) == [
                    StateCount(state: .queued, count: 1), StateCount(state: .unknown, count: 1),
                    StateCount(state: .delivered, count: 1), StateCount(state: .sent, count: 5),
                ])
        }
    }
}
