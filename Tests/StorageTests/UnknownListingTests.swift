internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@Suite struct UnknownListingTests {
    private let fixture = SQLiteFixture()

    private func page(_ query: UnknownQuery = UnknownQuery(), of tenant: TenantID? = .first) throws -> UnknownPage {
        try fixture.reader().unknown(query, tenant: tenant, now: start)
    }

    /// Accepts a message that a provider may have taken at that time.
    private func lose(
        _ store: SQLiteMessageStore, _ tenant: TenantID = .first, provider: UInt8 = 1, at now: Int64 = start
    ) throws -> MessageID {
        let id = try store.accept([TestMessage { $0.tenant = tenant }], now: now)[0].id
        var lifecycle = MessageLifecycle(id: id, waiting: .queued)
        _ = lifecycle.claimed(at: now + 1, provider: provider, reason: "only provider")
        _ = lifecycle.answered(attempt: 1, .unknown(code: "LOST"), at: now + 5, provider: provider, onUnknown: .hold)
        let stored = StoredLifecycle(lifecycle: lifecycle, tenant: tenant, batch: nil)
        try store.transaction { () throws(StoreError) in
            _ = try store.record(stored, previous: .queued, isFirst: true)
        }
        return id
    }

    @Test func tellsSinceWhenWhoMayHaveItAndWhy() throws {
        let store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in
            _ = try store.providerIndex(name: "one", kind: "test")
            _ = try store.providerIndex(name: "two", kind: "test")
        }
        let first = try lose(store)
        _ = try store.accept([TestMessage()], now: start)
        let second = try lose(store, provider: 2)
        let all = try page()
        #expect(all.messages.map(\.status.id) == [second, first])
        #expect(all.cursor == nil)
        let message = try #require(all.messages.last)
        #expect(message.since == start + 5)
        #expect(message.tenant == .first)
        #expect(message.status.provider == "one")
        #expect(message.status.error?.code == "LOST")
        #expect(message.status.timeline.isEmpty)
        #expect(try page(UnknownQuery(provider: "two")).messages.map(\.status.id) == [second])
        #expect(try page(UnknownQuery(provider: "three")).messages.isEmpty)
        #expect(try page(UnknownQuery(oldestFirst: true)).messages.map(\.status.id) == [first, second])
    }

    /// A message that is sent no more while an answer is open is listed with why, and since when.
    @Test func tellsWhyItIsSentNoMore() throws {
        typealias End = @Sendable (inout MessageLifecycle) -> Void
        let ends: [(code: String, end: End)] = [
            ("EXPIRED", { _ = $0.expired(at: start + 900) }), ("CANCELED", { _ = $0.canceled(at: start + 900) }),
            ("G", { $0.gaveUp(at: start + 900, code: "G", message: "no provider took it") }),
        ]
        let store = try fixture.openWithProvider()
        for (code, end) in ends {
            let id = try store.accept([TestMessage()], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start + 1, provider: 1, reason: "only provider")
            _ = lifecycle.answered(
                attempt: 1, .unknown(code: "LOST"), at: start + 5, provider: 1, onUnknown: .resend)
            end(&lifecycle)
            try store.record([(lifecycle, .queued, true)])
            let message = try #require(try page().messages.first)
            #expect(message.status.id == id && message.status.state == .unknown)
            #expect(message.since == start + 900)
            #expect(message.status.error?.code == code)
            #expect(message.status.error?.message.hasSuffix("; an earlier attempt may have been taken") == true)
        }
    }

    @Test func ofOneTenantOrOfAll() throws {
        let store = try fixture.openSQLite()
        let own = try lose(store)
        let other = try lose(store, .second)
        #expect(try page().messages.map(\.status.id) == [own])
        #expect(try page(of: .second).messages.map(\.status.id) == [other])
        let all = try page(of: nil).messages
        #expect(all.map(\.status.id) == [other, own])
        #expect(all.map(\.tenant) == [.second, .first])
    }

    @Test func pageByPageOverDaysInBothOrders() throws {
        let store = try fixture.openSQLite()
        var ids: [MessageID] = []
        for day in 0..<3 {
            for _ in 0..<3 { ids.append(try lose(store, at: start + Int64(day) * 86_400_000)) }
        }
        for oldestFirst in [true, false] {
            for limit in [1, 2, 4, 9, 10] {
                var query = UnknownQuery(limit: limit, oldestFirst: oldestFirst)
                var found: [MessageID] = []
                repeat {
                    let page = try page(query, of: limit == 2 ? nil : .first)
                    #expect(page.messages.count <= limit)
                    found += page.messages.map(\.status.id)
                    query.cursor = page.cursor
                } while query.cursor != nil
                #expect(found == (oldestFirst ? ids : ids.reversed()))
            }
        }
    }

    @Test func whatWasSettledOrSentAgainIsNotListed() throws {
        let store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in _ = try store.providerIndex(name: "one", kind: "test") }
        let ids = try (0..<3).map { _ in try lose(store) }
        for (id, isResent) in [(ids[0], true), (ids[1], false)] {
            var stored = try #require(try store.lifecycle(of: id))
            let before = stored.lifecycle.accountedState
            let isDone =
                isResent
                ? stored.lifecycle.resend(at: start + 9, detail: "key abc")
                : stored.lifecycle.settledByOperator(as: .failed, at: start + 9, detail: "key abc: never seen")
            #expect(isDone)
            let changed = stored
            try store.transaction { () throws(StoreError) in
                _ = try store.record(changed, previous: before, isFirst: false)
            }
        }
        #expect(try page().messages.map(\.status.id) == [ids[2]])
        let reader = try fixture.reader()
        let settled = try #require(try reader.status(of: ids[1], tenant: .first, now: start + 9, timeline: true))
        #expect(settled.error == MessageFailure(code: "SETTLED", message: "said by key abc: never seen"))
        #expect(settled.timeline.last?.event == .settled)
        let resent = try #require(try reader.status(of: ids[0], tenant: .first, now: start + 9, timeline: true))
        #expect(resent.error == nil)
        #expect(resent.state == .queued)
        #expect(try fixture.faults() == [])
    }
}
