internal import ApusClient
internal import Testing

internal import struct SMSModel.SeededGenerator

extension DaemonTests {
    /// kill -9 in the middle of things.
    @Suite struct CrashTests {
        static let settings = [
            "sandbox.latency-ms": "8", "sandbox.receipt-delay-ms": "15", "sandbox.in-flight": "200",
            "sandbox.faults.throttled": "0.05", "sandbox.faults.unavailable": "0.05",
            "dispatch.retry-base-ms": "20", "dispatch.retry-cap-ms": "200",
        ]

        @Test(.timeLimit(.minutes(60)), arguments: Size.seeds)
        func killedUnderLoadItLosesNothingAndSendsNothingTwice(seed: UInt64) async throws {
            let rounds = 12
            let directory = TestDirectory()
            var random = SeededGenerator(seed: seed)
            var daemon = try await DaemonProcess.start(in: directory, Self.settings)
            let client = daemon.client(timeout: .seconds(120))
            let load = Load()
            async let running: Void = load.run(client, senders: 8, seed: seed)

            for round in 0..<rounds {
                // One time in four the moment is while it takes up what the crash before left.
                let more = round % 4 == 3 ? 0 : Int.random(in: 1...600, using: &random)
                let goal = load.count + more
                try await waitUntil("\(goal) messages are acknowledged", within: .seconds(120)) { load.count >= goal }
                let known = load.acknowledged.ids
                try await daemon.kill()
                daemon = try await DaemonProcess.start(in: directory, Self.settings)
                let report = try await client.status(of: known, timeline: false)
                #expect(report.notFound == [], "acknowledged, and forgotten")
            }
            load.stop()
            await running

            let audit = try await DeliveryAudit(client, load, in: directory)
            audit.checkEachSentOnce(mayBeInterrupted: true)
            audit.checkCounters(load)
            try await audit.checkUnknownAreExplained(client)
            #expect(audit.count(.unknown) > 0, "no kill hit a message in flight: this proves little")
            #expect(audit.file.torn <= rounds)
            print(
                "kill -9: \(rounds) kills, \(audit.statuses.count) messages, "
                    + "\(audit.count(.unknown)) possibly sent, \(load.acknowledged.duplicates) repeats found accepted"
            )
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func whatTheCallerNeverHeardOfIsSentOnceWhenRepeated() async throws {
            let directory = TestDirectory()
            let settings = ["sandbox.latency-ms": "3"]
            var random = SeededGenerator(seed: 11)
            for round in 0..<Size.pick(short: 3, long: 20) {
                let keys = (0..<300).map { "round-\(round)-\($0)" }
                let daemon = try await DaemonProcess.start(in: directory, settings)
                let client = daemon.client()
                // All at once, and the daemon dies when some of them have been answered.
                let answered = Counter()
                let enough = Int.random(in: 0...250, using: &random)
                async let dead: Void = daemon.kill(once: "\(enough) answers") { answered.value >= enough }
                var configuration = client.configuration
                configuration.backoff = Backoff(first: .seconds(600), longest: .seconds(600))
                let impatient = GatewayClient(configuration: configuration)
                let first = await sendAll(keys, impatient, timeout: .seconds(2)) { answered.add() }
                try await dead
                await impatient.close()
                await client.close()

                try await withDaemon(in: directory, settings) { _, client in
                    let second = await sendAll(keys, client, timeout: .seconds(60)) {}
                    #expect(second.count == keys.count)
                    for (key, receipt) in first {
                        #expect(second[key]?.id == receipt.id && second[key]?.duplicate == true, "\(key)")
                    }
                    #expect(Set(second.values.map(\.id)).count == keys.count)
                    let report = try await client.status(of: second.values.map(\.id), timeline: false)
                    #expect(report.notFound == [])
                }
            }
            let file = try SandboxFile(in: directory)
            let bodies = Dictionary(grouping: file.lines, by: \.body)
            #expect(bodies.values.allSatisfy { $0.count == 1 }, "a message was sent twice")
        }

        private func sendAll(
            _ keys: [String], _ client: GatewayClient, timeout: Duration, _ answered: @escaping @Sendable () -> Void
        ) async -> [String: SendReceipt] {
            await withTaskGroup(of: (String, SendReceipt?).self) { group in
                for key in keys {
                    group.addTask {
                        let message = OutgoingMessage(to: "+14155550100", body: key)
                        let receipt = try? await client.send(message, idempotencyKey: key, timeout: timeout)
                        if receipt != nil { answered() }
                        return (key, receipt)
                    }
                }
                var receipts: [String: SendReceipt] = [:]
                for await (key, receipt) in group { receipts[key] = receipt }
                return receipts
            }
        }
    }
}
