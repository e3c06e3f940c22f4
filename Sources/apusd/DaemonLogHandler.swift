internal import Logging

/// Logs to standard error: JSON lines, or plain text when it is a terminal.
struct DaemonLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// A level of this logger's own; nil = the daemon's.
    private var ownLevel: Logger.Level?
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let threshold: LogThreshold
    private let writer: LogWriter

    init(label: String, threshold: LogThreshold, writer: LogWriter = .standardError) {
        self.label = label
        self.threshold = threshold
        self.writer = writer
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        writer.append(
            writer.format.line(
                at: LogWriter.now(), level: event.level, message: event.message.description, label: label,
                fields: LogFormat.fields(of: all)))
    }
}
