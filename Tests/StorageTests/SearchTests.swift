internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

/// Messages found by what they say of themselves, batches, and what is read over all tenants.
@Suite struct SearchTests {
    private let fixture = SQLiteFixture()

    private func ids(
        _ reader: SQLiteStatusReader, of tenant: TenantID? = .first, oldestFirst: Bool = true, limit: Int = 100,
        _ change: (inout MessageFilter) -> Void
    ) throws -> [MessageID] {
        var query = ListQuery(limit: limit, oldestFirst: oldestFirst)
        change(&query.filter)
        var found: [MessageID] = []
        repeat {
            let page = try #require(try reader.list(query, tenant: tenant, now: start))
            #expect(page.messages.count <= limit)
            found += page.messages.map(\.id)
            query.cursor = page.cursor
        } while query.cursor != nil
        return found
    }

    @Test func textsAreComparedByteByByte() throws {
        let store = try fixture.openSQLite()
        let accepted = try store.accept(
            [
                TestMessage { ($0.reference, $0.tags, $0.sender) = ("order-1", ["a", "b"], "ACME") },
                TestMessage { ($0.reference, $0.tags, $0.sender) = ("order-1", ["ab"], "acme") },
                TestMessage { ($0.reference, $0.tags, $0.sender) = ("order-12", ["b", "a"], "ACME") },
                TestMessage { ($0.reference, $0.sender) = ("Order-1", "") },
            ], now: start
        ).map(\.id)
        let reader = try fixture.reader()
        #expect(try ids(reader) { $0.reference = "order-1" } == [accepted[0], accepted[1]])
        #expect(try ids(reader, oldestFirst: false) { $0.reference = "order-1" } == [accepted[1], accepted[0]])
        #expect(try ids(reader) { $0.reference = "order" } == [])
        #expect(try ids(reader) { $0.tag = "a" } == [accepted[0], accepted[2]])
        #expect(try ids(reader) { $0.tag = "ab" } == [accepted[1]])
        #expect(try ids(reader) { $0.tag = "c" } == [])
        #expect(try ids(reader) { $0.sender = "ACME" } == [accepted[0], accepted[2]])
        #expect(try ids(reader) { ($0.reference, $0.tag) = ("order-1", "b") } == [accepted[0]])
        #expect(try ids(reader) { ($0.reference, $0.from) = ("order-1", start + 1) } == [])
    }

    @Test func providersAndErrorsAreThoseOfTheStatus() throws {
        let store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in
            for name in ["one", "two"] { _ = try store.providerIndex(name: name, kind: "x") }
        }
        let accepted = try store.accept((0..<4).map { _ in TestMessage() }, now: start).map(\.id)
        let lives: [(UInt8, [Outcome])] = [
            (1, [.accepted(providerID: "p", receipts: true)]),
            (2, [.rejected(.recipient, code: "21211", message: "no such number")]),
            (2, [.unavailable(code: "DOWN")]),
        ]
        for (place, (provider, outcomes)) in lives.enumerated() {
            var lifecycle = MessageLifecycle(id: accepted[place], waiting: .queued)
            for (number, outcome) in outcomes.enumerated() {
                _ = lifecycle.claimed(at: start, provider: provider, reason: "21211 is in the words here")
                _ = lifecycle.answered(attempt: number + 1, outcome, at: start, provider: provider, onUnknown: .hold)
            }
            try store.record([(lifecycle, .queued, true)])
        }
        let reader = try fixture.reader()
        #expect(try ids(reader) { $0.provider = "one" } == [accepted[0]])
        #expect(try ids(reader) { $0.provider = "two" } == [accepted[1], accepted[2]])
        #expect(try ids(reader) { $0.provider = "three" } == [])
        #expect(try ids(reader) { $0.errorCode = "21211" } == [accepted[1]])
        #expect(try ids(reader) { ($0.provider, $0.errorCode) = ("two", "DOWN") } == [accepted[2]])
        #expect(try ids(reader) { ($0.provider, $0.errorCode) = ("one", "DOWN") } == [])
    }

    /// A reference's messages are found by the index: what lies between is not examined. Another text is looked for
    /// message by message, and reading lives counts for more.
    @Test func whatAPageExaminesIsBounded() throws {
        let store = try fixture.openSQLite()
        try store.transaction { () throws(StoreError) in _ = try store.providerIndex(name: "one", kind: "x") }
        func sent(_ message: TestMessage) throws -> MessageID {
            let id = try store.accept([message], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            _ = lifecycle.answered(
                attempt: 1, .accepted(providerID: "p", receipts: true), at: start, provider: 1, onUnknown: .hold)
            try store.record([(lifecycle, .queued, true)])
            return id
        }
        let oldest = try sent(TestMessage { ($0.reference, $0.tags) = ("rare", ["rare"]) })
        let bound = Limits.listRowsExamined / Limits.listRowsOfLife
        for _ in 0..<bound { _ = try sent(TestMessage()) }
        _ = try store.accept((0..<Limits.listRowsExamined - bound).map { _ in TestMessage() }, now: start)
        let reader = try fixture.reader()
        func page(_ change: (inout MessageFilter) -> Void) throws -> MessagePage {
            var query = ListQuery()
            change(&query.filter)
            return try #require(try reader.list(query, tenant: .first, now: start))
        }
        let byReference = try page { $0.reference = "rare" }
        #expect(byReference.messages.map(\.id) == [oldest] && byReference.cursor == nil)
        let byTag = try page { $0.tag = "rare" }
        #expect(byTag.messages.isEmpty && byTag.cursor != nil)
        #expect(try ids(reader) { $0.tag = "rare" } == [oldest])
        let byError = try page { ($0.states, $0.errorCode) = (MessageStates(.sent), "none") }
        #expect(byError.messages.isEmpty && byError.cursor != nil)
        #expect(try ids(reader) { $0.errorCode = "none" } == [])
    }

    @Test func everyTenantsMessagesAreReadAtOnce() throws {
        let store = try fixture.openSQLite()
        try store.administer { (store) throws(StoreError) in
            for name in ["shop", "team"] { _ = try store.tenantID(name: name, now: start) }
        }
        let mine = try store.accept([TestMessage { $0.reference = "r" }], now: start)[0].id
        let theirs = try store.accept(
            [TestMessage { ($0.tenant, $0.reference) = (.second, "r") }], now: start)[0].id
        let (batch, results) = try store.accept(chunk: [0], of: "b", tenant: .second, now: start) { _ in
            TestMessage { $0.tenant = .second }
        }
        let reader = try fixture.reader()
        #expect(try ids(reader, of: nil) { _ in } == [mine, theirs, results[0].id])
        #expect(try ids(reader, of: nil) { $0.reference = "r" } == [mine, theirs])
        #expect(try ids(reader, of: nil) { $0.batch = .id(batch) } == [results[0].id])
        #expect(try reader.status(of: theirs, tenant: nil, now: start, timeline: false)?.tenant == "team")
        #expect(try reader.status(of: mine, tenant: .first, now: start, timeline: false)?.tenant == "shop")
        #expect(try reader.status(of: mine, tenant: .second, now: start, timeline: false) == nil)
        #expect(try reader.batch(tenant: nil, .id(batch), now: start)?.tenant == "team")
        #expect(try reader.batch(tenant: nil, .name("b"), now: start) == nil)
        #expect(try reader.states(tenant: nil) == [StateCount(state: .queued, count: 3)])
        #expect(try reader.states(tenant: .first) == [StateCount(state: .queued, count: 1)])
        // Counts are read again once the file has changed.
        _ = try store.accept([TestMessage()], now: start)
        #expect(try fixture.reader().states(tenant: nil) == [StateCount(state: .queued, count: 4)])
    }

    @Test func batchesAreListedPageByPage() throws {
        let store = try fixture.openSQLite()
        var names: [String] = []
        for number in 0..<5 {
            let tenant: TenantID = number == 2 ? .second : .first
            _ = try store.accept(chunk: [0, 1], of: "b\(number)", tenant: tenant, now: start + Int64(number)) { _ in
                TestMessage { $0.tenant = tenant }
            }
            if tenant == .first { names.insert("b\(number)", at: 0) }
        }
        let reader = try fixture.reader()
        for limit in [1, 2, 4, 5] {
            var cursor: ListCursor?
            var found: [String] = []
            repeat {
                let page = try reader.batches(tenant: .first, limit: limit, cursor: cursor, now: start)
                #expect(page.batches.count <= limit)
                #expect(page.batches.allSatisfy { $0.messages == 2 && $0.states.map(\.state) == [.queued] })
                found += page.batches.map(\.name)
                cursor = page.cursor
            } while cursor != nil
            #expect(found == names)
        }
        #expect(try reader.batches(tenant: .second, limit: 9, cursor: nil, now: start).batches.map(\.name) == ["b2"])
        let all = try reader.batches(tenant: nil, limit: 9, cursor: nil, now: start)
        #expect(all.batches.map(\.name) == ["b4", "b3", "b2", "b1", "b0"] && all.cursor == nil)
        #expect(all.batches[0].createdAt == start + 4 && !all.batches[0].canceled && !all.batches[0].paused)
        try store.transaction { () throws(StoreError) in
            try store.cancelBatch(all.batches[0].id)
            try store.setPaused(.batch(all.batches[1].id), true)
        }
        let changed = try reader.batches(tenant: .first, limit: 2, cursor: nil, now: start).batches
        #expect(changed[0].canceled && !changed[0].paused && !changed[1].canceled && changed[1].paused)
    }

    @Test func theTextIsShownOrSaidWhyNot() throws {
        let store = try fixture.openSQLite()
        let id = try store.accept([TestMessage { $0.body = "Привет" }], now: start)[0].id
        let reader = try fixture.reader()
        func body(_ timeline: Bool, _ showsText: Bool) throws -> MessageBody? {
            try reader.status(of: id, tenant: .first, now: start, timeline: timeline, showsText: showsText)?.body
        }
        #expect(try body(true, true) == .shown("Привет"))
        #expect(try body(true, false) == .withheld)
        #expect(try body(false, true) == .untold)
        try SQLiteConnection(path: fixture.path, mode: .readWrite).execute("UPDATE message SET body = ''")
        #expect(try body(true, true) == .removed)
        #expect(try body(true, false) == .withheld)
    }

    @Test func thePriceIsWhatTheBudgetIsCharged() throws {
        let store = try fixture.openSQLite()
        let ids = try store.accept((0..<3).map { _ in TestMessage { $0.reserve = 9000 } }, now: start).map(\.id)
        var sent = MessageLifecycle(id: ids[1], waiting: .queued)
        _ = sent.claimed(at: start, provider: 1, reason: "")
        _ = sent.answered(
            attempt: 1, .accepted(providerID: "p", receipts: true), at: start, provider: 1, onUnknown: .hold)
        sent.priced(Money(millionths: 7500), at: start, provider: 1)
        var canceled = MessageLifecycle(id: ids[2], waiting: .queued)
        _ = canceled.canceled(at: start)
        try store.record([(sent, .queued, true), (canceled, .queued, true)])
        let reader = try fixture.reader()
        let prices = try ids.map {
            try reader.status(of: $0, tenant: .first, now: start, timeline: false)?.price.millionths
        }
        #expect(prices == [9000, 7500, 0])
    }
}
