internal import NIOCore

/// When the calls in flight on one connection are to be answered at the latest: pure.
///
/// Calls that are answered stay in the list until it is looked through, which the bound on calls in flight keeps short: a
/// call costs an append.
struct CallDeadlines: Sendable {
    private var entries: [(id: UInt32, deadline: NIODeadline)] = []
    /// When the next call may be due; nil = none is known of.
    private(set) var next: NIODeadline?
    /// This many answered calls are let be before they are looked for.
    private static let slack = 64

    /// Calls in the list, answered ones among them.
    var count: Int { entries.count }

    /// Adds a call.
    ///
    /// - Parameter calls: those in flight.
    /// - Returns: whether ``next`` has come nearer.
    @inline(__always)
    mutating func add(_ id: UInt32, deadline: NIODeadline, calls: CallTable) -> Bool {
        if entries.count >= 2 * calls.count + Self.slack { entries.removeAll { !calls.contains($0.id) } }
        entries.append((id, deadline))
        if let next, next <= deadline { return false }
        next = deadline
        return true
    }

    /// Takes the calls out whose time is over, and looks for the next one.
    ///
    /// - Returns: those of them that are in flight, in the order of their ids.
    mutating func due(at now: NIODeadline, calls: CallTable) -> [UInt32] {
        var due: [UInt32] = []
        next = nil
        entries.removeAll { entry in
            guard calls.contains(entry.id) else { return true }
            if entry.deadline <= now {
                due.append(entry.id)
                return true
            }
            next = min(next ?? entry.deadline, entry.deadline)
            return false
        }
        return due.sorted()
    }
}
