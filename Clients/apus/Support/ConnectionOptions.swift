internal import ApusClient
internal import ArgumentParser
internal import FoundationEssentials

/// The options that every command has; each can also be given as an environment variable.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("unix:PATH, tcp:HOST:PORT or tls:HOST:PORT. [APUS_SERVER]", valueName: "address"))
    var server: String?

    @Option(help: ArgumentHelp("A stored gateway, by its name (apus context). [APUS_CONTEXT]", valueName: "name"))
    var context: String?

    @Option(help: "The API key. Others on this machine can see it: prefer --key-file. [APUS_KEY]")
    var key: String?

    @Option(help: ArgumentHelp("A file that holds the API key. [APUS_KEY_FILE]", valueName: "file"))
    var keyFile: String?

    @OptionGroup var tls: TLSOptions

    @Option(
        help: ArgumentHelp(
            "How long a call, or waiting, may take (default: 30). [APUS_TIMEOUT]", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("text or json. [APUS_OUTPUT]", valueName: "format"))
    var output: OutputFormat?

    mutating func validate() throws {
        let environment = ProcessInfo.processInfo.environment
        if output == nil, let text = environment["APUS_OUTPUT"], !text.isEmpty {
            guard let format = OutputFormat(rawValue: text) else {
                throw ValidationError("APUS_OUTPUT is \"\(text)\"; it must be text or json.")
            }
            output = format
        }
        if timeout == nil, let text = environment["APUS_TIMEOUT"], !text.isEmpty {
            guard let seconds = Double(text) else {
                throw ValidationError("APUS_TIMEOUT is \"\(text)\"; it must be a number of seconds.")
            }
            timeout = seconds
        }
        if context != nil, server != nil { throw ValidationError("Give --server or --context, not both.") }
        if let timeout, !(timeout > 0 && timeout <= 1e8) {
            throw ValidationError("The time-out must be a positive number of seconds, at most 100000000.")
        }
    }

    var format: OutputFormat { output ?? .text }

    static let defaultTimeout = Duration.seconds(30)

    var timeoutDuration: Duration { timeout.map { .seconds($0) } ?? Self.defaultTimeout }

    /// How to reach the gateway.
    ///
    /// - Throws: a usage failure if no gateway is known, or its address is none.
    func configuration() throws -> ClientConfiguration {
        try configuration(of: endpoint(by: .current))
    }

    /// Which gateway is meant, and with which key.
    func endpoint(by locator: ServerLocator) throws(CommandFailure) -> Endpoint {
        try locator.locate(server: server, context: context, key: key, keyFile: keyFile, tls: tls.files)
    }

    /// - Throws: a usage failure if its address is none.
    func configuration(of endpoint: Endpoint) throws -> ClientConfiguration {
        do throws(ApusError) {
            var configuration = ClientConfiguration(address: try GatewayAddress(endpoint.server), key: endpoint.key)
            configuration.tls = ClientTLS(
                ca: endpoint.tls.ca, certificate: endpoint.tls.cert, key: endpoint.tls.certKey)
            configuration.timeout = timeoutDuration
            configuration.waitsForGateway = false
            configuration.userAgent = "apus/\(ApusCommand.version)"
            return configuration
        } catch {
            throw CommandFailure(.usage, "the address from \(endpoint.source): \(error.message)")
        }
    }

    /// Runs `body` with a client that is closed afterwards.
    func withClient<Result>(_ body: (GatewayClient) async throws -> Result) async throws -> Result {
        let client = GatewayClient(configuration: try configuration())
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}

extension OutputFormat: ExpressibleByArgument {}

extension ServerLocator {
    /// The locator of this process.
    static var current: ServerLocator {
        ServerLocator(
            environment: ProcessInfo.processInfo.environment,
            workingDirectory: FileManager.default.currentDirectoryPath)
    }
}
