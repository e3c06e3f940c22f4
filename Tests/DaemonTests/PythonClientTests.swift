internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// The client in Python, as pip installs it: its own tests, those against a daemon included.
    @Suite struct PythonClientTests {
        private let directory = TestDirectory()
        private let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

        private func python(
            _ arguments: [String], _ variables: [String: String] = [:]
        ) async throws -> (exit: ChildProcess.Exit, output: String) {
            let environment = DaemonProcess.plainEnvironment(in: directory).merging(variables) { $1 }
            let process = try ChildProcess(
                root.appending(path: ".venv/bin/python").path, arguments, environment: environment,
                directory: directory)
            let exit = try await process.waitForExit(within: .seconds(240))
            return (exit, process.output + process.errors)
        }

        @Test(.timeLimit(.minutes(5))) func itsTestsPassAsItIsInstalled() async throws {
            // pip builds inside of the folder, so it gets a copy.
            let source = directory.path + "/python"
            try FileManager.default.copyItem(atPath: root.appending(path: "Clients/python").path, toPath: source)
            let site = directory.path + "/site"
            let installed = try await python([
                "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-build-isolation", "--no-deps",
                "--no-index", "--target", site, source,
            ])
            try #require(installed.exit == .code(0), "\(installed.output)")

            let types = try await python(
                [
                    "-m", "mypy", "--config-file", source + "/pyproject.toml", "--package", "apus",
                ], ["MYPYPATH": source + "/src"])
            #expect(types.exit == .code(0), "\(types.output)")

            try await withDaemon(in: directory) { daemon, _ in
                let tests = try await python(
                    ["-m", "unittest", "discover", "--start-directory", source + "/tests"],
                    [
                        "PYTHONPATH": "\(site):\(source)/tests", "APUS_REPOSITORY": root.path,
                        "APUS_SERVER": daemon.portAddress.description, "APUS_KEY": daemon.key,
                    ])
                #expect(tests.exit == .code(0), "\(tests.output)")
                #expect(!tests.output.contains("skipped"), "\(tests.output)")
            }
        }
    }
}
