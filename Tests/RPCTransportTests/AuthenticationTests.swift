internal import Foundation
internal import GatewayTestKit
internal import Glibc
internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import Testing

/// Credentials that are judged later, and what comes meanwhile.
@Suite(.serialized, .timeLimit(.minutes(1))) struct AuthenticationTests {
    private static let addresses = ["tcp:127.0.0.1:0", "tls:127.0.0.1:0"]
    private let lateHello = ClientHello(credential: "late-x")

    private func segments(_ client: RawClient, _ callID: UInt32) async throws -> UInt32? {
        var answer = try #require(try await client.next())
        while answer.type == .ping { answer = try #require(try await client.next()) }
        #expect(answer.type == .response && answer.callID == callID)
        guard answer.code == 0 else { return nil }
        return try answer.decode(SendResponse.self).segments
    }

    @Test(arguments: Self.addresses) func whatFollowsAHelloWaitsForIt(_ address: String) async throws {
        try await withServer(on: address) { server, bursts in
            let client = try await RawClient(server)
            try await client.send { $0.appendHello(lateHello) }
            try await client.send(request(1) + request(2))
            try await until { !bursts.pending.withLock(\.isEmpty) }
            #expect(bursts.requests.load(ordering: .relaxed) == 0)
            try await bursts.judge("anna", on: server)
            #expect(try await client.next()?.type == .hello)
            #expect(try await segments(client, 1) == 4)
            #expect(try await segments(client, 2) == 4)
        }
    }

    @Test func aHelloIsRefusedLate() async throws {
        try await withServer { server, bursts in
            let client = try await RawClient(server)
            try await client.send { $0.appendHello(lateHello) }
            try await client.send(request(1))
            try await bursts.judge(nil, on: server)
            let word = try #require(try await client.next()?.decode(GoAway.self))
            #expect(word.status == StatusCode.unauthenticated.rawValue && word.message == "unknown key")
            #expect(try await client.next() == nil)
            #expect(bursts.requests.load(ordering: .relaxed) == 0)
        }
    }

    @Test func aHelloThatWaitsRunsOutOfTime() async throws {
        try await withServer(
            on: "tcp:127.0.0.1:0",
            {
                // Long enough for the HELLO to be read in on a busy machine.
                $0.handshake = .seconds(2)
                $0.linger = .seconds(30)
            }
        ) { server, bursts in
            let client = try await RawClient(server)
            try await client.send { $0.appendHello(lateHello) }
            let word = try #require(try await client.next()?.decode(GoAway.self))
            #expect(word.status == StatusCode.deadlineExceeded.rawValue)
            // Too late to matter, while the connection lingers and after it is gone.
            try await bursts.judge("anna", on: server)
            #expect(try await client.next() == nil)
            #expect(bursts.requests.load(ordering: .relaxed) == 0)
        }
    }

    @Test(arguments: Self.addresses) func whatFollowsARequestWaitsForIt(_ address: String) async throws {
        try await withServer(on: address) { server, bursts in
            let client = try await RawClient(server)
            _ = try await client.hello(ClientHello(credential: "key-al"))
            var requests =
                request(1) + request(2, body: "hello", key: "late-x") + request(3) + request(4, key: "late-y")
            requests += request(5, key: "late-z") + request(6)
            try await client.send(requests)
            #expect(try await segments(client, 1) == 2)
            try await until { !bursts.pending.withLock(\.isEmpty) }
            #expect(bursts.requests.load(ordering: .relaxed) == 1)
            try await bursts.judge("anna", on: server)
            // Its payload is that of before.
            let own = try #require(try await client.next())
            let answer = try own.decode(SendResponse.self)
            #expect(own.callID == 2 && answer.segments == 4 && answer.id.rawValue == 5)
            #expect(try await segments(client, 3) == 2)
            try await bursts.judge(nil, on: server)
            let refused = try #require(try await client.next())
            #expect(refused.callID == 4 && refused.error.code == .unauthenticated)
            try await bursts.judge("bertha", on: server)
            #expect(try await segments(client, 5) == 6)
            #expect(try await segments(client, 6) == 2)
        }
    }

    /// Far more than the kernel's buffers take: it is left unread, and read on later.
    @Test(arguments: Self.addresses) func nothingIsReadMeanwhile(_ address: String) async throws {
        try await withServer(
            on: address,
            {
                // As long as a credential waits, silence says nothing.
                $0.keepalive = .milliseconds(10)
                $0.keepaliveTimeout = .milliseconds(4000)
            }
        ) { server, bursts in
            let client = try await RawClient(server)
            _ = try await client.hello(ClientHello(credential: "key-al"))
            try await client.send(request(1, key: "late-x"))
            let body = String(repeating: "x", count: 100_000)
            let sent = Mutex(false)
            let sending = Task {
                try await client.send((2...400).flatMap { request($0, body: body) })
                sent.withLock { $0 = true }
            }
            try await until { !bursts.pending.withLock(\.isEmpty) }
            let clock = ContinuousClock()
            let end = clock.now + .milliseconds(4200)
            try await until { clock.now >= end }
            #expect(!sent.withLock(\.self) && bursts.requests.load(ordering: .relaxed) == 0)
            try await bursts.judge("anna", on: server)
            #expect(try await segments(client, 1) == 4)
            for callID in 2...400 as ClosedRange<UInt32> {
                var answer = try #require(try await client.next())
                while answer.type == .ping { answer = try #require(try await client.next()) }
                #expect(answer.callID == callID)
            }
            try await sending.value
        }
    }

    @Test func aDrainWaitsForWhoIsJudged() async throws {
        try await withServer { server, bursts in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1, key: "late-x"))
            try await until { !bursts.pending.withLock(\.isEmpty) }
            let stopped = Task { await server.shutDown(reason: "maintenance", grace: .seconds(50)) }
            #expect(try await client.next()?.decode(GoAway.self).lastCallID == 1)
            try await bursts.judge("anna", on: server)
            #expect(try await segments(client, 1) == 4)
            #expect(try await client.next() == nil)
            client.close()
            await stopped.value
        }
    }

    @Test func aConnectionThatEndsWaitsForNobody() async throws {
        try await withServer { server, bursts in
            let client = try await RawClient(server)
            try await client.send { $0.appendHello(lateHello) }
            try await until { !bursts.pending.withLock(\.isEmpty) }
            client.close()
            try await until { server.connectionCount == 0 }
            try await bursts.judge("anna", on: server)
            let next = try await RawClient(server)
            #expect(try await next.hello() != nil)
        }
    }

    @Test func theUserOfAUnixSocketIsKnown() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString.prefix(8)).sock")
            .path
        try await withServer(on: "unix:\(path)") { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1))
            #expect(try await segments(client, 1) == UInt32("uid \(getuid())".utf8.count))
        }
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1))
            #expect(try await segments(client, 1) == 0)
        }
    }
}
