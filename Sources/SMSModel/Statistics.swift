/// Whether a provider takes messages. Raw values are the protocol's.
package enum ProviderCondition: UInt8, CaseIterable, Sendable {
    case ready = 1
    /// Its circuit is open or half open.
    case failing = 2
    /// The link to its carrier is down.
    case disconnected = 3
    /// An operator has paused it.
    case paused = 4
    /// The configuration has it take no messages.
    case disabled = 5

    /// A clause for people.
    package var text: String {
        switch self {
        case .ready: "ready"
        case .failing: "failing: its circuit is open"
        case .disconnected: "not connected"
        case .paused: "paused by an operator"
        case .disabled: "disabled by the configuration"
        }
    }
}

/// A provider's last answer that says that it fails.
package struct ProviderError: Hashable, Sendable {
    package var failure: MessageFailure
    /// Milliseconds since the Unix epoch.
    package var at: Int64

    package init(_ failure: MessageFailure, at: Int64) {
        self.failure = failure
        self.at = at
    }
}

/// A provider's counts since the daemon started, and how it is now.
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
    /// nil where it is not told, or came with a later version.
    package var condition: ProviderCondition?
    /// For people; "" = there is nothing to say.
    package var conditionDetail = ""
    /// Since when it fails or is not connected, in milliseconds since the Unix epoch; nil = neither.
    package var conditionSince: Int64?
    package var lastError: ProviderError?
    /// Messages that wait and that it may be handed.
    package var waiting: UInt64 = 0
    /// The part of ``waiting`` whose route has no other provider.
    package var waitingOnly: UInt64 = 0
    /// Since when the one that waits longest does, in milliseconds since the Unix epoch; nil = none waits.
    package var oldestWaiting: Int64?

    package init(name: String, kind: String) {
        self.name = name
        self.kind = kind
    }
}

extension ProviderStatistics {
    /// Why it takes no messages, in a sentence for people; nil = it takes some.
    package var troubleText: String? {
        guard let condition, condition != .ready else { return nil }
        var text = "\(name) is \(condition.text)"
        if let conditionSince { text += " since \(WallTime.utcText(milliseconds: conditionSince))" }
        if !conditionDetail.isEmpty { text += " (\(conditionDetail))" }
        if condition == .failing, let failure = lastError?.failure {
            text += ", last error \(failure.code): \(failure.message)"
        }
        return text
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
