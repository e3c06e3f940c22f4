internal import Foundation
internal import Glibc

/// A running `carrierstandin`: an account of Twilio's on this machine.
final class CarrierProcess: Sendable {
    static let account = "AC0123456789abcdef0123456789abcdef"
    static let token = "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4"

    struct Progress: Decodable {
        var messages: Int
        var pendingCallbacks: Int
    }

    private let process: ChildProcess
    private let directory: TestDirectory
    /// The name of the provider that sends through it.
    let name: String
    let url: String

    private init(process: ChildProcess, directory: TestDirectory, name: String, url: String) {
        self.process = process
        self.directory = directory
        self.name = name
        self.url = url
    }

    /// Starts it and waits until it serves.
    /// - Parameter options: those of the program.
    static func start(_ name: String, in directory: TestDirectory, _ options: [String] = []) async throws
        -> CarrierProcess
    {
        let words = ["--account", account, "--token", token] + options
        let process = try ChildProcess(
            Program.carrierStandIn, words, environment: DaemonProcess.plainEnvironment(in: directory),
            directory: directory)
        let url = try await eventually("the carrier is ready: \(process.errors)") { () -> String? in
            let line = process.output.split(separator: "\n").first
            return line?.split(separator: "http=", maxSplits: 1).last.map(String.init)
        }
        return CarrierProcess(process: process, directory: directory, name: name, url: url)
    }

    private func get<Value: Decodable>(_ path: String, as: Value.Type) async throws -> Value {
        let run = try await CommandRun.run(
            "curl", ["--silent", "--fail", "--max-time", "30", "--noproxy", "*", url + path], in: directory)
        return try JSONDecoder().decode(Value.self, from: Data(run.output.utf8))
    }

    func progress() async throws -> Progress { try await get("/progress", as: Progress.self) }
    func ledger() async throws -> CarrierLedger { try await get("/ledger", as: CarrierLedger.self) }

    /// `apus admin provider create` for it.
    func configure(_ daemon: DaemonProcess, _ words: String...) async throws {
        let fixed = [
            "--kind", "twilio", "--option", "account_sid=\(Self.account)", "--option", "sender=+15017122661",
            "--option", "base_url=\(url)", "--secret", "auth_token=-",
        ]
        try await daemon.configure(["provider", "create", name] + fixed + words, input: Self.token + "\n")
    }
}

extension DaemonProcess {
    /// Runs `apus admin`, which must do it.
    func configure(_ words: [String], input: String = "") async throws {
        let run = try await apus(["admin"] + words, input: input)
        guard run.exit == .code(0) else {
            throw NeverHappened(description: "apus admin \(words.joined(separator: " ")): \(run.errors)")
        }
    }
}

/// What a carrier says that it did: the account, independent of the gateway, of what was sent.
struct CarrierLedger: Decodable {
    struct Message: Decodable {
        var sid: String
        var to: String
        var body: String
        var callback: String?
        var created: Int64
        /// What the request met with: "none", or how its answer was lost.
        var fault: String
        var isAnswered: Bool
        /// delivered, undelivered or failed.
        var final: String
        /// The gateway was told that, and said that it heard.
        var isTold: Bool
        var forged: Int
        var forgedBelieved: Int
    }

    var requests: Int
    var faults: [String: Int]
    var messages: [Message]
    var callbackAnswers: [String: Int]
}

/// A port of this machine that nobody uses, below those that connections are given.
func freePort() throws -> Int {
    for _ in 0..<100 {
        let port = UInt16.random(in: 20_000..<30_000)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { break }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isFree = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isFree { return Int(port) }
    }
    throw NeverHappened(description: "a free port")
}
