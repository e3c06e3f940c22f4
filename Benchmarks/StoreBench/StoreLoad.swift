internal import Foundation
internal import SMSModel
internal import Storage

/// Messages like those of the contestants, and their lives in a store.
final class StoreLoad {
    private var store: SQLiteMessageStore
    private let batch: Int
    private let directory: String
    /// Seeded: what the system's generator costs would be most of a message's making.
    private var random = SeededGenerator(seed: UInt64(Date.now.timeIntervalSince1970 * 1000))
    /// What the store is told the time is: a millisecond a round, so that a day never ends by itself.
    private var now: Int64
    private var number = 0
    private let files: Int
    private static let day: Int64 = 86_400_000

    init(_ directory: String, batch: Int, files: Int = 1) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.directory = directory
        self.batch = batch
        self.files = files
        // The middle of a day.
        let today = Int64(Date.now.timeIntervalSince1970 * 1000) / Self.day * Self.day
        now = today + Self.day / 4 - Int64(files - 1) * Self.day
        store = try SQLiteMessageStore(directory: directory, now: now) { print($0) }
    }

    private func drafts() -> MessageDrafts {
        var drafts = MessageDrafts()
        drafts.drafts.reserveCapacity(batch)
        drafts.bytes.reserveCapacity(batch * 160)
        func slice(_ text: String) -> ByteSlice {
            var text = text
            return text.withUTF8 { drafts.append(UnsafeRawBufferPointer($0)) }
        }
        let body = String(repeating: "0123456789", count: 10)
        for _ in 0..<batch {
            number += 1
            let digits = String(number % 10_000_000)
            let recipient = slice("+1415555" + String(repeating: "0", count: 7 - digits.count) + digits)
            let key = String(random.next() | 1 << 63, radix: 16) + String(random.next() >> 32 | 1 << 31, radix: 16)
            drafts.drafts.append(
                MessageDraft(
                    tenant: TenantID(rawValue: 1), priority: .normal, encoding: .gsm7, onUnknown: .hold, segments: 1,
                    sendAt: 0, expiresAt: now + Self.day, recipient: recipient, sender: slice("Apus"),
                    body: slice(body), reference: ByteSlice(), tags: ByteSlice(), key: slice(key),
                    keyHash: random.next() | 1, fingerprint: Fingerprint(high: random.next(), low: random.next())))
        }
        return drafts
    }

    /// A round, and what the store does between two.
    private func round(_ body: () throws -> Void) throws {
        try store.begin()
        try body()
        try store.commit()
    }

    @discardableResult
    func accept(_ meter: inout Meter) throws -> [MessageID] {
        let drafts = drafts()
        now += 1
        var results: [AcceptResult] = []
        results.reserveCapacity(batch)
        try meter.measure(messages: batch) {
            try round { try store.accept(drafts, 0..<batch, chunk: nil, now: now, results: &results) }
        }
        try meter.pause { try store.checkpoint(isIdle: false) }
        return results.map(\.id)
    }

    func fill(_ rows: Int) throws {
        var meter = Meter()
        for _ in 0..<rows / batch { try accept(&meter) }
    }

    /// One batch from its acceptance to its delivery.
    func live(_ meter: inout Meter) throws {
        let ids = try accept(&meter)
        var lives = ids.map { MessageLifecycle(id: $0, waiting: .queued) }
        for step in 0..<3 { try advance(&lives, step, &meter) }
    }

    private func advance(_ lives: inout [MessageLifecycle], _ step: Int, _ meter: inout Meter) throws {
        now += 1
        try meter.measure(messages: 0) {
            try round {
                for index in lives.indices {
                    let previous = lives[index].accountedState
                    switch step {
                    case 0: _ = lives[index].claimed(at: now, provider: 1, reason: "only provider")
                    case 1:
                        let outcome = Outcome.accepted(providerID: "SM\(lives[index].id.rawValue)", receipts: true)
                        _ = lives[index].answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
                    default: _ = lives[index].receiptReceived(attempt: 1, .delivered, at: now)
                    }
                    let stored = StoredLifecycle(lifecycle: lives[index], tenant: TenantID(rawValue: 1), batch: nil)
                    _ = try store.record(stored, previous: previous, isFirst: step == 0)
                }
            }
        }
        try meter.pause { try store.checkpoint(isIdle: false) }
    }

    /// Messages of several days: each round's steps fall on all of their files.
    func liveSpread(_ messages: Int, _ meter: inout Meter) throws {
        let each = messages / files / batch
        var lives: [[MessageLifecycle]] = []
        for _ in 0..<files {
            var ofDay: [MessageLifecycle] = []
            for _ in 0..<each {
                ofDay += try accept(&meter).map { MessageLifecycle(id: $0, waiting: .queued) }
            }
            lives.append(ofDay)
            now += Self.day
        }
        let share = batch / files
        for start in stride(from: 0, to: each * batch - share, by: share) {
            var mixed = lives.flatMap { $0[start..<start + share] }
            for step in 0..<3 { try advance(&mixed, step, &meter) }
        }
    }

    func recoverAll() throws -> Int {
        var cursor: MessageID?
        var found = 0
        repeat {
            cursor = try store.recover(from: cursor, limit: 2048, now: now) { _ in found += 1 }
        } while cursor != nil
        return found
    }

    /// The first `count` pages, around and around.
    func pages(_ count: Int) throws -> Meter {
        let reader = try SQLiteStatusReader(store.catalog)
        var query = ListQuery()
        query.filter.recipient = "+447400123456"
        var meter = Meter()
        for _ in 0..<count {
            let page = try meter.measure(messages: 1) {
                try reader.list(query, tenant: TenantID(rawValue: 1), now: now)
            }
            query.cursor = page?.cursor
        }
        return meter
    }
}
