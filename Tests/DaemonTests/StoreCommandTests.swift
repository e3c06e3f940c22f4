internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// `apusd backup`, `restore` and `verify`, alongside a daemon and after one.
    @Suite struct StoreCommandTests {
        private let directory = TestDirectory()

        @Test(.timeLimit(.minutes(5))) func whatWasBackedUpUnderLoadComesBackAndIsNotSentAgain() async throws {
            // Their data directories: the backup is one, though none to be served.
            let (copy, target) = (TestDirectory(), TestDirectory())
            let settings = ["sandbox.latency-ms": "5", "sandbox.receipt-delay-ms": "30"]
            let daemon = try await DaemonProcess.start(in: directory, settings)
            let client = daemon.client()
            var later = OutgoingMessage(to: "+14155550100", body: "in an hour")
            later.sendAt = Date(timeIntervalSinceNow: 3600)
            let scheduled = try await client.send(later, idempotencyKey: "later").id
            let load = Load()
            async let running: Void = load.run(client, senders: 4, seed: 5)
            try await waitUntil("some are acknowledged") { load.count >= 400 }
            let before = load.acknowledged
            let backup = try await apusd("backup", copy.data, "--data", directory.data)
            #expect(backup.exit == .code(0), "\(backup.errors)")
            #expect(backup.output.contains("backup of \(directory.data)"))
            let after = load.count
            try await waitUntil("the load goes on") { load.count >= after + 200 }
            for path in [directory.data, copy.data] { try await isSound(path) }
            let again = try await apusd("backup", copy.data, "--data", directory.data)
            #expect(again.exit == .code(1))
            #expect(again.errors.contains("never replaced"))
            load.stop()
            await running
            try await daemon.kill()
            await client.close()
            let lost = load.acknowledged.ids
            #expect(load.acknowledged.faults == [])

            let refused = try await DaemonProcess.fail(in: copy)
            #expect(refused.exit == .code(1))
            #expect(refused.errors.contains("is a backup: `apusd restore`"), "\(refused.errors)")
            let taken = try await apusd("restore", copy.data, "--data", directory.data)
            #expect(taken.exit == .code(1))
            #expect(taken.errors.contains("holds data"))
            let restore = try await apusd("restore", copy.data, "--data", target.data)
            #expect(restore.exit == .code(0), "\(restore.errors)")
            #expect(restore.output.contains("messages restored"))
            for path in [directory.data, copy.data, target.data] { try await isSound(path) }

            try await withDaemon(in: target, settings) { _, client in
                let statistics = try await client.statistics()
                #expect(statistics.waitingUrgent + statistics.waitingNormal + statistics.waitingBulk == 0)
                #expect(statistics.waitingLater + statistics.inFlight == 0)
                let report = try await client.status(of: before.ids + [scheduled], timeline: false)
                #expect(report.notFound == [], "acknowledged before the backup, and not in it")
                #expect(Set(report.messages.map(\.state)).isSubset(of: [.delivered, .unknown]))
                let status = try await client.status(of: scheduled)
                #expect(status.state == .unknown)
                #expect(status.timeline.last?.event == .restored)
                let repeated = try await client.send(later, idempotencyKey: "later")
                #expect(repeated.duplicate)
                #expect(repeated.id == scheduled)
                let next = try await client.send(OutgoingMessage(to: "+14155550100", body: "next"))
                #expect(next.id > lost.max()!)
                let settled = try await client.waitUntilSettled([next.id], timeout: .seconds(30))
                #expect(settled.messages.map(\.state) == [.delivered])
                #expect(Array(try SandboxFile(in: target).outcomes.keys) == [next.id], "nothing is sent again")
            }
        }

        @Test(.timeLimit(.minutes(5))) func verifyEndsWithOneWhereThereAreFaults() async throws {
            let last = try await withDaemon(in: directory) { _, client in
                let messages = (0..<200).map { OutgoingMessage(to: Load.number($0), body: "\($0)") }
                _ = try await client.bulk(messages, batch: "b")
                _ = try await client.waitUntilSettled(batch: .name("b"), timeout: .seconds(60))
                return try await client.newestID()
            }
            try await isSound(directory.data)
            try Database(directory.database(of: last)).execute(
                "UPDATE state SET state = 9 WHERE id IN (SELECT id FROM state LIMIT 3)")
            let run = try await apusd("verify", "--data", directory.data)
            #expect(run.exit == .code(1))
            #expect(run.errors.contains("its history ends in DELIVERED, its state is FAILED"))
            #expect(run.errors.contains("faults: keep a copy"), "\(run.errors)")
            #expect(run.output == "")
            let none = try await apusd("verify", directory.path + "/nothing")
            #expect(none.exit == .code(1))
            #expect(none.errors.contains("holds no control.db"))
        }

        // MARK: Days

        @Test(.timeLimit(.minutes(5))) func aDayPassesWhileItServes() async throws {
            let clock = try MovedClock(in: directory)
            let day: TimeInterval = 86_400
            let midnight = (Date.now.timeIntervalSince1970 / day).rounded(.up) * day
            // Some seconds are left for the start, and for the first messages.
            try clock.set(.seconds(Int64(midnight - Date.now.timeIntervalSince1970) - 8))
            try await withDaemon(in: directory, environment: clock.environment) { _, client in
                func send(_ numbers: Range<Int>) async throws -> [MessageID] {
                    var ids: [MessageID] = []
                    for number in numbers {
                        var message = OutgoingMessage(to: Load.number(number), body: "\(number)")
                        message.reference = "over midnight"
                        ids.append(try await client.send(message, idempotencyKey: "\(number)").id)
                    }
                    let messages = numbers.map { OutgoingMessage(to: Load.number($0), body: "\($0)") }
                    _ = try await client.bulk(messages, batch: "from \(numbers.lowerBound)")
                    return ids
                }
                func acceptedAt(_ id: MessageID) async throws -> TimeInterval {
                    try await client.status(of: id).acceptedAt.timeIntervalSince1970
                }
                var ids = try await send(0..<20)
                try #require(try await acceptedAt(ids[19]) < midnight, "the start took too long")
                try await waitUntil("midnight passes") {
                    let probe = try await client.send(OutgoingMessage(to: "+14155550100", body: "what day is it?"))
                    return try await acceptedAt(probe.id) >= midnight
                }
                ids += try await send(20..<40)
                let report = try await client.waitUntilSettled(ids, timeout: .seconds(60))
                #expect(Set(report.messages.map(\.state)) == [.delivered])
                let found = try await client.status(reference: "over midnight")
                #expect(found.map(\.id) == ids.sorted(by: >))
                let first = try #require(report.messages.first { $0.id == ids[0] })
                let last = try #require(report.messages.first { $0.id == ids.last })
                for status in [first, last] {
                    let byProvider = try await client.status(providerID: status.providerID)
                    #expect(byProvider.map(\.id) == [status.id])
                }
                // Keys of yesterday hold.
                var repeated = OutgoingMessage(to: Load.number(0), body: "0")
                repeated.reference = "over midnight"
                let again = try await client.send(repeated, idempotencyKey: "0")
                #expect(again.duplicate)
                #expect(again.id == ids[0])
                for first in [0, 20] {
                    #expect(try await client.status(of: .name("from \(first)")).messages == 20)
                }
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.data + "/days")
            #expect(names.filter { $0.hasSuffix(".db") }.count == 2)
            try await isSound(directory.data)
        }

        @Test(.timeLimit(.minutes(5))) func whatIsOldGoesAsConfigured() async throws {
            let clock = try MovedClock(in: directory)
            let settings = ["retention.body-days": "1", "retention.record-days": "2"]
            let ids = try await withDaemon(in: directory, settings, environment: clock.environment) { _, client in
                var ids: [MessageID] = []
                for number in 0..<50 {
                    ids.append(try await client.send(OutgoingMessage(to: Load.number(number), body: "not to stay")).id)
                }
                _ = try await client.waitUntilSettled(ids, timeout: .seconds(60))
                return ids
            }
            let file = directory.database(of: try #require(ids.first))
            try clock.set(.seconds(2 * 86_400))
            try await withDaemon(in: directory, settings, environment: clock.environment) { _, client in
                let database = try Database(file)
                try await waitUntil("the bodies are gone") {
                    try database.integer("SELECT count(*) FROM message WHERE body <> ''") == 0
                }
                let report = try await client.status(of: ids, timeline: true)
                #expect(report.notFound == [])
                #expect(Set(report.messages.map(\.state)) == [.delivered])
            }
            try await isSound(directory.data)
            try clock.set(.seconds(3 * 86_400))
            try await withDaemon(in: directory, settings, environment: clock.environment) { _, client in
                try await waitUntil("the day's file is gone") { !FileManager.default.fileExists(atPath: file) }
                #expect(try await client.status(of: ids).notFound.count == ids.count)
                #expect(try await client.statistics().states.total == 0)
                let next = try await client.send(OutgoingMessage(to: "+14155550100", body: "next")).id
                #expect(next > ids.max()!)
            }
            try await isSound(directory.data)
        }

        // MARK: Steps

        private func apusd(_ arguments: String...) async throws -> CommandRun {
            let process = try ChildProcess(
                Program.apusd, arguments, environment: DaemonProcess.plainEnvironment(in: directory),
                directory: directory)
            let exit = try await process.waitForExit()
            return CommandRun(exit: exit, output: process.output, errors: process.errors)
        }

        private func isSound(_ path: String) async throws {
            let run = try await apusd("verify", path)
            #expect(run.exit == .code(0), "\(run.errors)")
            #expect(run.output.contains("no faults found"))
        }
    }
}
