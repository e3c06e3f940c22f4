internal import SMSModel
internal import Scheduling
internal import Testing

@Suite struct ClockGuardTests {
    static let start: Int64 = 1_790_000_000_000

    /// Both clocks, driven by the test.
    struct Clocks {
        var wall = ClockGuardTests.start
        var monotonic: Int64 = 5000
        var guarded = ClockGuard(wall: ClockGuardTests.start, monotonic: 5000)

        /// Lets both clocks run, steps the wall clock, and reads.
        mutating func run(_ milliseconds: Int64, step: Int64 = 0) -> ClockGuard.Event? {
            wall += milliseconds + step
            monotonic += milliseconds
            return guarded.read(wall: wall, monotonic: monotonic)
        }

        /// Milliseconds of guarded time since the start.
        var passed: Int64 { guarded.now - ClockGuardTests.start }
    }

    @Test func followsTheWallClock() {
        var clocks = Clocks()
        for _ in 0..<100 {
            let event = clocks.run(1000)
            #expect(event == nil)
        }
        #expect(clocks.passed == 100_000)
        // Small steps forward are followed at once, up to the bound.
        let event = clocks.run(0, step: Limits.clockJumpMilliseconds)
        #expect(event == nil)
        #expect(clocks.passed == 160_000)
    }

    @Test func aLongSilenceIsNoJump() {
        var clocks = Clocks()
        let event = clocks.run(24 * 3_600_000)
        #expect(event == nil)
        #expect(clocks.passed == 24 * 3_600_000)
    }

    @Test func aGlitchForwardLeavesNoTrace() {
        var clocks = Clocks()
        let jump = clocks.run(1000, step: 3_600_000)
        #expect(jump == .jumpedForward(3_600_000))
        #expect(clocks.passed == 1000)
        let still = clocks.run(58_999)
        #expect(still == nil)
        #expect(clocks.passed == 59_999)
        let back = clocks.run(1000, step: -3_600_000)
        #expect(back == .recovered(movedBy: 0))
        #expect(clocks.passed == 60_999)
    }

    @Test func theSmallestJumpThatIsDoubted() {
        var clocks = Clocks()
        let jump = clocks.run(0, step: Limits.clockJumpMilliseconds + 1)
        #expect(jump == .jumpedForward(60_001))
        #expect(clocks.passed == 0)
    }

    @Test func aJumpThatLastsIsBelieved() {
        var clocks = Clocks()
        _ = clocks.run(0, step: 3_600_000)
        let early = clocks.run(Limits.clockDoubtMilliseconds - 1)
        #expect(early == nil)
        #expect(clocks.passed == 59_999)
        let believed = clocks.run(1)
        #expect(believed == .recovered(movedBy: 3_600_000))
        #expect(clocks.passed == 3_660_000)
        let after = clocks.run(10)
        #expect(after == nil)
        #expect(clocks.passed == 3_660_010)
    }

    @Test func anotherJumpStartsTheDoubtAnew() {
        var clocks = Clocks()
        _ = clocks.run(0, step: 3_600_000)
        let second = clocks.run(59_000, step: 3_600_000)
        #expect(second == .jumpedForward(7_200_000))
        let early = clocks.run(59_999)
        #expect(early == nil)
        #expect(clocks.passed == 118_999)
        let believed = clocks.run(1)
        #expect(believed == .recovered(movedBy: 7_200_000))
    }

    @Test func aSmallStepBackIsWaitedFor() {
        var clocks = Clocks()
        _ = clocks.run(10_000)
        let event = clocks.run(0, step: -Limits.clockHoldMilliseconds)
        #expect(event == nil)
        #expect(clocks.passed == 10_000)
        _ = clocks.run(999)
        #expect(clocks.passed == 10_000)
        _ = clocks.run(2)
        #expect(clocks.passed == 10_001)
    }

    @Test func aStepBackIsCaughtUpAtHalfSpeed() {
        var clocks = Clocks()
        _ = clocks.run(10_000)
        let event = clocks.run(0, step: -3_600_000)
        #expect(event == .steppedBack(3_600_000))
        #expect(clocks.passed == 10_000)
        _ = clocks.run(1000)
        #expect(clocks.passed == 10_500)
        // Milliseconds that come one by one are not lost to the halving.
        for _ in 0..<1000 { _ = clocks.run(1) }
        #expect(clocks.passed == 11_000)
        let early = clocks.run(7_200_000 - 2002)
        #expect(early == nil)
        let caughtUp = clocks.run(1)
        #expect(caughtUp == .recovered(movedBy: 0))
        #expect(clocks.guarded.now == clocks.wall)
    }

    @Test func aStepBackWithinALongSilenceLosesHalfOfIt() {
        var clocks = Clocks()
        let event = clocks.run(10_000, step: -20_000)
        #expect(event == .steppedBack(10_000))
        #expect(clocks.passed == 5000)
    }

    @Test func aStepBackThatIsUndoneIsNoJump() {
        var clocks = Clocks()
        _ = clocks.run(0, step: -3_600_000)
        _ = clocks.run(20_000)
        let undone = clocks.run(0, step: 3_600_000)
        #expect(undone == .recovered(movedBy: 0))
        #expect(clocks.guarded.now == clocks.wall)
    }

    @Test func aGlitchThatEndsInAStepBack() {
        var clocks = Clocks()
        _ = clocks.run(0, step: 3_600_000)
        _ = clocks.run(30_000)
        let event = clocks.run(0, step: -3_700_000)
        #expect(event == .steppedBack(100_000))
        #expect(clocks.passed == 30_000)
    }

    @Test func aMonotonicClockThatGoesBackIsIgnored() {
        var guarded = ClockGuard(wall: 1000, monotonic: 1000)
        let event = guarded.read(wall: 1100, monotonic: 0)
        #expect(event == nil)
        #expect(guarded.now == 1100)
    }

    /// Whatever the wall clock does, time never goes back and never leads the faster of both clocks; between
    /// steps it runs at half speed at least, save for what it holds.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverGoesBackNorStops(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var clocks = Clocks()
        var last = clocks.guarded.now
        for _ in 0..<5000 {
            let milliseconds = Int64.random(in: 0...5000, using: &generator)
            var step: Int64 = 0
            if Int.random(in: 0..<50, using: &generator) == 0 {
                step = Int64.random(in: -7_200_000...7_200_000, using: &generator)
            }
            _ = clocks.run(milliseconds, step: step)
            let moved = clocks.guarded.now - last
            #expect(moved >= 0)
            if step == 0 { #expect(moved >= milliseconds / 2 - Limits.clockHoldMilliseconds) }
            #expect(clocks.guarded.now <= max(last + milliseconds, clocks.wall))
            last = clocks.guarded.now
        }
        // Left alone, it comes back to the wall clock.
        _ = clocks.run(40 * 24 * 3_600_000)
        _ = clocks.run(Limits.clockDoubtMilliseconds)
        #expect(clocks.guarded.now == clocks.wall)
    }
}
