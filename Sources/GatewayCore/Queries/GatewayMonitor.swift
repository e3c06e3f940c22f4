package import Engine
package import SMSModel
internal import Synchronization

/// Says how the gateway is.
package final class GatewayMonitor: Sendable {
    private let writer: Writer
    private let providers: ProviderRegistry
    private let clock: GatewayClock
    private let bounds: HealthBounds
    private let startedAt: Int64
    private let connectionCount = Mutex<@Sendable () -> Int> { 0 }
    private let installation = Mutex<@Sendable () -> [GatewayHealth.Check]> { [] }
    private let surveys = Mutex(Surveys())

    /// What is known of what waits, and who asks for it.
    private struct Surveys {
        var last = WaitingSurvey()
        /// Nanoseconds of a monotonic clock; nil = never.
        var takenAt: Int64?
        /// Called with the survey that is under way; empty = none is.
        var askers: [@Sendable (WaitingSurvey) -> Void] = []
    }

    package init(
        writer: Writer, providers: ProviderRegistry, clock: GatewayClock, bounds: HealthBounds = HealthBounds()
    ) {
        self.writer = writer
        self.providers = providers
        self.clock = clock
        self.bounds = bounds
        startedAt = clock.now()
    }

    /// Tells how many connections there are, once there is a server.
    package func countConnections(_ count: @escaping @Sendable () -> Int) {
        connectionCount.withLock { $0 = count }
    }

    /// Adds what is to be said of the installation around the gateway: quickly, since it is asked with each question.
    package func examineInstallation(_ checks: @escaping @Sendable () -> [GatewayHealth.Check]) {
        installation.withLock { $0 = checks }
    }

    /// Counts, without those of messages by their state.
    package func statistics(_ reply: @escaping @Sendable (GatewayStatistics) -> Void) {
        survey { [self] in reply(statistics($0)) }
    }

    private func statistics(_ survey: WaitingSurvey) -> GatewayStatistics {
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
        statistics.connections = UInt64(connectionCount.withLock { $0() })
        statistics.commits = report.commits
        statistics.committedOperations = report.operations
        statistics.providers = survey.providers
        statistics.paused = report.paused
        return statistics
    }

    package func health(_ reply: @escaping @Sendable (GatewayHealth) -> Void) {
        survey { [self] in reply(health($0)) }
    }

    /// How the gateway is as far as it is known without asking the writer, for those who cannot wait: what waits is of the
    /// last time that somebody asked, and is counted again.
    package var latestHealth: GatewayHealth {
        survey { _ in }
        return health(surveys.withLock { $0.last })
    }

    private func health(_ survey: WaitingSurvey) -> GatewayHealth {
        GatewayHealth(
            writer.report, survey, idleReason: providers.idleReason, lackingURL: providers.lackingPublicURL,
            installation: installation.withLock { $0 }(), bounds, now: clock.now())
    }

    /// Counts what waits, unless that has just been done; questions that come meanwhile share the result.
    private func survey(_ reply: @escaping @Sendable (WaitingSurvey) -> Void) {
        let now = GatewayClock.monotonicNanoseconds()
        let (known, isFirst) = surveys.withLock { surveys -> (WaitingSurvey?, Bool) in
            if let takenAt = surveys.takenAt, now - takenAt < Limits.surveyMilliseconds * 1_000_000 {
                return (surveys.last, false)
            }
            surveys.askers.append(reply)
            return (nil, surveys.askers.count == 1)
        }
        if let known { return reply(known) }
        guard isFirst else { return }
        writer.survey { [self] survey in
            let askers = surveys.withLock { surveys in
                defer { surveys.askers = [] }
                surveys.last = survey
                surveys.takenAt = GatewayClock.monotonicNanoseconds()
                return surveys.askers
            }
            for asker in askers { asker(survey) }
        }
    }
}
