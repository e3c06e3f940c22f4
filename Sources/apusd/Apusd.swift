internal import ArgumentParser
internal import CApusVersion
internal import Foundation
internal import Logging

/// The daemon's command line.
@main
struct Apusd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apusd", abstract: "A self-hosted SMS gateway.", version: version,
        subcommands: [
            Dev.self, Serve.self, Check.self, Backup.self, Restore.self, Verify.self, Certificates.self,
        ])

    /// With the commit that it was built from.
    static let version = String(cString: apus_version())

    /// Wrong usage exits with 2, and what ArgumentParser calls success with 0.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as DaemonError {
            complain(error.text)
            Foundation.exit(error.exitCode)
        } catch let error as ConfigurationProblems {
            for problem in error.problems { complain(problem) }
            Foundation.exit(1)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success {
                print(text)
                Foundation.exit(0)
            }
            FileHandle.standardError.write(Data((text + "\n").utf8))
            Foundation.exit(code == .validationFailure ? 2 : 1)
        }
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("apusd: \(text)\n".utf8))
    }
}

struct ServingOptions: ParsableArguments {
    @Option(name: .long, help: "The data directory.")
    var data: String?

    @Option(
        name: .long,
        help: "Where to listen: unix:PATH, tcp:HOST:PORT or tls:HOST:PORT; repeatable. Default: unix:DIR/apus.sock.")
    var rpc: [String] = []

    @Option(
        name: .long,
        help: "Where carriers' webhooks come in: http:HOST:PORT or https:HOST:PORT; repeatable. Default: nowhere.")
    var http: [String] = []

    /// The command line goes before the environment and the file.
    func apply(to configuration: inout DaemonConfiguration) {
        if let data { configuration.data = data }
        if !rpc.isEmpty { configuration.rpc = rpc }
        if !http.isEmpty { configuration.http = http }
    }
}

extension Apusd {
    struct Dev: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Serve for trying it out: data in ./apus-data, the sandbox provider, a key made by itself.")

        @Option(name: .long, help: "A configuration file (YAML).")
        var config: String?

        @OptionGroup var options: ServingOptions

        func run() async throws {
            try await serve(config, options, isDevelopment: true)
        }
    }

    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serve as configured.")

        @Option(name: .long, help: "The configuration file (YAML).")
        var config: String

        @OptionGroup var options: ServingOptions

        func run() async throws {
            try await serve(config, options, isDevelopment: false)
        }
    }

    fileprivate static func serve(_ file: String?, _ options: ServingOptions, isDevelopment: Bool) async throws {
        var configuration = try await DaemonConfiguration.load(
            file: file, environment: ProcessInfo.processInfo.environment)
        let loaded = configuration
        if isDevelopment, configuration.tenant == "default" { configuration.tenant = "dev" }
        options.apply(to: &configuration)
        if isDevelopment { try configuration.makeDevelopmentCertificates() }
        try configuration.check()
        let threshold = LogThreshold(configuration.logLevel)
        LoggingSystem.bootstrap { DaemonLogHandler(label: $0, threshold: threshold) }
        defer { LogWriter.standardError.flush() }
        let log = Logger(label: "apusd")
        let reload = SettingsReload(
            file: file, environment: ProcessInfo.processInfo.environment, loaded: loaded, threshold: threshold,
            log: log)
        try await Daemon(configuration: configuration, isDevelopment: isDevelopment, log: log, reload: reload).run()
    }
}
