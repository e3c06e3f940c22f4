internal import Foundation
internal import HTTPTransport
internal import Testing

/// Amazon's SNS as moto plays it, with signatures checked. It ends with this value.
final class MotoServer: Sendable {
    private struct Ready: Decodable {
        var port: Int
        var keyID: String
        var secret: String

        enum CodingKeys: String, CodingKey {
            case port, secret
            case keyID = "key_id"
        }
    }

    private let process: Process
    private let input = Pipe()
    private let ready: Ready

    var endpoint: String { "http://127.0.0.1:\(ready.port)" }
    var credentials: AWSCredentials { AWSCredentials(keyID: ready.keyID, secret: ready.secret) }

    init() async throws {
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
        let process = Process()
        let output = Pipe()
        process.executableURL = root.appending(path: ".venv/bin/python")
        process.currentDirectoryURL = root
        process.arguments = ["Tests/Oracles/sns_server.py"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        self.process = process
        // It takes seconds, during which the threads that run the tests must not wait.
        let line = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: output.fileHandleForReading.availableData) }
        }
        ready = try JSONDecoder().decode(Ready.self, from: line)
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
