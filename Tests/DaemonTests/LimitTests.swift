internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// A tenant's rates and quotas, as its callers meet them.
    @Suite struct LimitTests {
        private let directory = TestDirectory()
        private let message = OutgoingMessage(to: "+14155550100", body: "hello")

        /// A daemon with a tenant of these settings, in JSON.
        private func withShop(
            _ settings: String, _ daemonSettings: [String: String] = [:],
            _ body: (_ daemon: DaemonProcess, _ admin: GatewayClient, _ key: String) async throws -> Void
        ) async throws {
            try await withDaemon(in: directory, daemonSettings) { daemon, admin in
                _ = try await admin.apply(#"{"tenants": {"shop": \#(settings)}}"#, partial: true)
                try await body(daemon, admin, try await admin.createKey(tenant: "shop").secret)
            }
        }

        private func client(_ daemon: DaemonProcess, _ key: String) -> GatewayClient {
            var configuration = ClientConfiguration(address: daemon.socketAddress, key: key)
            configuration.timeout = .seconds(60)
            configuration.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(20))
            return GatewayClient(configuration: configuration)
        }

        private func apus(
            _ daemon: DaemonProcess, _ key: String, _ arguments: String..., input: String = ""
        ) async throws -> CommandRun {
            try await CommandRun.apus(
                arguments, in: directory,
                environment: ["APUS_SERVER": daemon.socketAddress.description, "APUS_KEY": key], input: input)
        }

        private func rows(_ count: Int) -> String {
            "to,body\n" + (0..<count).map { "+1415555\(1000 + $0),number \($0)\n" }.joined()
        }

        // MARK: Rates

        @Test(.timeLimit(.minutes(5))) func callersGoAtTheRate() async throws {
            try await withShop(#"{"rate": {"messages_per_second": 10, "burst": 5}}"#) { daemon, _, key in
                // Two connections share it.
                let clients = [client(daemon, key), client(daemon, key)]
                let start = ContinuousClock.now
                try await withThrowingTaskGroup { group in
                    for number in 0..<25 {
                        group.addTask { _ = try await clients[number % 2].send(message) }
                    }
                    try await group.waitForAll()
                }
                // Five at once, and twenty at ten a second.
                #expect(ContinuousClock.now - start >= .seconds(2))
                for client in clients { await client.close() }
            }
        }

        @Test(.timeLimit(.minutes(5))) func aConnectionHasItsOwnRate() async throws {
            try await withShop(
                #"{"connection_rate": {"messages_per_second": 1, "burst": 3}}"#
            ) { daemon, _, key in
                let (one, other) = (client(daemon, key), client(daemon, key))
                _ = try await one.bulk(Array(repeating: message, count: 300), batch: "b")
                let error = await #expect(throws: ApusError.self) { _ = try await one.send(message) }
                #expect(error?.quota?.limit == "connection_rate" && error?.notProcessed == true)
                #expect(error?.retryAfter ?? .zero > .seconds(200))
                for _ in 0..<3 { _ = try await other.send(message) }
                for client in [one, other] { await client.close() }
            }
        }

        @Test(.timeLimit(.minutes(5))) func aBulkFileGoesAtTheRate() async throws {
            try await withShop(#"{"rate": {"messages_per_second": 20, "burst": 5}}"#) { daemon, _, key in
                // Each chunk leaves a debt of nearly two seconds, and the last ones wait for longer than a call may take.
                let start = ContinuousClock.now
                let run = try await apus(
                    daemon, key, "bulk", "-", "--chunk", "40", "--timeout", "3", "--no-wait", "--output", "json",
                    input: rows(160))
                #expect(run.exit == .code(0), "\(run.errors)")
                #expect(try run.object().number("accepted") == 160)
                #expect(ContinuousClock.now - start >= .seconds(5))
            }
        }

        @Test(.timeLimit(.minutes(5))) func whatWouldWaitForTooLongSaysSo() async throws {
            try await withShop(#"{"rate": {"messages_per_second": 1, "burst": 1}}"#) { daemon, _, key in
                let first = try await apus(daemon, key, "bulk", "-", "--no-wait", input: rows(300))
                #expect(first.exit == .code(0), "\(first.errors)")
                let more = try await apus(daemon, key, "bulk", "-", "--batch", "more", input: rows(2))
                #expect(more.exit == .code(3))
                #expect(more.errors.contains("Go on with --batch more"))
                let send = try await apus(daemon, key, "send", "+14155550100", "hello")
                #expect(send.exit == .code(3))
                #expect(send.errors.contains("The limit rate is 1 messages a second."))
                #expect(send.errors.contains("Try again in"))
            }
        }

        // MARK: Quotas

        @Test(.timeLimit(.minutes(5))) func theDaysSegmentsAreUsedUp() async throws {
            try await withShop(#"{"quota": {"segments_per_day": 5}}"#) { daemon, admin, key in
                let run = try await apus(
                    daemon, key, "bulk", "-", "--batch", "b", "--no-wait", "--output", "json", input: rows(8))
                #expect(run.exit == .code(3))
                #expect(try run.object().number("accepted") == 5)
                #expect(try run.object().number("refused") == 3)
                // The first of the three says why, and so does the end.
                #expect(run.errors.components(separatedBy: "quota of 5 segments a day").count == 3)
                #expect(run.errors.contains("\"line\": 7,") && !run.errors.contains("\"line\": 8,"))
                #expect(run.errors.contains("--batch b"))
                let send = try await apus(daemon, key, "send", "+14155550100", "hello")
                #expect(send.exit == .code(3))
                #expect(send.errors.contains("The limit segments_per_day is 5 segments."))
                // More of them, and the same file goes on where it ended.
                _ = try await admin.apply(
                    #"{"tenants": {"shop": {"quota": {"segments_per_day": 8}}}}"#, partial: true)
                let again = try await apus(
                    daemon, key, "bulk", "-", "--batch", "b", "--no-wait", "--output", "json", input: rows(8))
                #expect(again.exit == .code(0), "\(again.errors)")
                #expect(try again.object().number("accepted") == 3)
                #expect(try again.object().number("duplicates") == 5)
                #expect(try await admin.usage(tenant: "shop").segmentsToday == 8)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aBudgetIsKeptAndGivenBack() async throws {
            try await withShop(
                #"{"quota": {"cost_per_month": "0.10"}}"#, ["sandbox.price": "0.04"]
            ) { daemon, admin, key in
                let shop = client(daemon, key)
                _ = try await admin.pause(.everything)
                let sent = try await shop.send(message)
                _ = try await shop.send(message)
                let error = await #expect(throws: ApusError.self) { _ = try await shop.send(message) }
                #expect(error?.code == .resourceExhausted && error?.quota?.limit == "cost_per_month")
                #expect(error?.message.contains("budget of 0.1 a month") == true)
                #expect(try await shop.cancel([sent.id]).canceled == 1)
                _ = try await shop.send(message)
                await shop.close()
            }
            // It outlives the daemon.
            try await withDaemon(in: directory) { _, admin in
                let usage = try await admin.usage(tenant: "shop")
                #expect(usage.costThisMonth == 80_000)
                #expect(usage.segmentsToday == 2)
                _ = try await admin.resume(.everything)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aBudgetIsSettledOnTheProvidersPrice() async throws {
            try await withShop(#"{"quota": {"cost_per_month": "0.10"}}"#) { daemon, admin, key in
                _ = try await admin.apply(
                    #"""
                    {
                      "providers": {
                        "cheap": {"kind": "sandbox", "price": "0.01"}, "dear": {"kind": "sandbox", "price": "0.04"}
                      },
                      "routes": {"all": {"providers": ["cheap", "dear"]}}
                    }
                    """#, partial: true)
                // 0.04 is reserved for each, 0.01 is what it costs: the eighth finds 0.07 used.
                for number in 1...8 {
                    let run = try await apus(
                        daemon, key, "send", "+14155550100", "hello", "--wait", "--output", "json")
                    guard number <= 7 else {
                        #expect(run.exit == .code(3) && run.errors.contains("budget of 0.1 a month"), "\(run.errors)")
                        continue
                    }
                    #expect(run.exit == .code(0), "\(run.errors)")
                    #expect(try await admin.usage(tenant: "shop").costThisMonth == Int64(number) * 10_000)
                    let id = try run.object().text("id")
                    let timeline = try await apus(daemon, key, "timeline", id)
                    #expect(timeline.output.contains("PRICED") && timeline.output.contains("0.01"))
                }
            }
            let verification = try ChildProcess(
                Program.apusd, ["verify", "--data", directory.data],
                environment: DaemonProcess.plainEnvironment(in: directory), directory: directory)
            #expect(try await verification.waitForExit() == .code(0), "\(verification.errors)")
        }

        @Test(.timeLimit(.minutes(5))) func roomComesAsMessagesAreSent() async throws {
            try await withShop(#"{"quota": {"waiting_messages": 2}}"#) { daemon, admin, key in
                let shop = client(daemon, key)
                _ = try await admin.pause(.everything)
                for _ in 0..<2 { _ = try await shop.send(message) }
                let third = Task { try await shop.send(message) }
                let run = try await apus(daemon, key, "send", "+14155550100", "hello", "--timeout", "0.5")
                #expect(run.exit == .code(3))
                #expect(run.errors.contains("The limit waiting_messages is 2 messages."))
                _ = try await admin.resume(.everything)
                // The client tries again by itself.
                _ = try await third.value
                await shop.close()
            }
        }
    }
}
