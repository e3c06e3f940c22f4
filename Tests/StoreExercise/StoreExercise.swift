internal import ConfigurationModel
internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Storage

/// A store under random load, days passing in it, for tests that take the power away.
///
///     storeexercise DIRECTORY SEED ROUNDS [normal]
///
/// It goes on from what the directory holds. Sizes are so small that indices are flushed and merged, logs copied and
/// files opened and closed all the time. After each commit it says on standard output what is durable now, in lines:
/// `message ID KEY`, `state ID STATE`, `generation NUMBER`, `day NUMBER` (the day that it is), `over KIND` (what a quota
/// refused); and first of all `quota TENANT SEGMENTS COST WAITING` for each tenant. With `normal`, commits are not
/// synced.
@main
struct StoreExercise {
    private var store: SQLiteMessageStore
    private var generator: SeededGenerator
    private var now: Int64
    private var open: [StoredLifecycle] = []
    private var round = 0
    private var generation: UInt32 = 0
    private var said = ""
    /// So little that each of them is met now and then.
    private static let quotas = [
        TenantID.first: TenantQuota(segmentsPerDay: 1000, costPerMonth: 1_000_000, waitingMessages: 60),
        .second: TenantQuota(segmentsPerDay: 60, costPerMonth: 400, waitingMessages: 1000),
    ]

    static func main() throws {
        let words = CommandLine.arguments
        var exercise = try StoreExercise(
            words[1], seed: UInt64(words[2]) ?? 1, isSynced: words.count < 5 || words[4] != "normal")
        for _ in 0..<(Int(words[3]) ?? 0) { try exercise.turn() }
    }

    private init(_ directory: String, seed: UInt64, isSynced: Bool) throws {
        generator = SeededGenerator(seed: seed)
        var options = SQLiteStoreOptions()
        options.index.memtableEntries = 100
        options.index.fanOut = 3
        options.index.seldomFactor = 1
        options.index.entriesPerCommit = 20
        options.checkpointPages = 64
        options.isSynced = isSynced
        options.retention.standard = .init(bodies: 1, records: 3)
        // Time goes on from the newest day there is, so that it never goes back.
        let days = DataDirectory.days(in: directory)
        now = max(1_800_000_000_000, days.last.map { $0.start + 1000 } ?? 0)
        store = try SQLiteMessageStore(directory: directory, options: options, now: now) { _ in }
        try store.begin()
        _ = try store.providerIndex(name: "exercise", kind: "exercise")
        try store.commit()
        generation = try store.administration.generation()
        store.setQuotas(Self.quotas)
        for (tenant, quota) in Self.quotas {
            said += "quota \(tenant.rawValue) \(quota.segmentsPerDay!) \(quota.costPerMonth!) "
            said += "\(quota.waitingMessages!)\n"
        }
        try recover()
    }

    /// What waits or was being submitted goes on.
    private mutating func recover() throws {
        var cursor: MessageID?
        repeat {
            cursor = try store.recover(from: cursor, limit: 100, now: now) { message in
                open.append(
                    StoredLifecycle(
                        lifecycle: message.lifecycle
                            ?? MessageLifecycle(id: message.id, waiting: message.sendAt == 0 ? .queued : .scheduled),
                        tenant: message.tenant, batch: message.batch))
            }
        } while cursor != nil
    }

    private mutating func turn() throws {
        round += 1
        now += generator.oneIn(12) ? Int64.random(in: 0...40_000_000, using: &generator) : 5
        try store.begin()
        // Before anything changes: what is about to change may not be durable with the mark.
        if generator.oneIn(20) { try store.setRecoveryStart(open.map(\.lifecycle.id).min()) }
        if generator.oneIn(10) { try administer() }
        for _ in 0..<Int.random(in: 0...2, using: &generator) { try accept() }
        if generator.oneIn(6) { try acceptChunk() }
        try advance()
        _ = try store.applyRetention(now: now)
        try store.commit()
        said += "day \(now / 86_400_000)\n"
        FileHandle.standardOutput.write(Data(said.utf8))
        said = ""
        try store.checkpoint(isIdle: generator.oneIn(3))
    }

    /// A new generation, under which the round's messages are accepted; what leads to it is in the same round.
    private mutating func administer() throws {
        let administration = store.administration
        let name = "tenant \(generator.next() % 5)"
        let tenant = try administration.tenantID(name: name, now: now)
        let before = try administration.configuration().first { $0.name == name }?.document
        let after = before != nil && generator.oneIn(4) ? nil : "{\"round\":\"\(now)-\(round)\"}"
        let change = ConfigurationChange(kind: "tenant", name: name, before: before, after: after)
        generation = try administration.apply([change], by: AuditContext(actor: "exercise", at: now))
        let number = generator.next() >> 16
        _ = try administration.suppress(SuppressionRecord(tenant: tenant, number: number, at: now, reason: "STOP"))
        let context = AuditContext(actor: "exercise", at: now)
        try administration.append(AuditRecord(context: context, verb: "config.apply", subject: "\(generation)"))
        said += "generation \(generation)\n"
    }

    private mutating func accept() throws {
        let messages = (0..<Int.random(in: 1...20, using: &generator)).map { number in
            TestMessage {
                // Unique over all runs: a key that comes again is asked for on purpose.
                if number % 2 == 0 { $0.key = "\(now)-\(round)-\(number)-\(generator.next())" }
                if number % 3 == 0 { $0.reference = "reference \(number)" }
                $0.body = String(repeating: "x", count: Int.random(in: 1...300, using: &generator))
                // Of those without a key.
                $0.tenant = number % 4 == 3 ? .second : .first
                $0.segments = UInt8.random(in: 1...3, using: &generator)
                $0.reserve = Int64.random(in: 0...3, using: &generator)
            }
        }
        var results: [AcceptResult] = []
        var drafts = MessageDrafts(messages)
        for place in drafts.drafts.indices { drafts.drafts[place].generation = generation }
        try store.accept(drafts, 0..<messages.count, chunk: nil, now: now, results: &results)
        for (message, result) in zip(messages, results) {
            guard result.kind == .accepted else {
                said += "over \(result.kind.rawValue)\n"
                continue
            }
            said += "message \(result.id) \(message.key)\n"
            open.append(
                StoredLifecycle(
                    lifecycle: MessageLifecycle(id: result.id, waiting: .queued), tenant: message.tenant, batch: nil))
        }
    }

    private mutating func acceptChunk() throws {
        let batch = try store.openBatch(
            tenant: .first, name: "batch \(now / 200_000_000) \(generator.next() % 3)", now: now)
        let first = UInt64.random(in: 0..<100, using: &generator)
        let indices = Array(first..<first + 30)
        let messages = indices.map { index in
            TestMessage {
                $0.body = "\(index)"
                $0.segments = UInt8(index % 3 + 1)
            }
        }
        var results: [AcceptResult] = []
        try store.accept(
            MessageDrafts(messages), 0..<messages.count,
            chunk: BatchChunk(tenant: .first, batch: batch.id, indices: indices), now: now, results: &results)
        for result in results where result.kind == .accepted {
            said += "message \(result.id) \n"
            open.append(
                StoredLifecycle(
                    lifecycle: MessageLifecycle(id: result.id, waiting: .queued), tenant: .first, batch: batch.id))
        }
    }

    /// A step of some messages' lives.
    private mutating func advance() throws {
        for _ in 0..<min(open.count, 60) {
            let place = Int.random(in: 0..<open.count, using: &generator)
            var stored = open[place]
            let previous = stored.lifecycle.accountedState
            let isFirst = stored.lifecycle.history.bytes.isEmpty
            switch previous.state {
            case .queued, .scheduled:
                if generator.oneIn(10) {
                    _ = stored.lifecycle.canceled(at: now)
                } else {
                    _ = stored.lifecycle.claimed(at: now, provider: 1, reason: "only provider")
                }
            case .submitting:
                let outcome: Outcome =
                    generator.oneIn(8)
                    ? .unavailable(code: "DOWN")
                    : .accepted(providerID: "P\(stored.lifecycle.id)", receipts: true)
                _ = stored.lifecycle.answered(
                    attempt: stored.lifecycle.attempts, outcome, at: now, provider: 1, onUnknown: .hold)
            default: _ = stored.lifecycle.receiptReceived(attempt: stored.lifecycle.attempts, .delivered, at: now)
            }
            _ = try store.record(stored, previous: previous, isFirst: isFirst)
            said += "state \(stored.lifecycle.id) \(stored.lifecycle.state.rawValue)\n"
            open[place] = stored
            if stored.lifecycle.state.isFinal { open.remove(at: place) }
        }
    }
}
