internal import Foundation
internal import Logging

/// Reads the settings again while the daemon serves, and takes over those that can change then.
struct SettingsReload: Sendable {
    /// nil = there is none.
    let file: String?
    let environment: [String: String]
    /// The settings as they were at the start, without what the command line changes.
    let loaded: DaemonConfiguration
    let threshold: LogThreshold
    let log: Logger

    /// The settings that hold at once.
    private static let live: Set<String> = ["log-level"]

    func run() async {
        let new: DaemonConfiguration
        do {
            new = try await DaemonConfiguration.load(file: file, environment: environment)
        } catch let error as ConfigurationProblems {
            return failed(error.problems.joined(separator: "; "))
        } catch {
            return failed("\(error)")
        }
        threshold.level = new.logLevel
        var fields: Logger.Metadata = ["log_level": "\(new.logLevel.rawValue)"]
        let later = changed(to: new).filter { !Self.live.contains($0) }
        if !later.isEmpty { fields["after_restart"] = "\(later.joined(separator: " "))" }
        // Whatever the level is now: who has asked is answered.
        var told = log
        told.logLevel = min(log.logLevel, .notice)
        told.notice("settings read again", metadata: fields)
    }

    private func failed(_ reason: String) {
        log.error("the settings cannot be read again; those of before stay", metadata: ["reason": "\(reason)"])
    }

    /// The settings, by name, that are others than at the start.
    func changed(to new: DaemonConfiguration) -> [String] {
        DaemonConfiguration.settings.filter { $0.value(new) != $0.value(loaded) }.map(\.key)
    }
}
