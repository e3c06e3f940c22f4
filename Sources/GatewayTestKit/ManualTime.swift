internal import Synchronization

/// Time that goes on only when told to, in milliseconds since the Unix epoch.
package final class ManualTime: Sendable {
    private let value: Mutex<Int64>

    package init(_ start: Int64 = 1_800_000_000_000) {
        value = Mutex(start)
    }

    package var now: Int64 { value.withLock { $0 } }

    package func advance(_ milliseconds: Int64) {
        value.withLock { $0 += milliseconds }
    }
}
