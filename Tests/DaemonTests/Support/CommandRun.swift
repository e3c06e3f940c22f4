internal import ApusClient
internal import Foundation

/// How a run of `apus` ended.
struct CommandRun {
    var exit: ChildProcess.Exit
    var output: String
    var errors: String

    /// Its output, or the last line of it.
    func object() throws -> JSONObject {
        guard let line = output.split(separator: "\n").last,
            let members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        else { throw NeverHappened(description: "a JSON object on standard output: \(output) \(errors)") }
        return JSONObject(members: members)
    }
}

struct JSONObject {
    var members: [String: Any]

    func text(_ name: String) throws -> String {
        guard let text = members[name] as? String else { throw NeverHappened(description: "\(name) in \(members)") }
        return text
    }

    func number(_ name: String) -> Int? { members[name] as? Int }
    func flag(_ name: String) -> Bool? { members[name] as? Bool }

    func time(_ name: String) throws -> Date { try Self.time(try text(name)) }

    private var events: [[String: Any]] { members["timeline"] as? [[String: Any]] ?? [] }

    /// Names of the timeline's events.
    var timeline: [String] { events.compactMap { $0["event"] as? String } }

    /// When the first event of that name was.
    func time(of event: String) throws -> Date {
        let found = events.first { $0["event"] as? String == event }
        guard let text = found?["at"] as? String else { throw NeverHappened(description: "\(event) in \(timeline)") }
        return try Self.time(text)
    }

    private static func time(_ text: String) throws -> Date {
        try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension DaemonProcess {
    /// Runs `apus` against this daemon's socket.
    func apus(_ arguments: [String], input: String = "") async throws -> CommandRun {
        try await CommandRun.apus(
            arguments, in: directory,
            environment: ["APUS_SERVER": socketAddress.description, "APUS_KEY": key], input: input)
    }

    func apus(_ arguments: String..., input: String = "") async throws -> CommandRun {
        try await apus(arguments, input: input)
    }
}

extension CommandRun {
    static func apus(
        _ arguments: [String], in directory: TestDirectory, environment: [String: String] = [:], input: String = "",
        launcher: [String] = []
    ) async throws -> CommandRun {
        let words = launcher + [Program.apus] + arguments
        let variables = DaemonProcess.plainEnvironment(in: directory).merging(environment) { $1 }
        let process = try ChildProcess(
            words[0], Array(words.dropFirst()), environment: variables, directory: directory, input: input)
        let exit = try await process.waitForExit()
        return CommandRun(exit: exit, output: process.output, errors: process.errors)
    }

    /// Any program.
    static func run(
        _ program: String, _ arguments: [String], in directory: TestDirectory, input: String = ""
    ) async throws -> CommandRun {
        let process = try ChildProcess(
            program, arguments, environment: DaemonProcess.plainEnvironment(in: directory), directory: directory,
            input: input)
        return CommandRun(exit: try await process.waitForExit(), output: process.output, errors: process.errors)
    }
}
