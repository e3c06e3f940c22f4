internal import SMSModel
internal import Storage

extension StoreConformance {
    // MARK: Time that passes

    private static let day: Int64 = 86_400_000
    /// The first midnight (UTC) after ``start``.
    private static let midnight = (start / day + 1) * day

    static let days = [
        Case("a batch goes on over midnight") { fixture in
            var store = try fixture.open(now: midnight - 1)
            func message(_ index: UInt64) -> TestMessage { TestMessage { $0.body = "number \(index)" } }
            // More ids than are left of the day.
            let (batch, first) = try store.accept(chunk: Array(0..<9000), of: "b", now: midnight - 1, message)
            try requireEqual(first.map(\.kind), Array(repeating: .accepted, count: 9000), "first")
            try require(first.last!.id.milliseconds >= UInt64(midnight), "its ids reach over midnight")
            let (_, second) = try store.accept(chunk: Array(9000..<9010), of: "b", now: midnight + 5, message)
            store = try fixture.open(now: midnight + 10)
            _ = try store.recovered(now: midnight + 10)
            let (same, again) = try store.accept(chunk: Array(0..<9010), of: "b", now: midnight + 10, message)
            try requireEqual(same, batch, "the batch")
            try requireEqual(again.map(\.id), (first + second).map(\.id), "ids")
            try require(again.allSatisfy { $0.kind == .duplicate }, "all are duplicates")
            var listed: [MessageID] = []
            var index: UInt64? = 0
            while let from = index {
                let page = try store.messages(of: batch, from: from, limit: 777)
                listed += page.ids
                index = page.next
            }
            try requireEqual(listed, again.map(\.id), "listed")
        },
        Case("a key twice in one burst over midnight makes one message") { fixture in
            let store = try fixture.open(now: midnight - 1)
            // More ids than are left of the day.
            let first = (0..<9000).map { number in TestMessage { $0.key = "k\(number)" } }
            let results = try store.accept(first + [first[5], first[8990]], now: midnight - 1)
            try require(results[5].id.milliseconds < UInt64(midnight), "the burst begins before midnight")
            try require(results[8990].id.milliseconds >= UInt64(midnight), "and ends after it")
            try requireEqual(results[9000...].map(\.kind), [.duplicate, .duplicate], "of the burst")
            try requireEqual(results[9000...].map(\.id), [results[5].id, results[8990].id], "ids")
            let again = try store.accept([first[5], first[8990]], now: midnight + 5)
            try requireEqual(again.map(\.id), [results[5].id, results[8990].id], "of the next burst")
        },
        Case("one round changes messages of many days") { fixture in
            var store = try fixture.open(now: start)
            var ids: [MessageID] = []
            for number in 0..<20 {
                ids.append(try store.accept([TestMessage()], now: start + Int64(number) * day)[0].id)
            }
            var lives = ids.map { MessageLifecycle(id: $0, waiting: .queued) }
            let now = start + 20 * day
            for step in 0..<3 {
                try store.begin()
                for place in lives.indices where place % 4 != 3 {
                    let previous = lives[place].accountedState
                    switch step {
                    case 0: _ = lives[place].claimed(at: now, provider: 1, reason: "only provider")
                    case 1:
                        let outcome = Outcome.accepted(providerID: "p\(place)", receipts: true)
                        _ = lives[place].answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
                    default: _ = lives[place].receiptReceived(attempt: 1, .delivered, at: now)
                    }
                    try store.record(
                        StoredLifecycle(lifecycle: lives[place], tenant: .first, batch: nil), previous: previous,
                        isFirst: step == 0)
                }
                try store.commit()
                try store.checkpoint(isIdle: step == 1)
            }
            store = try fixture.open(now: now)
            for place in lives.indices {
                let found = try store.lifecycle(of: ids[place])?.lifecycle
                try requireEqual(found, place % 4 == 3 ? nil : lives[place], "message \(place)")
            }
            let waiting = try store.recovered(now: now).map(\.id)
            try requireEqual(waiting, ids.indices.filter { $0 % 4 == 3 }.map { ids[$0] }, "what waits, in order")
        },
        Case("a message that waits again is found, however low it is") { fixture in
            var store = try fixture.open(now: start)
            let old = try store.accept([TestMessage()], now: start)[0].id
            let new = try store.accept([TestMessage()], now: start + 3 * day)[0].id
            var lifecycle = MessageLifecycle(id: old, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            try store.record([(lifecycle, .queued, true)])
            _ = lifecycle.answered(attempt: 1, .unknown(code: "X"), at: start, provider: 1, onUnknown: .resend)
            try store.transaction { () throws(StoreError) in try store.setRecoveryStart(new) }
            try store.record([(lifecycle, .submitting, false)])
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 3 * day) }
                try requireEqual(try store.recovered(now: start + 3 * day).map(\.id), [old, new], "what waits")
            }
        },
        Case("a provider's id leads to its message") { fixture in
            var store = try fixture.open(now: start)
            var ids: [MessageID] = []
            for number in 0..<3 {
                let now = start + Int64(number) * day
                let id = try store.accept([TestMessage()], now: now)[0].id
                var lifecycle = MessageLifecycle(id: id, waiting: .queued)
                _ = lifecycle.claimed(at: now, provider: 1, reason: "")
                try store.record([(lifecycle, .queued, true)])
                let outcome = Outcome.accepted(providerID: number == 2 ? "é0" : "é\(number)", receipts: true)
                _ = lifecycle.answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
                try store.record([(lifecycle, .submitting, false)])
                ids.append(id)
            }
            for isRestarted in [false, true] {
                if isRestarted { store = try fixture.open(now: start + 3 * day) }
                try requireEqual(try store.find(providerID: "é1", provider: 1), ids[1], "é1")
                try requireEqual(try store.find(providerID: "é0", provider: 1), ids[2], "the newest of two")
                try requireEqual(try store.find(providerID: "é0", provider: 2), nil, "another provider's")
                try requireEqual(try store.find(providerID: "é", provider: 1), nil, "nobody's")
            }
        },
        Case("without retention a sweep leaves everything as it is") { fixture in
            let store = try fixture.open(now: start)
            let id = try store.accept([TestMessage { $0.body = "kept" }], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.canceled(at: start)
            try store.record([(lifecycle, .queued, true)])
            var now = start + 1000 * day
            for _ in 0..<20 {
                now = max(
                    now + 1, try store.transaction { () throws(StoreError) in try store.applyRetention(now: now) })
                try store.checkpoint(isIdle: true)
            }
            var arena = MessageDrafts()
            guard let loaded = try store.load(id, into: &arena) else {
                throw ConformanceFailure(description: "the message is gone")
            }
            try requireEqual(arena.text(loaded.draft.body), "kept", "body")
        },
    ]
}
