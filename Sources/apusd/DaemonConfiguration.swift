internal import Admission
internal import ConfigurationModel
internal import Engine
internal import Foundation
internal import GatewayCore
internal import Logging
internal import Providers
internal import RPCTransport
internal import SMSModel
internal import Storage
internal import WebGateway

/// All that the daemon can be told, with its defaults. `docs/apusd.yaml` has every setting explained.
struct DaemonConfiguration {
    var data = "./apus-data"
    /// Empty: the Unix socket in the data directory.
    var rpc: [String] = []
    /// Empty: there is no web server.
    var http: [String] = []
    /// Empty: what the Host header says.
    var webhooksPublicURL = ""
    /// Addresses of proxies.
    var webhooksProxies: [String] = []
    var logLevel = Logger.Level.info
    var redaction = Redaction()
    var tenant = "default"
    var keyFile = ""
    var masterKeyFile = ""
    var defaultSender = ""
    var defaultValidity = Int(Limits.validityDefaultMilliseconds / 1000)
    var onUnknown = OnUnknown.hold
    var eventLoops = 0
    var connections = Limits.connections
    var drainSeconds = 30
    var socketMode = "0600"
    var storage = SQLiteStoreOptions()
    /// 0 = for ever.
    var bodyDays = 30
    /// 0 = for ever.
    var recordDays = 90
    /// 0 = for ever.
    var auditDays = 400
    var writer = WriterOptions()
    /// From a message's hand-over until its provider is asked about it, if the answer was lost.
    var reconciliationFirstSeconds = 75
    /// From the time at which a message was sent until its provider is asked what became of it, if no receipt comes.
    var reconciliationReceiptSeconds = Int(Limits.receiptLookUpMilliseconds / 1000)
    /// Seconds that a message may wait before the gateway counts as degraded; 0 = as long as it likes.
    var healthWaitingSeconds = Int((HealthBounds().waiting ?? 0) / 1000)
    var healthBulkWaitingSeconds = Int((HealthBounds().bulkWaiting ?? 0) / 1000)
    var sandbox = SandboxOptions()
    var sandboxLimits = ProviderLimits()
    var sandboxRecords = true
    var tls = TLSSettings()

    /// Reads the file and the environment.
    /// - Throws: ``ConfigurationProblems``.
    static func load(file: String?, environment: [String: String]) async throws -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        try await SettingsReader(file: file, environment: environment).read(settings, into: &configuration)
        return configuration
    }

    /// Whether ``onUnknown`` is to send again.
    var resendsUnknown: Bool {
        get { onUnknown == .resend }
        set { onUnknown = newValue ? .resend : .hold }
    }

    /// The store's settings as a whole.
    var store: SQLiteStoreOptions {
        var options = storage
        options.retention.standard = .init(
            bodies: bodyDays > 0 ? bodyDays : nil, records: recordDays > 0 ? recordDays : nil)
        options.retention.auditDays = auditDays > 0 ? auditDays : nil
        return options
    }

    var healthBounds: HealthBounds {
        var bounds = HealthBounds()
        bounds.waiting = healthWaitingSeconds > 0 ? Int64(healthWaitingSeconds) * 1000 : nil
        bounds.bulkWaiting = healthBulkWaitingSeconds > 0 ? Int64(healthBulkWaitingSeconds) * 1000 : nil
        return bounds
    }

    /// The addresses to listen at.
    /// - Throws: ``ConfigurationProblems`` naming each that is none.
    func addresses() throws(ConfigurationProblems) -> [ServerAddress] {
        var found: [ServerAddress] = []
        var problems: [String] = []
        for text in rpc.isEmpty ? ["unix:\(data)/apus.sock"] : rpc {
            do throws(ServerAddress.ParseError) {
                found.append(try ServerAddress(parsing: text))
            } catch {
                problems.append(error.description)
            }
        }
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
        return found
    }

    /// Where the web server listens.
    /// - Throws: ``ConfigurationProblems`` naming each that is none.
    func webAddresses() throws(ConfigurationProblems) -> [WebAddress] {
        var found: [WebAddress] = []
        var problems: [String] = []
        for text in http {
            do throws(WebAddress.ParseError) {
                found.append(try WebAddress(parsing: text))
            } catch {
                problems.append(error.description)
            }
        }
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
        return found
    }

    /// nil without the setting.
    /// - Throws: ``ConfigurationProblems``.
    func publicURL() throws -> PublicURL? {
        guard !webhooksPublicURL.isEmpty else { return nil }
        do throws(PublicURL.ParseError) {
            return try PublicURL(parsing: webhooksPublicURL)
        } catch {
            throw ConfigurationProblems(problems: ["webhooks.public-url \(error.description)"])
        }
    }

    /// The proxies whose word on where requests come from is believed.
    /// - Throws: ``ConfigurationProblems``.
    func proxies() throws -> Set<PeerOrigin> {
        guard webhooksProxies.count <= Limits.webProxies else {
            throw ConfigurationProblems(problems: ["webhooks.proxies has more than \(Limits.webProxies) addresses"])
        }
        var found: Set<PeerOrigin> = []
        for text in webhooksProxies {
            guard let origin = PeerOrigin(address: text) else {
                throw ConfigurationProblems(
                    problems: ["webhooks.proxies has \"\(text)\", which is no address, such as 10.0.0.5"])
            }
            found.insert(origin)
        }
        return found
    }

    /// What no single setting shows: that files are there, and values make sense together.
    func check() throws {
        var problems: [String] = []
        if let problem = Form.tenantName(tenant) { problems.append("tenant: \(problem)") }
        if !defaultSender.isEmpty,
            let problem = Array(defaultSender.utf8).withUnsafeBytes({ Sender.check($0) })
        {
            problems.append("defaults.sender: \(problem)")
        }
        if UInt32(socketMode, radix: 8) == nil { problems.append("socket-mode must be octal, such as 0600") }
        let shares = sandbox.faults
        let sum = shares.throttled + shares.unavailable + shares.rejected + shares.unknown + shares.undelivered
        // Sums of decimal fractions may pass 1 by a rounding error.
        if sum > 1 + 1e-9 { problems.append("sandbox.faults: the shares add up to \(sum), which is more than 1") }
        if recordDays > 0, recordDays < RetentionPolicy.leastRecordDays {
            problems.append(
                "retention.record-days must be 0 or at least \(RetentionPolicy.leastRecordDays): "
                    + "idempotency keys hold for a day")
        }
        if recordDays > 0, bodyDays > recordDays {
            problems.append("retention.body-days is above retention.record-days")
        }
        if writer.retryBase > writer.retryCap {
            problems.append("dispatch.retry-base-ms is above dispatch.retry-cap-ms")
        }
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
        _ = try publicURL()
        _ = try proxies()
        let isUsedByWeb = try webAddresses().contains(where: \.isOfTLS)
        let isUsed = try addresses().contains(where: \.isOfTLS) || isUsedByWeb
        problems = tls.problems(isUsed: isUsed)
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
    }

    /// A share of 0 to 1.
    private static let share = 0.0...1.0
    private static let milliseconds = 0...86_400_000

    static let settings: [Setting] =
        [
            .text("data", \.data),
            .list("rpc", \.rpc),
            .list("http", \.http),
            .text("webhooks.public-url", \.webhooksPublicURL),
            .list("webhooks.proxies", \.webhooksProxies),
            .text("socket-mode", \.socketMode),
            .choice("log-level", \.logLevel),
            .choice("log-numbers", \.redaction.numbers),
            .choice("log-bodies", \.redaction.bodies),
            .text("tenant", \.tenant),
            .text("key-file", \.keyFile),
            .text("master-key-file", \.masterKeyFile),
            .integer("event-loops", 0...64, \.eventLoops),
            .integer("connections", 1...1_000_000, \.connections),
            .integer("drain-seconds", 0...3600, \.drainSeconds),
            .text("defaults.sender", \.defaultSender),
            .integer("defaults.validity-seconds", 1...604_800, \.defaultValidity),
            .flag("defaults.resend-unknown", \.resendsUnknown),
            .integer("storage.maximum-bytes", 0...Int.max, \.storage.maximumBytes),
            .integer("storage.cache-bytes", 1_048_576...Int.max, \.storage.cacheBytes),
            .flag("storage.accept-clock-behind", \.storage.acceptsClockBehind),
            .flag("storage.accept-clock-ahead", \.storage.acceptsClockAhead),
            .integer("retention.body-days", 0...36_500, \.bodyDays),
            .integer("retention.record-days", 0...36_500, \.recordDays),
            .integer("retention.audit-days", 0...36_500, \.auditDays),
            .integer("dispatch.content-bytes", 0...Int.max, \.writer.contentBytes),
            .integer("dispatch.retry-base-ms", 1...86_400_000, \.writer.retryBase),
            .integer("dispatch.retry-cap-ms", 1...86_400_000, \.writer.retryCap),
            .integer("dispatch.maximum-attempts", 1...10_000, \.writer.maximumAttempts),
            .integer("reconciliation.first-seconds", 1...3600, \.reconciliationFirstSeconds),
            .integer("reconciliation.receipt-seconds", 1...86_400, \.reconciliationReceiptSeconds),
            .integer("health.waiting-seconds", 0...604_800, \.healthWaitingSeconds),
            .integer("health.bulk-waiting-seconds", 0...604_800, \.healthBulkWaitingSeconds),
            .integer("sandbox.latency-ms", milliseconds, \.sandbox.latency),
            .integer("sandbox.receipt-delay-ms", milliseconds, \.sandbox.receiptDelay),
            .number("sandbox.rate", 0...1_000_000, \.sandbox.rate),
            .amount("sandbox.price", upTo: Limits.segmentPrice, \.sandboxLimits.price),
            .flag("sandbox.record", \.sandboxRecords),
            .integer("sandbox.seed", 0...Int.max, \.sandbox.seed),
            .integer("sandbox.in-flight", 1...1_000_000, \.sandboxLimits.inFlight),
            .number("sandbox.submit-rate", 0...1_000_000, \.sandboxLimits.rate),
            .number("sandbox.faults.throttled", share, \.sandbox.faults.throttled),
            .number("sandbox.faults.unavailable", share, \.sandbox.faults.unavailable),
            .number("sandbox.faults.rejected", share, \.sandbox.faults.rejected),
            .number("sandbox.faults.unknown", share, \.sandbox.faults.unknown),
            .number("sandbox.faults.undelivered", share, \.sandbox.faults.undelivered),
        ] + TLSSettings.settings
}
