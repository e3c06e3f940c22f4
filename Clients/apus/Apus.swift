internal import ApusClient
internal import ArgumentParser
internal import CApusVersion
internal import Glibc

@main
enum Main {
    static func main() async {
        exit(await ApusCommand.run(arguments: Array(CommandLine.arguments.dropFirst())))
    }
}

struct ApusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Sends SMS through an Apus gateway and tells what became of them.",
        discussion: """
            The gateway is found by --server or APUS_SERVER, else by the current context (apus context), else it is \
            the one that `apusd dev` started, else the service of this machine. Exit codes: 0 done, 1 refused, 2 wrong \
            usage, 3 unavailable or timed out.
            """,
        version: version,
        subcommands: [
            SendCommand.self, ExplainCommand.self, BulkCommand.self, StatusCommand.self, TimelineCommand.self,
            ListCommand.self,
            StatsCommand.self, CancelCommand.self, PauseCommand.self, ResumeCommand.self, SandboxCommand.self,
            HealthCommand.self, UnknownCommand.self, UsageCommand.self, SuppressionCommand.self, InboundCommand.self,
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
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitStatus.done.rawValue
        } catch {
            return report(error)
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        switch error {
        case let failure as CommandFailure:
            Console.error(failure.text)
            return failure.status.rawValue
        case let error as ApusError:
            let failure = CommandFailure(error)
            Console.error(failure.text)
            return failure.status.rawValue
        default:
            let text = fullMessage(for: error)
            switch exitCode(for: error) {
            case .success:
                Console.line(text)
                return ExitStatus.done.rawValue
            case .validationFailure:
                Console.errorLine(text)
                return ExitStatus.usage.rawValue
            default:
                Console.errorLine(text)
                return ExitStatus.refused.rawValue
            }
        }
    }
}
