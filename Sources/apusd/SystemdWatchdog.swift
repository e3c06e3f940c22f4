internal import Engine
internal import Foundation

/// Tells systemd that the writer's thread works, as often as the unit's `WatchdogSec` asks for (sd_watchdog_enabled(3)).
/// A daemon whose writer hangs says nothing, and systemd restarts it.
struct SystemdWatchdog: Sendable {
    /// Half of what systemd waits for.
    let interval: Duration
    /// The writer's turns at the last look.
    private var turns: UInt64?

    /// nil if this process is not watched.
    init?(environment: [String: String], process: Int32 = getpid()) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let watched = environment["WATCHDOG_PID"], Int32(watched) != process { return nil }
        interval = .microseconds(microseconds / 2)
    }

    /// - Parameter count: the turns that the writer's thread has taken.
    /// - Returns: whether it has taken one since the last look.
    mutating func isAlive(turns count: UInt64) -> Bool {
        defer { turns = count }
        return turns != count
    }

    /// Looks after the writer until it is cancelled.
    func run(_ writer: Writer, environment: [String: String]) async {
        var watchdog = self
        repeat {
            if watchdog.isAlive(turns: writer.turns) {
                SystemdNotification.send("WATCHDOG=1", environment: environment)
            }
            // One that has nothing to do takes a turn all the same.
            writer.wake()
        } while (try? await Task.sleep(for: interval)) != nil
    }
}
