import ApusClient
import Foundation
import Glibc
import Testing

extension DaemonTests {
    /// The operator at three in the morning: a carrier that is down, and what each command says of it.
    @Suite struct HealthTests {
        private let directory = TestDirectory()
        /// Providers' secrets can be kept.
        private static let sealing = ["APUS_MASTER_KEY": String(repeating: "ab", count: 32)]

        /// A provider whose carrier nobody listens for.
        private func makeCarrier(_ daemon: DaemonProcess) async throws {
            let made = try await daemon.apus(
                [
                    "admin", "provider", "create", "eu", "--kind", "twilio", "--option",
                    "account_sid=AC0123456789abcdef0123456789abcdef", "--option", "sender=ACME", "--option",
                    "base_url=http://127.0.0.1:1", "--secret", "auth_token=-",
                ], input: "a token\n")
            #expect(made.exit == .code(0), "\(made)")
        }

        @Test(.timeLimit(.minutes(5))) func theOnlyCarrierIsDown() async throws {
            try await withDaemon(.serve, in: directory, environment: Self.sealing) { daemon, client in
                try await makeCarrier(daemon)
                #expect(try await daemon.apus("health").exit == .code(0))
                var ids: [ApusClient.MessageID] = []
                for _ in 0..<10 { ids.append(try await client.send(OutgoingMessage(to: "+14155550100", body: "x")).id) }
                try await waitUntil("it is degraded") { try await client.health().degraded }

                let health = try await daemon.apus("health")
                #expect(health.exit == .code(5), "\(health)")
                #expect(health.output.contains("eu is failing: its circuit is open since 20"), "\(health.output)")
                #expect(health.output.contains(" of them only to it; the oldest waits since 20"), "\(health.output)")
                #expect(health.errors.contains("the gateway is degraded"))
                let json = try await daemon.apus("health", "--output", "json").object()
                #expect(json.members["degraded"] as? Bool == true && json.members["accepting"] as? Bool == true)
                #expect(json.members["dispatching"] as? Bool == true)

                let stats = try await daemon.apus("stats", "--output", "json").object()
                let provider = try #require((stats.members["providers"] as? [[String: Any]])?.first)
                // One may be on its way, to try the carrier.
                let waiting = try #require(provider["waiting"] as? Int)
                #expect(provider["condition"] as? String == "FAILING" && (9...10).contains(waiting))
                #expect(provider["waiting_only"] as? Int == waiting && provider["condition_since"] is String)
                let failure = try #require(provider["last_error"] as? [String: Any])
                #expect((failure["code"] as? String)?.isEmpty == false)

                let status = try await client.status(of: ids[0])
                #expect(status.waiting?.kind == .providersDown)
                #expect(status.waiting?.detail.contains("eu is failing") == true)
                let text = try await daemon.apus("status", ids[0].description).output
                #expect(text.contains("  waits ") && text.contains("(PROVIDERS_DOWN)"), "\(text)")

                try await waitUntil("the log warns") { daemon.log.contains("provider circuit opened") }
                let told = daemon.log.split(separator: "\n").filter { $0.contains("provider circuit opened") }
                #expect(told.count == 1 && told[0].contains(#""level":"warning""#) && told[0].contains(#""code":""#))

                // A tenant's key is not told how providers are.
                let key = try await daemon.apus("admin", "key", "create", "default", "--scopes", "messages:read")
                let shown = try await daemon.apus(
                    "health", "--key", key.output.trimmingCharacters(in: .whitespacesAndNewlines))
                #expect(!shown.output.contains("may go to it"), "\(shown.output)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func messagesThatWaitTooLong() async throws {
            try await withDaemon(in: directory, ["health.waiting-seconds": "1"]) { daemon, client in
                #expect(try await daemon.apus("pause", "--provider", "sandbox").exit == .code(0))
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "x"))
                try await waitUntil("it is too late") {
                    try await client.health().checks.contains { $0.name == "waiting" && !$0.ok }
                }
                let health = try await daemon.apus("health")
                #expect(health.exit == .code(5) && health.output.contains("longer than 1 s"), "\(health)")
                #expect(health.output.contains("sandbox is paused by an operator"), "\(health.output)")
                #expect(try await daemon.apus("resume", "--provider", "sandbox").exit == .code(0))
                try await waitUntil("all is well") { try await client.health().isHealthy }
            }
        }

        @Test(.timeLimit(.minutes(5))) func aMissingPublicURLIsTold() async throws {
            let settings = ["http": "http:127.0.0.1:0"]
            let warning = "webhooks.public-url is not set: no receipts or messages from people come in"
            try await withDaemon(.serve, in: directory, settings, environment: Self.sealing) { daemon, client in
                try await makeCarrier(daemon)
                let check = try await client.health().checks.first { $0.name == "webhooks" }
                #expect(
                    check?.ok == true && check?.warning == true && check?.detail.hasSuffix("come in for eu") == false)
                #expect(check?.detail == "webhooks.public-url is not set: nothing comes in for eu")
                #expect(daemon.complaints.contains { $0.contains(warning) && $0.contains(#""providers":"eu""#) })
                let address = try #require(
                    daemon.process.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http=http:") })
                let url = "http://" + address.dropFirst("http=http:".count)
                let post = try await CommandRun.run(
                    "curl", ["--silent", "--noproxy", "*", "--data", "a=b", url + "/webhooks/eu"], in: directory)
                // A stranger is not told that there is such a provider; the log is.
                #expect(!post.output.contains("public-url"), "\(post)")
                try await waitUntil("the log says it") {
                    daemon.complaints.contains {
                        $0.contains("webhook refused") && $0.contains("webhooks.public-url is not set")
                            && $0.contains(#""result":"refused""#)
                    }
                }
            }
            // The next start says it again; with the setting none does.
            try await withDaemon(.serve, in: directory, settings, environment: Self.sealing) { daemon, _ in
                #expect(daemon.complaints.contains { $0.contains(warning) })
            }
            let complete = settings.merging(["webhooks.public-url": "https://sms.example.com"]) { $1 }
            try await withDaemon(.serve, in: directory, complete, environment: Self.sealing) { daemon, client in
                #expect(!daemon.complaints.contains { $0.contains(warning) })
                let check = try await client.health().checks.first { $0.name == "webhooks" }
                #expect(check?.warning == false)
            }
        }

        // MARK: Signals and addresses

        @Test(.timeLimit(.minutes(5))) func aHangUpReadsTheSettingsAgainAndEndsNobody() async throws {
            try await withDaemon(.serve, in: directory, environment: Self.sealing) { daemon, client in
                let file = directory.path + "/apusd.yaml"
                let before = try String(contentsOfFile: file, encoding: .utf8)
                func told(_ words: String) -> Int { daemon.log.components(separatedBy: words).count - 1 }
                _ = try directory.write(before + "log-level: debug\nconnections: 9\n", to: "apusd.yaml")
                daemon.process.send(SIGHUP)
                try await waitUntil("it is read") { told("settings read again") == 1 }
                #expect(daemon.log.contains(#""after_restart":"connections""#))
                #expect(daemon.log.contains(#""log_level":"debug""#))
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "x"))
                try await waitUntil("steps are told") { told("message accepted") == 1 }

                _ = try directory.write(before + "log-level: loud\n", to: "apusd.yaml")
                daemon.process.send(SIGHUP)
                try await waitUntil("it is refused") { told("the settings cannot be read again") == 1 }
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "x"))
                try await waitUntil("the level is as before") { told("message accepted") == 2 }

                _ = try directory.write(before, to: "apusd.yaml")
                daemon.process.send(SIGHUP)
                try await waitUntil("it is read again") { told("settings read again") == 2 }
                _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "x"))
                #expect(told("message accepted") == 2)
            }
        }

        @Test(.timeLimit(.minutes(5))) func anAddressInUseIsToldAlone() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let other = TestDirectory()
                let (exit, errors) = try await DaemonProcess.fail(
                    in: other, ["http": "http:127.0.0.1:\(daemon.port)"])
                #expect(exit == .code(1))
                let expected =
                    "apusd: cannot listen at http:127.0.0.1:\(daemon.port): apusd, process \(daemon.process.pid), "
                    + "listens there; end that one, or choose another with --http\n"
                #expect(errors == expected)
            }
        }

        // MARK: The doctor

        @Test(.timeLimit(.minutes(5))) func theDoctorOfAHealthyInstallation() async throws {
            try await withDaemon(in: directory) { daemon, _ in
                let run = try await daemon.apus("doctor")
                #expect(run.exit == .code(0), "\(run)")
                for words in [
                    "gateway ", "socket ", "connection ", "clock ", "version ", "health ", "store ", "disk ",
                    "tenant dev, scopes ", "provider sandbox ",
                ] {
                    #expect(run.output.contains(words), "\(words): \(run.output)")
                }
                let json = try await daemon.apus("doctor", "--output", "json").object()
                #expect(json.members["failures"] as? Int == 0)
                let refused = try await daemon.apus("doctor", "--key", "apus_" + String(repeating: "x", count: 40))
                #expect(refused.exit == .code(1) && refused.output.contains("credential"), "\(refused)")
                #expect(try await daemon.apus("pause").exit == .code(0))
                let paused = try await daemon.apus("doctor")
                #expect(paused.exit == .code(1) && paused.output.contains("-> `apus resume`"), "\(paused)")
                #expect(paused.errors.contains("failed"), "\(paused.errors)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func theDoctorOfAProviderThatFails() async throws {
            try await withDaemon(.serve, in: directory, environment: Self.sealing) { daemon, client in
                try await makeCarrier(daemon)
                for _ in 0..<10 { _ = try await client.send(OutgoingMessage(to: "+14155550100", body: "x")) }
                try await waitUntil("it is degraded") { try await client.health().degraded }
                let run = try await daemon.apus("doctor")
                #expect(run.exit == .code(1), "\(run)")
                #expect(run.output.contains("failure: FAILING since 20"), "\(run.output)")
                #expect(run.output.contains("`apus admin provider test eu` asks its carrier"), "\(run.output)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func theDoctorWithoutADaemon() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            try await daemon.kill()
            let left = try await CommandRun.apus(["doctor", "--server", "unix:\(directory.socket)"], in: directory)
            #expect(left.exit == .code(1), "\(left)")
            // The socket that is left is there, and nobody answers.
            #expect(left.output.contains("socket ") && left.output.contains("connection  failure"), "\(left.output)")
            #expect(left.output.contains("health      skipped"), "\(left.output)")
            let nowhere = try await CommandRun.apus(["doctor", "--server", "unix:/nowhere/s"], in: directory)
            #expect(nowhere.exit == .code(1) && nowhere.output.contains("Start the gateway"), "\(nowhere)")
            let unknown = try await CommandRun.apus(
                ["doctor", "--context", "nobody", "--output", "json"], in: directory)
            #expect(unknown.exit == .code(1), "\(unknown)")
            #expect(unknown.output.contains(#"there is no context \"nobody\""#), "\(unknown)")
        }
    }
}
