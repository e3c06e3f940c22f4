internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// A daemon whose wall clock the test moves.
    @Suite struct ClockTests {
        private let directory = TestDirectory()
        private let clock: MovedClock

        init() throws {
            clock = try MovedClock(in: directory)
        }

        private func sendAndDeliver(_ client: GatewayClient, _ body: String) async throws -> MessageStatus {
            let id = try await client.send(OutgoingMessage(to: "+14155550100", body: body)).id
            let report = try await client.waitUntilSettled([id], timeout: .seconds(60))
            let status = try #require(report.messages.first)
            #expect(status.state == .delivered)
            return status
        }

        @Test(.timeLimit(.minutes(5))) func itStepsBack() async throws {
            let settings = ["dispatch.retry-base-ms": "100"]
            try await withDaemon(in: directory, settings, environment: clock.environment) { daemon, client in
                let before = try await sendAndDeliver(client, "before")
                try clock.set(.seconds(-7200))
                var last = before.id
                for number in 0..<20 {
                    let status = try await sendAndDeliver(client, "after \(number)")
                    #expect(status.id > last)
                    #expect(status.acceptedAt >= before.acceptedAt)
                    let times = status.timeline.map(\.at)
                    #expect(times == times.sorted())
                    last = status.id
                }
                #expect(daemon.complaints.contains { $0.contains("the clock stepped back") })
                // A retry's wait ends too, though time goes on slowly.
                let throttled = try await client.send(OutgoingMessage(to: "+15005550003", body: "patience")).id
                let report = try await client.waitUntilSettled([throttled], timeout: .seconds(60))
                #expect(report.messages.map(\.state) == [.delivered])
            }
        }

        @Test(.timeLimit(.minutes(5))) func aGlitchOfADayExpiresNothing() async throws {
            try await withDaemon(in: directory, environment: clock.environment) { daemon, client in
                _ = try await client.pause(.everything)
                var waiting: [MessageID] = []
                for number in 0..<20 {
                    var message = OutgoingMessage(to: Load.number(number), body: "waits")
                    message.validity = .seconds(3600)
                    if number % 4 == 0 { message.sendAt = Date(timeIntervalSinceNow: 1800) }
                    waiting.append(try await client.send(message).id)
                }
                try clock.set(.seconds(86_400))
                try await waitUntil("the jump is logged") { daemon.log.contains("the clock jumped ahead") }
                // The service goes on meanwhile, in its own time.
                let jumped = try await client.statistics().uptime
                try await waitUntil("seconds pass") { try await client.statistics().uptime - jumped > .seconds(2) }
                let during = try await client.send(OutgoingMessage(to: "+14155550100", body: "meanwhile"))
                let states = try await client.status(of: waiting + [during.id]).messages.map(\.state)
                #expect(Set(states) == [.queued, .scheduled])
                try clock.set(.zero)
                try await waitUntil("the recovery is logged") { daemon.log.contains("time follows the clock again") }
                _ = try await client.resume(.everything)
                let due = waiting.enumerated().filter { $0.offset % 4 != 0 }.map(\.element) + [during.id]
                let report = try await client.waitUntilSettled(due, timeout: .seconds(60))
                #expect(Set(report.messages.map(\.state)) == [.delivered])
                let later = Set(waiting).subtracting(due)
                #expect(Set(try await client.status(of: Array(later)).messages.map(\.state)) == [.scheduled])
                let next = try await sendAndDeliver(client, "afterwards")
                #expect(next.id > during.id)
                #expect(abs(next.acceptedAt.timeIntervalSinceNow) < 60)
            }
        }

        @Test(.timeLimit(.minutes(5))) func daysBehindItRefusesToStart() async throws {
            let newest = try await withDaemon(in: directory, environment: clock.environment) { _, client in
                try await sendAndDeliver(client, "the newest").id
            }
            try clock.set(.seconds(-2 * 86_400))
            let failure = try await DaemonProcess.fail(in: directory, environment: clock.environment)
            #expect(failure.exit == .code(1))
            #expect(failure.errors.contains("storage.accept-clock-behind"), "\(failure.errors)")

            let settings = ["storage.accept-clock-behind": "true"]
            try await withDaemon(in: directory, settings, environment: clock.environment) { _, client in
                let next = try await sendAndDeliver(client, "all the same")
                #expect(next.id > newest)
            }
        }

        /// The files' contents, but for the lock, which names its last holder, and what is there to read logs by.
        private func contents() throws -> [String: Data] {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: directory.data)
            where name.hasSuffix(".db") || name.hasSuffix("-wal") {
                contents[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory.data)/\(name)"))
            }
            return contents
        }

        @Test(.timeLimit(.minutes(5))) func aRefusedStartChangesNoFile() async throws {
            _ = try await withDaemon(in: directory, environment: clock.environment) { _, client in
                try await sendAndDeliver(client, "kept")
            }
            let before = try contents()
            #expect(before.count >= 2)
            try clock.set(.seconds(-2 * 86_400))
            let failure = try await DaemonProcess.fail(in: directory, environment: clock.environment)
            #expect(failure.exit == .code(1))
            #expect(try contents() == before)
        }

        @Test(.timeLimit(.minutes(5))) func farAheadItDeletesNothing() async throws {
            let kept = try await withDaemon(in: directory, environment: clock.environment) { _, client in
                try await sendAndDeliver(client, "kept").id
            }
            let file = directory.database(of: kept)
            try clock.set(.seconds(95 * 86_400))
            try await withDaemon(in: directory, environment: clock.environment) { daemon, client in
                try await waitUntil("health says so") {
                    try await client.health().checks.contains {
                        $0.name == "retention" && $0.warning && $0.detail.contains("days ahead of the last sweep")
                    }
                }
                #expect(daemon.complaints.contains { $0.contains("retention does not believe the clock") })
                // It serves, and what is new goes its way.
                _ = try await sendAndDeliver(client, "meanwhile")
                let status = try await client.status(of: [kept])
                #expect(status.messages.map(\.state) == [.delivered])
                #expect(try Database(file).integer("SELECT count(*) FROM message WHERE body = 'kept'") == 1)
            }
            let settings = ["storage.accept-clock-ahead": "true"]
            try await withDaemon(in: directory, settings, environment: clock.environment) { _, client in
                try await waitUntil("the day's file is gone") { !FileManager.default.fileExists(atPath: file) }
                #expect(try await client.health().checks.contains { $0.name == "retention" && !$0.warning })
            }
        }

        @Test(.timeLimit(.minutes(5))) func minutesBehindItWarnsAndServes() async throws {
            let newest = try await withDaemon(in: directory, environment: clock.environment) { _, client in
                try await sendAndDeliver(client, "the newest").id
            }
            try clock.set(.seconds(-600))
            try await withDaemon(in: directory, environment: clock.environment) { daemon, client in
                #expect(daemon.complaints.contains { $0.contains("behind the newest message") }, "\(daemon.log)")
                let next = try await sendAndDeliver(client, "all the same")
                #expect(next.id > newest)
            }
        }
    }
}
