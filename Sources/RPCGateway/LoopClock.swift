internal import Engine
internal import RPCTransport

/// The gateway's time for what happens with every request and needs no more than a second's precision: read again once
/// in a sweep of the loop.
final class LoopClock {
    private let loop: RPCLoop
    private let clock: GatewayClock
    private var sweep = -1
    private var reading: Int64 = 0

    init(loop: RPCLoop, clock: GatewayClock) {
        self.loop = loop
        self.clock = clock
    }

    /// Milliseconds since the Unix epoch.
    var now: Int64 {
        @inline(__always) get { loop.now == sweep ? reading : readAgain() }
    }

    private func readAgain() -> Int64 {
        sweep = loop.now
        reading = clock.now()
        return reading
    }
}
