import Foundation
import Testing

/// A script of Tests/Oracles, which asks another implementation for its answers.
struct Oracle {
    private let arguments: [String]

    init(_ script: String, _ arguments: String...) {
        self.arguments = ["Tests/Oracles/\(script)"] + arguments
    }

    /// The answers to `questions`, one JSON line each. The scripts read all before they print.
    func answers<Answer: Decodable>(to questions: [String], as: Answer.Type) throws -> [Answer] {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let python = root.appending(path: ".venv/bin/python")
        try #require(
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
        try #require(process.terminationStatus == 0, "\(arguments) failed")
        return try lines.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Answer.self, from: $0) }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
