internal import GatewayTestKit
internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import Testing

func connect(
    _ server: RPCServer, credential: String = "", _ configure: (inout RPCClientOptions) -> Void = { _ in }
) async throws -> RPCClientConnection {
    var options = RPCClientOptions(userAgent: "tests/1", credential: credential)
    options.sweepInterval = .milliseconds(2)
    configure(&options)
    return try await RPCClientConnection.connect(
        to: server.addresses[0], on: MultiThreadedEventLoopGroup.singleton.next(), options: options
    ).get()
}

extension RPCClientConnection {
    /// One call as the tests see it: the answer's id, or the error.
    func echo(
        _ method: RPCMethod = .null, body: String = "", timeout: TimeAmount? = nil,
        then: (@Sendable (UInt32) -> Void)? = nil
    ) async -> Result<UInt64, GatewayError> {
        await withCheckedContinuation { continuation in
            eventLoop.execute {
                let callID = self.call(method, SendRequest(body: body), timeout: timeout) { reply in
                    continuation.resume(
                        returning: Result { () throws(GatewayError) in
                            try reply.decode(SendResponse.self).id.rawValue
                        })
                }
                then?(callID)
            }
        }
    }

    func onLoop<R: Sendable>(_ body: @escaping @Sendable () -> R) async throws -> R {
        try await eventLoop.submit(body).get()
    }
}

@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    @Test func callsAreAnswered() async throws {
        try await withServer { server, _ in
            let client = try await connect(server, credential: "key-dev")
            #expect(try await client.onLoop { client.hello?.serverID } == "test")
            await withTaskGroup { group in
                for length in 0..<100 {
                    group.addTask {
                        let answer = await client.echo(body: String(repeating: "x", count: length))
                        #expect(answer == .success(UInt64(length)))
                    }
                }
            }
            #expect(try await client.onLoop { client.callsInFlight } == 0)
        }
    }

    @Test func refusalsArriveWhole() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            guard case .failure(let error) = await client.echo(body: "\0") else {
                Issue.record("a NUL was accepted")
                return
            }
            #expect(error.code == .invalidArgument && error.violations.map(\.field) == ["body"])
        }
    }

    @Test func aRefusedHelloFailsTheConnection() async throws {
        try await withServer { server, _ in
            let loss = await #expect(throws: RPCLoss.self) { try await connect(server, credential: "wrong") }
            #expect(loss?.code == .unauthenticated && loss?.reason == "unknown key" && loss?.notProcessed == true)
        }
    }

    @Test func nobodyListening() async throws {
        // Not a port that was free a moment ago: another test may have it by now.
        let address = ServerAddress.tcp(host: "127.0.0.1", port: 1)
        let loss = await #expect(throws: RPCLoss.self) {
            _ = try await RPCClientConnection.connect(
                to: address, on: MultiThreadedEventLoopGroup.singleton.next(),
                options: RPCClientOptions(userAgent: "")
            ).get()
        }
        #expect(loss?.code == .unavailable && loss?.notProcessed == true)
    }

    @Test func aDeadlineEndsTheCallOnBothSides() async throws {
        try await withServer({ $0.callsInFlight = 1 }) { server, _ in
            let client = try await connect(server)
            guard case .failure(let error) = await client.echo(.send, timeout: .milliseconds(1)) else {
                Issue.record("a held call was answered")
                return
            }
            #expect(error.code == .deadlineExceeded && !error.notProcessed)
            // The CANCEL freed the server's only place; the answer to it is ignored.
            #expect(await client.echo(body: "abc") == .success(3))
        }
    }

    @Test func cancellingEndsTheCall() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let answer = await client.echo(.send) { callID in client.cancel(callID) }
            #expect(throws: GatewayError(.cancelled, "cancelled by the caller")) { try answer.get() }
            #expect(await client.echo(body: "abc") == .success(3))
        }
    }

    @Test func callsPastTheServersBoundDontBegin() async throws {
        try await withServer({ $0.callsInFlight = 1 }) { server, _ in
            let client = try await connect(server)
            let results = try await client.eventLoop.flatSubmit {
                let promise = client.eventLoop.makePromise(of: Bool.self)
                client.call(.send, SendRequest()) { _ in }
                #expect(!client.canCall)
                client.call(.null, SendRequest()) { reply in
                    if case .lost(let loss) = reply {
                        promise.succeed(loss.notProcessed)
                    } else {
                        promise.succeed(false)
                    }
                }
                return promise.futureResult
            }.get()
            #expect(results)
        }
    }

    @Test func tooLargeARequestIsRefusedHere() async throws {
        try await withServer { server, _ in
            let client = try await connect(server) { $0.maximumFrameBytes = Limits.minimumFrameBytes }
            let most = Limits.minimumFrameBytes - 4
            #expect(await client.echo(body: String(repeating: "x", count: most)) == .success(UInt64(most)))
            guard case .failure(let error) = await client.echo(body: String(repeating: "x", count: most + 1)) else {
                Issue.record("a frame above the bound was sent")
                return
            }
            #expect(error.code == .invalidArgument && error.notProcessed)
            #expect(await client.echo(body: "abc") == .success(3))
        }
    }

    @Test func pingsAreAnswered() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let loss: RPCLoss? = await withCheckedContinuation { continuation in
                client.eventLoop.execute { client.ping { continuation.resume(returning: $0) } }
            }
            #expect(loss == nil)
        }
    }

    @Test func aDrainingServerRetiresTheConnection() async throws {
        try await withServer { server, bursts in
            let client = try await connect(server)
            async let retired: RPCLoss = withCheckedContinuation { continuation in
                client.eventLoop.execute { client.onRetired = { continuation.resume(returning: $0) } }
            }
            async let closed: RPCLoss = withCheckedContinuation { continuation in
                client.eventLoop.execute { client.onClosed = { continuation.resume(returning: $0) } }
            }
            async let held = client.echo(.send)
            try await until { bursts.requests.load(ordering: .relaxed) >= 1 }
            let stopped = Task { await server.shutDown(reason: "maintenance", grace: .milliseconds(200)) }
            #expect(await retired.reason == "maintenance")
            // New calls surely aren't processed; the one in flight may have been.
            guard case .failure(let new) = await client.echo(), case .failure(let old) = await held else {
                Issue.record("a call was answered by a server that had stopped")
                return
            }
            #expect(new.code == .unavailable && new.notProcessed)
            #expect(old.code == .unavailable && !old.notProcessed)
            #expect(await closed.code == .unavailable)
            await stopped.value
        }
    }

    @Test func aDeadServerIsNoticed() async throws {
        // A listener that accepts and never says a word.
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        var options = RPCClientOptions(userAgent: "")
        options.connectTimeout = .milliseconds(30)
        options.sweepInterval = .milliseconds(2)
        let loss = await #expect(throws: RPCLoss.self) {
            _ = try await RPCClientConnection.connect(
                to: .tcp(host: "127.0.0.1", port: silent.localAddress?.port ?? 0),
                on: MultiThreadedEventLoopGroup.singleton.next(), options: options
            ).get()
        }
        #expect(loss?.code == .unavailable && loss?.notProcessed == true)
        try await silent.close()
    }
}
