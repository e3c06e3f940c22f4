internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

/// How a daemon is started.
enum DaemonMode: String {
    /// With a sandbox that is built in, and a key that it makes by itself.
    case dev
    /// The real service, with a file that names the key: only configured providers take messages.
    case serve
}

/// A running `apusd`.
final class DaemonProcess: Sendable {
    struct StartFailure: Error, CustomStringConvertible {
        var exit: ChildProcess.Exit
        var errors: String

        var description: String { "apusd ended with \(exit): \(errors)" }
    }

    let process: ChildProcess
    let directory: TestDirectory
    let addresses: [GatewayAddress]
    let key: String

    private init(process: ChildProcess, directory: TestDirectory, addresses: [GatewayAddress], key: String) {
        self.process = process
        self.directory = directory
        self.addresses = addresses
        self.key = key
    }

    /// Starts it in the directory and waits until it serves: at its socket first, then at a free port of TCP.
    ///
    /// - Parameters:
    ///   - settings: as the file names them, such as `sandbox.latency-ms`.
    ///   - environment: besides what every process gets.
    ///   - addresses: where it listens besides those two.
    ///   - launcher: words before the program's own, of one that becomes it.
    /// - Throws: ``StartFailure`` if it ends before.
    static func start(
        _ mode: DaemonMode = .dev, in directory: TestDirectory, _ settings: [String: String] = [:],
        environment: [String: String] = [:], addresses: [String] = [], launcher: [String] = []
    ) async throws -> DaemonProcess {
        let process = try launch(
            mode, in: directory, settings, environment: environment, addresses: addresses, launcher: launcher)
        let lines = try await eventually("apusd is ready: \(process.errors)") { () -> [Substring]? in
            let exit = process.poll()
            let lines = process.output.split(separator: "\n")
            if lines.count >= (mode == .dev ? 2 : 1) { return lines }
            if let exit { throw StartFailure(exit: exit, errors: process.errors) }
            return nil
        }
        let words = lines[0].split(separator: " ")
        guard words.first == "ready", mode == .serve || lines[1].hasPrefix("key ") else {
            throw NeverHappened(description: "a line \"ready\": \(lines)")
        }
        let addresses = try words.dropFirst().filter { $0.hasPrefix("rpc=") }
            .map { try GatewayAddress(String($0.dropFirst("rpc=".count))) }
        return DaemonProcess(
            process: process, directory: directory, addresses: addresses,
            key: mode == .serve ? servedKey : String(lines[1].dropFirst(4)))
    }

    /// The key that the file of a daemon names which serves as for real.
    static let servedKey = "apus_" + String(repeating: "k", count: 40)

    /// Starts it, expecting that it ends by itself.
    static func fail(
        in directory: TestDirectory, _ settings: [String: String] = [:], environment: [String: String] = [:]
    ) async throws -> (exit: ChildProcess.Exit, errors: String) {
        let process = try launch(in: directory, settings, environment: environment)
        let exit = try await process.waitForExit()
        return (exit, process.errors)
    }

    private static func launch(
        _ mode: DaemonMode = .dev, in directory: TestDirectory, _ settings: [String: String],
        environment: [String: String], addresses: [String] = [], launcher: [String] = []
    ) throws -> ChildProcess {
        var variables = plainEnvironment(in: directory).merging(environment) { $1 }
        for (key, value) in settings {
            let name = key.uppercased().replacing("-", with: "_").replacing(".", with: "_")
            variables["APUSD_" + name] = value
        }
        var own = ["--data", directory.data, "--rpc", "unix:\(directory.socket)", "--rpc", "tcp:127.0.0.1:0"]
        if mode == .serve {
            let key = try directory.write(servedKey + "\n", to: "key")
            own += ["--config", try directory.write("key-file: \(key)\n", to: "apusd.yaml")]
        }
        let words = launcher + [Program.apusd, mode.rawValue] + own + addresses.flatMap { ["--rpc", $0] }
        return try ChildProcess(
            words[0], Array(words.dropFirst()), environment: variables, directory: directory)
    }

    /// What every process gets: this one's, without settings of Apus, and configurations kept in the directory.
    static func plainEnvironment(in directory: TestDirectory) -> [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("APUS") }
        variables["HOME"] = directory.path
        variables["XDG_CONFIG_HOME"] = directory.path + "/config"
        return variables
    }

    // MARK: Using it

    var socketAddress: GatewayAddress { addresses[0] }
    var portAddress: GatewayAddress { addresses[1] }
    /// The first that was asked for besides the two.
    var furtherAddress: GatewayAddress { addresses[2] }
    var port: UInt16 { UInt16(portAddress.description.split(separator: ":").last ?? "") ?? 0 }

    /// A client by the socket, whose address stays the same when the daemon starts again.
    func client(timeout: Duration = .seconds(60)) -> GatewayClient {
        var configuration = ClientConfiguration(address: socketAddress, key: key)
        configuration.timeout = timeout
        configuration.backoff = Backoff(first: .milliseconds(20), longest: .milliseconds(200))
        return GatewayClient(configuration: configuration)
    }

    /// What it has logged.
    var log: String { process.errors }

    /// The words of ``log``'s lines that are warnings or errors.
    var complaints: [Substring] {
        log.split(separator: "\n").filter { $0.contains("\"level\":\"warning\"") || $0.contains("\"level\":\"error\"") }
    }

    /// The power goes.
    func kill() async throws {
        process.send(SIGKILL)
        _ = try await process.waitForExit()
    }

    func kill(once what: String, _ condition: @Sendable () -> Bool) async throws {
        try await waitUntil(what, condition)
        try await kill()
    }

    /// Asks it to end, and waits for that.
    func stop(within time: Duration = .seconds(60)) async throws -> ChildProcess.Exit {
        process.send(SIGTERM)
        return try await process.waitForExit(within: time)
    }
}

/// A running daemon for `body`, stopped afterwards.
func withDaemon<Result>(
    _ mode: DaemonMode = .dev, in directory: TestDirectory, _ settings: [String: String] = [:],
    environment: [String: String] = [:], _ body: (DaemonProcess, GatewayClient) async throws -> Result
) async throws -> Result {
    let daemon = try await DaemonProcess.start(mode, in: directory, settings, environment: environment)
    let client = daemon.client()
    do {
        let result = try await body(daemon, client)
        await client.close()
        #expect(try await daemon.stop() == .code(0))
        return result
    } catch {
        await client.close()
        try? await daemon.kill()
        print("apusd said:\n\(daemon.log.suffix(2000))")
        throw error
    }
}

extension GatewayClient {
    /// The id of the message that was accepted last.
    func newestID() async throws -> MessageID { try #require(try await page(limit: 1).messages.first).id }
}
