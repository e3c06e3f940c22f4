internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

private let day: Int64 = 86_400_000

/// What tenants have used is exact, whatever happens, however often it fails, and however long ago it was.
@Suite struct UsageTests {
    private let fixture = SQLiteFixture()
    private static let quotas = [
        TenantID.first: TenantQuota(segmentsPerDay: 60, costPerMonth: 700, waitingMessages: 40),
        .second: TenantQuota(segmentsPerDay: 40, costPerMonth: 250),
    ]

    /// Rounds of several days that are committed, or rolled back, or committed in part; restarts; and retention that
    /// takes rows away, of one tenant sooner than of the other, and whole files.
    @Test(arguments: 1...4)
    func randomRounds(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        fixture.options.retention.standard = .init(records: 2)
        fixture.options.retention.tenants = [.second: .init(records: 4)]
        var store = try fixture.openWithProvider()
        store.setQuotas(Self.quotas)
        var model = UsageModel(Self.quotas)
        var now = start
        for round in 0..<400 {
            now += generator.oneIn(6) ? Int64.random(in: 0...day * 4 / 5, using: &generator) : 7
            let before = model
            try store.begin()
            if generator.oneIn(2) { try accept(store, round, now, &generator, &model) }
            try advance(store, now, &generator, &model)
            _ = try store.applyRetention(now: now)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0:
                store.rollback()
                model = before
            case 1:
                let kept = try commitSome(store)
                model.keep(kept, of: before)
            default: try store.commit()
            }
            try store.checkpoint(isIdle: generator.oneIn(3))
            try #require(try usage(store, now) == model.usage(now), "seed \(seed), round \(round)")
            if generator.oneIn(15) {
                store = try fixture.openSQLite(now: now)
                try #require(try usage(store, now) == model.usage(now), "seed \(seed), restart after \(round)")
                store.setQuotas(Self.quotas)
            }
            if round % 40 == 39 {
                let faults = try fixture.faults()
                try #require(faults == [])
            }
        }
        // Over a month's end, and files went while their month was not over.
        #expect(now > start + 17 * day)
        #expect(store.catalog.days.count < 12)
        #expect(model.refused.count == 3, "every quota was met")
    }

    private func usage(_ store: SQLiteMessageStore, _ now: Int64) throws -> [TenantUsage] {
        try [TenantID.first, .second].map { (tenant) throws(StoreError) in try store.usage(of: tenant, now: now) }
    }

    /// Commits the control file and the first of the days' files, and fails then.
    /// - Returns: the day that is committed, if there was one.
    private func commitSome(_ store: SQLiteMessageStore) throws -> Day? {
        for file in store.files.inRound { try file.prepareCommit() }
        if store.control.isInRound { try store.control.commit() }
        let first = store.files.inRound.first
        try first?.commit()
        store.rollback()
        return first?.day
    }

    private func accept(
        _ store: SQLiteMessageStore, _ round: Int, _ now: Int64, _ generator: inout SeededGenerator,
        _ model: inout UsageModel
    ) throws {
        let tenant: TenantID = generator.oneIn(3) ? .second : .first
        let messages = (0..<Int.random(in: 1...12, using: &generator)).map { number in
            TestMessage {
                $0.tenant = generator.oneIn(5) ? .first : tenant
                $0.segments = UInt8.random(in: 1...4, using: &generator)
                $0.reserve = Int64.random(in: 0...9, using: &generator)
                $0.sendAt = number % 4 == 0 ? now + 1000 : 0
            }
        }
        var chunk: BatchChunk?
        if generator.oneIn(2) {
            let batch = try store.openBatch(tenant: tenant, name: "b\(round)", now: now)
            chunk = BatchChunk(tenant: tenant, batch: batch.id, indices: (0..<UInt64(messages.count)).map { $0 })
        }
        var results: [AcceptResult] = []
        try store.accept(MessageDrafts(messages), 0..<messages.count, chunk: chunk, now: now, results: &results)
        for (message, result) in zip(messages, results) {
            #expect(result.kind == model.expected(message, now: now))
            model.take(message, result, batch: chunk?.batch)
        }
    }

    /// Steps of some messages' lives, late receipts for what has ended among them.
    private func advance(
        _ store: SQLiteMessageStore, _ now: Int64, _ generator: inout SeededGenerator, _ model: inout UsageModel
    ) throws {
        let ids = model.messages.keys.sorted()
        for (place, id) in ids.enumerated() {
            var message = model.messages[id]!
            // What is old ends, so that its day's file can go.
            let isDue = now - Int64(id.milliseconds) > day && message.stored.lifecycle.state.isWaiting
            guard isDue || place + 80 > ids.count, generator.oneIn(4) else { continue }
            let previous = message.stored.lifecycle.accountedState
            let isFirst = message.stored.lifecycle.history.bytes.isEmpty
            let attempt = message.stored.lifecycle.attempts
            func answered(_ outcome: Outcome) {
                _ = message.stored.lifecycle.answered(
                    attempt: attempt, outcome, at: now, provider: 1,
                    onUnknown: attempt % 2 == 0 ? .hold : .resend)
            }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: _ = message.stored.lifecycle.canceled(at: now)
            case 1: _ = message.stored.lifecycle.expired(at: now)
            case 2 where generator.oneIn(3):
                _ = message.stored.lifecycle.receiptReceived(attempt: attempt, .delivered, at: now)
            case 3: _ = message.stored.lifecycle.receiptReceived(attempt: attempt, .undelivered(code: "x"), at: now)
            // Before the first claim nobody answers.
            case 4...7 where attempt == 0: continue
            case 4: answered(.unavailable(code: "x"))
            case 5: answered(.accepted(providerID: "x\(id)", receipts: true))
            case 6: answered(.unknown(code: "x"))
            case 7: message.stored.lifecycle.gaveUp(at: now, code: "x", message: "")
            case 8:
                let price = Money(millionths: Int64.random(in: 0...12, using: &generator))
                message.stored.lifecycle.priced(price, at: now, provider: 1)
            default: _ = message.stored.lifecycle.claimed(at: now, provider: 1, reason: "")
            }
            guard message.stored.lifecycle.history.bytes.count > 0 else { continue }
            if try store.record(message.stored, previous: previous, isFirst: isFirst) { model.messages[id] = message }
        }
    }

    // MARK: What retention takes away

    @Test func whatIsGoneCountsOnToTheMonthsEnd() throws {
        fixture.options.retention.standard = .init(records: 2)
        var store = try fixture.openWithProvider()
        let message = TestMessage { $0.reserve = 5 }
        try store.accept(message, .delivered, now: start)
        try store.accept(message, .canceled, now: start)
        try store.accept(message, .delivered, now: start + day)
        // 2027-01-31 and the day after.
        let (last, next) = (start + 16 * day, start + 17 * day)
        for isRestarted in [false, true] {
            if isRestarted { store = try fixture.openSQLite(now: last) }
            for _ in 0..<20 {
                _ = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: last) }
                try store.checkpoint(isIdle: true)
            }
            #expect(!FileManager.default.fileExists(atPath: fixture.path))
            #expect(try store.usage(of: .first, now: last).costThisMonth == 10)
        }
        #expect(try fixture.faults() == [])
        #expect(try store.usage(of: .first, now: next).costThisMonth == 0)
        // Rows of a month that is over go with the next file.
        try store.accept(message, .delivered, now: next)
        for _ in 0..<20 {
            _ = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: next + 3 * day) }
            try store.checkpoint(isIdle: true)
        }
        let removed = try SQLiteConnection(path: fixture.directory.file("control.db"), mode: .readOnly)
        #expect(try removed.integer("SELECT count(*) FROM removed_usage WHERE cost = 5") == 1)
        #expect(try removed.integer("SELECT count(*) FROM removed_usage") == 1)
        try store.accept(message, .delivered, now: next + 3 * day)
        _ = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: next + 3 * day) }
        #expect(try store.usage(of: .first, now: next + 3 * day).costThisMonth == 10)
        #expect(try fixture.faults() == [])
    }

    /// The file was about to be removed when the gateway was killed: it is removed at the start, and counts once.
    @Test func aRemovalThatIsCutShortCountsOnce() throws {
        fixture.options.retention.standard = .init(records: 2)
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage { $0.reserve = 5 }, .delivered, now: start)
        let later = start + 4 * day
        for _ in 0..<20 where store.retention.emptied.isEmpty {
            _ = try store.transaction { () throws(StoreError) in try store.applyRetentionInTime(now: later) }
        }
        #expect(store.retention.emptied == [Day(containing: start)])
        let crashed = try fixture.crashed()
        #expect(try crashed.openSQLite(now: later).usage(of: .first, now: later).costThisMonth == 5)
        #expect(!FileManager.default.fileExists(atPath: crashed.path))
    }

    /// A day that cannot be read does not keep the gateway from starting; what was used on it does not count.
    @Test func aDayThatCannotBeReadDoesNotCount() throws {
        var store = try fixture.openWithProvider()
        for _ in 0..<3 { try store.accept(TestMessage { $0.reserve = 5 }, .delivered, now: start) }
        try store.accept(TestMessage { $0.reserve = 7 }, .delivered, now: start + day)
        try store.transaction { () throws(StoreError) in try store.setRecoveryStart(nil) }
        store = try fixture.openSQLite(now: start + day)
        #expect(try store.usage(of: .first, now: start + day).costThisMonth == 22)
        try fixture.foldLogs()
        try fixture.directory.write(Data(repeating: 7, count: 8192), to: SQLiteFixture.name)
        store = try fixture.openSQLite(now: start + day)
        #expect(fixture.warnings.count == 1)
        #expect(fixture.warnings.first?.contains(fixture.path) == true)
        #expect(try store.usage(of: .first, now: start + day).costThisMonth == 7)
    }

    @Test func verificationFindsUsageThatIsOff() throws {
        let store = try fixture.openWithProvider()
        try store.accept(TestMessage { $0.reserve = 5 }, .delivered, now: start)
        try store.accept(TestMessage { $0.reserve = 5 }, .canceled, now: start)
        #expect(try fixture.integer("SELECT cost FROM usage WHERE tenant = 1") == 5)
        #expect(try fixture.faults() == [])
        // Each undoes the one before.
        for sql in [
            "UPDATE usage SET segments = segments + 1",
            "UPDATE usage SET segments = segments - 1, cost = cost + 1",
            "UPDATE usage SET cost = cost - 1; INSERT INTO usage VALUES (2, 0, 1)",
            "DELETE FROM usage WHERE tenant = 2; INSERT INTO deleted_usage VALUES (1, 1, 0)",
        ] {
            try fixture.tamper(sql)
            let faults = try fixture.faults()
            #expect(faults.count == 1 && faults[0].contains("usage of tenant"), "\(sql)")
        }
    }
}

/// What tenants have used, counted from all messages that ever were.
private struct UsageModel {
    struct Message {
        var stored: StoredLifecycle
        var segments: Int64
        var reserve: Int64
    }

    var messages: [MessageID: Message] = [:]
    var refused: Set<AcceptResult.Kind> = []
    private let quotas: [TenantID: TenantQuota]

    init(_ quotas: [TenantID: TenantQuota]) {
        self.quotas = quotas
    }

    mutating func take(_ message: TestMessage, _ result: AcceptResult, batch: BatchID?) {
        guard result.kind == .accepted else {
            refused.insert(result.kind)
            return
        }
        let lifecycle = MessageLifecycle(id: result.id, waiting: message.sendAt > 0 ? .scheduled : .queued)
        messages[result.id] = Message(
            stored: StoredLifecycle(lifecycle: lifecycle, tenant: message.tenant, batch: batch),
            segments: Int64(message.segments), reserve: message.reserve)
    }

    /// Only what concerns that day was kept of the round; all else is as it was before.
    mutating func keep(_ day: Day?, of before: UsageModel) {
        messages = before.messages.filter { Day(of: $0.key) != day }
            .merging(messages.filter { Day(of: $0.key) == day }) { _, kept in kept }
    }

    func expected(_ message: TestMessage, now: Int64) -> AcceptResult.Kind {
        let quota = quotas[message.tenant] ?? TenantQuota()
        let usage = usage(of: message.tenant, now)
        if let most = quota.costPerMonth, message.reserve > 0, usage.costThisMonth + message.reserve > most {
            return .overCost
        }
        if let most = quota.segmentsPerDay, usage.segmentsToday + UInt64(message.segments) > most {
            return .overSegments
        }
        if let most = quota.waitingMessages, usage.waitingMessages + 1 > most { return .overWaiting }
        return .accepted
    }

    func usage(_ now: Int64) -> [TenantUsage] { [TenantID.first, .second].map { usage(of: $0, now) } }

    private func usage(of tenant: TenantID, _ now: Int64) -> TenantUsage {
        var usage = TenantUsage()
        let today = Day(containing: now)
        for (id, message) in messages where message.stored.tenant == tenant {
            let standing = message.stored.lifecycle.accountedState
            if standing.state.isWaiting { usage.waitingMessages += 1 }
            let cost: Int64
            switch standing.cost {
            case .reserved: cost = message.reserve
            case .price(let price): cost = price.millionths
            case .nothing: continue
            }
            if Day(of: id) == today { usage.segmentsToday += UInt64(message.segments) }
            if today.month.contains(Day(of: id)) { usage.costThisMonth += cost }
        }
        return usage
    }
}
