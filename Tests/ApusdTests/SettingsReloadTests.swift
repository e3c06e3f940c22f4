internal import Foundation
internal import GatewayTestKit
internal import Logging
internal import Synchronization
internal import Testing

@testable internal import apusd

/// What SIGHUP changes, and what it tells.
@Suite struct SettingsReloadTests {
    private let directory = TemporaryDirectory()
    private let kept = KeptLines()

    /// Keeps what is logged.
    private final class KeptLines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        struct Handler: LogHandler {
            let kept: KeptLines
            let threshold: LogThreshold
            var metadata: Logger.Metadata = [:]
            var own: Logger.Level?
            var logLevel: Logger.Level {
                get { own ?? threshold.level }
                set { own = newValue }
            }

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                let fields = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted().joined(separator: " ")
                kept.lines.withLock { $0.append("\(event.level) \(event.message) \(fields)") }
            }
        }
    }

    private func write(_ yaml: String) throws { try directory.write(Data(yaml.utf8), to: "apusd.yaml") }

    private func reload(_ threshold: LogThreshold) async throws -> SettingsReload {
        let file = directory.file("apusd.yaml")
        let log = Logger(label: "test") { [kept] _ in KeptLines.Handler(kept: kept, threshold: threshold) }
        return SettingsReload(
            file: file, environment: [:], loaded: try await DaemonConfiguration.load(file: file, environment: [:]),
            threshold: threshold, log: log)
    }

    @Test func theLevelOfTheLogChangesAtOnce() async throws {
        try write("log-level: info\n")
        let threshold = LogThreshold(.info)
        let reload = try await reload(threshold)
        try write("log-level: error\nconnections: 7\ndispatch: {retry-cap-ms: 90000}\n")
        await reload.run()
        #expect(threshold.level == .error)
        // The one who asked is answered, whatever the level is now.
        #expect(
            kept.all == ["notice settings read again after_restart=connections dispatch.retry-cap-ms log_level=error"])
        try write("log-level: debug\n")
        await reload.run()
        #expect(threshold.level == .debug && kept.all.last == "notice settings read again log_level=debug")
    }

    @Test func aFileThatIsWrongChangesNothing() async throws {
        try write("log-level: info\n")
        let threshold = LogThreshold(.info)
        let reload = try await reload(threshold)
        for wrong in ["log-level: loud\n", "log-levl: debug\n", "- a\n", ": : :\n"] {
            try write(wrong)
            await reload.run()
            #expect(threshold.level == .info)
            #expect(kept.all.last?.hasPrefix("error the settings cannot be read again; those of before stay") == true)
        }
        try FileManager.default.removeItem(atPath: directory.file("apusd.yaml"))
        await reload.run()
        #expect(kept.all.last?.contains("cannot be read: ") == true)
        #expect(kept.all.count == 5)
    }

    @Test func aLoggerMayHaveALevelOfItsOwn() {
        let threshold = LogThreshold(.info)
        var handler = DaemonLogHandler(label: "test", threshold: threshold)
        #expect(handler.logLevel == .info)
        for level in Logger.Level.allCases {
            threshold.level = level
            #expect(handler.logLevel == level)
        }
        handler.logLevel = .notice
        threshold.level = .trace
        #expect(handler.logLevel == .notice)
    }
}
