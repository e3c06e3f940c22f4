internal import ApusClient
internal import Foundation
internal import Glibc
internal import Testing

extension DaemonTests {
    /// `apusd check` refuses what `apusd serve` refuses, and leaves alone what is there.
    @Suite struct CheckTests {
        private let directory = TestDirectory()
        private static let key = "apus_" + String(repeating: "k", count: 40)

        /// What both say of a configuration. They are to agree on whether it will do; `serve` is ended where it serves.
        private func judge(
            _ yaml: String, environment: [String: String] = [:]
        ) async throws -> (check: CommandRun, serve: CommandRun) {
            let file = try directory.write(yaml, to: "apusd.yaml")
            func run(_ words: String...) throws -> ChildProcess {
                try ChildProcess(
                    Program.apusd, words + ["--config", file],
                    environment: DaemonProcess.plainEnvironment(in: directory).merging(environment) { $1 },
                    directory: directory)
            }
            let check = try run("check")
            let checked = CommandRun(
                exit: try await check.waitForExit(), output: check.output, errors: check.errors)
            let serve = try run("serve")
            try await waitUntil("it serves or ends") { serve.output.hasPrefix("ready") || serve.poll() != nil }
            serve.send(SIGTERM)
            let exit = try await serve.waitForExit()
            return (checked, CommandRun(exit: exit, output: serve.output, errors: serve.errors))
        }

        private func isRefused(
            _ yaml: String, _ words: String, environment: [String: String] = [:], by serve: String? = nil
        ) async throws {
            let (checked, served) = try await judge(yaml, environment: environment)
            #expect(checked.exit == .code(1) && checked.output == "", "\(words): \(checked)")
            #expect(checked.errors.contains(words), "\(words): \(checked.errors)")
            #expect(served.exit == .code(1) && served.output == "", "\(words): \(served)")
            #expect(served.errors.contains(serve ?? words), "\(words): \(served.errors)")
        }

        private func isGood(_ yaml: String, environment: [String: String] = [:]) async throws {
            let (checked, served) = try await judge(yaml, environment: environment)
            #expect(checked.exit == .code(0) && checked.errors == "", "\(checked)")
            #expect(served.exit == .code(0), "\(served)")
        }

        private var withKey: String {
            get throws { "data: \(directory.data)\nkey-file: \(try directory.write(Self.key, to: "key"))\n" }
        }

        @Test(.timeLimit(.minutes(5))) func keys() async throws {
            let data = "data: \(directory.data)\n"
            try await isRefused(data, "no API key: set key-file")
            try await isRefused(data + "key-file: \(directory.path)/missing", "missing cannot be read: No such file")
            let short = try directory.write("apus_" + String(repeating: "k", count: 31), to: "short")
            try await isRefused(data + "key-file: \(short)", "a key is apus_ and at least 32")
            let master = try directory.write("secret", to: "master.key")
            try await isRefused(try withKey + "master-key-file: \(master)", "a master key is 32 bytes")
            try await isRefused(
                try withKey + "master-key-file: \(directory.path)/none", "none cannot be read: No such file")
            try await isRefused(try withKey, "a master key is 32 bytes", environment: ["APUS_MASTER_KEY": "secret"])
            // All at once.
            let both = try await judge(data + "master-key-file: \(master)").check.errors
            #expect(both.contains("no API key") && both.contains("a master key is 32 bytes"), "\(both)")
            try await isGood(try withKey)
        }

        @Test(.timeLimit(.minutes(5))) func secretsThatOthersCanRead() async throws {
            let good = try withKey
            let key = directory.path + "/key"
            let master = try directory.write(String(repeating: "ab", count: 32), to: "master.key")
            let certificates = try await TestCertificates(in: directory)
            let tls = """
                rpc: [ "unix:\(directory.path)/s", "tls:127.0.0.1:0" ]
                tls: { certificate: \(certificates.path("server.pem")), key: \(certificates.path("leaf.key")) }

                """
            let all = good + "master-key-file: \(master)\n" + tls
            try await isGood(all)
            for file in [key, master, certificates.path("leaf.key")] {
                for mode in [0o644, 0o604, 0o660] as [mode_t] {
                    chmod(file, mode)
                    try await isRefused(all, "\(file) can be read by others (mode 0\(String(mode, radix: 8)))")
                }
                chmod(file, 0o600)
            }
            // What root gives to the group of the service.
            if geteuid() == 0 {
                for file in [key, master, certificates.path("leaf.key")] { chmod(file, 0o640) }
                try await isGood(all)
            }
        }

        @Test(.timeLimit(.minutes(5))) func ofDevelopmentTheyAreNotReadEither() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            #expect(try await daemon.stop() == .code(0))
            for name in ["dev.key", "master.key"] {
                let file = directory.data + "/" + name
                chmod(file, 0o644)
                let run = try await DaemonProcess.fail(in: directory)
                #expect(run.exit == .code(1) && run.errors.contains("\(file) can be read by others"), "\(run)")
                chmod(file, 0o600)
            }
        }

        @Test(.timeLimit(.minutes(5))) func addresses() async throws {
            let other = TestDirectory()
            try await withDaemon(in: other) { daemon, _ in
                let good = try withKey
                let process = "apusd, process \(daemon.process.pid), listens there"
                let taken = "127.0.0.1:\(daemon.port)"
                for (yaml, words) in [
                    ("rpc: [ \"tcp:\(taken)\" ]", "cannot listen at tcp:\(taken): \(process)"),
                    ("http: [ \"http:\(taken)\" ]", "cannot listen at http:\(taken): \(process)"),
                    ("rpc: [ \"unix:\(other.socket)\" ]", "cannot listen at unix:\(other.socket): \(process)"),
                    ("rpc: [ \"tcp:192.0.2.1:7077\" ]", "no network interface of this machine has that address"),
                    ("rpc: [ \"unix:\(directory.path)/none/s\" ]", "none cannot be written to"),
                    ("rpc: [ \"unix:\(directory.path)/a\", \"unix:\(directory.path)/a\" ]", "a is given twice"),
                ] {
                    try await isRefused(good + yaml, words, by: "cannot listen at")
                }
                let two = try await judge(good + "rpc: [ \"tcp:127.0.0.1:0\", \"tcp:127.0.0.1:0\" ]")
                #expect(two.check.exit == .code(0) && two.serve.exit == .code(0), "\(two)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func data() async throws {
            let key = try directory.write(Self.key, to: "key")
            func yaml(_ data: String) -> String { "data: \(data)\nkey-file: \(key)\nrpc: [ \"tcp:127.0.0.1:0\" ]\n" }
            try await isRefused(yaml(key), "\(key) is no directory", by: key)
            try await isRefused(yaml(directory.path + "/a/b"), "a/b cannot be made")
            try await withDaemon(in: directory) { _, _ in }
            let copy = directory.path + "/copy"
            let backup = try await CommandRun.run(
                Program.apusd, ["backup", copy, "--data", directory.data], in: directory)
            #expect(backup.exit == .code(0))
            try await isRefused(yaml(copy), "is a backup")
        }

        @Test(.timeLimit(.minutes(5))) func theMasterKeyOfSealedSecrets() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let run = try await daemon.apus(
                    "admin", "jwt", "add", "dev", "--issuer", "https://id", "--algorithm", "HS256", "--key-material",
                    "-", input: "0123456789abcdefghijABCDEFGHIJ0123456789-_A")
                #expect(run.exit == .code(0), "\(run)")
            }
            let good = try withKey
            try await isRefused(good, "there is no master key to open them")
            let other = try directory.write(String(repeating: "ab", count: 32), to: "other.key")
            try await isRefused(good + "master-key-file: \(other)", "the master key is not the one")
            try await isGood(good + "master-key-file: \(directory.data)/master.key")
        }

        @Test(.timeLimit(.minutes(5))) func besideADaemonThatServes() async throws {
            let port = try await freePort()
            let file = try directory.write(
                try withKey + "rpc: [ \"unix:\(directory.path)/s\", \"tcp:127.0.0.1:\(port)\" ]\n", to: "apusd.yaml")
            let environment = DaemonProcess.plainEnvironment(in: directory)
            let daemon = try ChildProcess(
                Program.apusd, ["serve", "--config", file], environment: environment, directory: directory)
            try await waitUntil("it serves") { daemon.output.hasPrefix("ready") }
            let client = GatewayClient(
                configuration: ClientConfiguration(address: try GatewayAddress("tcp:127.0.0.1:\(port)"), key: Self.key))
            _ = try await client.health()
            let check = try await CommandRun.run(Program.apusd, ["check", "--config", file], in: directory)
            #expect(check.exit == .code(0) && check.errors == "", "\(check)")
            #expect(
                check.output.hasPrefix("\(directory.data): apusd, process \(daemon.pid), serves it now\n"),
                "\(check.output)")
            // Nothing was taken from it.
            _ = try await client.health()
            await client.close()
            daemon.send(SIGTERM)
            #expect(try await daemon.waitForExit() == .code(0))
        }

        /// One that a daemon had, and has let go.
        private func freePort() async throws -> UInt16 {
            try await withDaemon(in: TestDirectory()) { daemon, _ in daemon.port }
        }
    }
}
