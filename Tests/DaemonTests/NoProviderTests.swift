internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// A gateway that serves for real hands messages to providers that somebody has configured, and to nobody else.
    @Suite struct NoProviderTests {
        private let directory = TestDirectory()
        private static let sandbox = #"{"providers": {"sandbox": {"kind": "sandbox"}}}"#
        private static let warning = "no provider takes messages: they wait"

        private func send(_ client: GatewayClient, _ count: Int = 1) async throws -> [MessageID] {
            var ids: [MessageID] = []
            for _ in 0..<count {
                ids.append(try await client.send(OutgoingMessage(to: "+14155550100", body: "hello")).id)
            }
            return ids
        }

        /// Nobody has been given the messages, since they can still be taken back.
        private func expectUntouched(
            _ ids: [MessageID], _ client: GatewayClient, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            for id in ids {
                let status = try await client.status(of: id)
                #expect(status.state == .queued && status.attempts == 0, sourceLocation: sourceLocation)
            }
            #expect(try await client.cancel(ids).canceled == ids.count, sourceLocation: sourceLocation)
        }

        private func expectIdle(
            _ daemon: DaemonProcess, because reason: String, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let health = try await daemon.apus("health")
            #expect(health.exit == .code(3), sourceLocation: sourceLocation)
            #expect(health.output.contains(reason), "\(health.output)", sourceLocation: sourceLocation)
            let told = try await daemon.apus("explain", "+14155550100", "hello")
            #expect(told.exit == .code(0), sourceLocation: sourceLocation)
            #expect(told.output.hasPrefix("It would wait.\n"), "\(told.output)", sourceLocation: sourceLocation)
        }

        private func warnings(_ daemon: DaemonProcess) -> Int {
            daemon.log.components(separatedBy: Self.warning).count - 1
        }

        @Test(.timeLimit(.minutes(5))) func messagesWaitUntilThereIsAProvider() async throws {
            try await withDaemon(.serve, in: directory) { daemon, client in
                let ids = try await send(client, 3)
                try await expectIdle(daemon, because: "no provider is configured")
                let health = try await client.health()
                #expect(health.accepting && !health.dispatching)
                #expect(health.checks.filter { !$0.ok }.map(\.name) == ["providers"])
                let page = try await daemon.apus("explain", "+14155550100", "hello").output
                #expect(page.contains("why         no provider is configured"), "\(page)")
                #expect(try await daemon.apus("sandbox").errors.contains("no provider of kind sandbox is configured"))
                for id in ids { #expect(try await client.status(of: id).state == .queued) }
                // One warning for all of them.
                #expect(warnings(daemon) == 1)

                let made = try await daemon.apus("admin", "provider", "create", "sandbox", "--kind", "sandbox")
                #expect(made.exit == .code(0), "\(made.errors)")
                for status in try await client.waitUntilSettled(ids, timeout: .seconds(30)).messages {
                    #expect(status.state == .delivered && status.provider == "sandbox")
                }
                #expect(try await client.health().isHealthy)
                #expect(warnings(daemon) == 1 && daemon.log.contains("messages have a provider again"))
                // It is the whole sandbox: it remembers, and misbehaves on demand.
                let failed = try await daemon.apus("send", "+15005550006", "hello", "--wait")
                #expect(failed.output.contains("UNDELIVERED"), "\(failed)")
                #expect(try await client.sandbox().total == 4)
                let refused = try await daemon.apus("admin", "provider", "create", "sandbox2", "--kind", "twilio")
                #expect(refused.exit == .code(1))
            }
        }

        @Test(.timeLimit(.minutes(5))) func theyExpireWhileTheyWait() async throws {
            try await withDaemon(.serve, in: directory) { _, client in
                var message = OutgoingMessage(to: "+14155550100", body: "hello")
                message.validity = .seconds(1)
                let id = try await client.send(message).id
                let settled = try await client.waitUntilSettled([id], timeout: .seconds(30))
                #expect(settled.messages.map(\.state) == [.expired])
            }
        }

        /// All that takes the last provider away leaves what waits to wait.
        @Test(.timeLimit(.minutes(5))) func everyRoadToNoProviderKeepsThemWaiting() async throws {
            try await withDaemon(.serve, in: directory) { daemon, client in
                let first = try await client.generations(limit: 1)[0].number
                let roads: [(reason: String, take: () async throws -> Void)] = [
                    (
                        "no provider is configured",
                        { _ = try await client.apply(#"{"tenants": {"default": {}}}"#, remove: true) }
                    ),
                    ("no provider is configured", { _ = try await client.rollBack(to: first) }),
                    (
                        "no provider is configured",
                        {
                            let run = try await daemon.apus("admin", "provider", "remove", "sandbox")
                            #expect(run.exit == .code(0), "\(run.errors)")
                        }
                    ),
                    (
                        "every provider is disabled",
                        {
                            let run = try await daemon.apus("admin", "provider", "disable", "sandbox")
                            #expect(run.exit == .code(0), "\(run.errors)")
                        }
                    ),
                ]
                for (place, road) in roads.enumerated() {
                    _ = try await client.apply(Self.sandbox, partial: true)
                    _ = try await client.pause(.everything)
                    let ids = try await send(client, 3)
                    try await road.take()
                    _ = try await client.resume(.everything)
                    try await expectIdle(daemon, because: road.reason)
                    #expect(warnings(daemon) == place + 2, "the first was at the start")
                    try await expectUntouched(ids + send(client), client)
                }
            }
        }

        /// A client that says nothing of removals makes none.
        @Test(.timeLimit(.minutes(5))) func removalsHaveToBeMeant() async throws {
            try await withDaemon(.serve, in: directory) { _, client in
                _ = try await client.apply(Self.sandbox, partial: true)
                for (document, isPartial) in [
                    (#"{"tenants": {"default": {}}}"#, false), (#"{"providers": {"sandbox": null}}"#, true),
                ] {
                    let error = await #expect(throws: ApusError.self) {
                        _ = try await client.apply(document, partial: isPartial)
                    }
                    #expect(error?.code == .failedPrecondition)
                    #expect(error?.message.contains("would remove provider sandbox: ") == true)
                    let tried = try await client.apply(document, partial: isPartial, dryRun: true)
                    #expect(tried.changes.map(\.name) == ["sandbox"])
                }
                _ = try await client.waitUntilSettled(send(client), timeout: .seconds(30))
                _ = try await client.apply(#"{"providers": {"sandbox": null}}"#, partial: true, remove: true)
            }
        }

        /// Neither do a restart or a restored backup send what waits, nor what waited under `apusd dev`.
        @Test(.timeLimit(.minutes(5))) func restartsAndBackupsKeepThemWaiting() async throws {
            var ids: [MessageID] = []
            try await withDaemon(in: directory) { _, client in
                _ = try await client.pause(.everything)
                ids = try await send(client, 2)
            }
            try await withDaemon(.serve, in: directory, ["tenant": "dev"]) { daemon, client in
                _ = try await client.resume(.everything)
                ids += try await send(client)
                try await expectIdle(daemon, because: "no provider is configured")
                let backup = try await CommandRun.run(
                    Program.apusd, ["backup", directory.path + "/backup", "--data", directory.data], in: directory)
                #expect(backup.exit == .code(0), "\(backup.errors)")
            }
            try await withDaemon(.serve, in: directory, ["tenant": "dev"]) { daemon, client in
                try await expectIdle(daemon, because: "no provider is configured")
                #expect(warnings(daemon) == 1)
                try await expectUntouched(ids, client)
            }
            let other = TestDirectory()
            let restored = try await CommandRun.run(
                Program.apusd, ["restore", directory.path + "/backup", "--data", other.data], in: other)
            #expect(restored.exit == .code(0), "\(restored.errors)")
            try await withDaemon(.serve, in: other, ["tenant": "dev"]) { daemon, client in
                for id in ids { #expect(try await client.status(of: id).state == .unknown) }
                let resent = try await daemon.apus(["unknown", "resend"] + ids.map(\.description))
                #expect(resent.exit == .code(0), "\(resent.errors)")
                try await expectIdle(daemon, because: "no provider is configured")
                for id in ids { #expect(try await client.status(of: id).state == .queued) }
                // What has been sent since the backup nobody knows.
                #expect(try await client.cancel(ids).mayHaveBeenSent == ids.count)
            }
        }
    }
}
