internal import ApusClient
internal import Foundation
internal import Glibc
internal import SMSModel

/// A directory of one test, removed with this value. Its path is short: a socket's has at most 107 bytes.
final class TestDirectory: Sendable {
    let path: String

    init() {
        var name = Array("/tmp/apus-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&name) != nil, "no directory can be made in /tmp")
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var data: String { path + "/data" }
    var socket: String { data + "/apus.sock" }
    /// The folder of the days' files.
    var days: String { data + "/days" }
    /// The file of the day on which a message was accepted. Around midnight (UTC) it need not be the newest one.
    func database(of id: ApusClient.MessageID) -> String {
        let milliseconds = SMSModel.MessageID(rawValue: id.rawValue).milliseconds
        return database(of: Date(timeIntervalSince1970: TimeInterval(milliseconds) / 1000))
    }

    func database(of day: Date) -> String { "\(days)/\(day.formatted(.iso8601.year().month().day())).db" }

    /// Writes a file that only its owner may read, as one with a key has to be.
    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        // By renaming, so that a reader sees the old text or the new one.
        let new = file + ".new"
        guard
            FileManager.default.createFile(
                atPath: new, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            rename(new, file) == 0
        else { throw NeverHappened(description: "\(file) cannot be written") }
        return file
    }
}

/// Programs that were built with the tests, next to the test bundle.
enum Program {
    static let apusd = path(of: "apusd")
    static let apus = path(of: "apus")
    static let carrierStandIn = path(of: "carrierstandin")

    private static func path(of name: String) -> String {
        let words =
            [try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")]
            + CommandLine.arguments
        for case let word? in words {
            var folder = URL(fileURLWithPath: word)
            // The bundle itself, or an executable inside of it.
            for _ in 0..<4 {
                folder.deleteLastPathComponent()
                let candidate = folder.appendingPathComponent(name).path
                if access(candidate, X_OK) == 0 { return candidate }
            }
        }
        return name
    }
}

/// How much the tests do: the same code runs short and, with APUS_SOAK=1, long.
enum Size {
    private static let environment = ProcessInfo.processInfo.environment
    static let isLong = environment["APUS_SOAK"] == "1"

    /// For what is tried again and again, each time from the beginning: APUS_SOAK_SEEDS times in a long run, 20 if it isn't set.
    static let seeds: ClosedRange<UInt64> =
        1...(isLong ? environment["APUS_SOAK_SEEDS"].flatMap { UInt64($0) }.map { max(1, $0) } ?? 20 : 1)

    static func pick(short: Int, long: Int) -> Int { isLong ? long : short }
}
