internal import SMSModel
internal import Storage

extension StoreConformance {
    // MARK: Quotas

    private static let day: Int64 = 86_400_000
    /// The first midnight (UTC) after ``start``, in the middle of a month.
    private static let midnight = (start / day + 1) * day
    /// The first end of a month (UTC) after ``start``: of the January of 2027.
    private static let monthsEnd: Int64 = 1_801_440_000_000

    static let quotas = [
        Case("segments are used up to the last one, and the next day there are new ones") { fixture in
            let store = try fixture.open(now: start)
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 10)])
            func segments(_ counts: [UInt8], now: Int64) throws -> [AcceptResult.Kind] {
                try store.accept(counts.map { count in TestMessage { $0.segments = count } }, now: now).map(\.kind)
            }
            try requireEqual(
                try segments([4, 4, 3, 2, 1], now: start),
                [.accepted, .accepted, .overSegments, .accepted, .overSegments], "one by one")
            try requireEqual(try store.usage(of: .first, now: start).segmentsToday, 10, "used")
            try requireEqual(try store.usage(of: .second, now: start).segmentsToday, 0, "another tenant's")
            try requireEqual(
                try store.accept([TestMessage { $0.tenant = .second }], now: start)[0].kind, .accepted, "another's")
            try requireEqual(try segments([1], now: midnight - 1), [.overSegments], "before midnight")
            try requireEqual(try store.usage(of: .first, now: midnight).segmentsToday, 0, "at midnight")
            try requireEqual(
                try segments([11, 10, 1], now: midnight), [.overSegments, .accepted, .overSegments], "after")
        },
        Case("what is accepted over midnight counts on the day of its id") { fixture in
            let store = try fixture.open(now: midnight - 1)
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 5000)])
            let (_, results) = try store.accept(chunk: Array(0..<9500), of: "b", now: midnight - 1) { _ in TestMessage()
            }
            for (day, number) in [(midnight - day, "first"), (midnight, "second")] {
                let accepted = results.count {
                    $0.kind == .accepted && Int64($0.id.milliseconds) / 86_400_000 == day / 86_400_000
                }
                try require(accepted <= 5000, "\(accepted) on the \(number) day")
                let told = try store.usage(of: .first, now: midnight).segmentsToday
                if number == "second" { try requireEqual(told, UInt64(accepted), "used on the second day") }
            }
            try require(results.contains { $0.kind == .accepted && Int64($0.id.milliseconds) >= midnight }, "none is")
        },
        Case("a budget lasts for its month") { fixture in
            var store = try fixture.open(now: monthsEnd - 2 * day)
            func costs(_ reserves: [Int64], now: Int64) throws -> [AcceptResult.Kind] {
                try store.accept(reserves.map { reserve in TestMessage { $0.reserve = reserve } }, now: now).map(\.kind)
            }
            func setQuotas() { store.setQuotas([.first: TenantQuota(costPerMonth: 1_000_000)]) }
            setQuotas()
            try requireEqual(try costs([700_000], now: monthsEnd - 2 * day), [.accepted], "the first")
            try requireEqual(
                try costs([300_001, 200_000, 100_001, 0, 100_000, 1, 0], now: monthsEnd - day),
                [.overCost, .accepted, .overCost, .accepted, .accepted, .overCost, .accepted], "the rest")
            try requireEqual(try store.usage(of: .first, now: monthsEnd - 1).costThisMonth, 1_000_000, "used")
            store = try fixture.open(now: monthsEnd - 1)
            setQuotas()
            try requireEqual(try costs([1], now: monthsEnd - 1), [.overCost], "after a restart")
            try requireEqual(try store.usage(of: .first, now: monthsEnd).costThisMonth, 0, "the next month")
            try requireEqual(
                try costs([1_000_001, 1_000_000], now: monthsEnd), [.overCost, .accepted], "the next month")
        },
        Case("this many messages may wait, be scheduled or be with a provider") { fixture in
            let store = try fixture.open(now: start)
            store.setQuotas([.first: TenantQuota(waitingMessages: 3)])
            let results = try store.accept(
                [TestMessage(), TestMessage { $0.sendAt = start + 1000 }, TestMessage(), TestMessage()], now: start)
            try requireEqual(results.map(\.kind), [.accepted, .accepted, .accepted, .overWaiting], "kinds")
            var lifecycle = MessageLifecycle(id: results[0].id, waiting: .queued)
            func kindOfOneMore() throws -> AcceptResult.Kind {
                let results = try store.accept([TestMessage()], now: start)
                return results[0].kind
            }
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            try store.record([(lifecycle, .queued, true)])
            try requireEqual(try kindOfOneMore(), .overWaiting, "while it is submitted")
            _ = lifecycle.answered(
                attempt: 1, .accepted(providerID: "p", receipts: true), at: start, provider: 1, onUnknown: .hold)
            try store.record([(lifecycle, .submitting, false)])
            try requireEqual(try store.usage(of: .first, now: start).waitingMessages, 2, "once it is sent")
            try requireEqual(try kindOfOneMore(), .accepted, "once it is sent")
            try requireEqual(try kindOfOneMore(), .overWaiting, "then")
        },
        Case("duplicates and conflicts are neither charged nor refused for a quota") { fixture in
            let store = try fixture.open(now: start)
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 3, costPerMonth: 3, waitingMessages: 3)])
            let message = TestMessage {
                $0.key = "k"
                $0.reserve = 1
            }
            func other(_ body: String) -> TestMessage {
                var other = message
                other.body = body
                return other
            }
            let kinds = try store.accept([message, message, other("x")], now: start).map(\.kind)
            try requireEqual(kinds, [.accepted, .duplicate, .conflict], "by key")
            let (_, first) = try store.accept(chunk: [0, 1], of: "b", now: start) { _ in TestMessage { $0.reserve = 1 }
            }
            try requireEqual(first.map(\.kind), [.accepted, .accepted], "a chunk")
            var usage = TenantUsage()
            (usage.segmentsToday, usage.costThisMonth, usage.waitingMessages) = (3, 3, 3)
            try requireEqual(try store.usage(of: .first, now: start), usage, "usage")
            let full = try store.accept([message, other("x"), TestMessage()], now: start).map(\.kind)
            try requireEqual(full, [.duplicate, .conflict, .overSegments], "when all is used up")
            let (_, again) = try store.accept(chunk: [0, 1, 2], of: "b", now: start) { index in
                TestMessage { $0.body = index == 1 ? "other" : "hello" }
            }
            try requireEqual(again.map(\.kind), [.duplicate, .conflict, .overSegments], "the chunk again")
            try requireEqual(try store.usage(of: .first, now: start), usage, "usage as before")
        },
        Case("what a batch was refused can be accepted later, at its place") { fixture in
            let store = try fixture.open(now: start)
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 6)])
            func message(_ index: UInt64) -> TestMessage {
                TestMessage {
                    $0.body = "number \(index)"
                    $0.segments = index == 2 ? 5 : 1
                }
            }
            let (batch, first) = try store.accept(chunk: Array(0..<5), of: "b", now: start, message)
            try requireEqual(
                first.map(\.kind), [.accepted, .accepted, .overSegments, .accepted, .accepted], "one is refused")
            try require(first[2].id.rawValue == 0, "what is refused has an id")
            try requireEqual(
                try store.messages(of: batch, from: 0, limit: 9).ids, [0, 1, 3, 4].map { first[$0].id }, "listed")
            store.setQuotas([:])
            let (_, again) = try store.accept(chunk: Array(0..<5), of: "b", now: start, message)
            try requireEqual(
                again.map(\.kind), [.duplicate, .duplicate, .accepted, .duplicate, .duplicate], "the chunk again")
            try requireEqual(try store.messages(of: batch, from: 0, limit: 9).ids, again.map(\.id), "listed")
        },
        Case("what was surely not sent is given back to its day, and taken again should it be delivered after all") {
            fixture in
            let store = try fixture.open(now: start)
            let message = TestMessage {
                $0.segments = 3
                $0.reserve = 7
            }
            let ids = try store.accept(Array(repeating: message, count: 3), now: start).map(\.id)
            func requireCharged(_ messages: UInt64, _ what: String) throws {
                let usage = try store.usage(of: .first, now: start)
                try requireEqual(usage.segmentsToday, 3 * messages, what)
                try requireEqual(usage.costThisMonth, 7 * Int64(messages), what)
            }
            try requireCharged(3, "accepted")
            var canceled = MessageLifecycle(id: ids[0], waiting: .queued)
            _ = canceled.canceled(at: start)
            try store.record([(canceled, .queued, true)])
            try requireCharged(2, "canceled")
            var expired = MessageLifecycle(id: ids[1], waiting: .queued)
            _ = expired.claimed(at: start, provider: 1, reason: "")
            try store.record([(expired, .queued, true)])
            let throttled = Outcome.throttled(retryAfterMilliseconds: nil)
            _ = expired.answered(attempt: 1, throttled, at: start, provider: 1, onUnknown: .hold)
            _ = expired.expired(at: start)
            try store.record([(expired, .submitting, false)])
            try requireCharged(1, "expired")
            var failed = MessageLifecycle(id: ids[2], waiting: .queued)
            _ = failed.claimed(at: start, provider: 1, reason: "")
            _ = failed.answered(attempt: 1, .unknown(code: "X"), at: start, provider: 1, onUnknown: .resend)
            failed.gaveUp(at: start, code: "X", message: "")
            try store.record([(failed, .queued, true)])
            try requireCharged(1, "failed after an attempt that may have been sent")
            let standing = expired.accountedState
            _ = expired.receiptReceived(attempt: 1, .delivered, at: start)
            try store.record([(expired, standing, false)])
            try requireCharged(2, "delivered after all")
            try requireEqual(try store.usage(of: .first, now: start).waitingMessages, 0, "nothing waits")
        },
        Case("the price at the provider that takes it settles what was reserved") { fixture in
            var store = try fixture.open(now: start)
            store.setQuotas([.first: TenantQuota(costPerMonth: 20)])
            let message = TestMessage {
                $0.segments = 2
                $0.reserve = 9
            }
            let ids = try store.accept([message, message], now: start).map(\.id)
            try requireEqual(try store.accept([message], now: start).map(\.kind), [.overCost], "while it is reserved")
            func send(_ id: MessageID, at price: Int64) throws {
                var lifecycle = MessageLifecycle(id: id, waiting: .queued)
                _ = lifecycle.claimed(at: start, provider: 1, reason: "")
                try store.record([(lifecycle, .queued, true)])
                let claimed = lifecycle.accountedState
                lifecycle.priced(Money(millionths: price), at: start, provider: 1)
                let outcome = Outcome.accepted(providerID: "p\(id)", receipts: true)
                _ = lifecycle.answered(attempt: 1, outcome, at: start, provider: 1, onUnknown: .hold)
                try store.begin()
                let stored = StoredLifecycle(lifecycle: lifecycle, tenant: .first, batch: nil)
                try store.record(stored, previous: claimed, isFirst: false)
                store.rollback()
                try store.record([(lifecycle, claimed, false)])
                let sent = lifecycle.accountedState
                _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: start)
                try store.record([(lifecycle, sent, false)])
            }
            try send(ids[0], at: 4)
            try requireEqual(try store.usage(of: .first, now: start).costThisMonth, 13, "one is cheaper")
            try send(ids[1], at: 12)
            store = try fixture.open(now: start)
            try requireEqual(try store.usage(of: .first, now: start).costThisMonth, 16, "one is dearer")
            try requireEqual(try store.usage(of: .first, now: start).segmentsToday, 4, "segments stay")
        },
        Case("what is given back of an earlier day makes no room on this one") { fixture in
            let store = try fixture.open(now: midnight - 1)
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 2, costPerMonth: 3)])
            let message = TestMessage { $0.reserve = 1 }
            let old = try store.accept([message, message], now: midnight - 1000)[0].id
            try requireEqual(
                try store.accept([message, message], now: midnight).map(\.kind), [.accepted, .overCost], "next day")
            var canceled = MessageLifecycle(id: old, waiting: .queued)
            _ = canceled.canceled(at: midnight)
            try store.record([(canceled, .queued, true)])
            try requireEqual(
                try store.accept([message, message], now: midnight).map(\.kind), [.accepted, .overCost], "canceled")
            var usage = TenantUsage()
            (usage.segmentsToday, usage.costThisMonth, usage.waitingMessages) = (2, 3, 3)
            try requireEqual(try store.usage(of: .first, now: midnight), usage, "usage")
        },
        Case("usage survives a restart and is not changed by what is rolled back") { fixture in
            var store = try fixture.open(now: start)
            let quotas = [TenantID.first: TenantQuota(segmentsPerDay: 5, waitingMessages: 4)]
            store.setQuotas(quotas)
            let ids = try store.accept([TestMessage { $0.reserve = 9 }, TestMessage()], now: start).map(\.id)
            let before = try store.usage(of: .first, now: start)
            for _ in 0..<3 {
                try store.begin()
                var results: [AcceptResult] = []
                try store.accept(
                    MessageDrafts([TestMessage { $0.segments = 3 }, TestMessage()]), 0..<2, chunk: nil, now: start,
                    results: &results)
                try requireEqual(results.map(\.kind), [.accepted, .overSegments], "what is not committed yet counts")
                var canceled = MessageLifecycle(id: ids[0], waiting: .queued)
                _ = canceled.canceled(at: start)
                try store.record(
                    StoredLifecycle(lifecycle: canceled, tenant: .first, batch: nil), previous: .queued, isFirst: true)
                store.rollback()
                try requireEqual(try store.usage(of: .first, now: start), before, "rolled back")
            }
            store = try fixture.open(now: start + 1)
            try requireEqual(try store.usage(of: .first, now: start + 1), before, "after a restart")
            store.setQuotas(quotas)
            let more = try store.accept(Array(repeating: TestMessage(), count: 3), now: start + 1)
            try requireEqual(more.map(\.kind), [.accepted, .accepted, .overWaiting], "after a restart")
        },
        Case("a quota holds from when it is set, and counts what was used before") { fixture in
            let store = try fixture.open(now: start)
            _ = try store.accept(Array(repeating: TestMessage(), count: 5), now: start)
            func kind() throws -> AcceptResult.Kind {
                let results = try store.accept([TestMessage()], now: start)
                return results[0].kind
            }
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 6)])
            try requireEqual(try kind(), .accepted, "the sixth")
            try requireEqual(try kind(), .overSegments, "the seventh")
            store.setQuotas([.first: TenantQuota(segmentsPerDay: 0, costPerMonth: 0, waitingMessages: 0)])
            try requireEqual(try kind(), .overSegments, "a quota of nothing")
            store.setQuotas([.second: TenantQuota(segmentsPerDay: 0)])
            try requireEqual(try kind(), .accepted, "without one")
        },
    ]
}
