internal import Engine
internal import Foundation
internal import GatewayCore
internal import Glibc
internal import Providers
internal import SMSModel
internal import Synchronization
internal import TLS

/// Says what an operator should know of the machine that the gateway runs on: room on its disk, the ends of certificates,
/// settings that do nothing.
final class InstallationChecks: Sendable {
    private let configuration: DaemonConfiguration
    private let isDevelopment: Bool
    private let known = Mutex<(checks: [GatewayHealth.Check], until: ContinuousClock.Instant)?>(nil)

    /// Files are read for it: no more often than this.
    private static let interval = Duration.seconds(10)

    init(_ configuration: DaemonConfiguration, isDevelopment: Bool) {
        self.configuration = configuration
        self.isDevelopment = isDevelopment
    }

    /// The checks, as they were within the last seconds.
    func latest() -> [GatewayHealth.Check] {
        known.withLock { known in
            if let known, ContinuousClock.now < known.until { return known.checks }
            let checks = [disk, certificates, settings].compactMap(\.self)
            known = (checks, ContinuousClock.now + Self.interval)
            return checks
        }
    }

    private var disk: GatewayHealth.Check? {
        var status = statvfs()
        guard statvfs(configuration.data, &status) == 0 else { return nil }
        let free = Int64(clamping: status.f_bavail) * Int64(clamping: status.f_frsize)
        return Self.disk(free: free, path: configuration.data)
    }

    static func disk(free: Int64, path: String) -> GatewayHealth.Check {
        let isLow = free < Limits.diskWarningBytes
        return GatewayHealth.Check(
            name: "disk", isGood: true, detail: "\(free >> 20) MiB are free for \(path)", isWarning: isLow)
    }

    private var certificates: GatewayHealth.Check? {
        guard !configuration.tls.options.certificate.isEmpty else { return nil }
        let expiries = configuration.tls.expiries(now: Date())
        let texts = expiries.over + expiries.soon
        return GatewayHealth.Check(
            name: "certificates", isGood: true, detail: texts.joined(separator: "; "), isWarning: !texts.isEmpty)
    }

    private var settings: GatewayHealth.Check? {
        let warnings = configuration.warnings(isDevelopment: isDevelopment)
        return GatewayHealth.Check(
            name: "settings", isGood: true, detail: warnings.joined(separator: "; "), isWarning: !warnings.isEmpty)
    }
}

extension DaemonConfiguration {
    /// What is set and does not do what it seems to.
    func warnings(isDevelopment: Bool) -> [String] {
        var warnings: [String] = []
        if !isDevelopment, sandbox != .init() || sandboxLimits != .init() {
            warnings.append("the file's settings of the sandbox hold under `apusd dev` alone")
        }
        if !webhooksPublicURL.isEmpty, http.isEmpty {
            warnings.append("webhooks.public-url is set, and there is no http address where webhooks come in")
        }
        if redaction.bodies == .full || redaction.numbers == .full {
            warnings.append("the log holds numbers or bodies in full (log-numbers, log-bodies)")
        }
        return warnings
    }
}
