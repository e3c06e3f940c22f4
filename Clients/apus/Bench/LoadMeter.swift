internal import Glibc
internal import Histogram

/// What the connections of one event loop have measured.
///
/// Sendable unchecked: others carry the reference, all state is touched on its loop.
final class LoadMeter: @unchecked Sendable {
    /// Longer latencies count as this one.
    static let longestNanoseconds: UInt64 = 60_000_000_000

    /// Calls that were answered with OK.
    private(set) var calls = 0
    /// Messages that those calls carried and the gateway took.
    private(set) var messages = 0
    private(set) var refused = 0
    private(set) var firstError: String?
    /// Latencies in nanoseconds, of calls answered while ``isMeasuring``.
    private(set) var latencies = Histogram<UInt64>(highestTrackableValue: longestNanoseconds)
    var isMeasuring = false
    /// Messages that may still be asked for; nil = any number.
    var budget: Int?

    init(budget: Int?) {
        self.budget = budget
    }

    @inline(__always)
    func answered(messages count: Int, nanoseconds: UInt64) {
        calls += 1
        messages += count
        if isMeasuring { latencies.record(min(nanoseconds, Self.longestNanoseconds)) }
    }

    func refused(_ count: Int, _ error: @autoclosure () -> String) {
        refused += count
        if firstError == nil { firstError = error() }
    }

    /// Nanoseconds of a clock that only goes forward.
    @inline(__always)
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
