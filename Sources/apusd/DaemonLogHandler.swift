internal import Foundation
internal import Logging

/// Logs to standard error: JSON lines, or plain text when it is a terminal.
struct DaemonLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let isText: Bool

    init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
        isText = isatty(2) == 1
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let at = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var line: String
        if isText {
            line = "\(at) \(event.level.rawValue) \(event.message)"
            for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
        } else {
            var fields: [(String, String)] = [
                ("at", at), ("level", event.level.rawValue), ("message", event.message.description),
            ]
            fields += all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
            line = "{" + fields.map { "\(Self.quoted($0)):\(Self.quoted($1))" }.joined(separator: ",") + "}"
        }
        line += "\n"
        // One write a line, so that lines of several threads don't mix.
        FileHandle.standardError.write(Data(line.utf8))
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20: quoted += String(format: "\\u%04x", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
