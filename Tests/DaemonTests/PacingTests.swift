internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// A carrier that has limits, behind the running daemon.
    @Suite struct PacingTests {
        private let directory = TestDirectory()
        private static let fullSender = "+15017122661"
        private let settings = ["dispatch.retry-base-ms": "20", "dispatch.retry-cap-ms": "500"]

        private func connect(_ daemon: DaemonProcess, _ carrier: CarrierProcess) async throws {
            try await carrier.configure(daemon, "--option", "connections:=200")
            try await daemon.configure(["route", "create", "all", "--provider", carrier.name])
        }

        private func send(
            _ count: Int, from sender: String?, _ client: GatewayClient, batch: String
        ) async throws {
            let messages = (0..<count).map { number in
                var message = OutgoingMessage(to: Load.number(number), body: "\(batch) \(number)")
                message.sender = sender
                return message
            }
            let report = try await client.bulk(messages, batch: batch)
            #expect(report.accepted == UInt64(count))
        }

        @Test(.timeLimit(.minutes(5))) func aFullSenderDelaysNobodyElse() async throws {
            let carrier = try await CarrierProcess.start("east", in: directory, ["--full-sender", Self.fullSender])
            try await withDaemon(in: directory, settings) { daemon, client in
                try await connect(daemon, carrier)
                try await send(300, from: Self.fullSender, client, batch: "full")
                try await waitUntil("the sender is known to be full") {
                    try await carrier.ledger().faults["fullSender"] ?? 0 > 0
                }
                let started = ContinuousClock.now
                try await send(300, from: "Apus", client, batch: "others")
                try await waitUntil("the others are sent") { try await carrier.progress().messages == 300 }
                let seconds = started.duration(to: .now) / .seconds(1)
                #expect(seconds < 15, "\(seconds) s")
                let provider = try #require(try await client.statistics().providers.first { $0.name == "east" })
                #expect(provider.rate == nil || provider.rate == 0)
                #expect(provider.accepted == 300)
                // Those that were on their way at first, and then about one a second.
                let refused = try await carrier.ledger().faults["fullSender"] ?? 0
                #expect(Double(refused) < 60 + 2 * seconds, "\(refused) requests in \(seconds) s")
                var message = OutgoingMessage(to: "+14155550100", body: "hello")
                message.sender = Self.fullSender
                let explained = try await client.explain(message)
                #expect(explained.providers.contains { $0.name == "east" && $0.verdict == "SENDER_THROTTLED" })
            }
        }

        @Test(.timeLimit(.minutes(5))) func aNumberAtOnceIsFound() async throws {
            let carrier = try await CarrierProcess.start(
                "east", in: directory, ["--concurrency", "10", "--latency-ms", "50"])
            try await withDaemon(in: directory, settings) { daemon, client in
                try await connect(daemon, carrier)
                // Eight seconds' worth at the least.
                try await send(1600, from: nil, client, batch: "all")
                try await waitUntil("half of them are sent") { try await carrier.progress().messages >= 800 }
                let before = try await carrier.ledger()
                try await waitUntil("nearly all are sent") { try await carrier.progress().messages >= 1500 }
                let after = try await carrier.ledger()
                let beyond = (after.faults["beyond"] ?? 0) - (before.faults["beyond"] ?? 0)
                #expect(beyond * 10 < after.requests - before.requests, "\(beyond) beyond the limit")
                let provider = try #require(try await client.statistics().providers.first { $0.name == "east" })
                #expect((4...20).contains(provider.inFlightBound), "\(provider.inFlightBound)")
            }
        }
    }
}
