internal import GatewayTestKit
internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import Testing

/// Back-pressure and drain, without TLS and with it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct FlowTests {
    /// 400 answers of 100,000 bytes: far more than the bound, and than the kernel's buffers take.
    private let answers: UInt32 = 400
    private let answerBytes = 100_000
    private static let addresses = ["tcp:127.0.0.1:0", "tls:127.0.0.1:0"]

    private var requests: [UInt8] {
        (1...answers).flatMap { request($0, TestMethod.large, to: String(answerBytes)) }
    }

    @Test(arguments: Self.addresses) func aClientThatReadsLateGetsEverything(_ address: String) async throws {
        try await withServer(on: address, { $0.keepaliveTimeout = .seconds(60) }) { server, bursts in
            let client = try await RawClient(server, reads: false)
            try await client.send { $0.appendHello(ClientHello()) }
            try await client.send(requests)
            // Requests are taken only while there is room for answers.
            try await until { bursts.requests.load(ordering: .relaxed) >= 10 }
            #expect(bursts.requests.load(ordering: .relaxed) < Int(answers))
            try await client.startReading()
            #expect(try await client.next()?.type == .hello)
            for callID in 1...answers {
                let answer = try #require(try await client.next())
                #expect(answer.callID == callID && answer.payload.count > answerBytes)
            }
            #expect(bursts.requests.load(ordering: .relaxed) == Int(answers))
        }
    }

    @Test(arguments: Self.addresses) func aClientThatNeverReadsIsClosed(_ address: String) async throws {
        try await withServer(on: address, { $0.keepaliveTimeout = .milliseconds(100) }) { server, bursts in
            let client = try await RawClient(server, reads: false)
            try await client.send { $0.appendHello(ClientHello()) }
            client.push(requests)
            try await until { server.connectionCount > 0 }
            try await until { server.connectionCount == 0 }
            #expect(bursts.requests.load(ordering: .relaxed) < Int(answers))
        }
    }

    @Test(arguments: Self.addresses) func aConnectionThatHoldsTooMuchIsClosed(_ address: String) async throws {
        try await withServer(
            on: address,
            {
                $0.outputBytes = 10_000_000
                $0.outputCeilingBytes = 1_000_000
                $0.keepaliveTimeout = .seconds(60)
            }
        ) { server, _ in
            let client = try await RawClient(server, reads: false)
            try await client.send { $0.appendHello(ClientHello()) }
            client.push(requests)
            try await until { server.connectionCount > 0 }
            try await until { server.connectionCount == 0 }
        }
    }

    @Test(arguments: Self.addresses) func drainAnswersWhatWasTakenThenCloses(_ address: String) async throws {
        try await withServer(on: address) { server, bursts in
            let client = try await RawClient(server)
            let idle = try await RawClient(server)
            _ = try await client.hello()
            _ = try await idle.hello()
            try await client.send(request(1, TestMethod.hold) + request(2, TestMethod.hold))
            try await until { bursts.requests.load(ordering: .relaxed) >= 2 }
            let stopped = Task { await server.shutDown(reason: "maintenance", grace: .seconds(50)) }
            for connection in [client, idle] {
                let word = try #require(try await connection.next()?.decode(GoAway.self))
                #expect(word.status == 0 && word.message == "maintenance")
                #expect(word.lastCallID == (connection === client ? 2 : 0))
            }
            #expect(try await idle.next() == nil)
            idle.close()
            // A request that crosses the GOAWAY isn't taken; cancelling ends the calls that were.
            try await client.send(request(3))
            try await client.send {
                $0.appendFrame(.cancel, callID: 2)
                $0.appendFrame(.cancel, callID: 1)
            }
            #expect(try await client.next()?.callID == 2)
            #expect(try await client.next()?.callID == 1)
            #expect(try await client.next() == nil)
            #expect(bursts.requests.load(ordering: .relaxed) == 2)
            client.close()
            await stopped.value
            #expect(server.connectionCount == 0)
        }
    }

    @Test(arguments: Self.addresses) func drainCutsOffAfterItsGrace(_ address: String) async throws {
        try await withServer(on: address) { server, bursts in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1, TestMethod.hold))
            try await until { bursts.requests.load(ordering: .relaxed) >= 1 }
            await server.shutDown(reason: "now", grace: .milliseconds(10))
            #expect(try await client.next()?.type == .goAway)
            #expect(try await client.next() == nil)
        }
    }

    @Test(arguments: Self.addresses) func manyConnectionsAreServed(_ address: String) async throws {
        try await withServer(on: address) { server, _ in
            var clients: [RawClient] = []
            for _ in 0..<200 { clients.append(try await RawClient(server)) }
            for client in clients { _ = try await client.hello() }
            for (index, client) in clients.enumerated() {
                try await client.send(request(1, body: String(repeating: "x", count: index)))
            }
            for (index, client) in clients.enumerated() {
                #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == UInt64(index))
            }
            #expect(server.connectionCount == 200)
        }
    }
}
