internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// `apus explain`: what would become of a message, without anything becoming of it.
    @Suite struct ExplainTests {
        private let directory = TestDirectory()

        private func apus(_ daemon: DaemonProcess, _ key: String, _ arguments: String...) async throws -> CommandRun {
            try await CommandRun.apus(
                arguments, in: directory,
                environment: ["APUS_SERVER": daemon.socketAddress.description, "APUS_KEY": key])
        }

        @Test(.timeLimit(.minutes(5))) func itReadsLikeAPage() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let page = try await daemon.apus("explain", "+14155550100", "hello")
                #expect(page.exit == .code(0), "\(page.errors)")
                #expect(page.output.hasPrefix("It would go now, through sandbox.\n"), "\(page.output)")
                #expect(page.output.contains("1 segment GSM7: 5 characters, 5 units"))
                #expect(page.output.contains("only provider") && page.output.contains("chosen: has room"))
                // Nothing has become of it.
                let statistics = try await client.statistics()
                #expect(statistics.states.total == 0 && statistics.providers.allSatisfy { $0.submitted == 0 })
                #expect(try await client.usage().segmentsToday == 0)
                #expect(try await client.page(limit: 10).messages.isEmpty)
                let sent = try await client.send(OutgoingMessage(to: "+14155550100", body: "hello"))
                _ = try await client.waitUntilSettled([sent.id], timeout: .seconds(20))
                try await waitUntil("it is counted") {
                    try await client.statistics().providers.map(\.submitted) == [1]
                }
            }
        }

        @Test(.timeLimit(.minutes(5))) func pausesKeepItWaiting() async throws {
            try await withDaemon(in: directory) { daemon, client in
                _ = try await client.pause(.everything)
                _ = try await client.pause(.provider("sandbox"))
                let told = try await client.explain(OutgoingMessage(to: "+14155550100", body: "Привет"))
                #expect(told.outcome == .later && told.provider == nil && told.body?.encoding == .ucs2)
                #expect(told.reason.hasPrefix("everything is paused; ") && told.reason.contains("sandbox is paused"))
                let page = try await daemon.apus("explain", "+14155550100", "hello")
                #expect(page.exit == .code(0) && page.output.hasPrefix("It would wait.\n"), "\(page)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func refusalsSayWhatRefuses() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                let shop = """
                    {"tenants": {"shop": {"quota": {"segments_per_day": 2}, "senders": {"allowed": ["ACME"]},
                    "defaults": {"sender": "ACME"}, "destinations": {"blocked": ["GB"]}}}}
                    """
                _ = try await admin.apply(shop, partial: true)
                let key = try await admin.createKey(tenant: "shop").secret
                // Asking takes nothing, however often.
                for _ in 0..<4 {
                    let run = try await apus(daemon, key, "explain", "+14155550100", "hello", "--output", "json")
                    #expect(run.exit == .code(0), "\(run.errors)")
                    #expect(try run.object().text("outcome") == "NOW")
                }
                #expect(try await admin.usage(tenant: "shop").segmentsToday == 0)
                for _ in 0..<2 { #expect(try await apus(daemon, key, "send", "+14155550100", "x").exit == .code(0)) }
                let over = try await apus(daemon, key, "explain", "+14155550100", "hello")
                #expect(over.exit == .code(1) && over.output.hasPrefix("It would be refused.\n"), "\(over)")
                #expect(over.output.contains("segments_per_day"))
                #expect(over.errors.contains("the tenant's quota of 2 segments a day has no room left"))
                // So says Send.
                #expect(try await apus(daemon, key, "send", "+14155550100", "x").errors.contains("quota of 2 segments"))

                let blocked = try await apus(
                    daemon, key, "explain", "+447400123456", "hello", "--from", "OTHER", "--output", "json")
                #expect(blocked.exit == .code(1))
                let refusals = try blocked.object().members["refusals"] as? [[String: Any]] ?? []
                #expect(refusals.compactMap { $0["field"] as? String } == ["to", "sender"])
                _ = try await admin.suppress(["+14155550199"], tenant: "shop", reason: "STOP")
                let optedOut = try await apus(daemon, key, "explain", "+14155550199", "hello")
                #expect(optedOut.exit == .code(1) && optedOut.errors.contains("opted out"), "\(optedOut)")
                // Of what is another tenant's it says nothing.
                #expect(try await admin.explain(OutgoingMessage(to: "+14155550199", body: "x")).outcome == .now)
            }
        }

        @Test(.timeLimit(.minutes(5))) func aRateIsNotTaken() async throws {
            try await withDaemon(in: directory) { daemon, admin in
                let shop = #"{"tenants": {"shop": {"rate": {"messages_per_second": 1, "burst": 2}}}}"#
                _ = try await admin.apply(shop, partial: true)
                let key = try await admin.createKey(tenant: "shop").secret
                let client = GatewayClient(
                    configuration: ClientConfiguration(address: daemon.socketAddress, key: key))
                let message = OutgoingMessage(to: "+14155550100", body: "hello")
                for _ in 0..<20 { #expect(try await client.explain(message).outcome == .now) }
                _ = try await client.bulk(Array(repeating: message, count: 300), batch: "b")
                let told = try await client.explain(message)
                #expect(told.outcome == .refused && told.refusals.map(\.limit) == ["rate"])
                #expect(told.refusals.first?.retryAfter ?? .zero > .seconds(200))
                await client.close()
            }
        }
    }
}
