internal import Foundation

/// A library of the tests' own, in C, that is loaded into a daemon to play a trick on it.
struct PreloadLibrary {
    let path: String

    /// - Parameter source: under `Tests`, such as `MovedClock/movedclock.c`.
    init(_ source: String, in directory: TestDirectory) throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        path = directory.path + "/" + URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent + ".so"
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // It comes with Swift.
        compiler.arguments = [
            "clang", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", path,
            tests.appendingPathComponent(source).path,
        ]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw NeverHappened(description: "clang compiles \(source)") }
    }
}
