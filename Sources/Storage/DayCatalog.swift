internal import SMSModel
internal import Synchronization

/// Which days have a file, and how often each has changed: written by the writer, asked by readers.
package final class DayCatalog: Sendable {
    /// The path of the data directory.
    let directory: String
    private let state = Mutex(State())

    private struct State {
        /// Commits to each day's file since the start.
        var versions: [Day: UInt64] = [:]
        /// Changes of which days there are.
        var generation: UInt64 = 0
    }

    init(directory: String) {
        self.directory = directory
    }

    var controlPath: String { DataDirectory.controlPath(in: directory) }

    func path(of day: Day) -> String { DataDirectory.path(of: day, in: directory) }

    /// Oldest first.
    var days: [Day] { state.withLock { $0.versions.keys.sorted() } }

    var newest: Day? { state.withLock { $0.versions.keys.max() } }

    var generation: UInt64 { state.withLock { $0.generation } }

    func contains(_ day: Day) -> Bool { state.withLock { $0.versions[day] != nil } }

    /// nil if it has no file.
    func version(of day: Day) -> UInt64? { state.withLock { $0.versions[day] } }

    func insert(_ days: some Sequence<Day>) {
        state.withLock { state in
            for day in days where state.versions[day] == nil { state.versions[day] = 0 }
            state.generation += 1
        }
    }

    func remove(_ day: Day) {
        state.withLock { state in
            state.versions[day] = nil
            state.generation += 1
        }
    }

    func committed(_ day: Day) {
        state.withLock { $0.versions[day]? += 1 }
    }
}
