internal import ApusClient
internal import Glibc
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// SIGTERM, and what it leaves behind.
    @Suite struct StopTests {
        @Test(.timeLimit(.minutes(60)), arguments: Size.seeds)
        func stoppedUnderLoadItDrainsAndLosesNothing(seed: UInt64) async throws {
            let settings = CrashTests.settings
            let directory = TestDirectory()
            var random = SeededGenerator(seed: seed)
            var daemon = try await DaemonProcess.start(in: directory, settings)
            let client = daemon.client(timeout: .seconds(120))
            let load = Load()
            async let running: Void = load.run(client, senders: 8, seed: seed)

            for _ in 0..<6 {
                let goal = load.count + Int.random(in: 1...600, using: &random)
                try await waitUntil("\(goal) messages are acknowledged", within: .seconds(120)) { load.count >= goal }
                let known = load.acknowledged.ids
                #expect(try await daemon.stop() == .code(0))
                #expect(
                    try known.last.map { try submitting(directory, $0) } == 0,
                    "a clean stop leaves nothing being submitted")
                daemon = try await DaemonProcess.start(in: directory, settings)
                let report = try await client.status(of: known, timeline: false)
                #expect(report.notFound == [], "acknowledged, and forgotten")
            }
            load.stop()
            await running

            let audit = try await DeliveryAudit(client, load, in: directory)
            audit.checkEachSentOnce(mayBeInterrupted: false)
            audit.checkCounters(load)
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        @Test(.timeLimit(.minutes(5))) func whatTheProviderHasIsWaitedFor() async throws {
            let directory = TestDirectory()
            // The receipts would come long after the answers; a stop brings them forward.
            let settings = ["sandbox.latency-ms": "700", "sandbox.receipt-delay-ms": "3600000"]
            let daemon = try await DaemonProcess.start(in: directory, settings)
            let client = daemon.client()
            let id = try await client.send(OutgoingMessage(to: "+14155550100", body: "on its way")).id
            try await waitUntil("it is being submitted") { try await client.status(of: id).state == .submitting }
            await client.close()
            #expect(try await daemon.stop() == .code(0))
            #expect(try submitting(directory, id) == 0)

            try await withDaemon(in: directory, settings) { _, client in
                let status = try await client.status(of: id)
                #expect([.sent, .delivered].contains(status.state), "\(status.timeline)")
            }
        }

        @Test(.timeLimit(.minutes(5))) func aSecondSignalStopsAtOnce() async throws {
            let directory = TestDirectory()
            let daemon = try await DaemonProcess.start(in: directory, ["drain-seconds": "3600"])
            let client = daemon.client()
            let before = try await client.send(OutgoingMessage(to: "+14155550100", body: "before")).id
            await client.close()
            // Nothing can be written, so a call stays in flight and the drain has to wait for it.
            let lock = try Database(directory.database(of: before))
            try lock.execute("BEGIN IMMEDIATE")
            let socket = try PlainSocket(port: daemon.port)
            let message = SendRequest(to: "+14155550100", body: "never answered")
            try await socket.send(
                PlainFrames.hello(key: daemon.key)
                    + PlainFrames.request(1, .send, message)
                    + PlainFrames.request(2, .describe, DescribeRequest()))
            // The second call is answered, so the first was read.
            #expect(try await socket.receiveFrames(2).last?.callID == 2)

            daemon.process.send(SIGTERM)
            // It has begun to drain: nobody can connect any more.
            try await waitUntil("the socket is gone") { access(directory.socket, F_OK) != 0 }
            #expect(daemon.process.poll() == nil)
            daemon.process.send(SIGTERM)
            #expect(try await daemon.process.waitForExit(within: .seconds(3)) == .code(1))
        }

        @Test(.timeLimit(.minutes(5))) func theDrainHasAnEnd() async throws {
            let directory = TestDirectory()
            let settings = ["sandbox.latency-ms": "3600000", "drain-seconds": "1"]
            let daemon = try await DaemonProcess.start(in: directory, settings)
            let client = daemon.client()
            let id = try await client.send(OutgoingMessage(to: "+14155550100", body: "on its way")).id
            try await waitUntil("it is being submitted") { try await client.status(of: id).state == .submitting }
            await client.close()
            // What the provider answers now cannot be written down.
            let lock = try Database(directory.database(of: id))
            try lock.execute("BEGIN IMMEDIATE")
            #expect(try await daemon.stop() == .code(0))
            try lock.execute("ROLLBACK")

            try await withDaemon(in: directory) { _, client in
                // It answers questions before it has written down what it found interrupted.
                let status = try await eventually("the message is unknown") {
                    let status = try await client.status(of: id)
                    return status.state == .unknown ? status : nil
                }
                #expect(status.timeline.last?.event == .interrupted)
            }
        }

        /// Messages of the day of `id` that are being submitted.
        private func submitting(_ directory: TestDirectory, _ id: ApusClient.MessageID) throws -> Int {
            let number = SMSModel.MessageState.submitting.rawValue
            return try Database(directory.database(of: id)).integer(
                "SELECT count(*) FROM state WHERE state = \(number)")
        }
    }
}
