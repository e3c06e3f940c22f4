internal import ApusClient
internal import Foundation
internal import Glibc
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// The doors of the running daemon when more come than there is room for.
    @Suite struct DoorTests {
        private let directory = TestDirectory()

        /// Seconds of CPU time that the process has used.
        private static func cpuSeconds(of pid: pid_t) throws -> Double {
            let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            return ((Double(fields[12]) ?? 0) + (Double(fields[13]) ?? 0)) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }

        private func setOpenFiles(of daemon: DaemonProcess, to count: Int) async throws {
            let words = ["--pid", "\(daemon.process.pid)", "--nofile=\(count):4096"]
            let process = try ChildProcess(
                "prlimit", words, environment: DaemonProcess.plainEnvironment(in: directory), directory: directory)
            try #require(try await process.waitForExit() == .code(0), "\(process.errors)")
        }

        /// Strangers and a tenant may take all places of the network; the operator's are the Unix socket's own.
        @Test(.timeLimit(.minutes(5))) func anOperatorAlwaysGetsIn() async throws {
            try await withDaemon(in: directory, ["connections": "4"]) { daemon, client in
                await client.close()
                var sockets: [PlainSocket] = []
                let hello = PlainFrames.hello(key: daemon.key)
                for _ in 0..<4 {
                    let socket = try PlainSocket(port: daemon.port)
                    try await socket.send(hello)
                    _ = try await socket.receiveFrames(1)
                    sockets.append(socket)
                }
                let told = try PlainSocket(port: daemon.port)
                try await told.send(hello)
                let frame = try #require(try await told.receiveFrames(1).first)
                #expect(try frame.goAway().status == UInt32(StatusCode.resourceExhausted.rawValue))
                // Whatever stands in his way, it is not those.
                for _ in 0..<3 {
                    let health = try await daemon.apus("health")
                    #expect(health.exit == .code(0), "\(health.errors)")
                }
                #expect(sockets.allSatisfy { $0.receiveSome() == [] })
            }
        }

        /// Without descriptors the listening socket stays readable: a loop that goes on accepting does nothing else.
        @Test(.timeLimit(.minutes(5))) func acceptingPausesWithoutDescriptors() async throws {
            let daemon = try await DaemonProcess.start(in: directory)
            let client = daemon.client()
            _ = try await client.health()
            let pid = daemon.process.pid
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
            try await setOpenFiles(of: daemon, to: (open.max() ?? 0) + 4)
            let hello = PlainFrames.hello(key: daemon.key)
            var sockets: [PlainSocket] = []
            for _ in 0..<40 {
                let socket = try PlainSocket(port: daemon.port)
                try await socket.send(hello)
                sockets.append(socket)
            }
            let (before, start) = (try Self.cpuSeconds(of: pid), ContinuousClock.now)
            try await waitUntil("two seconds are over") { ContinuousClock.now - start > .seconds(2) }
            let used = try Self.cpuSeconds(of: pid) - before
            #expect(used < 1, "\(used) s of two")
            // Those that are connected are served all the while.
            #expect(try await client.health().accepting)
            try await setOpenFiles(of: daemon, to: 4096)
            for socket in sockets { #expect(try await socket.receiveFrames(1).first?.type == .hello) }
            await client.close()
            #expect(try await daemon.stop() == .code(0))
        }

        /// Why something is wrong is for those who may call.
        @Test(.timeLimit(.minutes(5))) func healthTellsStrangersNoDetails() async throws {
            try await withDaemon(in: directory) { daemon, client in
                let stranger = try PlainSocket(port: daemon.port)
                let wrong = "apus_" + String(repeating: "A", count: 32)
                try await stranger.send(
                    PlainFrames.hello(key: "") + PlainFrames.request(1, .health, HealthRequest())
                        + PlainFrames.request(2, .health, HealthRequest(), key: wrong)
                        + PlainFrames.request(3, .health, HealthRequest(), key: daemon.key))
                let frames = try await stranger.receiveFrames(4)
                func checks(_ callID: UInt32) throws -> Int? {
                    let frame = try #require(frames.first { $0.callID == callID })
                    guard frame.status == .ok else { return nil }
                    return try frame.payload.withUnsafeBytes { bytes in
                        let report = try HealthReport(decoding: bytes, arena: MessageArena())
                        #expect(report.accepting)
                        return report.checks.count
                    }
                }
                #expect(try checks(1) == 0)
                #expect(try checks(2) == nil)
                #expect(try checks(3) ?? 0 > 0)
                #expect(try await !client.health().checks.isEmpty)
            }
        }
    }
}
