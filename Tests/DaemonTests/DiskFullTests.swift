internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// No room for the database: its own bound is met, or the disk's end.
    @Suite struct DiskFullTests {
        private let directory = TestDirectory()

        @Test(.timeLimit(.minutes(5))) func atItsOwnBoundItRefusesAndLosesNothing() async throws {
            let settings = ["storage.maximum-bytes": "1000000", "drain-seconds": "1"]
            var known: [String: MessageID] = [:]
            try await withDaemon(in: directory, settings) { daemon, client in
                known = try await fill(client)
                try await isFull(daemon, client)
                // What was accepted is sent all the same, and its receipts find room.
                try await waitUntil("all is delivered") {
                    try await client.statistics().states[.delivered] == UInt64(known.count)
                }
                #expect(try await !client.health().accepting)
                // Looking still works.
                let report = try await client.status(of: Array(known.values), timeline: false)
                #expect(report.notFound == [])
            }
            // With more room everything goes on.
            try await withDaemon(in: directory) { _, client in try await goesOn(client, known) }
            try checkLedger(known)
        }

        @Test(.timeLimit(.minutes(5))) func killedWhileFullItLosesNothing() async throws {
            let daemon = try await DaemonProcess.start(in: directory, ["storage.maximum-bytes": "1000000"])
            let client = daemon.client()
            let known = try await fill(client)
            try await isFull(daemon, client)
            try await daemon.kill()
            await client.close()
            try await withDaemon(in: directory) { _, client in
                try await goesOn(client, known)
            }
            try checkLedger(known)
        }

        @Test(.timeLimit(.minutes(5))) func atTheDisksEndItRefusesAndGoesOnWhenThereIsRoom() async throws {
            let disk = try SmallDisk(at: directory.data, bytes: 6 * 1024 * 1024)
            defer { disk.unmount() }
            // Something else on the disk, which is then removed.
            let ballast = directory.data + "/ballast"
            try Data(count: 2 * 1024 * 1024).write(to: URL(fileURLWithPath: ballast))
            var known: [String: MessageID] = [:]
            try await withDaemon(in: directory, ["sandbox.record": "false"]) { daemon, client in
                known = try await fill(client)
                try await isFull(daemon, client)
                try FileManager.default.removeItem(atPath: ballast)
                try await waitUntil("it accepts again", within: .seconds(20)) { try await client.health().accepting }
                try await goesOn(client, known)
                #expect(daemon.log.contains("the store writes again"))
            }
        }

        @Test(.timeLimit(.minutes(5))) func lockedByAnotherProgramItGoesOnWhenLetGo() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let before = try await client.send(OutgoingMessage(to: "+14155550100", body: "before")).id
                _ = try await client.waitUntilSettled([before], timeout: .seconds(30))
                let lock = try Database(directory.database(of: before))
                try lock.execute("BEGIN IMMEDIATE")
                let error = await #expect(throws: ApusError.self) {
                    try await client.send(OutgoingMessage(to: "+14155550100", body: "refused"), timeout: .seconds(6))
                }
                #expect(error?.code == .unavailable || error?.code == .deadlineExceeded, "\(String(describing: error))")
                try await waitUntil("it says so") { try await !client.health().accepting }
                #expect(daemon.log.contains("is locked by another program"))
                try lock.execute("ROLLBACK")
                try await waitUntil("it accepts again") { try await client.health().accepting }
                let after = try await client.send(OutgoingMessage(to: "+14155550100", body: "after")).id
                let report = try await client.waitUntilSettled([after], timeout: .seconds(30))
                #expect(report.messages.map(\.state) == [.delivered])
            }
        }

        // MARK: Steps

        /// Sends until it is refused.
        ///
        /// - Returns: what was acknowledged, by key.
        private func fill(_ client: GatewayClient) async throws -> [String: MessageID] {
            var known: [String: MessageID] = [:]
            let body = String(repeating: "long ", count: 200)
            for number in 0..<20_000 {
                let key = "\(number)"
                do {
                    let message = OutgoingMessage(to: Load.number(number), body: body + key)
                    known[key] = try await client.send(message, idempotencyKey: key, timeout: .milliseconds(700)).id
                } catch {
                    // The time-out is shorter than the wait that is asked for, so there was no second try.
                    #expect(error.code == .unavailable, "\(error)")
                    #expect((error.retryAfter ?? .zero) > .zero, "\(error)")
                    return known
                }
            }
            throw NeverHappened(description: "a full disk")
        }

        /// Says so in its health, its log and to callers; and stays so.
        private func isFull(_ daemon: DaemonProcess, _ client: GatewayClient) async throws {
            // The log is written besides all else.
            try await waitUntil("the log tells") {
                daemon.complaints.contains { $0.contains("the store does not write") }
            }
            let uptime = try await client.statistics().uptime
            var seen: Set<Bool> = []
            try await waitUntil("seconds pass") {
                let health = try await client.health()
                seen.insert(health.accepting)
                if !health.accepting {
                    #expect(health.checks.contains { $0.name == "store" && $0.detail.contains("no room") })
                }
                return try await client.statistics().uptime - uptime > .seconds(3)
            }
            #expect(seen == [false], "it does not say one thing and then the other")
            let total = try await client.statistics().states.total
            let error = await #expect(throws: ApusError.self) {
                _ = try await client.bulk(
                    (0..<100).map { OutgoingMessage(to: Load.number($0), body: String(repeating: "b", count: 1000)) },
                    batch: "refused", options: Self.impatient)
            }
            #expect(error?.code == .unavailable)
            #expect(try await client.statistics().states.total == total, "nothing is half-done")
        }

        private static let impatient = {
            var options = BulkOptions()
            options.timeout = .milliseconds(700)
            return options
        }()

        /// All of it arrives, and so does more; keys still hold.
        private func goesOn(_ client: GatewayClient, _ known: [String: MessageID]) async throws {
            let more = try await client.send(OutgoingMessage(to: "+14155550100", body: "more"), idempotencyKey: "more")
            #expect(!more.duplicate)
            try await waitUntil("nothing is under way") {
                let states = try await client.statistics().states
                return states[.queued] + states[.submitting] == 0
            }
            let ids = Array(known.values)
            let report = try await client.status(of: ids, timeline: false)
            #expect(report.notFound == [])
            // A receipt or an answer that could not be written before an end of the process is lost with it.
            #expect(Set(report.messages.map(\.state)).isSubset(of: [.delivered, .sent, .unknown]))
            let (key, id) = try #require(known.first)
            let body = String(repeating: "long ", count: 200) + key
            let again = try await client.send(
                OutgoingMessage(to: Load.number(Int(key)!), body: body), idempotencyKey: key)
            #expect(again.duplicate)
            #expect(again.id == id)
            let statistics = try await client.statistics()
            #expect(statistics.states.total == UInt64(known.count + 1), "\(statistics.states)")
        }

        private func checkLedger(_ known: [String: MessageID]) throws {
            let file = try SandboxFile(in: directory)
            #expect(known.values.allSatisfy { file.timesTaken($0) <= 1 })
            #expect(file.outcomes.keys.count <= known.count + 1, "what was refused was not sent")
        }
    }
}
