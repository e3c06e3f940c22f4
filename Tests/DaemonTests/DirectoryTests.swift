internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

extension DaemonTests {
    /// The data directory and its files.
    @Suite struct DirectoryTests {
        @Test(.timeLimit(.minutes(5))) func aSecondDaemonNamesTheFirst() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { first, client in
                let second = try await DaemonProcess.fail(in: directory)
                #expect(second.exit == .code(1))
                #expect(second.errors.contains("process \(first.process.pid)"), "\(second.errors)")
                #expect(second.errors.contains(directory.data))
                // The first goes on as if nothing had been.
                let id = try await client.send(OutgoingMessage(to: "+14155550100", body: "still here")).id
                let report = try await client.waitUntilSettled([id], timeout: .seconds(60))
                #expect(report.messages.map(\.state) == [.delivered])
                #expect(access(directory.socket, F_OK) == 0)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aStaleSocketIsReplaced() async throws {
            let directory = TestDirectory()
            let daemon = try await DaemonProcess.start(in: directory)
            try await daemon.kill()
            #expect(access(directory.socket, F_OK) == 0, "the kill left no socket: this proves nothing")
            try await withDaemon(in: directory) { _, client in
                let health = try await client.health()
                #expect(health.accepting)
            }
            #expect(access(directory.socket, F_OK) != 0, "a clean stop removes the socket")
        }

        @Test(.timeLimit(.minutes(5))) func filesAreForTheirOwnerAlone() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { _, client in
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "private"))
                #expect(try mode(directory.data) == 0o700)
                try await waitUntil("the sandbox has it") { access(directory.data + "/sandbox.jsonl", R_OK) == 0 }
                for name in try FileManager.default.subpathsOfDirectory(atPath: directory.data) {
                    #expect(try mode(directory.data + "/" + name) == (name == "days" ? 0o700 : 0o600), "\(name)")
                }
            }
        }

        @Test(.timeLimit(.minutes(5))) func theKeyStaysTheSame() async throws {
            let directory = TestDirectory()
            let first = try await withDaemon(in: directory) { daemon, _ in daemon.key }
            let second = try await withDaemon(in: directory) { daemon, _ in daemon.key }
            #expect(first == second)
            #expect(first.hasPrefix("apus_"))
        }

        @Test(.timeLimit(.minutes(5))) func aDirectoryThatCannotBeMadeIsTold() async throws {
            let directory = TestDirectory()
            _ = try directory.write("a file", to: "data")
            let failure = try await DaemonProcess.fail(in: directory)
            #expect(failure.exit == .code(1))
            #expect(failure.errors.contains(directory.data), "\(failure.errors)")
        }

        @Test(.timeLimit(.minutes(5))) func aLineThatAKillCutShortSpoilsNoOther() async throws {
            let directory = TestDirectory()
            try FileManager.default.createDirectory(atPath: directory.data, withIntermediateDirectories: true)
            _ = try directory.write("{\"at_ms\":1,\"id\":\"12", to: "data/sandbox.jsonl")
            for body in ["one", "two"] {
                try await withDaemon(in: directory) { _, client in
                    let id = try await client.send(OutgoingMessage(to: "+14155550100", body: body)).id
                    _ = try await client.waitUntilSettled([id], timeout: .seconds(30))
                }
            }
            let file = try SandboxFile(in: directory)
            #expect(file.torn == 1)
            #expect(file.lines.map(\.body) == ["one", "two"])
        }

        private func mode(_ path: String) throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.posixPermissions] as? Int ?? 0) & 0o777
        }
    }
}
