internal import SMSModel

/// The time that the gateway acts on, made of the wall clock and the monotonic one. It never goes back.
///
/// - The wall clock leads as long as it agrees with the monotonic one.
/// - When it is suddenly ahead by more than ``Limits/clockJumpMilliseconds``, time goes on with the monotonic
///   clock until the jump has lasted ``Limits/clockDoubtMilliseconds`` of monotonic time; then it is believed.
///   A glitch that is over by then expires nothing.
/// - When it steps back, time holds for up to ``Limits/clockHoldMilliseconds``; after a longer step it goes on at
///   half the speed of the monotonic clock until the wall clock has caught up, which takes twice the step. So
///   timers run late by at most a factor of two, and none stands still.
///
/// Pure: readings in, time out. All times are milliseconds; the wall clock's since the Unix epoch.
package struct ClockGuard: Sendable {
    /// What is worth a line in the log.
    package enum Event: Hashable, Sendable {
        /// The wall clock is ahead by this many milliseconds and not yet believed.
        case jumpedForward(Int64)
        /// The wall clock is behind by this many milliseconds; time goes on at half speed.
        case steppedBack(Int64)
        /// Time follows the wall clock again. `movedBy`: how far it moved for that; 0 unless a jump was believed.
        case recovered(movedBy: Int64)
    }

    private enum State {
        case following
        /// The wall clock's lead over the monotonic one, first seen at a monotonic time.
        case doubting(lead: Int64, since: Int64)
        /// Time was `from` at the monotonic time `since`.
        case slowed(from: Int64, since: Int64)
    }

    /// The time at the last reading.
    package private(set) var now: Int64
    private var monotonic: Int64
    private var state = State.following

    /// The first reading is believed.
    package init(wall: Int64, monotonic: Int64) {
        now = wall
        self.monotonic = monotonic
    }

    /// Takes a reading of both clocks and moves ``now``.
    package mutating func read(wall: Int64, monotonic reading: Int64) -> Event? {
        let elapsed = max(0, reading - monotonic)
        monotonic = max(monotonic, reading)
        switch state {
        case .following: return follow(wall, expected: now + elapsed)
        case .doubting(let lead, let since): return doubt(wall, expected: now + elapsed, lead: lead, since: since)
        case .slowed(let from, let since): return slow(wall, expected: from + (monotonic - since) / 2)
        }
    }

    private mutating func follow(_ wall: Int64, expected: Int64) -> Event? {
        if wall - expected > Limits.clockJumpMilliseconds {
            return startDoubt(wall, expected: expected)
        }
        if now - wall > Limits.clockHoldMilliseconds {
            let step = now - wall
            now += (expected - now) / 2
            state = .slowed(from: now, since: monotonic)
            return .steppedBack(step)
        }
        now = max(now, wall)
        return nil
    }

    private mutating func startDoubt(_ wall: Int64, expected: Int64) -> Event {
        now = expected
        state = .doubting(lead: wall - monotonic, since: monotonic)
        return .jumpedForward(wall - expected)
    }

    private mutating func doubt(_ wall: Int64, expected: Int64, lead: Int64, since: Int64) -> Event? {
        if wall - expected <= Limits.clockJumpMilliseconds {
            now = expected
            state = .following
            return follow(wall, expected: expected) ?? .recovered(movedBy: 0)
        }
        if abs(wall - monotonic - lead) > Limits.clockJumpMilliseconds {
            return startDoubt(wall, expected: expected)
        }
        guard monotonic - since >= Limits.clockDoubtMilliseconds else {
            now = expected
            return nil
        }
        now = wall
        state = .following
        return .recovered(movedBy: wall - expected)
    }

    private mutating func slow(_ wall: Int64, expected: Int64) -> Event? {
        if wall - expected > Limits.clockJumpMilliseconds {
            return startDoubt(wall, expected: expected)
        }
        guard wall >= expected else {
            now = expected
            return nil
        }
        now = wall
        state = .following
        return .recovered(movedBy: 0)
    }
}
