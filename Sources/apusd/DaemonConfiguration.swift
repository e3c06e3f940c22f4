internal import Admission
internal import ConfigurationModel
internal import Foundation
internal import Gateway
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

    /// The store's settings as a whole.
    var store: SQLiteStoreOptions {
        var options = storage
        options.retention.standard = .init(
            bodies: bodyDays > 0 ? bodyDays : nil, records: recordDays > 0 ? recordDays : nil)
        options.retention.auditDays = auditDays > 0 ? auditDays : nil
        return options
    }

    /// The addresses to listen at.
    /// - Throws: ``ConfigurationProblems`` naming each that is none.
    func addresses() throws -> [ServerAddress] {
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
    func webAddresses() throws -> [WebAddress] {
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
        let isUsedByWeb = try webAddresses().contains(where: \.isOfTLS)
        let isUsed = try addresses().contains(where: \.isOfTLS) || isUsedByWeb
        problems = tls.problems(isUsed: isUsed)
        if !problems.isEmpty { throw ConfigurationProblems(problems: problems) }
    }

    /// A share of 0 to 1.
    private static let share = SettingKind.number(0...1)
    private static let milliseconds = SettingKind.integer(0...86_400_000)

    static let settings: [Setting] =
        [
            Setting(key: "data", kind: .text) { $0.data = $1.text },
            Setting(key: "rpc", kind: .list) { $0.rpc = $1.list },
            Setting(key: "http", kind: .list) { $0.http = $1.list },
            Setting(key: "webhooks.public-url", kind: .text) { $0.webhooksPublicURL = $1.text },
            Setting(key: "socket-mode", kind: .text) { $0.socketMode = $1.text },
            Setting(key: "log-level", kind: .choice(Logger.Level.allCases.map(\.rawValue))) {
                $0.logLevel = Logger.Level(rawValue: $1.text) ?? .info
            },
            Setting(key: "log-numbers", kind: .choice(Redaction.Disclosure.allCases.map(\.rawValue))) {
                $0.redaction.numbers = Redaction.Disclosure(rawValue: $1.text) ?? .redacted
            },
            Setting(key: "log-bodies", kind: .choice(Redaction.Disclosure.allCases.map(\.rawValue))) {
                $0.redaction.bodies = Redaction.Disclosure(rawValue: $1.text) ?? .redacted
            },
            Setting(key: "tenant", kind: .text) { $0.tenant = $1.text },
            Setting(key: "key-file", kind: .text) { $0.keyFile = $1.text },
            Setting(key: "master-key-file", kind: .text) { $0.masterKeyFile = $1.text },
            Setting(key: "event-loops", kind: .integer(0...64)) { $0.eventLoops = $1.integer },
            Setting(key: "connections", kind: .integer(1...1_000_000)) { $0.connections = $1.integer },
            Setting(key: "drain-seconds", kind: .integer(0...3600)) { $0.drainSeconds = $1.integer },
            Setting(key: "defaults.sender", kind: .text) { $0.defaultSender = $1.text },
            Setting(key: "defaults.validity-seconds", kind: .integer(1...604_800)) { $0.defaultValidity = $1.integer },
            Setting(key: "defaults.resend-unknown", kind: .flag) { $0.onUnknown = $1.flag ? .resend : .hold },
            Setting(key: "storage.maximum-bytes", kind: .integer(0...Int.max)) {
                $0.storage.maximumBytes = Int64($1.integer)
            },
            Setting(key: "storage.cache-bytes", kind: .integer(1_048_576...Int.max)) {
                $0.storage.cacheBytes = Int64($1.integer)
            },
            Setting(key: "storage.accept-clock-behind", kind: .flag) { $0.storage.acceptsClockBehind = $1.flag },
            Setting(key: "retention.body-days", kind: .integer(0...36_500)) { $0.bodyDays = $1.integer },
            Setting(key: "retention.record-days", kind: .integer(0...36_500)) { $0.recordDays = $1.integer },
            Setting(key: "retention.audit-days", kind: .integer(0...36_500)) { $0.auditDays = $1.integer },
            Setting(key: "dispatch.content-bytes", kind: .integer(0...Int.max)) { $0.writer.contentBytes = $1.integer },
            Setting(key: "dispatch.retry-base-ms", kind: .integer(1...86_400_000)) {
                $0.writer.retryBase = Int64($1.integer)
            },
            Setting(key: "dispatch.retry-cap-ms", kind: .integer(1...86_400_000)) {
                $0.writer.retryCap = Int64($1.integer)
            },
            Setting(key: "dispatch.maximum-attempts", kind: .integer(1...10_000)) {
                $0.writer.maximumAttempts = $1.integer
            },
            Setting(key: "reconciliation.first-seconds", kind: .integer(1...3600)) {
                $0.reconciliationFirstSeconds = $1.integer
            },
            Setting(key: "sandbox.latency-ms", kind: milliseconds) { $0.sandbox.latency = Int64($1.integer) },
            Setting(key: "sandbox.receipt-delay-ms", kind: milliseconds) {
                $0.sandbox.receiptDelay = Int64($1.integer)
            },
            Setting(key: "sandbox.rate", kind: .number(0...1_000_000)) { $0.sandbox.rate = $1.number },
            Setting(key: "sandbox.price", kind: .amount(upTo: Limits.segmentPrice)) {
                $0.sandboxLimits.price = $1.amount.millionths
            },
            Setting(key: "sandbox.record", kind: .flag) { $0.sandboxRecords = $1.flag },
            Setting(key: "sandbox.seed", kind: .integer(0...Int.max)) { $0.sandbox.seed = UInt64($1.integer) },
            Setting(key: "sandbox.in-flight", kind: .integer(1...1_000_000)) { $0.sandboxLimits.inFlight = $1.integer },
            Setting(key: "sandbox.submit-rate", kind: .number(0...1_000_000)) { $0.sandboxLimits.rate = $1.number },
            Setting(key: "sandbox.faults.throttled", kind: share) { $0.sandbox.faults.throttled = $1.number },
            Setting(key: "sandbox.faults.unavailable", kind: share) { $0.sandbox.faults.unavailable = $1.number },
            Setting(key: "sandbox.faults.rejected", kind: share) { $0.sandbox.faults.rejected = $1.number },
            Setting(key: "sandbox.faults.unknown", kind: share) { $0.sandbox.faults.unknown = $1.number },
            Setting(key: "sandbox.faults.undelivered", kind: share) { $0.sandbox.faults.undelivered = $1.number },
        ] + TLSSettings.settings
}
