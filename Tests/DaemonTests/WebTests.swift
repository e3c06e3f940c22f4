internal import ApusClient
internal import Testing

extension DaemonTests {
    /// The web server of the running daemon.
    @Suite struct WebTests {
        /// The addresses of the `ready` line.
        private func webAddresses(_ daemon: DaemonProcess) -> [String] {
            (daemon.process.output.split(separator: "\n").first ?? "").split(separator: " ")
                .filter { $0.hasPrefix("http=") }.map { String($0.dropFirst("http=".count)) }
        }

        private func curl(_ arguments: String..., in directory: TestDirectory) async throws -> CommandRun {
            try await CommandRun.run(
                "curl", ["--silent", "--include", "--max-time", "30", "--noproxy", "*"] + arguments, in: directory)
        }

        @Test(.timeLimit(.minutes(5))) func itServesBesideTheRPC() async throws {
            let directory = TestDirectory()
            let settings = ["http": "http:127.0.0.1:0,https:127.0.0.1:0"]
            try await withDaemon(in: directory, settings) { daemon, client in
                let addresses = webAddresses(daemon)
                #expect(addresses.count == 2)
                let plain = try #require(addresses.first { $0.hasPrefix("http:127.0.0.1:") })
                let secure = try #require(addresses.first { $0.hasPrefix("https:127.0.0.1:") })
                #expect(!plain.hasSuffix(":0") && !secure.hasSuffix(":0"))
                let plainURL = plain.replacing("http:", with: "http://")
                let secureURL = secure.replacing("https:", with: "https://")

                let health = try await curl(plainURL + "/health", in: directory)
                #expect(health.output.hasPrefix("HTTP/1.1 200 "), "\(health)")
                #expect(
                    health.output.hasSuffix(#"{"accepting":true,"degraded":false,"dispatching":true}"#), "\(health)")
                let authority = directory.data + "/tls/ca.pem"
                let overTLS = try await curl("--cacert", authority, secureURL + "/health", in: directory)
                #expect(overTLS.output.hasPrefix("HTTP/1.1 200 "), "\(overTLS)")
                let webhook = try await curl("--data", "a=b", plainURL + "/webhooks/nobody", in: directory)
                #expect(webhook.output.hasPrefix("HTTP/1.1 404 "), "\(webhook)")

                _ = try await client.pause(.everything)
                let paused = try await curl(plainURL + "/health", in: directory)
                #expect(
                    paused.output.hasSuffix(#"{"accepting":true,"degraded":false,"dispatching":false}"#), "\(paused)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func withoutAnAddressThereIsNone() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, _ in #expect(webAddresses(daemon) == []) }
            for (address, words) in [
                ("tcp:127.0.0.1:80", "is no address of the web server"), ("http:192.0.2.1:1", "cannot listen at http:"),
            ] {
                let (exit, errors) = try await DaemonProcess.fail(in: TestDirectory(), ["http": address])
                #expect(exit == .code(1))
                #expect(errors.contains(words), "\(errors)")
            }
        }
    }
}
