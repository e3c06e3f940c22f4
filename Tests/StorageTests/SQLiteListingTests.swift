internal import GatewayTestKit
internal import SMSModel
internal import Storage
internal import Testing

@Suite struct SQLiteListingTests {
    private let fixture = SQLiteFixture()

    private func page(
        _ query: ListQuery = ListQuery(), of tenant: TenantID = .first, now: Int64 = start
    ) throws -> MessagePage {
        try #require(try fixture.reader().list(query, tenant: tenant, now: now))
    }

    private func ids(_ change: (inout MessageFilter) -> Void) throws -> [MessageID] {
        var query = ListQuery(limit: Limits.listMessages, oldestFirst: true)
        change(&query.filter)
        let page = try page(query)
        #expect(page.cursor == nil)
        return page.messages.map(\.id)
    }

    /// Every page's messages, and how many pages there were.
    private func all(_ query: ListQuery) throws -> (ids: [MessageID], pages: Int) {
        var query = query
        var found: [MessageID] = []
        var pages = 0
        repeat {
            let page = try page(query)
            #expect(page.messages.count <= query.limit)
            found += page.messages.map(\.id)
            query.cursor = page.cursor
            pages += 1
        } while query.cursor != nil
        return (found, pages)
    }

    @Test func anEmptyStoreHasOneEmptyPage() throws {
        _ = try fixture.openSQLite()
        #expect(try page() == MessagePage(messages: [], cursor: nil))
    }

    @Test func aPageTellsWhatStatusTells() throws {
        let store = try fixture.openSQLite()
        let id = try store.accept([TestMessage { $0.reference = "r" }], now: start)[0].id
        let reader = try fixture.reader()
        let status = try reader.status(of: id, tenant: .first, now: start, timeline: false)
        #expect(try page().messages == [try #require(status)])
    }

    @Test func everyPageIsReadOnceInBothOrders() throws {
        let store = try fixture.openSQLite()
        let accepted = try store.accept((0..<25).map { _ in TestMessage() }, now: start).map(\.id)
        for limit in [1, 7, 25, 26] {
            #expect(try all(ListQuery(limit: limit)).ids == accepted.reversed())
            #expect(try all(ListQuery(limit: limit, oldestFirst: true)).ids == accepted)
        }
        #expect(try page(ListQuery(limit: 24)).cursor != nil)
        #expect(try page(ListQuery(limit: 25)).cursor == nil)
    }

    @Test func conditionsAllHold() throws {
        let store = try fixture.openSQLite()
        let to = "+447400123456"
        let first = try store.accept([TestMessage(), TestMessage { $0.to = to }], now: start).map(\.id)
        let later = try store.accept(
            [TestMessage { $0.sendAt = start + 1000 }, TestMessage { $0.to = to }], now: start + 10
        ).map(\.id)
        let (batch, results) = try store.accept(chunk: [0, 1], of: "b", now: start + 20) { index in
            TestMessage { if index == 1 { $0.to = to } }
        }
        let inBatch = results.map(\.id)
        let everything = first + later + inBatch
        #expect(try ids { _ in } == everything)
        #expect(try ids { $0.recipient = to } == [first[1], later[1], inBatch[1]])
        #expect(try ids { $0.recipient = "+4474001234567" } == [])
        #expect(try ids { $0.from = start + 10 } == later + inBatch)
        #expect(try ids { $0.until = start + 10 } == first)
        #expect(try ids { ($0.from, $0.until) = (start + 1, start + 20) } == later)
        #expect(try ids { $0.batch = .name("b") } == inBatch)
        #expect(try ids { $0.batch = .id(batch) } == inBatch)
        #expect(try ids { ($0.batch, $0.recipient) = (.name("b"), to) } == [inBatch[1]])
        #expect(try ids { $0.states = MessageStates(.scheduled) } == [later[0]])
        #expect(try ids { ($0.states, $0.recipient) = (MessageStates(.scheduled), to) } == [])
        #expect(try ids { $0.states = MessageStates(.queued) } == everything.filter { $0 != later[0] })
    }

    @Test func statesAreThoseOfNow() throws {
        let store = try fixture.openSQLite()
        let results = try store.accept(
            [TestMessage { $0.sendAt = start + 1000 }, TestMessage(), TestMessage()], now: start)
        let (scheduled, sent, failed) = (results[0].id, results[1].id, results[2].id)
        let outcomes: [(MessageID, Outcome)] = [
            (sent, .accepted(providerID: "p-1", receipts: true)),
            (failed, .rejected(.recipient, code: "21211", message: "no such number")),
        ]
        for (id, outcome) in outcomes {
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "")
            _ = lifecycle.answered(attempt: 1, outcome, at: start, provider: 1, onUnknown: .hold)
            try store.record([(lifecycle, .queued, true)])
        }
        func listed(_ states: MessageState..., at now: Int64 = start) throws -> [MessageID] {
            var query = ListQuery()
            for state in states { query.filter.states.insert(MessageStates(state)) }
            let page = try page(query, now: now)
            #expect(page.messages.allSatisfy { states.contains($0.state) && $0.timeline.isEmpty })
            return page.messages.map(\.id)
        }
        #expect(try listed(.sent) == [sent])
        #expect(try listed(.failed, .sent) == [failed, sent])
        #expect(try listed(.scheduled) == [scheduled])
        #expect(try listed(.queued) == [])
        #expect(try listed(.scheduled, at: start + 1000) == [])
        #expect(try listed(.queued, at: start + 1000) == [scheduled])
    }

    @Test func aTenantListsItsOwnOnly() throws {
        let store = try fixture.openSQLite()
        let mine = try store.accept([TestMessage { $0.reference = "r" }], now: start)[0].id
        let theirs = try store.accept(
            [
                TestMessage {
                    $0.tenant = .second
                    $0.reference = "r"
                }
            ], now: start)[0].id
        let (batch, _) = try store.accept(chunk: [0], of: "b", tenant: .second, now: start) { _ in
            TestMessage { $0.tenant = .second }
        }
        #expect(try page().messages.map(\.id) == [mine])
        let reader = try fixture.reader()
        for reference in [BatchReference.name("b"), .id(batch)] {
            var query = ListQuery()
            query.filter.batch = reference
            #expect(try reader.list(query, tenant: .first, now: start) == nil)
            #expect(try reader.list(query, tenant: .second, now: start)?.messages.count == 1)
        }
        func referred(_ tenant: TenantID) throws -> [MessageID] {
            try reader.statuses(reference: "r", tenant: tenant, now: start, limit: 10).map(\.id)
        }
        #expect(try referred(.first) == [mine])
        #expect(try referred(.second) == [theirs])
    }

    @Test func aPageExaminesABoundedNumberOfMessages() throws {
        let store = try fixture.openSQLite()
        let rare = TestMessage { $0.to = "+447400123456" }
        let bound = Limits.listRowsExamined
        let oldest = try store.accept([rare], now: start)[0].id
        _ = try store.accept((0..<bound - 1).map { _ in TestMessage() }, now: start)
        var query = ListQuery()
        query.filter.recipient = rare.to
        // As many as a page may examine: the oldest is the last of them.
        let whole = try page(query)
        #expect(whole.messages.map(\.id) == [oldest])
        #expect(whole.cursor == nil)
        // One more, and the first page doesn't get to it.
        let newest = try store.accept([rare], now: start)[0].id
        let short = try page(query)
        #expect(short.messages.map(\.id) == [newest])
        query.cursor = short.cursor
        let rest = try page(query)
        #expect(rest.messages.map(\.id) == [oldest])
        #expect(rest.cursor == nil)
        query.cursor = nil
        query.filter.recipient = "+14155550199"
        let empty = try page(query)
        #expect(empty.messages.isEmpty && empty.cursor != nil)
        #expect(try all(query) == ([], 2))
    }

    @Test func messagesAreFoundByTheirReference() throws {
        let store = try fixture.openSQLite()
        let ids = try store.accept(
            ["r", "", "r", "R", "r "].map { reference in TestMessage { $0.reference = reference } }, now: start
        ).map(\.id)
        let reader = try fixture.reader()
        func found(_ reference: String, limit: Int = 10) throws -> [MessageStatus] {
            try reader.statuses(reference: reference, tenant: .first, now: start, limit: limit)
        }
        #expect(try found("r").map(\.id) == [ids[2], ids[0]])
        #expect(try found("r", limit: 1).map(\.id) == [ids[2]])
        #expect(try found("r").allSatisfy { !$0.timeline.isEmpty })
        #expect(try found("none").isEmpty)
    }

    @Test(arguments: [Limits.statusIDsWithTimeline, Limits.statusIDsWithTimeline + 1])
    func manyAreToldWithoutTimelines(_ count: Int) throws {
        let store = try fixture.openSQLite()
        _ = try store.accept((0..<count).map { _ in TestMessage { $0.reference = "r" } }, now: start)
        let reader = try fixture.reader()
        let found = try reader.statuses(reference: "r", tenant: .first, now: start, limit: Limits.statusIDs)
        #expect(found.count == count)
        #expect(found.allSatisfy { $0.timeline.isEmpty == (count > Limits.statusIDsWithTimeline) })
    }

    @Test func messagesAreFoundByAProvidersID() throws {
        let store = try fixture.openSQLite()
        let number = try store.transaction { () throws(StoreError) in
            try store.providerIndex(name: "sandbox", kind: "sandbox")
        }
        #expect(number == 1)
        func sent(_ attempts: [Outcome], tenant: TenantID = .first) throws -> MessageID {
            let id = try store.accept([TestMessage { $0.tenant = tenant }], now: start)[0].id
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            for (number, outcome) in attempts.enumerated() {
                _ = lifecycle.claimed(at: start, provider: 1, reason: "p-1 is in the words here")
                _ = lifecycle.answered(attempt: number + 1, outcome, at: start, provider: 1, onUnknown: .resend)
            }
            try store.record([(lifecycle, .queued, true)], tenant: tenant)
            return id
        }
        let one = try sent([.accepted(providerID: "p-1", receipts: true)])
        let longer = try sent([.accepted(providerID: "p-12", receipts: true)])
        let again = try sent([.unavailable(code: "DOWN"), .accepted(providerID: "p-1", receipts: true)])
        let theirs = try sent([.accepted(providerID: "p-1", receipts: true)], tenant: .second)
        let reader = try fixture.reader()
        func found(_ id: String, of tenant: TenantID = .first, limit: Int = 10) throws -> [MessageID] {
            try reader.statuses(providerID: id, tenant: tenant, now: start, limit: limit).map(\.id)
        }
        #expect(try found("p-1") == [again, one])
        #expect(try found("p-1", limit: 1) == [again])
        #expect(try found("p-12") == [longer])
        #expect(try found("p-1", of: .second) == [theirs])
        #expect(try found("DOWN") == [])
        #expect(try found("p") == [])
    }
}
