internal import Foundation
internal import GatewayTestKit
internal import SMSModel
internal import Testing

@testable internal import Storage

private let hour: Int64 = 3_600_000
private let day = 24 * hour
private let leap = Limits.retentionLeapMilliseconds

/// Reads a clock whose last sweep was at the start.
private final class ClockReader {
    private(set) var clock = RetentionClock(believed: start)

    /// - Returns: whether it is believed.
    func read(_ now: Int64) -> Bool { clock.read(now) }
}

/// A clock that is far ahead destroys nothing before it has held.
@Suite struct RetentionClockTests {
    // MARK: Belief

    @Test func aClockThatGoesOnIsBelieved() {
        let clock = ClockReader()
        for now in [start, start + hour, start + hour + leap, start + leap, start - 400 * day, start + hour + 2 * leap]
        {
            #expect(clock.read(now))
            #expect(clock.clock.hold == nil)
        }
        #expect(clock.clock.believed == start + hour + 2 * leap)
    }

    @Test func oneFarAheadIsBelievedOnceItHasHeldForADay() {
        let clock = ClockReader()
        let first = start + leap + 1
        for look in 0..<24 {
            #expect(!clock.read(first + Int64(look) * hour), "look \(look)")
            #expect(clock.clock.hold?.leftMilliseconds == day - Int64(look) * hour)
        }
        #expect(clock.clock.believed == start)
        #expect(clock.clock.hold?.aheadMilliseconds == leap + 1 + 23 * hour)
        #expect(!clock.read(first + day - 1))
        #expect(clock.read(first + day))
        #expect(clock.clock.believed == first + day && clock.clock.hold == nil)
    }

    /// Neither another leap nor a time in which nobody looked is a proof.
    @Test(arguments: [leap + 1, -1, -hour]) func oneThatLeapsAgainHasNotHeld(by step: Int64) {
        let clock = ClockReader()
        var now = start + 95 * day
        for _ in 0..<24 {
            #expect(!clock.read(now))
            now += hour
        }
        now += step - hour
        #expect(!clock.read(now))
        #expect(clock.clock.hold?.leftMilliseconds == day)
    }

    @Test func whatNobodyLookedAtDoesNotCount() {
        let clock = ClockReader()
        let looks = Limits.retentionLookMilliseconds
        #expect(!clock.read(start + 95 * day))
        #expect(!clock.read(start + 95 * day + looks))
        #expect(clock.clock.hold?.leftMilliseconds == day - looks)
        #expect(!clock.read(start + 95 * day + 2 * looks + 1))
        #expect(clock.clock.hold?.leftMilliseconds == day - looks)
        #expect(!clock.read(start + 97 * day))
        #expect(clock.clock.hold?.leftMilliseconds == day - looks)
    }

    @Test func oneThatComesBackIsBelievedAtOnce() {
        let clock = ClockReader()
        #expect(!clock.read(start + 95 * day))
        #expect(clock.read(start + hour))
        #expect(clock.clock.hold == nil && clock.clock.believed == start + hour)
    }

    // MARK: In the store

    private let fixture = SQLiteFixture()

    private func open(at now: Int64, acceptsClockAhead: Bool = false) throws -> SQLiteMessageStore {
        fixture.options.retention.standard = RetentionPolicy.Days(bodies: 30, records: 90)
        fixture.options.acceptsClockAhead = acceptsClockAhead
        return try fixture.openSQLite(now: now)
    }

    /// Looks and sweeps as often as the store asks for it, up to that time.
    private func sweep(_ store: SQLiteMessageStore, from now: Int64, to end: Int64) throws {
        var now = now
        while now <= end {
            now = try store.transaction { () throws(StoreError) in try store.applyRetention(now: now) }
            try store.checkpoint(isIdle: true)
        }
    }

    private func message() throws -> MessageID {
        let store = try fixture.openWithProvider()
        let id = try store.accept(TestMessage { $0.body = "kept" }, .delivered, now: start)
        try sweep(store, from: start, to: start)
        return id
    }

    @Test func aStartFarAheadDeletesNothing() throws {
        let id = try message()
        let ahead = start + 95 * day
        var store = try open(at: ahead)
        try sweep(store, from: ahead, to: ahead + 10 * hour)
        #expect(try store.body(of: id) == "kept")
        #expect(store.retentionHold?.text.contains("95 days ahead") == true)
        #expect(store.retentionHold?.text.contains("14 h more") == true)
        #expect(store.retentionHold?.text.contains("storage.accept-clock-ahead") == true)
        // What has held so far outlives a restart.
        store = try open(at: ahead + 11 * hour)
        #expect(store.retentionHold != nil)
        try sweep(store, from: ahead + 11 * hour, to: ahead + day - 1)
        #expect(try store.body(of: id) == "kept")
        try sweep(store, from: ahead + day, to: ahead + day + 1000)
        #expect(store.retentionHold == nil)
        #expect(try store.lifecycle(of: id) == nil)
        #expect(try fixture.faults() == [])
        // The time of the last sweep is that of this one now.
        #expect(try open(at: ahead + 2 * day).retentionHold == nil)
    }

    @Test func aStartAtTheRightTimeAgainForgetsTheDoubt() throws {
        let id = try message()
        try sweep(try open(at: start + 95 * day), from: start + 95 * day, to: start + 95 * day)
        let store = try open(at: start + hour)
        try sweep(store, from: start + hour, to: start + hour)
        #expect(store.retentionHold == nil)
        #expect(try store.body(of: id) == "kept")
        #expect(try open(at: start + 95 * day).retentionHold == nil)
    }

    @Test func theSettingAcceptsIt() throws {
        let id = try message()
        let ahead = start + 95 * day
        var store = try open(at: ahead)
        try sweep(store, from: ahead, to: ahead)
        store = try open(at: ahead, acceptsClockAhead: true)
        try sweep(store, from: ahead, to: ahead + 1000)
        #expect(try store.lifecycle(of: id) == nil)
        // It is about the start: what leaps then is doubted.
        try sweep(store, from: ahead + 95 * day, to: ahead + 95 * day)
        #expect(store.retentionHold != nil)
    }

    /// Data that no sweep has been over yet are as old as their newest message.
    @Test func withoutASweepTheNewestMessageCounts() throws {
        let id = try message()
        try SQLiteConnection(path: fixture.directory.file("control.db"), mode: .readWrite)
            .execute("DELETE FROM meta WHERE name = 'swept_at'")
        let store = try open(at: start + 95 * day)
        try sweep(store, from: start + 95 * day, to: start + 95 * day + hour)
        #expect(try store.body(of: id) == "kept")
        #expect(store.retentionHold != nil)
    }

    @Test func aLookThatIsRolledBackIsKeptByTheNext() throws {
        _ = try message()
        let ahead = start + 95 * day
        let store = try open(at: ahead)
        try store.begin()
        _ = try store.applyRetention(now: ahead)
        store.rollback()
        #expect(try store.control.retentionClock()?.doubt == nil)
        try sweep(store, from: ahead + 1, to: ahead + 1)
        #expect(try store.control.retentionClock()?.doubt == RetentionClock.Doubt(seen: ahead + 1, held: 1))
    }
}
