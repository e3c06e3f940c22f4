internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// The daemon and Amazon's SNS, as moto plays it, with signatures checked.
    @Suite struct SNSProofTests {
        private let directory = TestDirectory()

        /// A running Tests/Oracles/sns_server.py.
        private struct Service {
            struct Ready: Decodable {
                var port: Int
                var keyID: String
                var secret: String
                var ledger: Int

                enum CodingKeys: String, CodingKey {
                    case port, secret, ledger
                    case keyID = "key_id"
                }
            }

            var process: ChildProcess
            var ready: Ready

            init(in directory: TestDirectory) async throws {
                let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
                let process = try ChildProcess(
                    root.appending(path: ".venv/bin/python").path,
                    [root.appending(path: "Tests/Oracles/sns_server.py").path, "stay"],
                    environment: DaemonProcess.plainEnvironment(in: directory), directory: directory)
                self.process = process
                ready = try await eventually("moto serves: \(process.errors)") {
                    guard process.output.contains("\n") else { return nil }
                    return try JSONDecoder().decode(Ready.self, from: Data(process.output.utf8))
                }
            }

            struct Message: Hashable {
                var number: String
                var text: String
            }

            /// What it sent to numbers.
            func messages(in directory: TestDirectory) async throws -> [Message] {
                let run = try await CommandRun.run(
                    "curl", ["--silent", "--fail", "--noproxy", "*", "http://127.0.0.1:\(ready.ledger)/"],
                    in: directory)
                return try JSONDecoder().decode([[String]].self, from: Data(run.output.utf8))
                    .map { Message(number: $0[0], text: $0[1]) }
            }
        }

        private func configure(_ daemon: DaemonProcess, _ service: Service, secret: String) async throws {
            let key = try directory.write(service.ready.keyID, to: "key")
            let file = try directory.write(secret, to: "secret")
            try await daemon.configure([
                "provider", "create", "sns", "--kind", "sns", "--option", "region=us-east-1",
                "--option", "endpoint=http://127.0.0.1:\(service.ready.port)", "--in-flight", "8",
                "--secret", "access_key_id=@\(key)", "--secret", "secret_access_key=@\(file)",
            ])
            try await daemon.configure(["route", "create", "all", "--provider", "sns"])
        }

        private func messages(_ count: Int) -> [Service.Message] {
            (0..<count).map { Service.Message(number: Load.number($0), text: "it's \($0) & \"é\" + 100%") }
        }

        private func send(_ messages: [Service.Message], _ client: GatewayClient) async throws {
            let report = try await client.bulk(
                messages.map { OutgoingMessage(to: $0.number, body: $0.text) }, batch: "sns")
            #expect(report.accepted == UInt64(messages.count))
        }

        @Test(.timeLimit(.minutes(5))) func eachIsPublishedOnce() async throws {
            let service = try await Service(in: directory)
            let messages = messages(Size.pick(short: 200, long: 2000))
            try await withDaemon(in: directory, ["dispatch.retry-base-ms": "20"]) { daemon, client in
                try await configure(daemon, service, secret: service.ready.secret)
                try await send(messages, client)
                try await waitUntil("all are sent", within: .seconds(120)) {
                    try await client.statistics().states[.sent] == UInt64(messages.count)
                }
                let sent = try await service.messages(in: directory)
                #expect(sent.count == messages.count && Set(sent) == Set(messages))
            }
        }

        /// SNS sends no receipts: a batch has come to its end once all of it is sent, also over a restart.
        @Test(.timeLimit(.minutes(5))) func aBatchIsSettledOnceItIsSent() async throws {
            let service = try await Service(in: directory)
            let rows = (0..<20).map { "\(Load.number($0)),hello \($0)" }
            let file = try directory.write((["to,body"] + rows).joined(separator: "\n") + "\n", to: "rows.csv")
            let wait = ["--wait", "--timeout", "60"]
            try await withDaemon(in: directory) { daemon, client in
                try await configure(daemon, service, secret: service.ready.secret)
                let run = try await daemon.apus(["bulk", file, "--batch", "one"] + wait)
                #expect(run.exit == .code(0), "\(run.output) \(run.errors)")
                let status = try await daemon.apus("status", "\(client.newestID())", "--output", "json").object()
                #expect(try status.text("state") == "SENT")
                #expect(status.flag("settled") == true && status.flag("receipt_overdue") == false)
                #expect(!status.timeline.contains("RECEIPT_OVERDUE"))
                // Accepted, and not sent before the restart.
                #expect(try await daemon.apus("pause").exit == .code(0))
                #expect(try await daemon.apus("bulk", file, "--batch", "two", "--no-wait").exit == .code(0))
            }
            try await withDaemon(in: directory) { daemon, _ in
                #expect(try await daemon.apus(["status", "--batch", "one"] + wait).exit == .code(0))
                #expect(try await daemon.apus("resume").exit == .code(0))
                let run = try await daemon.apus(["status", "--batch", "two"] + wait)
                #expect(run.exit == .code(0), "\(run.output) \(run.errors)")
            }
        }

        /// SNS refuses the signatures: nothing is sent, and the provider is left alone until the secret is right.
        @Test(.timeLimit(.minutes(5))) func aWrongSecretSendsNothingAndLosesNothing() async throws {
            let service = try await Service(in: directory)
            let messages = messages(60)
            let settings = ["dispatch.retry-base-ms": "20", "dispatch.retry-cap-ms": "200"]
            try await withDaemon(in: directory, settings) { daemon, client in
                try await configure(daemon, service, secret: service.ready.secret + "x")
                let test = try await daemon.apus("admin", "provider", "test", "sns")
                #expect(test.exit == .code(1) && (test.output + test.errors).contains("SignatureDoesNotMatch"))
                try await send(messages, client)
                try await waitUntil("the provider is left alone") {
                    let now = try await client.statistics()
                    let sns = now.providers.first { $0.name == "sns" }
                    return (sns?.unavailable ?? 0) >= 5 && now.inFlight == 0
                }
                let now = try await client.statistics()
                let sns = try #require(now.providers.first { $0.name == "sns" })
                // What it had when it failed, and a probe or two since.
                #expect(sns.submitted <= 16, "it goes on being asked: \(sns)")
                #expect(sns.accepted + sns.rejected + sns.unknown == 0, "\(sns)")
                #expect(now.states[.queued] + now.states[.submitting] == UInt64(messages.count), "\(now.states)")
                #expect(try await service.messages(in: directory).isEmpty)

                let file = try directory.write(service.ready.secret, to: "secret")
                try await daemon.configure(["provider", "set", "sns", "--secret", "secret_access_key=@\(file)"])
                try await waitUntil("all are sent", within: .seconds(120)) {
                    try await client.statistics().states[.sent] == UInt64(messages.count)
                }
                let sent = try await service.messages(in: directory)
                #expect(sent.count == messages.count && Set(sent) == Set(messages))
            }
        }
    }
}
