internal import GatewayTestKit
internal import SMSModel

@testable internal import Storage

/// How far a test's message has come.
enum Fate: CaseIterable {
    case waits
    case retries
    case claimed
    case sent
    case unknown
    case delivered
    case failed
    case canceled

    /// Nothing more is expected, whatever the time.
    var isFinal: Bool { self == .delivered || self == .failed || self == .canceled }
    /// Nothing more is expected once its receipt is overdue.
    var awaitsReceipt: Bool { self == .sent || self == .unknown }

    func lifecycle(_ id: MessageID, waiting: MessageState = .queued, at now: Int64) -> MessageLifecycle {
        var lifecycle = MessageLifecycle(id: id, waiting: waiting)
        func answer(_ outcome: Outcome) {
            _ = lifecycle.answered(attempt: 1, outcome, at: now, provider: 1, onUnknown: .hold)
        }
        switch self {
        case .waits: return lifecycle
        case .canceled:
            _ = lifecycle.canceled(at: now)
            return lifecycle
        default: _ = lifecycle.claimed(at: now, provider: 1, reason: "only provider")
        }
        switch self {
        case .retries:
            answer(.unavailable(code: "DOWN"))
            lifecycle.retry(at: now + 1000)
        case .sent: answer(.accepted(providerID: "p-\(id)", receipts: true))
        case .unknown: answer(.unknown(code: "LOST"))
        case .failed: answer(.rejected(.recipient, code: "BAD", message: "no such number"))
        case .delivered:
            answer(.accepted(providerID: "p-\(id)", receipts: true))
            _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: now)
        default: break
        }
        return lifecycle
    }
}

extension SQLiteFixture {
    /// A store that knows the provider of which ``Fate`` tells.
    func openWithProvider(now: Int64 = start) throws -> SQLiteMessageStore {
        let store = try openSQLite(now: now)
        try store.transaction { () throws(StoreError) in _ = try store.providerIndex(name: "scripted", kind: "x") }
        return store
    }

    func path(of day: Day) -> String { DataDirectory.path(of: day, in: directory.path) }

    func tamper(_ sql: String, in name: String) throws {
        try SQLiteConnection(path: directory.file(name), mode: .readWrite).execute(sql)
    }
}

extension SQLiteMessageStore {
    /// Brings a message that only waits to its fate.
    func live(
        _ id: MessageID, _ fate: Fate, tenant: TenantID = .first, batch: BatchID? = nil,
        waiting: MessageState = .queued,
        now: Int64
    ) throws {
        guard fate != .waits else { return }
        let steps = fate.lifecycle(id, waiting: waiting, at: now)
        // A step at a time, as the gateway does, so that provider's ids are found.
        guard fate == .delivered else {
            return try record([(steps, .init(waiting), true)], tenant: tenant, batch: batch)
        }
        try record(
            [(Fate.sent.lifecycle(id, waiting: waiting, at: now), .init(waiting), true)], tenant: tenant, batch: batch)
        try record([(steps, .sent, false)], tenant: tenant, batch: batch)
    }

    /// Accepts a message, and brings it to its fate.
    @discardableResult
    func accept(_ message: TestMessage, _ fate: Fate, now: Int64) throws -> MessageID {
        let id = try accept([message], now: now)[0].id
        try live(id, fate, tenant: message.tenant, waiting: message.sendAt == 0 ? .queued : .scheduled, now: now)
        return id
    }

    func body(of id: MessageID) throws -> String? {
        var arena = MessageDrafts()
        return try load(id, into: &arena).map { arena.text($0.draft.body) }
    }
}
