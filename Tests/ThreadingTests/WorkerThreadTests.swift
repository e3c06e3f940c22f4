internal import Foundation
internal import Synchronization
internal import Testing
internal import Threading

@Suite(.timeLimit(.minutes(1))) struct WorkerThreadTests {
    /// Counts turns, and lets a test wait for one.
    private final class Turns: Sendable {
        private let state = Mutex((count: 0, waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)]()))

        var count: Int { state.withLock { $0.count } }

        func add() {
            let due = state.withLock { state in
                state.count += 1
                let due = state.waiting.filter { $0.count <= state.count }
                state.waiting.removeAll { $0.count <= state.count }
                return due
            }
            for waiter in due { waiter.continuation.resume() }
        }

        func reach(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.count >= count { return true }
                    state.waiting.append((count, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }

    @Test func runsWhenWokenAndWhenSomethingIsDue() async {
        let turns = Turns()
        let thread = WorkerThread(name: "test")
        thread.start {
            turns.add()
            return turns.count < 5 ? 1 : nil
        }
        await turns.reach(5)
        thread.wake()
        await turns.reach(6)
        thread.stop()
        let count = turns.count
        thread.wake()
        #expect(turns.count == count)
    }

    @Test func aWakeDuringATurnMakesAnother() async {
        let turns = Turns()
        let thread = WorkerThread(name: "test")
        thread.start {
            turns.add()
            // From within its own turn: the one that follows is not lost.
            if turns.count < 1000 { thread.wake() }
            return nil
        }
        await turns.reach(1000)
        thread.stop()
    }

    private final class Number: Sendable {
        private let content = Mutex(0)

        var value: Int { content.withLock { $0 } }
        func set(_ value: Int) { content.withLock { $0 = value } }
        func add() { content.withLock { $0 += 1 } }
    }

    @Test func noWakeOfManyThreadsIsLost() async {
        let turns = Turns()
        let (wanted, seen) = (Number(), Number())
        let thread = WorkerThread(name: "test")
        thread.start {
            seen.set(wanted.value)
            turns.add()
            return nil
        }
        await withTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<2000 {
                        wanted.add()
                        thread.wake()
                    }
                }
            }
        }
        // Every wake makes a turn that begins after it: a stop ends only once the last has run, or is not needed.
        let before = turns.count
        thread.wake()
        await turns.reach(before + 1)
        thread.stop()
        #expect(seen.value == 8000)
    }

    @Test func canBeStoppedByItsOwnTurn() async {
        let turns = Turns()
        let thread = WorkerThread(name: "test")
        thread.start {
            thread.stop()
            turns.add()
            return 0
        }
        await turns.reach(1)
        #expect(turns.count == 1)
    }

    @Test func letsGoOfItsTurnOnceItHasEnded() async {
        final class Owner: Sendable {
            let thread = WorkerThread(name: "test")
            func run(_ turns: Turns) {
                thread.start { [self] in
                    _ = thread
                    turns.add()
                    return nil
                }
            }
        }
        weak var gone: Owner?
        let turns = Turns()
        do {
            let owner = Owner()
            gone = owner
            owner.run(turns)
            await turns.reach(1)
            owner.thread.stop()
        }
        #expect(gone == nil)
    }
}
