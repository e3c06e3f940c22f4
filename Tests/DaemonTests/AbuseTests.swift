internal import ApusClient
internal import Glibc
internal import RPCWire
internal import SMSModel
internal import Testing

extension DaemonTests {
    /// Peers that break the rules, or keep them and ask for too much.
    @Suite struct AbuseTests {
        private static let text = SendRequest(to: "+14155550100", body: "from a plain socket")

        // MARK: Wrong bytes

        private enum Answer {
            /// A GOAWAY of that status is the last frame.
            case goAway(StatusCode)
            /// No frame: bytes that begin so.
            case bytes([UInt8])
        }

        private static func header(length: UInt32, type: UInt8) -> [UInt8] {
            withUnsafeBytes(of: length.bigEndian, Array.init) + [type, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x50, 0, 0]
        }

        private static func garbage(seed: UInt64) -> [UInt8] {
            var random = SeededGenerator(seed: seed)
            return (0..<4000).map { _ in .random(in: 0...255, using: &random) }
        }

        /// What is sent, and what is answered before the connection ends.
        private static func abuses(_ key: String) -> [(name: String, bytes: [UInt8], answer: Answer)] {
            let hello = PlainFrames.hello(key: key)
            var wrongMagic = hello
            wrongMagic[13] ^= 1
            let health = { PlainFrames.request($0, .health, HealthRequest()) }
            let tls = [0x16, 0x03, 0x01, 0x00, 0xC8, 0x01, 0x00, 0x00, 0xC4, 0x03, 0x03] + garbage(seed: 4).prefix(194)
            return [
                ("a HELLO of 4 GiB", header(length: .max, type: 1), .goAway(.invalidArgument)),
                ("a frame of 4 GiB", hello + header(length: .max, type: 2), .goAway(.resourceExhausted)),
                ("garbage", [0xDE] + garbage(seed: 5), .goAway(.invalidArgument)),
                ("garbage later", hello + [0, 0, 0, 9, 77] + garbage(seed: 6), .goAway(.invalidArgument)),
                ("HTTP", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), .bytes(Array("HTTP/1.1 400 ".utf8))),
                ("TLS", tls, .bytes([0x15, 0x03])),
                ("a wrong magic", wrongMagic, .goAway(.invalidArgument)),
                ("an unknown version", PlainFrames.hello(key: key, versions: [9]), .goAway(.failedPrecondition)),
                ("a wrong key", PlainFrames.hello(key: "apus_X" + key.dropFirst(6)), .goAway(.unauthenticated)),
                ("no HELLO", PlainFrames.request(1, .send, text, key: key), .goAway(.invalidArgument)),
                ("a second HELLO", hello + hello, .goAway(.failedPrecondition)),
                ("a call id that goes back", hello + health(2) + health(1), .goAway(.invalidArgument)),
            ]
        }

        @Test(.timeLimit(.minutes(5))) func wrongBytesGetAClearAnswerAndTheEnd() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                for (name, bytes, expected) in Self.abuses(daemon.key) {
                    let socket = try PlainSocket(port: daemon.port)
                    try await socket.send(bytes)
                    var answer = try await socket.receiveToEnd(within: .seconds(20))
                    switch expected {
                    case .bytes(let start): #expect(answer.starts(with: start), "\(name): \(answer)")
                    case .goAway(let status):
                        let last = try #require(try PlainFrame.take(from: &answer).last, "\(name)")
                        #expect(last.type == .goAway, "\(name)")
                        let goAway = try last.goAway()
                        #expect(goAway.status == UInt32(status.rawValue), "\(name): \(goAway)")
                        #expect(!goAway.message.isEmpty)
                    }
                }
                try await serves(client)
                try await waitUntil("all are gone") { try await client.statistics().connections == 1 }
            }
        }

        @Test(.timeLimit(.minutes(5))) func withoutAKeyNothingIsTaken() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                let socket = try PlainSocket(port: daemon.port)
                try await socket.send(
                    PlainFrames.hello(key: "")
                        + PlainFrames.request(1, .send, Self.text)
                        + PlainFrames.request(2, .send, Self.text, key: "apus_" + String(repeating: "A", count: 32))
                        + PlainFrames.request(3, .send, Self.text, key: daemon.key)
                        + PlainFrames.request(4, .stats, StatsRequest())
                        + PlainFrames.request(5, .health, HealthRequest()))
                let frames = try await socket.receiveFrames(6)
                let statuses = Dictionary(uniqueKeysWithValues: frames.map { ($0.callID, $0.status) })
                // Health is for everybody; a request may bring its own key.
                #expect(
                    statuses
                        == [0: nil, 1: .unauthenticated, 2: .unauthenticated, 3: .ok, 4: .unauthenticated, 5: .ok]
                        .merging([0: frames[0].status]) { $1 })
                #expect(try await client.statistics().states.total == 1)
            }
        }

        // MARK: Silence

        @Test(.timeLimit(.minutes(5))) func halfAFrameIsWaitedForOrForgotten() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                let hello = PlainFrames.hello(key: daemon.key)
                let request = PlainFrames.request(1, .send, Self.text)
                // Closed in the middle.
                let closed = try PlainSocket(port: daemon.port)
                try await closed.send(hello + request.dropLast(7))
                closed.finish()
                _ = try await closed.receiveToEnd(within: .seconds(20))
                // Silent in the middle of a request: it may still go on.
                let slow = try PlainSocket(port: daemon.port)
                try await slow.send(hello + request.prefix(20))
                // Silent in the middle of the HELLO, or before it.
                let silent = try PlainSocket(port: daemon.port)
                try await silent.send(Array(hello.prefix(9)))
                let mute = try PlainSocket(port: daemon.port)

                for socket in [silent, mute] {
                    var answer = try await socket.receiveToEnd(within: .seconds(Limits.handshakeSeconds + 20))
                    let goAway = try #require(try PlainFrame.take(from: &answer).last).goAway()
                    #expect(goAway.status == UInt32(StatusCode.deadlineExceeded.rawValue))
                }
                try await slow.send(Array(request.dropFirst(20)))
                let frames = try await slow.receiveFrames(2)
                #expect(frames.map(\.status) == [frames[0].status, .ok])
                try await serves(client)
                // Half a request was no request.
                #expect(try await client.statistics().states.total == 2)
            }
        }

        // MARK: Too much

        @Test(.timeLimit(.minutes(10))) func tenThousandIdleConnectionsDisturbNobody() async throws {
            let count = 10_000
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard limit.rlim_max >= count + 1000 else {
                try Test.cancel("RLIMIT_NOFILE is \(limit.rlim_max), and \(count + 1000) files are needed")
            }
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                try await serves(client)
                let before = daemon.process.residentBytes
                var sockets: [PlainSocket] = []
                let hello = PlainFrames.hello(key: daemon.key)
                for _ in 0..<count {
                    let socket = try PlainSocket(port: daemon.port)
                    try await socket.send(hello)
                    sockets.append(socket)
                }
                for socket in sockets { #expect(try await socket.receiveFrames(1).first?.type == .hello) }
                #expect(try await client.statistics().connections >= UInt64(count))
                let each = (daemon.process.residentBytes - before) / count
                print("idle connections: \(count), \(each) bytes resident each")
                #expect(each < 16 * 1024)
                try await serves(client)
                // None was dropped for it.
                #expect(sockets.allSatisfy { $0.receiveSome() == [] })
                sockets.removeAll()
                try await waitUntil("they are gone") { try await client.statistics().connections == 1 }
            }
        }

        @Test(.timeLimit(.minutes(10)), arguments: [RPCMethod.sandbox, .status, .list, .null])
        func whoNeverReadsFillsNoMemory(method: RPCMethod) async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory, ["sandbox.receipt-delay-ms": "0"]) { daemon, client in
                let body = String(repeating: "x", count: 150)
                let messages = (0..<1000).map { OutgoingMessage(to: Load.number($0), body: body) }
                var ids: [SMSModel.MessageID] = []
                _ = try await client.bulk(messages, batch: "much to tell") { progress in
                    for case let id? in progress.ids { ids.append(SMSModel.MessageID(rawValue: id.rawValue)) }
                }
                _ = try await client.waitUntilSettled(batch: .name("much to tell"), timeout: .seconds(60))
                let before = daemon.process.residentBytes
                let greedy = try PlainSocket(port: daemon.port)
                try await greedy.send(PlainFrames.hello(key: daemon.key))

                // It asks for hundreds of megabytes of answers, or until nobody listens any more, and reads none.
                var peak = 0
                var refused = 0
                var rest: ArraySlice<UInt8> = []
                var callID: UInt32 = 0
                while callID < Self.greedyCalls(method), refused < 400 {
                    if rest.isEmpty {
                        callID += 1
                        rest = Self.greedyRequest(callID, method, ids)[...]
                    }
                    guard let sent = greedy.sendSome(rest) else { break }
                    rest = rest.dropFirst(sent)
                    if sent == 0 {
                        refused += 1
                        try await Task.sleep(for: .milliseconds(1))
                    } else {
                        refused = 0
                    }
                    if sent == 0 || callID % 256 == 0 { peak = max(peak, daemon.process.residentBytes) }
                }
                // Questions of others don't wait behind its thousand.
                _ = try await client.statistics(timeout: .seconds(5))
                try await serves(client)
                peak = max(peak, daemon.process.residentBytes)
                print("never reads \(method.name): \(callID) calls, \((peak - before) / 1_048_576) MiB more resident")
                #expect(peak - before < 64 * 1024 * 1024)
                // A peer that takes nothing for a while is let go.
                if Size.isLong {
                    try await waitUntil("it is let go", within: .seconds(60)) {
                        try await client.statistics().connections == 1
                    }
                }
            }
        }

        private static func greedyCalls(_ method: RPCMethod) -> UInt32 {
            method == .null ? 5_000_000 : 100_000
        }

        private static func greedyRequest(
            _ callID: UInt32, _ method: RPCMethod, _ ids: [SMSModel.MessageID]
        ) -> [UInt8] {
            switch method {
            case .sandbox: PlainFrames.request(callID, method, SandboxRequest(limit: 1000))
            case .sandboxReceive:
                PlainFrames.request(callID, method, SandboxReceiveRequest(from: "+14155550100", to: "1", body: "hello"))
            case .status: PlainFrames.request(callID, method, StatusRequest(.ids(ids)))
            case .list: PlainFrames.request(callID, method, ListRequest(limit: UInt32(Limits.listMessages)))
            default: PlainFrames.request(callID, method, Self.text)
            }
        }

        @Test(.timeLimit(.minutes(5))) func moreCallsThanMayBeInFlightAreRefused() async throws {
            let directory = TestDirectory()
            try await withDaemon(in: directory) { daemon, client in
                let id = try await serves(client)
                let before = try await client.statistics().states.total
                // Nothing can be written, so no Send is answered.
                let lock = try Database(directory.database(of: id))
                try lock.execute("BEGIN IMMEDIATE")
                let socket = try PlainSocket(port: daemon.port)
                let most = Limits.callsInFlightPerConnection
                let calls = most + 300
                try await socket.send(PlainFrames.hello(key: daemon.key))
                for call in 1...calls { try await socket.send(PlainFrames.request(UInt32(call), .send, Self.text)) }
                let early = try await socket.receiveFrames(1 + calls - most)
                for frame in early where frame.type == .response {
                    #expect(frame.status == .resourceExhausted)
                    #expect(frame.error.notProcessed)
                    #expect(frame.error.retryAfterMilliseconds > 0)
                    #expect(frame.callID > most)
                }
                try lock.execute("ROLLBACK")
                let late = try await socket.receiveFrames(most)
                #expect(late.allSatisfy { $0.status == .ok })
                #expect(try await client.statistics().states.total == before + UInt64(most))
            }
        }

        /// Somebody else is served, all the way.
        @discardableResult
        private func serves(_ client: GatewayClient) async throws -> ApusClient.MessageID {
            let id = try await client.send(OutgoingMessage(to: "+14155550100", body: "an honest message")).id
            let report = try await client.waitUntilSettled([id], timeout: .seconds(30))
            #expect(report.messages.map(\.state) == [.delivered])
            return id
        }
    }
}
