internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

private let hour: Int64 = 3_600_000

/// What is read of messages that providers are asked about.
@Suite struct UnresolvedListingTests {
    private let fixture = SQLiteFixture()

    /// Accepts a message, and records what its provider answered five milliseconds after it had it.
    private func submit(
        _ store: SQLiteMessageStore, _ message: TestMessage = TestMessage(),
        _ outcome: Outcome = .unknown(code: "LOST"),
        provider: UInt8 = 1, at now: Int64 = start
    ) throws -> MessageID {
        let id = try store.accept([message], now: now)[0].id
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: now + 1, provider: provider, reason: "only provider")
        _ = lifecycle.answered(attempt: 1, outcome, at: now + 6, provider: provider, onUnknown: .hold)
        let stored = StoredLifecycle(lifecycle: lifecycle, tenant: message.tenant, batch: nil)
        try store.transaction { () throws(StoreError) in
            _ = try store.record(stored, previous: .queued, isFirst: true)
        }
        return id
    }

    @Test func whatTheProviderIsAsked() throws {
        let store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in _ = try store.providerIndex(name: "one", kind: "test") }
        let id = try submit(store, TestMessage { $0.body = "grüße" })
        let message = try #require(try fixture.reader().unresolvedMessage(id, attempt: 1))
        #expect(
            message.attempt
                == UnresolvedAttempt(id: id, attempt: 1, provider: 1, begun: start + 1, ended: start + 6))
        #expect(message.provider == "one")
        #expect(message.recipient == "+14155550100" && message.body == "grüße")
        #expect(try fixture.reader().unresolvedMessage(id, attempt: 2) == nil)
        #expect(try fixture.reader().unresolvedMessage(MessageID(rawValue: 9), attempt: 1) == nil)
        let waiting = try store.accept([TestMessage()], now: start)[0].id
        let sent = try submit(store, TestMessage(), .accepted(providerID: "p", receipts: true))
        #expect(try fixture.reader().unresolvedMessage(waiting, attempt: 1) == nil)
        #expect(try fixture.reader().unresolvedMessage(sent, attempt: 1) == nil)
    }

    @Test func pageByPageWhatHasBeenInDoubtSinceThen() throws {
        let store = try fixture.openSQLite()
        let since = start + 25 * hour
        // Within the hour that is asked for, but accepted before what is looked at.
        _ = try submit(store, at: start)
        let early = try submit(store, at: since - 7)
        var ids = [try submit(store, at: since - 6)]
        _ = try submit(store, TestMessage(), .accepted(providerID: "p", receipts: true), at: since)
        for _ in 0..<Limits.listMessages { ids.append(try submit(store, at: since)) }
        let reader = try fixture.reader()
        let first = try reader.unresolvedAttempts(since: since, cursor: nil, now: since + hour)
        #expect(first.unresolved.map(\.id) == ids.dropFirst().reversed())
        #expect(first.cursor != nil)
        let second = try reader.unresolvedAttempts(since: since, cursor: first.cursor, now: since + hour)
        #expect(second.unresolved.map(\.id) == [ids[0]])
        #expect(
            second.unresolved.first
                == UnresolvedAttempt(id: ids[0], attempt: 1, provider: 1, begun: since - 5, ended: since))
        #expect(second.cursor == nil)
        let all = try reader.unresolvedAttempts(since: since - 1, cursor: first.cursor, now: since + hour)
        #expect(all.unresolved.map(\.id) == [ids[0], early])
    }
}
