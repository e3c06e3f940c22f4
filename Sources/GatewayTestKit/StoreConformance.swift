package import SMSModel
package import Storage

/// Where a store under test comes from.
package protocol StoreFixture {
    /// Opens the store over the same data at each call. The one opened before is not used any more.
    func open(now: Int64) throws -> any MessageStore
}

/// What every store has to hold to. Each case gets a fixture of its own:
///
///     @Test(arguments: StoreConformance.cases)
///     func conforms(_ test: StoreConformance.Case) throws { try test.run(MyFixture()) }
package enum StoreConformance {
    package struct Case: Sendable, CustomStringConvertible {
        package let description: String
        package let run: @Sendable (any StoreFixture) throws -> Void

        init(_ description: String, _ run: @escaping @Sendable (any StoreFixture) throws -> Void) {
            self.description = description
            self.run = run
        }
    }

    package static let cases: [Case] =
        acceptance + keys + batches + lifecycles + recovery + days + quotas + administration + carriers

    static let start: Int64 = 1_800_000_000_000
    static let window = Limits.idempotencyWindowMilliseconds

    // MARK: Acceptance

    private static let acceptance = [
        Case("an accepted message is read back as it came") { fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage {
                $0.body = "grüß 👋"
                $0.priority = .urgent
                $0.onUnknown = .resend
                $0.sendAt = start + 5000
                $0.expiresAt = start + 9000
                $0.tenant = .second
                $0.generation = .max
                $0.reference = "Bestellung 7"
                $0.requestID = "order 7, größer"
                $0.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            }
            let result = try store.accept([message], now: start)[0]
            try requireEqual(result.kind, .accepted, "kind")
            try requireEqual(result.state, .scheduled, "state")
            var arena = MessageDrafts()
            _ = arena.append(UnsafeRawBufferPointer(start: nil, count: 0))
            guard let loaded = try store.load(result.id, into: &arena) else {
                throw ConformanceFailure(description: "the message is not there")
            }
            try requireEqual(arena.text(loaded.draft.body), message.body, "body")
            try requireEqual(arena.text(loaded.draft.recipient), message.to, "recipient")
            try requireEqual(arena.text(loaded.draft.sender), message.sender, "sender")
            try requireEqual(arena.text(loaded.draft.reference), message.reference, "reference")
            try requireEqual(loaded.draft.priority, .urgent, "priority")
            try requireEqual(loaded.draft.onUnknown, .resend, "on unknown")
            try requireEqual(loaded.draft.sendAt, message.sendAt, "send time")
            try requireEqual(loaded.draft.expiresAt, message.expiresAt, "expiry")
            try requireEqual(loaded.draft.tenant, .second, "tenant")
            try requireEqual(loaded.draft.generation, .max, "generation")
            let trace = arena.trace(of: loaded.draft)
            try requireEqual(trace.requestID, message.requestID, "request id")
            try requireEqual(trace.context?.traceparent, message.traceparent, "traceparent")
            try requireEqual(loaded.batch, nil, "batch")
            try require(try store.lifecycle(of: result.id) == nil, "a message that only waits has no lifecycle")
            try require(try store.load(MessageID(rawValue: 77), into: &arena) == nil, "an unknown id gives nothing")
        },
        Case("ids rise strictly, over restarts and a clock that steps back") { fixture in
            var last = MessageID(rawValue: 0)
            for step in [Int64(0), 1, -50_000, 2, -59_000] {
                let store = try fixture.open(now: start + step)
                _ = try store.recovered(now: start + step)
                let results = try store.accept(Array(repeating: TestMessage(), count: 5000), now: start + step)
                for result in results {
                    try require(result.id > last, "\(result.id) after \(last)")
                    last = result.id
                }
            }
        },
        Case("a rolled back acceptance leaves nothing") { fixture in
            let store = try fixture.open(now: start)
            try store.begin()
            var results: [AcceptResult] = []
            try store.accept(
                MessageDrafts([TestMessage { $0.key = "k" }]), 0..<1, chunk: nil, now: start, results: &results)
            store.rollback()
            var arena = MessageDrafts()
            try require(try store.load(results[0].id, into: &arena) == nil, "the message is still there")
            let again = try store.accept([TestMessage { $0.key = "k" }], now: start)[0]
            try requireEqual(again.kind, .accepted, "the key is still taken")
            let third = try store.accept([TestMessage { $0.key = "k" }], now: start)[0]
            try requireEqual(third, AcceptResult(kind: .duplicate, state: .queued, id: again.id), "third")
        },
        Case("a send time that has passed is one of a repeat, or of nothing") { fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage {
                $0.key = "k"
                $0.sendAt = start + 1000
            }
            let first = try store.accept([message], now: start)[0]
            let after = start + 1000 + Limits.sendAtPastMilliseconds
            let other = TestMessage { $0.sendAt = start + 1000 }
            let inTime = try store.accept([other], now: after)[0]
            try requireEqual(inTime.kind, .accepted, "just in time")
            let results = try store.accept([message, other], now: after + 1)
            try requireEqual(results.map(\.kind), [.duplicate, .late], "after that")
            try requireEqual(results.map(\.id), [first.id, MessageID(rawValue: 0)], "ids")
        },
    ]

    // MARK: Idempotency keys

    private static let keys = [
        Case("a key gives the same message, another content is refused, another tenant is apart") { fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage { $0.key = "order-1" }
            let first = try store.accept([message], now: start)[0]
            let again = try store.accept([message], now: start + 1)[0]
            try requireEqual(again, AcceptResult(kind: .duplicate, state: .queued, id: first.id), "again")
            let other = try store.accept(
                [
                    TestMessage {
                        $0.key = "order-1"
                        $0.body = "other"
                    }
                ], now: start + 2)[0]
            try requireEqual(other.kind, .conflict, "another content")
            let apart = try store.accept(
                [
                    TestMessage {
                        $0.key = "order-1"
                        $0.tenant = .second
                    }
                ], now: start + 3)[0]
            try requireEqual(apart.kind, .accepted, "another tenant")
            let keyless = try store.accept([TestMessage(), TestMessage()], now: start + 4)
            try requireEqual(keyless.map(\.kind), [.accepted, .accepted], "without a key")
        },
        Case("a key twice in one burst makes one message") { fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage { $0.key = "twice" }
            let results = try store.accept(
                [
                    message, message,
                    TestMessage {
                        $0.key = "twice"
                        $0.body = "x"
                    },
                ], now: start)
            try requireEqual(results.map(\.kind), [.accepted, .duplicate, .conflict], "kinds")
            try requireEqual(results[1].id, results[0].id, "id")
        },
        Case("a duplicate tells the message's present state") { fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage { $0.key = "k" }
            let id = try store.accept([message], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.canceled(at: start + 1)
            try store.record([(lifecycle, .queued, true)])
            let again = try store.accept([message], now: start + 2)[0]
            try requireEqual(again, AcceptResult(kind: .duplicate, state: .canceled, id: id), "again")
        },
        Case("a key is remembered for its window, to the millisecond") { fixture in
            for isRestarted in [false, true] {
                let message = TestMessage { $0.key = "edge \(isRestarted)" }
                let base = isRestarted ? start + 10 * window : start
                var store = try fixture.open(now: base)
                _ = try store.recovered(now: base)
                let first = try store.accept([message], now: base + 10_000)[0]
                let at = Int64(first.id.milliseconds)
                if isRestarted {
                    store = try fixture.open(now: at + window)
                    _ = try store.recovered(now: at + window)
                }
                try requireEqual(try store.accept([message], now: at + window)[0].id, first.id, "at the window's end")
                let later = try store.accept([message], now: at + window + 1)[0]
                try requireEqual(later.kind, .accepted, "past the window")
                try requireEqual(try store.accept([message], now: at + window + 2)[0].id, later.id, "the new one holds")
            }
        },
        Case("keys survive a restart, whatever their messages' states") { fixture in
            var store = try fixture.open(now: start)
            var ids: [MessageID] = []
            for number in 0..<300 {
                ids.append(try store.accept([TestMessage { $0.key = "k\(number)" }], now: start + Int64(number))[0].id)
            }
            for id in ids.prefix(100) {
                var lifecycle = MessageLifecycle(id: id, waiting: .queued)
                _ = lifecycle.canceled(at: start + 1)
                try store.record([(lifecycle, .queued, true)])
            }
            try store.transaction { () throws(StoreError) in try store.setRecoveryStart(ids[200]) }
            store = try fixture.open(now: start + 1000)
            _ = try store.recovered(now: start + 1000)
            for (number, id) in ids.enumerated() {
                let again = try store.accept([TestMessage { $0.key = "k\(number)" }], now: start + 1000)[0]
                try requireEqual(again.id, id, "key \(number)")
                try requireEqual(again.kind, .duplicate, "key \(number)")
            }
        },
    ]
}

// MARK: Steps that cases are made of

extension MessageStore {
    /// Begins, does, commits; rolls back if that throws.
    package func transaction<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
        try begin()
        do throws(StoreError) {
            let value = try body()
            try commit()
            return value
        } catch {
            rollback()
            throw error
        }
    }

    package func accept(_ messages: [TestMessage], now: Int64) throws(StoreError) -> [AcceptResult] {
        try transaction { () throws(StoreError) in
            var results: [AcceptResult] = []
            try accept(MessageDrafts(messages), 0..<messages.count, chunk: nil, now: now, results: &results)
            return results
        }
    }

    /// Accepts a chunk of a batch: a message for each index.
    package func accept(
        chunk indices: [UInt64], of name: String, tenant: TenantID = .first, now: Int64,
        _ message: (UInt64) -> TestMessage
    ) throws(StoreError) -> (batch: BatchID, results: [AcceptResult]) {
        try transaction { () throws(StoreError) in
            let batch = try openBatch(tenant: tenant, name: name, now: now)
            var results: [AcceptResult] = []
            let drafts = MessageDrafts(indices.map(message))
            try accept(
                drafts, 0..<indices.count, chunk: BatchChunk(tenant: tenant, batch: batch.id, indices: indices),
                now: now,
                results: &results)
            return (batch.id, results)
        }
    }

    package func record(
        _ steps: [(lifecycle: MessageLifecycle, previous: MessageLifecycle.AccountedState, isFirst: Bool)],
        tenant: TenantID = .first,
        batch: BatchID? = nil
    ) throws(StoreError) {
        try transaction { () throws(StoreError) in
            for step in steps {
                try record(
                    StoredLifecycle(lifecycle: step.lifecycle, tenant: tenant, batch: batch),
                    previous: step.previous,
                    isFirst: step.isFirst)
            }
        }
    }

    package func recovered(now: Int64) throws(StoreError) -> [RecoveredMessage] {
        var found: [RecoveredMessage] = []
        var cursor: MessageID?
        repeat {
            cursor = try recover(from: cursor, limit: 7, now: now) { found.append($0) }
        } while cursor != nil
        return found
    }
}
