internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// Failover never doubles a message: the daemon between carriers that keep account of what they took.
    @Suite struct CarrierProofTests {
        private let directory = TestDirectory()
        private static let count = Size.pick(short: 2000, long: 20_000)
        private static let patience = Duration.seconds(Size.pick(short: 60, long: 600))

        private func settings() throws -> [String: String] {
            let port = try freePort()
            return [
                "http": "http:127.0.0.1:\(port)", "webhooks.public-url": "http://127.0.0.1:\(port)",
                "dispatch.retry-base-ms": "20", "dispatch.retry-cap-ms": "500",
            ]
        }

        private func carriers(seed: UInt64, _ options: [String]...) async throws -> [CarrierProcess] {
            var carriers: [CarrierProcess] = []
            for (place, (name, options)) in zip(["east", "west"], options).enumerated() {
                let words = ["--seed", String(seed * 2 + UInt64(place))] + options
                carriers.append(try await .start(name, in: directory, words))
            }
            return carriers
        }

        private func connect(
            _ daemon: DaemonProcess, _ carriers: [CarrierProcess], _ words: String...
        ) async throws {
            for carrier in carriers {
                try await carrier.configure(
                    daemon, "--in-flight", "40", "--option", "timeout_ms:=1500", "--option", "connections:=40")
            }
            try await daemon.configure(
                ["route", "create", "all"] + words + carriers.flatMap { ["--provider", $0.name] })
        }

        /// Every fifth may be sent again if nobody knows whether it was sent.
        private func mayBeResent(_ number: Int) -> Bool { number % 5 == 0 }
        private func text(_ number: Int) -> String { "number \(number)" }

        /// Hands them over in bulk; what is refused fails the test.
        private func send(_ count: Int, _ client: GatewayClient, batch: String = "proof") async throws -> [String:
            MessageID]
        {
            let messages = (0..<count).map { number in
                var message = OutgoingMessage(to: Load.number(number), body: text(number))
                message.onUnknown = mayBeResent(number) ? .resend : .hold
                return message
            }
            var options = BulkOptions()
            options.messagesPerChunk = 100
            var ids: [String: MessageID] = [:]
            let report = try await client.bulk(messages, batch: batch, options: options) { progress in
                for (offset, id) in progress.ids.enumerated() { ids[text(Int(progress.firstIndex) + offset)] = id }
            }
            #expect(report.refused == 0 && ids.count == count, "\(report)")
            return ids
        }

        private func resent(_ count: Int) -> Set<String> { Set((0..<count).filter(mayBeResent).map(text)) }

        @Test(.timeLimit(.minutes(30)), arguments: Size.seeds)
        func eachGoesOnceThroughCarriersThatFail(seed: UInt64) async throws {
            let outage = ["--outage-after", String(Self.count / 6), "--outage-seconds", Size.isLong ? "5" : "2"]
            let carriers = try await carriers(
                seed: seed, ["--faults", "--latency-ms", "20"] + outage, ["--faults", "--latency-ms", "20"])
            try await withDaemon(in: directory, settings()) { daemon, client in
                try await connect(daemon, carriers, "--policy", "WEIGHT")
                let ids = try await send(Self.count, client)
                let audit = try await CarrierDeliveryAudit(
                    client, carriers, ids: ids, resent: resent(Self.count), within: Self.patience)
                try await audit.check(client, mayBeInterrupted: false)
                for fault in ["throttled", "failedUntaken", "failedTaken", "lostTaken"] {
                    #expect(audit.faults(fault) > 0, "\(fault) never happened: this proves little")
                }
                #expect(audit.forged > 0)
                print(
                    "carriers, seed \(seed): \(audit.count(.delivered)) delivered, "
                        + "\(audit.count(.undelivered)) undelivered, \(audit.count(.unknown)) unknown, "
                        + "\(audit.takenTwice) sent again as allowed, \(audit.forged) forged callbacks")
            }
        }

        /// A carrier without a route to the recipients refuses in time.
        @Test(.timeLimit(.minutes(5))) func whatOneRefusesTheOtherTakesAtOnce() async throws {
            let count = Size.pick(short: 200, long: 2000)
            let carriers = try await carriers(seed: 1, ["--reject", "21612"], [])
            try await withDaemon(in: directory, settings()) { daemon, client in
                try await connect(daemon, carriers, "--policy", "ORDER", "--no-overflow")
                let ids = try await send(count, client)
                let audit = try await CarrierDeliveryAudit(
                    client, carriers, ids: ids, resent: resent(count), within: Self.patience)
                try await audit.check(client, mayBeInterrupted: false)
                #expect(audit.count(.delivered) == count)
                let (east, west) = (try await carriers[0].ledger(), try await carriers[1].ledger())
                #expect(east.messages.isEmpty && east.requests == count)
                #expect(west.messages.count == count && west.requests == count)
                let waits = try await client.status(of: Array(ids.values)).messages.map { status in
                    status.timeline.last { $0.event == .sent }?.at.timeIntervalSince(status.acceptedAt) ?? .infinity
                }
                let longest = waits.max() ?? .infinity
                #expect(longest < 3, "the last was sent by the other after \(longest) s")
                print("carriers: the last of \(count) refused messages was with the other after \(longest) s")
            }
        }

        @Test(.timeLimit(.minutes(30)), arguments: Size.seeds)
        func killedInTheMiddleItStillSendsNothingTwice(seed: UInt64) async throws {
            let carriers = try await carriers(
                seed: seed, ["--faults", "--latency-ms", "20"], ["--faults", "--latency-ms", "20"])
            let settings = try settings()
            var daemon = try await DaemonProcess.start(in: directory, settings)
            let client = daemon.client()
            try await connect(daemon, carriers, "--policy", "WEIGHT")
            let ids = try await send(Self.count, client)
            let kills = Size.pick(short: 2, long: 8)
            for kill in 1...kills {
                let goal = Self.count * kill / (kills + 2)
                try await waitUntil("\(goal) messages are with carriers", within: Self.patience) {
                    var taken = 0
                    for carrier in carriers { taken += try await carrier.progress().messages }
                    return taken >= goal
                }
                try await daemon.kill()
                daemon = try await DaemonProcess.start(in: directory, settings)
            }
            let audit = try await CarrierDeliveryAudit(
                client, carriers, ids: ids, resent: resent(Self.count), within: Self.patience)
            try await audit.check(client, mayBeInterrupted: true)
            print(
                "carriers, seed \(seed): \(kills) kills, \(audit.count(.delivered)) delivered, "
                    + "\(audit.count(.undelivered)) undelivered, \(audit.count(.unknown)) unknown, "
                    + "\(audit.takenTwice) sent again as allowed")
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }
    }
}
