internal import ApusClient
internal import ArgumentParser
internal import CApusVersion
internal import FoundationEssentials
internal import Glibc

@main
enum Main {
    static func main() async {
        // Who reads the output may stop, as `head` does: writing fails then, and says so.
        signal(SIGPIPE, SIG_IGN)
        let status = await Interruption.cancellable {
            await ApusCommand.run(arguments: Array(CommandLine.arguments.dropFirst()))
        }
        if Interruption.isInterrupted { Interruption.end() }
        exit(status)
    }
}

struct ApusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Sends SMS through an Apus gateway and reports what became of them.",
        discussion: """
            The gateway is found by --server, --context, APUS_SERVER or APUS_CONTEXT, else by the current context (apus \
            context), else it is the one that `apusd dev` started, else the service of this machine. A word @FILE right \
            after the command stands for the options in that file, one a line. Exit codes: 0 done, 1 refused, 2 wrong \
            usage, 3 unavailable or timed out, 4 settled without being delivered (with --wait), 5 degraded (health).
            """,
        version: version,
        subcommands: [
            SendCommand.self, ExplainCommand.self, BulkCommand.self, StatusCommand.self, TimelineCommand.self,
            ListCommand.self, BatchCommand.self,
            StatsCommand.self, CancelCommand.self, PauseCommand.self, ResumeCommand.self, SandboxCommand.self,
            HealthCommand.self, DoctorCommand.self, UnknownCommand.self, UsageCommand.self, SuppressionCommand.self,
            InboundCommand.self,
            AdminCommand.self,
            BenchCommand.self,
            ContextCommand.self, CompletionsCommand.self,
        ])

    /// With the commit that it was built from.
    static let version = String(cString: apus_version())

    /// Runs one command line and says how it went on standard error.
    ///
    /// - Returns: the exit code.
    static func run(arguments: [String]) async -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let format = OutputFormat.asked(arguments, environment: environment)
        do {
            let words = try CommandLineWords.expanded(arguments)
            var command = try parsed(words)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitStatus.done.rawValue
        } catch {
            return report(error, format)
        }
    }

    /// Parses a command line; what the parser would blame on something else, or let pass, is found before.
    private static func parsed(_ words: [String]) throws -> any ParsableCommand {
        do {
            let command = try parseAsRoot(words)
            try CommandLineWords.checkRepeated(words)
            return command
        } catch let problem as CommandLineWords.Problem {
            throw CommandFailure(.usage, problem.text, advice: "See `apus \(words[0]) --help`.")
        } catch {
            guard exitCode(for: error) == .validationFailure, let unknown = CommandLineWords.unknownOption(words) else {
                throw error
            }
            throw CommandFailure(.usage, unknown)
        }
    }

    private static func report(_ error: any Error, _ format: OutputFormat) -> Int32 {
        switch error {
        case let failure as CommandFailure:
            return report(failure, format)
        case let error as ApusError:
            return report(CommandFailure(error), format)
        default:
            let text = fullMessage(for: error)
            let code = exitCode(for: error)
            if code == .success {
                Console.verbatim(text)
                return ExitStatus.done.rawValue
            }
            let status: ExitStatus = code == .validationFailure ? .usage : .refused
            if format == .json { return report(CommandFailure(status, message(for: error)), format) }
            Console.errorLine(text)
            return status.rawValue
        }
    }

    private static func report(_ failure: CommandFailure, _ format: OutputFormat) -> Int32 {
        switch format {
        case .text: Console.error(failure.text)
        case .json: Console.errorJSON(failure.json)
        }
        return failure.status.rawValue
    }
}
