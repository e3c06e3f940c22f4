/// A provider's counts since the daemon started.
package struct ProviderStatistics: Hashable, Sendable {
    package var name: String
    package var kind: String
    package var submitted: UInt64 = 0
    package var accepted: UInt64 = 0
    package var rejected: UInt64 = 0
    package var throttled: UInt64 = 0
    package var unavailable: UInt64 = 0
    package var unknown: UInt64 = 0
    package var inFlight: UInt64 = 0
    package var paused = false
    /// nil where it is not found out what the provider bears.
    package var circuit: CircuitState?
    /// Messages that it is given at one time at most, as of now.
    package var inFlightBound: UInt64 = 0
    /// Messages a second that it is given at most, as of now; 0 = no bound.
    package var rate = 0.0
    /// Until it has answered, recently; 0 = not known.
    package var latencyMilliseconds: UInt64 = 0

    package init(name: String, kind: String) {
        self.name = name
        self.kind = kind
    }
}

/// The answer to Stats.
package struct GatewayStatistics: Hashable, Sendable {
    package var states: [StateCount] = []
    package var waitingUrgent: UInt64 = 0
    package var waitingNormal: UInt64 = 0
    package var waitingBulk: UInt64 = 0
    /// Scheduled or backed off.
    package var waitingLater: UInt64 = 0
    package var inFlight: UInt64 = 0
    package var uptimeMilliseconds: UInt64 = 0
    /// The daemon's user and system time.
    package var cpuMicroseconds: UInt64 = 0
    package var residentBytes: UInt64 = 0
    package var connections: UInt64 = 0
    package var commits: UInt64 = 0
    package var committedOperations: UInt64 = 0
    package var providers: [ProviderStatistics] = []
    /// What is paused: "everything", "provider NAME", "batch NAME".
    package var paused: [String] = []

    package init() {}
}
