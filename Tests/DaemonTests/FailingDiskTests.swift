internal import ApusClient
internal import Foundation
internal import Testing

extension DaemonTests {
    /// The system refuses: files that cannot be opened, written or synced.
    @Suite struct FailingDiskTests {
        private let directory = TestDirectory()

        /// - Parameter variable: what goes wrong with the logs of the store's files once a file of that name is there.
        @Test(.timeLimit(.minutes(5)), arguments: ["FAILING_SYNC", "FAILING_WRITE"])
        func afterAFailureNothingIsAcknowledgedUntilARestart(variable: String) async throws {
            let library = try PreloadLibrary("FailingSync/failingsync.c", in: directory)
            let control = directory.path + "/fail"
            let environment = ["LD_PRELOAD": library.path, variable: control, "FAILING_FILES": ".db-wal"]
            let daemon = try await DaemonProcess.start(in: directory, environment: environment)
            let client = daemon.client()
            var known: [String: MessageID] = [:]
            func send(_ key: String) async throws {
                let message = OutgoingMessage(to: Load.number(known.count), body: key)
                known[key] = try await client.send(message, idempotencyKey: key, timeout: .milliseconds(700)).id
            }
            for number in 0..<200 { try await send("\(number)") }
            #expect(try await client.health().accepting)
            _ = try directory.write("", to: "fail")
            for number in 0..<20 {
                let error = await #expect(throws: ApusError.self) { try await send("refused \(number)") }
                #expect(error?.code == .unavailable || error?.code == .deadlineExceeded, "\(String(describing: error))")
            }
            try await waitUntil("it says so") { try await !client.health().accepting }
            let health = try await client.health()
            #expect(health.checks.contains { $0.name == "store" && !$0.ok && !$0.detail.isEmpty }, "\(health.checks)")
            #expect(daemon.complaints.contains { $0.contains("the store does not write") })
            // A disk that works again does not make good what it failed to do.
            try FileManager.default.removeItem(atPath: control)
            let uptime = try await client.statistics().uptime
            try await waitUntil("seconds pass") { try await client.statistics().uptime - uptime > .seconds(3) }
            #expect(try await !client.health().accepting)
            let error = await #expect(throws: ApusError.self) { try await send("afterwards") }
            #expect(error?.code == .unavailable)
            // Looking still works.
            #expect(try await client.status(of: Array(known.values), timeline: false).notFound == [])
            #expect(known.count == 200)
            try await daemon.kill()
            await client.close()

            try await withDaemon(in: directory) { _, client in
                #expect(try await client.health().accepting)
                let report = try await client.status(of: Array(known.values), timeline: false)
                #expect(report.notFound == [], "acknowledged, and lost")
                let again = try await client.send(
                    OutgoingMessage(to: Load.number(0), body: "0"), idempotencyKey: "0")
                #expect(again.duplicate)
                #expect(again.id == known["0"])
                try await waitUntil("nothing is under way") {
                    let states = try await client.statistics().states
                    return states[.queued] + states[.submitting] == 0
                }
            }
            let file = try SandboxFile(in: directory)
            #expect(known.values.allSatisfy { file.timesTaken($0) <= 1 }, "sent twice")
        }

        @Test(.timeLimit(.minutes(5))) func onAReadOnlyDiskItDoesNotStart() async throws {
            let disk = try SmallDisk(at: directory.data, bytes: 16 * 1024 * 1024)
            defer { disk.unmount() }
            let id = try await withDaemon(in: directory) { _, client in
                #expect(!disk.makeReadOnly(), "while files are open the system keeps it writable")
                return try await client.send(OutgoingMessage(to: "+14155550100", body: "before")).id
            }
            try #require(disk.makeReadOnly())
            let failure = try await DaemonProcess.fail(in: directory)
            #expect(failure.exit == .code(1))
            #expect(failure.errors.contains("Read-only file system"), "\(failure.errors)")
            #expect(failure.errors.contains(directory.data), "\(failure.errors)")
            try #require(disk.makeWritable())
            try await withDaemon(in: directory) { _, client in
                let found = try await client.status(of: id)
                #expect(found.id == id)
            }
        }

        /// More connections than files: those beyond are turned away, and everything else goes on.
        @Test(.timeLimit(.minutes(5))) func withFewFilesItTurnsConnectionsAway() async throws {
            let launcher = ["/bin/sh", "-c", "ulimit -n 300 && exec \"$0\" \"$@\""]
            let daemon = try await DaemonProcess.start(in: directory, launcher: launcher)
            let client = daemon.client()
            #expect(daemon.complaints.contains { $0.contains("limit on open files is too low") }, "\(daemon.log)")
            var known = [try await client.send(OutgoingMessage(to: "+14155550100", body: "before")).id]
            do {
                let sockets = try (0..<120).map { _ in try PlainSocket(port: daemon.port) }
                try await waitUntil("those beyond the bound are closed") {
                    sockets.count { Self.isClosed($0) } >= sockets.count - 44
                }
                #expect(sockets.count { Self.isClosed($0) } < sockets.count, "the others are kept")
                for number in 0..<50 {
                    known.append(try await client.send(OutgoingMessage(to: Load.number(number), body: "\(number)")).id)
                }
                let configuration = ClientConfiguration(address: daemon.portAddress, key: daemon.key)
                let late = GatewayClient(configuration: configuration)
                let error = await #expect(throws: ApusError.self) { try await late.health(timeout: .seconds(2)) }
                #expect(error != nil)
                await late.close()
            }
            try await waitUntil("there is room again") {
                let late = GatewayClient(
                    configuration: ClientConfiguration(address: daemon.portAddress, key: daemon.key))
                let health = try? await late.health(timeout: .seconds(2))
                await late.close()
                return health?.accepting == true
            }
            let report = try await client.waitUntilSettled(known, timeout: .seconds(60))
            #expect(report.messages.count == known.count)
            #expect(Set(report.messages.map(\.state)) == [.delivered])
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        /// Past its bound on files the store itself cannot open one; once it can, it goes on.
        @Test(.timeLimit(.minutes(5))) func withoutAFileToOpenItRefusesAndGoesOn() async throws {
            let clock = try MovedClock(in: directory)
            let daemon = try await DaemonProcess.start(in: directory, environment: clock.environment)
            let client = daemon.client()
            let before = try await client.send(OutgoingMessage(to: "+14155550100", body: "before")).id
            _ = try await client.waitUntilSettled([before], timeout: .seconds(30))
            try await setOpenFiles(of: daemon, to: 1)
            // The clock is doubted for a minute, then it is another day, and its file is missing.
            try clock.set(.seconds(86_400))
            try await waitUntil("it cannot open the next day's file", within: .seconds(150)) {
                _ = try? await client.send(
                    OutgoingMessage(to: "+14155550100", body: "now?"), timeout: .milliseconds(500))
                return try await !client.health().accepting
            }
            let health = try await client.health()
            #expect(health.checks.contains { $0.name == "store" && $0.detail.contains("too many files open") })
            try await setOpenFiles(of: daemon, to: 1024)
            try await waitUntil("it accepts again") { try await client.health().accepting }
            let after = try await client.send(OutgoingMessage(to: "+14155550100", body: "after")).id
            let report = try await client.waitUntilSettled([before, after], timeout: .seconds(60))
            #expect(report.messages.map(\.state) == [.delivered, .delivered])
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        // MARK: Steps

        private static func isClosed(_ socket: PlainSocket) -> Bool {
            while let bytes = socket.receiveSome() { if bytes.isEmpty { return false } }
            return true
        }

        /// What it has open stays so.
        private func setOpenFiles(of daemon: DaemonProcess, to count: Int) async throws {
            let words = ["--pid", "\(daemon.process.pid)", "--nofile=\(count):4096"]
            let process = try ChildProcess(
                "prlimit", words, environment: DaemonProcess.plainEnvironment(in: directory), directory: directory)
            try #require(try await process.waitForExit() == .code(0), "\(process.errors)")
        }
    }
}
