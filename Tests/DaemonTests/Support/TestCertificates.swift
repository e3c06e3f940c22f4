internal import Foundation
internal import Glibc
internal import Testing

/// The certificates of `Tests/Certificates/make`, in a folder of the test's directory.
struct TestCertificates {
    let folder: String

    init(in directory: TestDirectory) async throws {
        folder = directory.path + "/certificates"
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Certificates/make").path
        let run = try await CommandRun.run(script, [folder], in: directory)
        try #require(run.exit == .code(0), "\(run.errors)")
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Puts one file, or copy of it, in the place of another, at once.
    func copy(_ name: String, to other: String) throws {
        // With its permissions: those of a key are part of it.
        try FileManager.default.copyItem(atPath: path(name), toPath: path(other) + ".new")
        try #require(rename(path(other) + ".new", path(other)) == 0)
    }
}
