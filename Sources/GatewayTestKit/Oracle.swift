internal import Foundation

/// A script of Tests/Oracles, which asks another implementation for its answers.
package struct Oracle {
    /// No answers: it is not installed, or it failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let arguments: [String]

    package init(_ script: String, _ arguments: String...) {
        self.arguments = ["Tests/Oracles/\(script)"] + arguments
    }

    /// The answers to `questions`, one JSON line each. The scripts read all before they print.
    package func answers<Answer: Decodable>(to questions: [String], as: Answer.Type) throws -> [Answer] {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let python = root.appending(path: ".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Failure(
                description: ".venv is missing: run `make setup`, which installs Tests/requirements.txt into it")
        }

        // A file rather than a pipe: a script that ends early must not kill its writer.
        let encoder = JSONEncoder()
        var text = Data()
        for question in questions {
            text += try encoder.encode(question)
            text.append(UInt8(ascii: "\n"))
        }
        let input = FileManager.default.temporaryDirectory.appending(path: "apus-oracle-\(UUID().uuidString)")
        try text.write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }

        let process = Process()
        let output = Pipe()
        process.executableURL = python
        process.currentDirectoryURL = root
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        try process.run()
        let lines = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "\(arguments) failed") }
        return try lines.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}
