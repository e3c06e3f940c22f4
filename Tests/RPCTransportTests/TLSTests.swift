internal import GatewayTestKit
internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import TLS
internal import Testing

/// The protocol over TLS; what TLS itself does is tested in TLSTests.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TLSTests {
    private let address = "tls:127.0.0.1:0"

    @Test func callsAreAnswered() async throws {
        try await withServer(on: address) { server, bursts in
            let tls = try TestCertificates.client()
            let client = try await connect(server, credential: "key-dev") { $0.tls = tls }
            await withTaskGroup { group in
                for length in 0..<100 {
                    group.addTask {
                        let answer = await client.echo(body: String(repeating: "x", count: length * 100))
                        #expect(answer == .success(UInt64(length * 100)))
                    }
                }
            }
            #expect(bursts.requests.load(ordering: .relaxed) == 100)
        }
    }

    @Test func requestsMayComeInAnyPieces() async throws {
        try await withServer(on: address) { server, _ in
            let client = try await RawClient(server)
            let output = OutputBuffer()
            output.appendHello(ClientHello(credential: "key-x"))
            for byte in Array(output.bytes) + request(1, body: "a") { client.push([byte]) }
            #expect(try await client.next()?.type == .hello)
            #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 1)
        }
    }

    @Test func largeFramesGoBothWays() async throws {
        try await withServer(on: address) { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello(ClientHello(credential: "key-large"))
            client.push(request(1, body: String(repeating: "b", count: 3_000_000)))
            #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 3_000_000)
            client.push(request(2, TestMethod.large, to: "3000000"))
            #expect(try await client.next()?.payload.count ?? 0 > 3_000_000)
        }
    }

    // MARK: Who is there

    @Test func aCertificateIsEnough() async throws {
        let credentials = try TestCertificates.credentials(clients: .optional)
        try await withServer(on: address, { $0.tls = credentials }) { server, _ in
            let known = try await RawClient(server, tls: try TestCertificates.client("billing"))
            // Who is known gets room for large frames.
            #expect(try await known.hello()?.maximumFrameBytes == UInt32(Limits.frameBytes))
            try await known.send(request(1))
            let answer = try await known.next()?.decode(SendResponse.self)
            #expect(answer?.segments == UInt32("billing.internal".utf8.count))

            // A credential counts more, and a wrong one isn't healed.
            let keyed = try await RawClient(server, tls: try TestCertificates.client("billing"))
            _ = try await keyed.hello(ClientHello(credential: "key-four"))
            try await keyed.send(request(1))
            #expect(try await keyed.next()?.decode(SendResponse.self).segments == 4)
            let wrong = try await RawClient(server, tls: try TestCertificates.client("billing"))
            try await wrong.send { $0.appendHello(ClientHello(credential: "wrong")) }
            #expect(try await wrong.next()?.type == .goAway)

            let nobody = try await RawClient(server)
            #expect(try await nobody.hello()?.maximumFrameBytes == UInt32(Limits.minimumFrameBytes))
            try await nobody.send(request(1))
            #expect(try await nobody.next()?.decode(SendResponse.self).segments == 0)
        }
    }

    @Test func whoShowsNoneIsTold() async throws {
        let credentials = try TestCertificates.credentials(clients: .required)
        try await withServer(on: address, { $0.tls = credentials }) { server, _ in
            let tls = try TestCertificates.client()
            let loss = await #expect(throws: RPCLoss.self) { try await connect(server) { $0.tls = tls } }
            #expect(loss?.code == .failedPrecondition && loss?.notProcessed == true)
            #expect(loss?.reason.contains("certificate required") == true, "\(loss?.reason ?? "")")
        }
    }

    @Test func aServerOfAnotherNameIsRefused() async throws {
        let failures = Mutex<[TLSError]>([])
        let credentials = try TestCertificates.credentials("elsewhere")
        try await withServer(
            on: address,
            {
                $0.tls = credentials
                $0.tlsFailed = { _, error in failures.withLock { $0.append(error) } }
            }
        ) { server, bursts in
            let tls = try TestCertificates.client()
            let loss = await #expect(throws: RPCLoss.self) {
                try await connect(server, credential: "key-x") { $0.tls = tls }
            }
            #expect(loss?.code == .failedPrecondition)
            #expect(loss?.reason.contains("IP address mismatch") == true, "\(loss?.reason ?? "")")
            // The server's log tells it too.
            try await until { failures.withLock { !$0.isEmpty } }
            #expect(failures.withLock { $0.first?.kind } == .alert(42))
            #expect(bursts.requests.load(ordering: .relaxed) == 0)
        }
    }

    @Test func addressesOfTLSNeedCertificates() async throws {
        await #expect(throws: TLSError.self) { try await withServer(on: address, { $0.tls = nil }) { _, _ in } }
        try await withServer(on: address) { server, _ in
            let loss = await #expect(throws: RPCLoss.self) { try await connect(server) }
            #expect(loss?.code == .failedPrecondition)
        }
    }

    // MARK: What goes wrong

    @Test func whoSpeaksNoTLSIsClosed() async throws {
        try await withServer(on: address) { server, _ in
            guard case .tls(let host, let port) = server.addresses[0] else { return }
            let plain = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: host, port: port).get()
            let output = OutputBuffer()
            output.appendHello(ClientHello(credential: "key-x"))
            try await plain.writeAndFlush(ByteBuffer(bytes: output.bytes)).get()
            try await plain.closeFuture.get()
            try await until { server.connectionCount == 0 }
        }
    }

    @Test func aStalledHandshakeIsEnded() async throws {
        try await withServer(on: address, { $0.tlsHandshake = .milliseconds(50) }) { server, _ in
            guard case .tls(let host, let port) = server.addresses[0] else { return }
            let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: host, port: port).get()
            try await silent.closeFuture.get()
        }
    }

    @Test func oneTooManyIsTold() async throws {
        try await withServer(on: address, { $0.connections = 1 }) { server, _ in
            let first = try await RawClient(server)
            #expect(try await first.hello() != nil)
            let second = try await RawClient(server)
            let word = try #require(try await second.next()?.decode(GoAway.self))
            #expect(word.status == UInt32(StatusCode.resourceExhausted.rawValue))
            #expect(try await second.next() == nil)
        }
    }

    // MARK: Reload

    @Test func aReloadKeepsConnections() async throws {
        let credentials = try TestCertificates.credentials()
        try await withServer(on: address, { $0.tls = credentials }) { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            try credentials.reload()
            let later = try await RawClient(server)
            #expect(try await later.hello() != nil)
            try await client.send(request(1, body: "x"))
            #expect(try await client.next()?.decode(SendResponse.self).id.rawValue == 1)
        }
    }
}
