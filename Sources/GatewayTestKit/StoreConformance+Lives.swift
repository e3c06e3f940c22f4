internal import SMSModel
internal import Storage

extension StoreConformance {
    // MARK: Batches

    static let batches = [
        Case("a chunk again gives the same messages; what is new in it is accepted") { fixture in
            var store = try fixture.open(now: start)
            let (batch, first) = try store.accept(chunk: Array(10..<20), of: "b", now: start, message)
            try requireEqual(first.map(\.kind), Array(repeating: .accepted, count: 10), "first")
            store = try fixture.open(now: start + 1)
            _ = try store.recovered(now: start + 1)
            let (same, again) = try store.accept(chunk: Array(10..<20), of: "b", now: start + 1, message)
            try requireEqual(same, batch, "the batch of the same name")
            try requireEqual(again.map(\.id), first.map(\.id), "ids")
            try requireEqual(again.map(\.kind), Array(repeating: .duplicate, count: 10), "kinds")
            let (_, wider) = try store.accept(chunk: Array(5..<25), of: "b", now: start + 2, message)
            try requireEqual(wider[5..<15].map(\.id), first.map(\.id), "the overlap's ids")
            try requireEqual(
                wider.map(\.kind),
                Array(repeating: .accepted, count: 5) + Array(repeating: .duplicate, count: 10)
                    + Array(repeating: .accepted, count: 5), "the overlap's kinds")
            try requireEqual(Set(wider.map(\.id)).count, 20, "different ids")
        },
        Case("indices with gaps: each index is one message, whichever chunk brings it") { fixture in
            let store = try fixture.open(now: start)
            let (_, odd) = try store.accept(chunk: [1, 2, 5, 9, 10, 4_000_000_000], of: "gaps", now: start, message)
            try requireEqual(odd.map(\.kind), Array(repeating: .accepted, count: 6), "odd")
            let (_, all) = try store.accept(chunk: Array(0...11), of: "gaps", now: start, message)
            let known: [UInt64: MessageID] = [1: odd[0].id, 2: odd[1].id, 5: odd[2].id, 9: odd[3].id, 10: odd[4].id]
            for (index, result) in all.enumerated() {
                if let id = known[UInt64(index)] {
                    try requireEqual(result, AcceptResult(kind: .duplicate, state: .queued, id: id), "index \(index)")
                } else {
                    try requireEqual(result.kind, .accepted, "index \(index)")
                }
            }
        },
        Case("another content at a taken index is refused, its neighbours are not") { fixture in
            let store = try fixture.open(now: start)
            let (_, first) = try store.accept(chunk: [0, 1, 2], of: "b", now: start, message)
            let (_, again) = try store.accept(chunk: [0, 1, 2, 3], of: "b", now: start) { index in
                index == 1 ? TestMessage { $0.body = "something else" } : message(index)
            }
            try requireEqual(again.map(\.kind), [.duplicate, .conflict, .duplicate, .accepted], "kinds")
            try requireEqual(again[0].id, first[0].id, "id")
        },
        Case("a rolled back chunk leaves neither messages nor the batch") { fixture in
            let store = try fixture.open(now: start)
            try store.begin()
            let batch = try store.openBatch(tenant: .first, name: "b", now: start)
            var results: [AcceptResult] = []
            try store.accept(
                MessageDrafts([message(0)]), 0..<1, chunk: BatchChunk(tenant: .first, batch: batch.id, indices: [0]),
                now: start, results: &results)
            store.rollback()
            try require(try store.batch(tenant: .first, .name("b")) == nil, "the batch is still there")
            let (_, again) = try store.accept(chunk: [0], of: "b", now: start, message)
            try requireEqual(again[0].kind, .accepted, "the index is still taken")
        },
        Case("batches are a tenant's own, found by name and by id, and listed in order") { fixture in
            let store = try fixture.open(now: start)
            let (batch, second) = try store.accept(chunk: Array(7..<12), of: "b", now: start, message)
            _ = try store.accept([TestMessage(), TestMessage()], now: start)
            let (_, first) = try store.accept(chunk: Array(0..<6), of: "b", now: start + 3, message)
            let (other, _) = try store.accept(chunk: [0], of: "b", tenant: .second, now: start) { _ in
                TestMessage { $0.tenant = .second }
            }
            try require(other != batch, "the same name of another tenant is another batch")
            try requireEqual(try store.batch(tenant: .first, .name("b"))?.id, batch, "by name")
            try requireEqual(try store.batch(tenant: .first, .id(batch))?.name, "b", "by id")
            try require(try store.batch(tenant: .second, .id(batch)) == nil, "another tenant's batch is seen")
            let ids = (first + second).map(\.id)
            for size in [1, 5, 6, 7, 11, 12, 100] {
                var listed: [MessageID] = []
                var index: UInt64? = 0
                while let from = index {
                    let page = try store.messages(of: batch, from: from, limit: size)
                    try require(page.ids.count <= size, "more than \(size)")
                    listed += page.ids
                    index = page.next
                }
                try requireEqual(listed, ids, "pages of \(size)")
            }
        },
        Case("a cancellation that was cut short is told until nothing of it waits") { fixture in
            var store = try fixture.open(now: start)
            let (batch, results) = try store.accept(chunk: [0, 1], of: "b", now: start, message)
            try requireEqual(try store.unfinishedCancellations(), [], "before")
            try store.transaction { () throws(StoreError) in try store.cancelBatch(batch) }
            for result in results {
                store = try fixture.open(now: start)
                try requireEqual(try store.unfinishedCancellations(), [batch], "cut short")
                try requireEqual(try store.batch(tenant: .first, .id(batch))?.canceled, true, "canceled")
                var lifecycle = MessageLifecycle(id: result.id, waiting: .queued)
                _ = lifecycle.canceled(at: start)
                try store.record([(lifecycle, .queued, true)], batch: batch)
            }
            try requireEqual(try store.unfinishedCancellations(), [], "after")
        },
    ]

    private static func message(_ index: UInt64) -> TestMessage {
        TestMessage { $0.body = "number \(index)" }
    }

    // MARK: Lifecycles

    static let lifecycles = [
        Case("a lifecycle is read back as it was recorded") { fixture in
            var store = try fixture.open(now: start)
            let id = try store.accept([TestMessage()], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            var previous = lifecycle.accountedState
            var isFirst = true
            func keep() throws {
                try store.record([(lifecycle, previous, isFirst)])
                (previous, isFirst) = (lifecycle.accountedState, false)
                try requireEqual(try store.lifecycle(of: id)?.lifecycle, lifecycle, "read back")
                try requireEqual(try store.lifecycle(of: id)?.tenant, .first, "tenant")
            }
            _ = lifecycle.claimed(at: start + 1, provider: 3, reason: "only provider")
            try keep()
            _ = lifecycle.answered(
                attempt: 1, .unavailable(code: "DOWN"), at: start + 2, provider: 3, onUnknown: .hold)
            lifecycle.retry(at: start + 1002)
            try keep()
            store = try fixture.open(now: start)
            _ = lifecycle.claimed(at: start + 1002, provider: 255, reason: "")
            try keep()
            _ = lifecycle.answered(
                attempt: 2, .accepted(providerID: "é1", receipts: true), at: start + 1003, provider: 255,
                onUnknown: .hold)
            try keep()
            _ = lifecycle.receiptReceived(attempt: 2, .undelivered(code: "30003"), at: start + 2000)
            try keep()
            store = try fixture.open(now: start)
            try requireEqual(try store.lifecycle(of: id)?.lifecycle, lifecycle, "after a restart")
        },
        Case("the first step happens once") { fixture in
            let store = try fixture.open(now: start)
            let id = try store.accept([TestMessage()], now: start)[0].id
            var canceled = MessageLifecycle(id: id, waiting: .queued)
            _ = canceled.canceled(at: start)
            var claimed = MessageLifecycle(id: id, waiting: .queued)
            _ = claimed.claimed(at: start, provider: 1, reason: "")
            try store.begin()
            let stored = StoredLifecycle(lifecycle: canceled, tenant: .first, batch: nil)
            try require(try store.record(stored, previous: .queued, isFirst: true), "the first is refused")
            let late = StoredLifecycle(lifecycle: claimed, tenant: .first, batch: nil)
            try require(
                !(try store.record(late, previous: .queued, isFirst: true)), "a second first is recorded")
            try store.commit()
            try requireEqual(try store.lifecycle(of: id)?.lifecycle, canceled, "what stands")
        },
        Case("a rolled back step did not happen") { fixture in
            let store = try fixture.open(now: start)
            let id = try store.accept([TestMessage()], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            try store.begin()
            try store.record(
                StoredLifecycle(lifecycle: lifecycle, tenant: .first, batch: nil), previous: .queued,
                isFirst: true)
            store.rollback()
            try require(try store.lifecycle(of: id) == nil, "it is there")
        },
    ]

    // MARK: Recovery and what operators set

    static let recovery = [
        Case("recovery gives exactly what waits or is being submitted, by rising id") { fixture in
            var generator = SeededGenerator(seed: 11)
            var store = try fixture.open(now: start)
            var waiting: [MessageID: MessageLifecycle?] = [:]
            for number in 0..<400 {
                let now = start + Int64(number)
                let urgent = number % 3 == 0
                let id = try store.accept(
                    [
                        TestMessage {
                            $0.priority = urgent ? .urgent : .bulk
                            $0.onUnknown = urgent ? .resend : .hold
                            $0.sendAt = number % 5 == 0 ? now + 1000 : 0
                            $0.expiresAt = now + 9999
                        }
                    ], now: now)[0].id
                waiting[id] = .some(nil)
                guard !generator.oneIn(3) else { continue }
                let first: MessageState = number % 5 == 0 ? .scheduled : .queued
                let lifecycle = randomLife(id, first, now: now, &generator)
                try store.record([(lifecycle, .init(first), true)])
                waiting[id] = lifecycle.state == .queued || lifecycle.state == .submitting ? .some(lifecycle) : nil
            }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 500) }
                let found = try store.recovered(now: start + 500)
                try requireEqual(found.map(\.id), waiting.keys.sorted(), "ids")
                for message in found {
                    try requireEqual(message.lifecycle, waiting[message.id]!, "lifecycle of \(message.id)")
                    try requireEqual(message.onUnknown, message.priority == .urgent ? .resend : .hold, "on unknown")
                    try requireEqual(message.expiresAt, Int64(message.id.milliseconds) + 9999, "expiry")
                }
            }
            // Once nothing below waits, a recovery long after need not look there, and misses nothing above.
            let mark = waiting.keys.sorted()[50]
            try store.transaction { () throws(StoreError) in try store.setRecoveryStart(mark) }
            let later = try fixture.open(now: start + 2 * window).recovered(now: start + 2 * window)
            try requireEqual(later.map(\.id), waiting.keys.sorted().filter { $0 >= mark }, "from the low water on")
        },
        Case("what is paused stays so") { fixture in
            var store = try fixture.open(now: start)
            let targets: Set<PauseTarget> = [.everything, .provider("a b"), .batch(MessageID(rawValue: 7))]
            try store.transaction { () throws(StoreError) in
                for target in targets {
                    try store.setPaused(target, true)
                    try store.setPaused(target, true)
                }
            }
            store = try fixture.open(now: start)
            try requireEqual(Set(try store.pausedTargets()), targets, "paused")
            try store.transaction { () throws(StoreError) in
                try store.setPaused(.everything, false)
                try store.setPaused(.provider("never"), false)
            }
            store = try fixture.open(now: start)
            try requireEqual(Set(try store.pausedTargets()), targets.subtracting([.everything]), "resumed")
        },
        Case("a provider keeps its number") { fixture in
            var store = try fixture.open(now: start)
            var numbers: [UInt8] = []
            for name in ["a", "b", "c"] {
                numbers.append(
                    try store.transaction { () throws(StoreError) in try store.providerIndex(name: name, kind: "x") })
            }
            try requireEqual(Set(numbers).count, 3, "different numbers")
            try require(!numbers.contains(0), "0 stands for none")
            store = try fixture.open(now: start)
            for (name, number) in zip(["c", "b", "a"], numbers.reversed()) {
                let again = try store.transaction { () throws(StoreError) in
                    try store.providerIndex(name: name, kind: "x")
                }
                try requireEqual(again, number, name)
            }
        },
    ]

    /// A life of a few steps.
    private static func randomLife(
        _ id: MessageID, _ first: MessageState, now: Int64, _ generator: inout SeededGenerator
    ) -> MessageLifecycle {
        var lifecycle = MessageLifecycle(id: id, waiting: first)
        guard lifecycle.claimed(at: now, provider: 1, reason: "") else { return lifecycle }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: break
        case 1:
            let outcome = Outcome.throttled(retryAfterMilliseconds: nil)
            _ = lifecycle.answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
            lifecycle.retry(at: now + 1000)
        case 2: _ = lifecycle.answered(attempt: 1, .unknown(code: "X"), at: now, provider: 1, onUnknown: .hold)
        case 3:
            let outcome = Outcome.rejected(.recipient, code: "X", message: "")
            _ = lifecycle.answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
        case 4: _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: now)
        default:
            let outcome = Outcome.accepted(providerID: "p", receipts: true)
            _ = lifecycle.answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
        }
        return lifecycle
    }
}
