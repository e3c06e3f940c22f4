package import Engine
package import SMSModel
internal import Synchronization

/// Says how the gateway is.
package final class GatewayMonitor: Sendable {
    private let writer: Writer
    private let providers: ProviderRegistry
    private let clock: GatewayClock
    private let startedAt: Int64
    private let connectionCount = Mutex<@Sendable () -> Int> { 0 }

    package init(writer: Writer, providers: ProviderRegistry, clock: GatewayClock) {
        self.writer = writer
        self.providers = providers
        self.clock = clock
        startedAt = clock.now()
    }

    /// Tells how many connections there are, once there is a server.
    package func countConnections(_ count: @escaping @Sendable () -> Int) {
        connectionCount.withLock { $0 = count }
    }

    /// Counts as of the writer's last round, without those of messages by their state.
    package var statistics: GatewayStatistics {
        let report = writer.report
        var statistics = GatewayStatistics()
        statistics.waitingUrgent = report.waitingUrgent
        statistics.waitingNormal = report.waitingNormal
        statistics.waitingBulk = report.waitingBulk
        statistics.waitingLater = report.waitingLater
        statistics.inFlight = report.inFlight
        statistics.uptimeMilliseconds = UInt64(max(0, clock.now() - startedAt))
        statistics.cpuMicroseconds = ProcessUsage.cpuMicroseconds
        statistics.residentBytes = ProcessUsage.residentBytes
        statistics.connections = UInt64(connectionCount.withLock { $0 }())
        statistics.commits = report.commits
        statistics.committedOperations = report.operations
        statistics.providers = report.providers
        statistics.paused = report.paused
        return statistics
    }

    package var health: GatewayHealth {
        let report = writer.report
        let idleReason =
            providers.idleReason
            ?? (report.disconnected.isEmpty ? nil : "not connected: " + report.disconnected.joined(separator: "; "))
        let isDispatching = report.isDispatching && !report.isTakingUp
        let why =
            report.isTakingUp
            ? "taking up what waits"
            : report.pausedForAll.isEmpty ? "" : "paused: " + report.pausedForAll.joined(separator: ", ")
        return GatewayHealth(
            isAccepting: report.trouble == nil,
            isDispatching: isDispatching && providers.idleReason == nil && report.isConnected,
            checks: [
                .init(name: "store", isGood: report.trouble == nil, detail: report.trouble ?? ""),
                .init(name: "dispatch", isGood: isDispatching, detail: why),
                .init(name: "providers", isGood: idleReason == nil, detail: idleReason ?? ""),
            ])
    }
}

/// Whether the gateway does its work.
package struct GatewayHealth: Hashable, Sendable {
    package struct Check: Hashable, Sendable {
        package var name: String
        package var isGood: Bool
        /// For people; "" = there is nothing to say.
        package var detail: String
    }

    package var isAccepting: Bool
    package var isDispatching: Bool
    package var checks: [Check]
}
