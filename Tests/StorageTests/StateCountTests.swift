internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

/// The counts by state are exact, whatever happens and however often it fails.
@Suite struct StateCountTests {
    @Test(arguments: 1...4)
    func randomRounds(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fixture = SQLiteFixture()
        var store = try fixture.openSQLite()
        var known: [MessageID: StoredLifecycle] = [:]
        var now = start
        for round in 0..<60 {
            now += Int64.random(in: 0...50, using: &generator)
            let before = try Tallies.stored(in: fixture.path)
            var changed = known
            try store.begin()
            try accept(store, round, now, &generator, &changed)
            for (id, stored) in known where generator.oneIn(3) {
                var stored = stored
                let isFirst = try store.lifecycle(of: id) == nil
                let previous = stored.lifecycle.accountedState
                step(&stored.lifecycle, now, &generator)
                guard stored.lifecycle.history.bytes.count > 0 else { continue }
                _ = try store.record(stored, previous: previous, isFirst: isFirst)
                changed[id] = stored
            }
            if generator.oneIn(4) {
                store.rollback()
                #expect(try Tallies.stored(in: fixture.path) == before)
            } else {
                try store.commit()
                known = changed
            }
            let stored = try Tallies.stored(in: fixture.path)
            let counted = try Tallies.counted(in: fixture.path)
            try #require(stored == counted)
            if generator.oneIn(10) { store = try fixture.openSQLite(now: now) }
        }
        let reader = try fixture.reader()
        let told = try reader.states(tenant: .first) + reader.states(tenant: .second)
        #expect(told.reduce(0) { $0 + $1.count } == UInt64(known.count))
    }

    @Test func verificationFindsACountThatIsOff() throws {
        let fixture = SQLiteFixture()
        _ = try fixture.openSQLite().accept(chunk: [0, 1, 2], of: "b", now: start) { _ in TestMessage() }
        #expect(try fixture.faults() == [])
        try fixture.tamper("UPDATE tally SET count = count + 1 WHERE scope > 0")
        #expect(try fixture.faults().count == 1)
        try fixture.tamper("UPDATE tally SET count = count - 1 WHERE scope > 0; DELETE FROM message WHERE id > 0")
        // The rows' charges are missing too.
        #expect(try fixture.faults().count == 3)
    }

    private func accept(
        _ store: SQLiteMessageStore, _ round: Int, _ now: Int64, _ generator: inout SeededGenerator,
        _ changed: inout [MessageID: StoredLifecycle]
    ) throws {
        let tenant: TenantID = generator.oneIn(3) ? .second : .first
        let messages = (0..<Int.random(in: 0...12, using: &generator)).map { number in
            TestMessage {
                $0.tenant = tenant
                $0.sendAt = number % 3 == 0 ? now + 1000 : 0
            }
        }
        guard !messages.isEmpty else { return }
        var chunk: BatchChunk?
        if generator.oneIn(2) {
            let batch = try store.openBatch(tenant: tenant, name: "b\(round / 5)", now: now)
            let first = UInt64.random(in: 0...40, using: &generator)
            chunk = BatchChunk(
                tenant: tenant, batch: batch.id, indices: (0..<UInt64(messages.count)).map { first + 2 * $0 })
        }
        var results: [AcceptResult] = []
        try store.accept(MessageDrafts(messages), 0..<messages.count, chunk: chunk, now: now, results: &results)
        for (message, result) in zip(messages, results) where result.kind == .accepted {
            let lifecycle = MessageLifecycle(id: result.id, waiting: message.sendAt > 0 ? .scheduled : .queued)
            changed[result.id] = StoredLifecycle(lifecycle: lifecycle, tenant: tenant, batch: chunk?.batch)
        }
    }

    private func step(_ lifecycle: inout MessageLifecycle, _ now: Int64, _ generator: inout SeededGenerator) {
        let attempt = lifecycle.attempts
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: _ = lifecycle.canceled(at: now)
        case 1: _ = lifecycle.expired(at: now)
        case 2: _ = lifecycle.receiptReceived(attempt: attempt, .delivered, at: now)
        case 3: _ = lifecycle.receiptReceived(attempt: attempt, .undelivered(code: "x"), at: now)
        case 4:
            _ = lifecycle.answered(attempt: attempt, .unavailable(code: "x"), at: now, provider: 1, onUnknown: .hold)
        case 5:
            let outcome = Outcome.accepted(providerID: "x", receipts: true)
            _ = lifecycle.answered(attempt: attempt, outcome, at: now, provider: 1, onUnknown: .hold)
        default: _ = lifecycle.claimed(at: now, provider: 1, reason: "")
        }
    }
}
