internal import Foundation

/// A script of Tests/Oracles, which asks another implementation for its answers.
package struct Oracle {
    private let arguments: [String]

    package init(_ script: String, _ arguments: String...) {
        self.arguments = ["Tests/Oracles/\(script)"] + arguments
    }

    /// The answers to `questions`, one JSON line each. The scripts read all before they print.
    ///
    /// - Throws: ``ConformanceFailure`` if there is no Python, or the script fails.
    package func answers<Answer: Decodable>(to questions: [some Encodable], as: Answer.Type) throws -> [Answer] {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let python = root.appending(path: ".venv/bin/python")
        try require(
            FileManager.default.isExecutableFile(atPath: python.path),
            ".venv is missing: run `make setup`, which installs Tests/requirements.txt into it.")

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
        try require(process.terminationStatus == 0, "\(arguments) failed")
        return try lines.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}
