internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

@Suite struct RoomTests {
    private let large: Int64 = 1 << 40
    private let reserve = Limits.storeReserveBytes

    private func kind(_ room: StoreRoom) -> Int {
        switch room {
        case .enough: 0
        case .noNewMessages: 1
        case .carriersOnly: 2
        }
    }

    @Test func theEdges() {
        func room(_ free: Int64, of total: Int64) -> Int {
            var gauge = RoomGauge()
            return kind(gauge.room([.init(free: free, total: total)], path: "d"))
        }
        #expect(room(reserve, of: large) == 0 && room(reserve - 1, of: large) == 1)
        #expect(room(reserve / 2, of: large) == 1 && room(reserve / 2 - 1, of: large) == 2)
        // Of little, an eighth.
        #expect(room(1000, of: 8000) == 0 && room(999, of: 8000) == 1 && room(499, of: 8000) == 2)
    }

    @Test func theLeastCounts() {
        let readings = [RoomGauge.Reading(free: large, total: large), .init(free: 999, total: 8000)]
        func room(_ readings: [RoomGauge.Reading]) -> Int {
            var gauge = RoomGauge()
            return kind(gauge.room(readings, path: "d"))
        }
        #expect(room(readings) == 1 && room(readings.reversed()) == 1 && room([]) == 0)
    }

    /// It does not say one thing and then the other.
    @Test func afterAShortageThereHasToBeMore() {
        var gauge = RoomGauge()
        func room(_ free: Int64) -> Int { kind(gauge.room([.init(free: free, total: 8000)], path: "d")) }
        #expect([999, 1000, 1499, 1500, 1000, 999].map(room) == [1, 1, 1, 0, 0, 1])
    }

    @Test func anOwnBoundEndsAcceptanceBeforeTheRest() throws {
        let fixture = SQLiteFixture()
        fixture.options.maximumBytes = 1_000_000
        let store = try fixture.openSQLite()
        var ids: [MessageID] = []
        while try store.room() == .enough {
            ids += try store.accept(
                (0..<10).map { number in TestMessage { $0.body = String(repeating: "b", count: 1000 + number) } },
                now: start
            ).map(\.id)
            try #require(ids.count < 5000)
        }
        #expect(ids.count > 100)
        // All of them can be sent, and their receipts be kept.
        for id in ids {
            var lifecycle = MessageLifecycle(id: id, waiting: .queued)
            _ = lifecycle.claimed(at: start, provider: 1, reason: "only provider")
            try store.record([(lifecycle, .queued, true)])
            var before = lifecycle.accountedState
            _ = lifecycle.answered(
                attempt: 1, .accepted(providerID: "SM\(id)", receipts: true), at: start, provider: 1, onUnknown: .hold)
            try store.record([(lifecycle, before, false)])
            before = lifecycle.accountedState
            _ = lifecycle.receiptReceived(attempt: 1, .delivered, at: start)
            try store.record([(lifecycle, before, false)])
        }
        #expect(try store.lifecycle(of: ids[0])?.lifecycle.state == .delivered)
    }
}
