internal import ArgumentParser
internal import Foundation
internal import SMSModel
internal import Storage

/// The commands that work on the data directory without serving it.
extension Apusd {
    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy the data directory, also while it is served.",
            discussion: """
                PATH must not exist; it appears once the copy is whole and on the disk. The copy cannot be served as it \
                is: `apusd restore` makes a data directory of it.
                """)

        @Argument(help: "Where the backup goes: a directory that is not there yet.")
        var path: String

        @OptionGroup var place: DataOption

        func run() throws {
            umask(0o077)
            try storing { () throws(StoreError) in
                try SQLiteBackup.make(of: place.data, at: path, now: wallClock()) { progress("copying \($0)") }
            }
            print("\(path): backup of \(place.data)")
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a data directory of a backup.",
            discussion: """
                What was not settled when the backup was made becomes UNKNOWN: it may have been sent since, and is not \
                sent again on its own. The data directory must hold no data.
                """)

        @Argument(help: "The backup: what `apusd backup` made.")
        var path: String

        @OptionGroup var place: DataOption

        func run() throws {
            umask(0o077)
            let (messages, unsettled) = try storing { () throws(StoreError) in
                let directory = try DataDirectory(path: place.data)
                return try SQLiteBackup.restore(path, to: directory.path, now: wallClock()) {
                    progress("restoring \($0)")
                }
            }
            print("\(place.data): \(messages) messages restored; \(unsettled) were not settled and are UNKNOWN now")
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a whole data directory or backup, and check it.",
            discussion: """
                Checks the files' soundness, the counts, each message's way through its states, batches, and what \
                messages are found by. May run while the directory is served. Exits with 1 if there are faults.
                """)

        @Argument(help: "A backup; default: the data directory.")
        var path: String?

        @OptionGroup var place: DataOption

        func run() throws {
            try Self.verify(path ?? place.data)
        }

        static func verify(_ path: String) throws {
            let report = try storing { () throws(StoreError) in
                try SQLiteVerification.run(path) { progress("reading \($0)") }
            }
            for fault in report.faults { Apusd.complain(fault) }
            guard report.faultCount == 0 else {
                let more = report.faultCount - report.faults.count
                throw DaemonError(
                    text:
                        "\(path): \(report.faultCount == 1 ? "a fault" : "\(report.faultCount) faults")\(more > 0 ? ", \(more) of them not shown" : ""): "
                        + "keep a copy of it, and restore a backup", exitCode: 1)
            }
            print("\(path): \(report.messages) messages in \(report.files) files: no faults found")
        }
    }
}

struct DataOption: ParsableArguments {
    @Option(name: .customLong("data"), help: "The data directory (default: $APUSD_DATA, else ./apus-data).")
    var dataDirectory: String?

    var data: String { dataDirectory ?? ProcessInfo.processInfo.environment["APUSD_DATA"] ?? "./apus-data" }
}

/// On a terminal only.
private func progress(_ text: String) {
    guard isatty(2) == 1 else { return }
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Milliseconds since the Unix epoch.
private func wallClock() -> Int64 { Int64(Date.now.timeIntervalSince1970 * 1000) }

private func storing<T>(_ body: () throws(StoreError) -> T) throws -> T {
    do throws(StoreError) {
        return try body()
    } catch {
        throw DaemonError(text: error.text, exitCode: 1)
    }
}
