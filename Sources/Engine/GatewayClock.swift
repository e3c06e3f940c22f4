internal import Glibc
package import Logging
internal import Scheduling
internal import Synchronization

/// The time that the gateway acts on: the wall clock, guarded against jumps by the monotonic one.
///
/// Never goes back, and a forward jump is believed only once it has lasted, so that a glitch of the clock
/// expires no queue.
package final class GatewayClock: Sendable {
    private let state: Mutex<ClockGuard>
    private let read: @Sendable () -> (wall: Int64, monotonic: Int64)
    private let log: Logger

    package convenience init(log: Logger) {
        self.init(log: log) { (wall: Self.read(CLOCK_REALTIME), monotonic: Self.read(CLOCK_MONOTONIC)) }
    }

    /// - Parameter read: the machine's clocks, in milliseconds: since the Unix epoch, and since any origin.
    package init(log: Logger, read: @escaping @Sendable () -> (wall: Int64, monotonic: Int64)) {
        self.log = log
        self.read = read
        let first = read()
        state = Mutex(ClockGuard(wall: first.wall, monotonic: first.monotonic))
    }

    /// Milliseconds since the Unix epoch.
    package func now() -> Int64 {
        // Read under the lock: a reading that waited for it would look like a clock that stepped back.
        let (now, event) = state.withLock { clock in
            let time = read()
            let event = clock.read(wall: time.wall, monotonic: time.monotonic)
            return (clock.now, event)
        }
        switch event {
        case .jumpedForward(let milliseconds):
            log.warning("the clock jumped ahead and is not believed yet", metadata: ["ms": "\(milliseconds)"])
        case .steppedBack(let milliseconds):
            log.warning("the clock stepped back; time goes on slowly", metadata: ["ms": "\(milliseconds)"])
        case .recovered(let milliseconds):
            log.notice("time follows the clock again", metadata: ["moved_by_ms": "\(milliseconds)"])
        case nil: break
        }
        return now
    }

    /// Nanoseconds from any origin, for measuring how long something takes.
    package static func monotonicNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
