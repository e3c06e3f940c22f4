internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

extension DaemonTests {
    /// `apus` as a person uses it.
    @Suite struct CommandLineTests {
        private let directory = TestDirectory()

        @Test(.timeLimit(.minutes(5))) func aBulkFileOnStandardInput() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let rows = "to,body\n+14155550100,hello\n+447400123456,Привет 👋\n"
                // No address and no key: the daemon that was started last is found by itself.
                let text = try await CommandRun.apus(["bulk", "-"], in: directory, input: rows)
                #expect(text.exit == .code(0), "\(text.errors)")
                #expect(text.output.contains("2 accepted"))
                #expect(text.output.contains("2 DELIVERED"))
                let json = try await CommandRun.apus(["bulk", "-", "--output", "json"], in: directory, input: rows)
                let report = try json.object()
                #expect(report.number("accepted") == 2)
                #expect(report.number("refused") == 0)
                #expect(report.number("duplicates") == 0)
                #expect(report.members["states"] as? [String: Int] == ["DELIVERED": 2])
            }
            let bodies = try SandboxFile(in: directory).lines.map(\.body)
            #expect(bodies.sorted() == ["hello", "hello", "Привет 👋", "Привет 👋"].sorted())
        }

        @Test(.timeLimit(.minutes(5))) func theSameBatchAgainSendsNothingTwice() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let rows = "to,body\n+14155550100,hello\n+447400123456,again\n"
                let first = try await daemon.apus("bulk", "-", "--batch", "b", "--output", "json", input: rows).object()
                let again = try await daemon.apus(
                    "bulk", "-", "--batch", "b", "--output", "json", input: rows + "+14155550101,new\n"
                ).object()
                #expect(first.number("accepted") == 2)
                #expect(again.number("accepted") == 1)
                #expect(again.number("duplicates") == 2)
            }
            #expect(try SandboxFile(in: directory).lines.count == 3)
        }

        @Test(.timeLimit(.minutes(5))) func aStatusTellsAll() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let id = try await daemon.apus(
                    "send", "+447400123456", "Привет 👋", "--output", "json"
                ).object().text("id")
                let run = try await daemon.apus("status", id, "--wait", "--output", "json")
                #expect(run.exit == .code(0))
                let status = try run.object()
                #expect(try status.text("id") == id)
                #expect(try status.text("state") == "DELIVERED")
                #expect(try status.text("encoding") == "UCS2")
                #expect(status.number("segments") == 1)
                #expect(try status.text("to") == "+447400123456")
                #expect(try status.text("provider") == "sandbox")
                #expect(status.timeline == ["ACCEPTED", "QUEUED", "SUBMITTING", "SENT", "DELIVERED"])
                let timeline = try await daemon.apus("timeline", id)
                #expect(timeline.exit == .code(0))
                #expect(timeline.output.contains("DELIVERED"))
            }
        }

        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                [], ["send"], ["send", "+14155550100"], ["send", "+14155550100", "a", "b"], ["nonsense"],
                ["status", "abc"], ["status"], ["send", "+14155550100", "a", "--priority", "none"],
                ["health", "--server", "nowhere"], ["health", "--timeout", "-1"], ["bulk"],
            ])
        func wrongUsageExitsWithTwo(arguments: [String]) async throws {
            let run = try await CommandRun.apus(
                arguments, in: directory, environment: ["APUS_SERVER": "unix:\(directory.path)/none"])
            // Without any word it shows its help, which is what was asked for.
            #expect(run.exit == (arguments.isEmpty ? .code(0) : .code(2)), "\(run)")
            #expect(!(arguments.isEmpty ? run.output : run.errors).isEmpty)
        }

        @Test(.timeLimit(.minutes(5)), arguments: ["unix:DIR/nobody.sock", "tcp:127.0.0.1:1"])
        func anUnreachableServerExitsWithThree(address: String) async throws {
            for words in [["health"], ["send", "+14155550100", "hello"], ["status", "1"], ["bulk", "-"]] {
                let run = try await CommandRun.apus(
                    words + ["--server", address.replacing("DIR", with: directory.path), "--timeout", "5"],
                    in: directory, environment: ["APUS_KEY": "apus_" + String(repeating: "k", count: 32)],
                    input: "to,body\n+14155550100,hello\n")
                #expect(run.exit == .code(3), "\(words): \(run)")
                #expect(run.errors.contains("Is the gateway running"), "\(run.errors)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatIsRefusedExitsWithOne() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                for (words, reason) in [
                    (["send", "4155550100", "hello"], "to"), (["send", "+14155550100", ""], "body"),
                    (
                        ["send", "+14155550100", "x", "--key", "apus_" + String(repeating: "k", count: 32)],
                        "UNAUTHENTICATED"
                    ),
                    (["status", "1"], "NOT_FOUND"), (["cancel", "1"], "not canceled"),
                    (["pause", "--provider", "nobody"], "NOT_FOUND"), (["status", "--batch", "none"], "NOT_FOUND"),
                ] {
                    let run = try await daemon.apus(words)
                    #expect(run.exit == .code(1), "\(words): \(run)")
                    #expect(run.errors.contains(reason), "\(words): \(run.errors)")
                }
                let rows = "to,body\n+14155550100,hello\nnot a number,hello\n"
                let bulk = try await daemon.apus("bulk", "-", input: rows)
                #expect(bulk.exit == .code(1))
                #expect(bulk.errors.contains("3"), "the line is told: \(bulk.errors)")
                #expect(bulk.output.contains("1 accepted, 1 refused"))
            }
            #expect(try SandboxFile(in: directory).lines.map(\.body) == ["hello"])
        }

        @Test(.timeLimit(.minutes(5))) func theDaemonsOwnCommandLine() async throws {
            func apusd(_ arguments: String...) async throws -> CommandRun {
                try await CommandRun.run(Program.apusd, arguments, in: directory)
            }
            #expect(try await apusd("dev", "--nonsense").exit == .code(2))
            #expect(try await apusd("serve").exit == .code(2), "serve needs a file")
            for version in [try await apusd("--version"), try await CommandRun.apus(["--version"], in: directory)] {
                #expect(version.exit == .code(0))
                // The commit is written into what is to be installed, not into what is built for tests.
                #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\+development\n/) != nil, "\(version)")
            }
            let address = try await apusd("dev", "--rpc", "tcp:nowhere", "--data", directory.data)
            #expect(address.exit == .code(1), "\(address)")
        }

        @Test(.timeLimit(.minutes(5))) func aGatewayDescribesItself() async throws {
            try await withDaemon(in: directory) { _, client in
                let version = try await CommandRun.run(Program.apusd, ["--version"], in: directory).output
                #expect(try await client.describe().serverAgent + "\n" == "apusd/\(version)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func itServesAsConfiguredAndTellsSystemd() async throws {
            let systemd = try NotificationSocket(path: directory.path + "/notify")
            let key = DaemonProcess.servedKey
            let keyFile = try directory.write(key + "\n", to: "key")
            let file = try directory.write(
                "data: \(directory.data)\nkey-file: \(keyFile)\nsandbox:\n  receipt-delay-ms: 1\n", to: "apusd.yaml")
            var environment = DaemonProcess.plainEnvironment(in: directory)
            environment["NOTIFY_SOCKET"] = systemd.path
            environment["WATCHDOG_USEC"] = "100000"
            let process = try ChildProcess(
                Program.apusd, ["serve", "--config", file], environment: environment, directory: directory)
            try await waitUntil("systemd is told that it is ready") { systemd.receive() == "READY=1" }
            // Again and again, also while there is nothing to write.
            for _ in 0..<4 {
                try await waitUntil("systemd is told that the writer works") { systemd.receive() == "WATCHDOG=1" }
            }
            #expect(process.output == "ready rpc=unix:\(directory.socket)\n", "and no key is printed")
            let place = ["--server", "unix:\(directory.socket)", "--key-file", keyFile]
            for words in [
                ["admin", "provider", "create", "sandbox", "--kind", "sandbox"],
                ["send", "+14155550100", "served", "--wait"],
            ] {
                let run = try await CommandRun.apus(words + place, in: directory)
                #expect(run.exit == .code(0), "\(run.errors)")
            }
            #expect(process.errors.contains("the file's settings of the sandbox hold under `apusd dev` alone"))
            process.send(SIGTERM)
            #expect(try await process.waitForExit() == .code(0))
            try await waitUntil("systemd is told that it ends") { systemd.receive() == "STOPPING=1" }
        }
    }
}

/// What a service manager listens at.
private final class NotificationSocket {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    deinit {
        close(descriptor)
    }

    /// The next message; nil if there is none.
    func receive() -> String? {
        var block = [UInt8](repeating: 0, count: 1024)
        let count = block.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        return count > 0 ? String(decoding: block[..<count], as: UTF8.self) : nil
    }
}
