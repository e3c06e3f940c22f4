internal import NIOCore
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import Testing

/// The next frame, which is a GOAWAY that ends the connection.
private func goAway(_ client: RawClient) async throws -> GoAway {
    let frame = try #require(try await client.next())
    #expect(frame.type == .goAway)
    #expect(try await client.next() == nil)
    return try frame.decode(GoAway.self)
}

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    @Test func aCallIsAnswered() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            let hello = try #require(try await client.hello(ClientHello(credential: "key-dev")))
            #expect(hello.version == 1 && hello.serverID == "test" && hello.serverAgent == "tests/1")
            #expect(hello.maximumFrameBytes == UInt32(Limits.frameBytes))
            try await client.send(request(1, body: "hello"))
            let answer = try #require(try await client.next())
            #expect(answer.type == .response && answer.callID == 1 && answer.code == 0)
            let response = try answer.decode(SendResponse.self)
            #expect(response.id.rawValue == 5 && response.segments == 3)
        }
    }

    @Test func unixSocketsServeAndAreRemoved() async throws {
        let path = "/tmp/apus-test-\(UInt64.random(in: 0 ... .max)).sock"
        try await withServer(on: "unix:\(path)") { server, _ in
            let client = try await RawClient(server)
            #expect(try await client.hello() != nil)
            // A second server doesn't take the socket away.
            await #expect(throws: (any Error).self) { try await withServer(on: "unix:\(path)") { _, _ in } }
        }
        // It was removed at the end, so its path is free again; one that was left behind is replaced if asked for.
        try await withServer(on: "unix:\(path)") { _, _ in }
        try await withServer(on: "unix:\(path)", { $0.replacesSocket = true }) { _, _ in }
    }

    @Test func requestsMayFollowTheHelloAtOnceInAnyPieces() async throws {
        let output = OutputBuffer()
        output.appendHello(ClientHello(credential: "key-x"))
        let bytes = Array(output.bytes) + request(1, body: "a") + request(2, body: "bb")
        try await withServer { server, bursts in
            for size in [1, 2, 3, 15, 16, 17, bytes.count] {
                let client = try await RawClient(server)
                for start in stride(from: 0, to: bytes.count, by: size) {
                    try await client.send(Array(bytes[start..<min(start + size, bytes.count)]))
                }
                #expect(try await client.next()?.type == .hello)
                #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 1)
                #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 2)
                client.close()
            }
        }
    }

    @Test func aBurstIsHandedOnOnce() async throws {
        try await withServer { server, bursts in
            let client = try await RawClient(server)
            _ = try await client.hello()
            let before = bursts.bursts.load(ordering: .relaxed)
            try await client.send((1...200).flatMap { request($0, body: "x") })
            for callID in 1...200 { #expect(try await client.next()?.callID == UInt32(callID)) }
            #expect(bursts.requests.load(ordering: .relaxed) == 200)
            #expect(bursts.bursts.load(ordering: .relaxed) - before < 20)
        }
    }

    @Test func withoutACredentialFramesAreSmall() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            let answer = try #require(try await client.hello())
            #expect(answer.maximumFrameBytes == UInt32(Limits.minimumFrameBytes))
            client.push(request(1, body: String(repeating: "b", count: Limits.minimumFrameBytes)))
            #expect(try await goAway(client).status == UInt32(StatusCode.resourceExhausted.rawValue))
        }
    }

    @Test func largeFramesArriveInManyReads() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello(ClientHello(credential: "key-large"))
            let body = String(repeating: "b", count: 3_000_000)
            client.push(request(1, body: body) + request(2, body: "x"))
            #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 3_000_000)
            #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 1)
        }
    }

    @Test func credentialsAreJudged() async throws {
        try await withServer { server, _ in
            let refused = try await RawClient(server)
            try await refused.send { $0.appendHello(ClientHello(credential: "wrong")) }
            let reason = try await goAway(refused)
            #expect(reason.status == UInt32(StatusCode.unauthenticated.rawValue) && reason.message == "unknown key")

            // Without one the connection opens, and each request may bring its own, for itself alone.
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1, key: "key-four") + request(2) + request(3, key: "wrong"))
            #expect(try await client.next()?.decode(SendResponse.self).segments == 4)
            #expect(try await client.next()?.decode(SendResponse.self).segments == 0)
            let answer = try #require(try await client.next())
            #expect(answer.error.code == .unauthenticated)
        }
    }

    @Test func badRequestsAreAnsweredAndTheConnectionLives() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1, 999) + request(2, body: "a\0b"))
            #expect(try await client.next()?.error.code == .unimplemented)
            #expect(try await client.next()?.error.violations.map(\.field) == ["body"])
            try await client.send {
                let start = $0.beginFrame()
                [0xFF, 0xFF].withUnsafeBytes($0.append)
                $0.endFrame(at: start, type: .request, callID: 3, code: 1)
                let second = $0.beginFrame()
                [UInt8(0xFF), 0xFF].withUnsafeBytes($0.append)
                $0.endFrame(at: second, type: .request, callID: 4, code: 1, metadataLength: 2)
            }
            #expect(try await client.next()?.error.message == "the payload is not a valid SendRequest")
            #expect(try await client.next()?.error.message == "the payload is not a valid RequestMetadata")
            try await client.send(request(5))
            #expect(try await client.next()?.code == 0)
        }
    }

    @Test func callsInFlightAreBounded() async throws {
        try await withServer({ $0.callsInFlight = 3 }) { server, _ in
            let client = try await RawClient(server)
            #expect(try await client.hello()?.maximumCallsInFlight == 3)
            try await client.send((1...4).flatMap { request($0, TestMethod.hold) })
            let refused = try #require(try await client.next())
            #expect(refused.callID == 4)
            #expect(refused.error.code == .resourceExhausted && refused.error.notProcessed)
            #expect(refused.error.retryAfterMilliseconds > 0 && refused.error.quota?.maximum == 3)
            // One place is made free by a CANCEL, for the call that has the others answered.
            try await client.send { $0.appendFrame(.cancel, callID: 2) }
            #expect(try await client.next()?.error.code == .cancelled)
            try await client.send(request(5, TestMethod.release))
            for callID in [UInt32(1), 3, 5] {
                let answer = try #require(try await client.next())
                #expect(answer.callID == callID && answer.code == 0)
            }
        }
    }

    @Test func cancelEndsACallOnceAndLateOnesAreIgnored() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send(request(1, TestMethod.hold))
            try await client.send {
                $0.appendFrame(.cancel, callID: 1)
                $0.appendFrame(.cancel, callID: 1)
                $0.appendFrame(.cancel, callID: 77)
                $0.appendCredit(callID: 1, count: 5)
            }
            let cancelled = try #require(try await client.next())
            #expect(cancelled.callID == 1 && cancelled.error.code == .cancelled)
            // The service's own answer to call 1 is dropped.
            try await client.send(request(2, TestMethod.release))
            #expect(try await client.next()?.callID == 2)
        }
    }

    @Test func pingsAreAnswered() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try await client.send { output in [UInt8](1...8).withUnsafeBytes { output.appendFrame(.ping, payload: $0) }
            }
            let pong = try #require(try await client.next())
            #expect(pong.type == .pong && pong.payload == Array(1...8))
        }
    }

    @Test func idleConnectionsArePingedAndTheDeadClosed() async throws {
        try await withServer({
            $0.keepalive = .milliseconds(20)
            $0.keepaliveTimeout = .seconds(3)
        }) { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            // Answered, it lives on and is asked again; unanswered, it is closed.
            for _ in 0..<2 {
                #expect(try await client.next()?.type == .ping)
                try await client.send { $0.appendFrame(.pong) }
            }
            #expect(try await client.next()?.type == .ping)
            #expect(try await client.next() == nil)
        }
    }

    @Test func helloMustComeInTime() async throws {
        try await withServer({ $0.handshake = .milliseconds(20) }) { server, _ in
            let client = try await RawClient(server)
            client.push([0, 0])
            #expect(try await goAway(client).status == UInt32(StatusCode.deadlineExceeded.rawValue))
        }
    }

    @Test func connectionsAreBounded() async throws {
        try await withServer({ $0.connections = 1 }) { server, _ in
            let first = try await RawClient(server)
            _ = try await first.hello()
            let second = try await RawClient(server)
            #expect(try await goAway(second).status == UInt32(StatusCode.resourceExhausted.rawValue))
            #expect(server.connectionCount >= 1)
        }
    }
}
