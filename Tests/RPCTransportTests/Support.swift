internal import GatewayTestKit
internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import TLS

/// What the tests' service does with a call, by its method.
enum TestMethod {
    /// Answers at once with a SendResponse whose id is the body's length.
    static let echo = RPCMethod.null.rawValue
    /// Keeps the call until `release`.
    static let hold = RPCMethod.send.rawValue
    /// Answers what was held, oldest first, then itself.
    static let release = RPCMethod.bulk.rawValue
    /// Answers with a list of this many bytes as `to` says.
    static let large = RPCMethod.status.rawValue
}

final class TestPrincipal: Sendable {
    let name: String
    init(_ name: String) { self.name = name }
}

/// A small service: credentials are `key-NAME`, or `late-NAME`, which waits for the test's judgement; an answer's
/// `segments` is the length of the principal's name.
final class TestService: RPCService {
    private var held: [(RPCConnectionID, UInt32)] = []
    private let loop: RPCLoop
    private let bursts: BurstCount

    init(_ loop: RPCLoop, bursts: BurstCount) {
        self.loop = loop
        self.bursts = bursts
    }

    func authenticate(
        _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
    ) throws(GatewayError) -> RPCAuthentication {
        let text = String(decoding: credential, as: UTF8.self)
        if text.hasPrefix("late-") {
            bursts.pending.withLock { $0.append(connection.id) }
            return .pending
        }
        guard text.hasPrefix("key-") else { throw GatewayError(.unauthenticated, "unknown key") }
        return .principal(TestPrincipal(String(text.dropFirst(4))))
    }

    /// A certificate is enough, or the user of a Unix socket.
    func identify(_ peer: RPCPeer) -> (any RPCPrincipal)? {
        (peer.certificateNames.first ?? peer.uid.map { "uid \($0)" }).map(TestPrincipal.init)
    }

    /// A number made of the name.
    func owner(of principal: any RPCPrincipal) -> UInt64? {
        (principal as? TestPrincipal)?.name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
    }

    func requestReceived(_ request: RPCRequest, on connection: RPCServerConnection) {
        bursts.requests.add(1, ordering: .relaxed)
        let name = (request.principal as? TestPrincipal)?.name ?? ""
        do throws(GatewayError) {
            let send = try request.decodeSend()
            switch request.method {
            case TestMethod.echo:
                connection.respond(callID: request.callID, send: answer(send.body.count, segments: name.utf8.count))
            case TestMethod.hold:
                held.append((connection.id, request.callID))
            case TestMethod.release:
                for (id, callID) in held {
                    loop.connection(id)?.respond(callID: callID, send: answer(Int(callID), segments: 0))
                }
                held = []
                connection.respond(callID: request.callID, send: answer(0, segments: 0))
            case TestMethod.large:
                let count = Int(String(decoding: send.to, as: UTF8.self)) ?? 0
                connection.respond(
                    callID: request.callID, PauseResponse(paused: [String(repeating: "x", count: count)]))
            default:
                throw GatewayError(.unimplemented, "no such method")
            }
        } catch {
            connection.respond(callID: request.callID, error: error)
        }
    }

    func burstEnded() {
        bursts.bursts.add(1, ordering: .relaxed)
    }

    private func answer(_ id: Int, segments: Int) -> SendResponse {
        SendResponse(
            id: MessageID(rawValue: UInt64(id)), state: .queued, duplicate: false, segments: UInt32(segments),
            encoding: .gsm7)
    }
}

final class BurstCount: Sendable {
    let requests = Atomic<Int>(0)
    let bursts = Atomic<Int>(0)
    /// The connections whose credentials wait to be judged.
    let pending = Mutex<[RPCConnectionID]>([])

    /// Judges the credential that has waited longest, once there is one.
    func judge(_ name: String?, on server: RPCServer) async throws {
        try await until { !pending.withLock(\.isEmpty) }
        let waiting = pending.withLock { $0.removeFirst() }
        guard let loop = server.loops.first else { return }
        try await loop.eventLoop.submit {
            loop.connection(waiting)?.authenticated(
                name.map { .success(TestPrincipal($0)) } ?? .failure(GatewayError(.unauthenticated, "unknown key")))
        }.get()
    }
}

/// A running server with the test's service, stopped at the end of `body`.
func withServer(
    on address: String = "tcp:127.0.0.1:0", _ configure: (inout RPCServerOptions) -> Void = { _ in },
    _ body: (RPCServer, BurstCount) async throws -> Void
) async throws {
    var options = RPCServerOptions(serverID: "test", serverAgent: "tests/1")
    options.sweepInterval = .milliseconds(5)
    if address.hasPrefix("tls:") { options.tls = try TestCertificates.credentials() }
    configure(&options)
    let bursts = BurstCount()
    let server = try await RPCServer.listen(
        on: [try ServerAddress(parsing: address)], group: MultiThreadedEventLoopGroup.singleton.next(),
        options: options
    ) { TestService($0, bursts: bursts) }
    let result: Result<Void, any Error>
    do {
        try await body(server, bursts)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await server.shutDown(reason: "the test is over", grace: .milliseconds(1))
    try result.get()
}

/// A frame that came from the server.
struct Received: Equatable {
    var type: FrameType
    var callID: UInt32
    var code: UInt16
    var metadata: [UInt8]
    var payload: [UInt8]

    func decode<Message: WireMessage>(_ type: Message.Type) throws -> Message {
        let arena = MessageArena()
        return try payload.withUnsafeBytes { try Message(decoding: $0, arena: arena) }
    }

    var error: GatewayError {
        metadata.withUnsafeBytes { GatewayError(status: code, metadata: $0, arena: MessageArena()) }
    }
}

/// A client that sends whatever bytes a test wants, and sees whatever the server sends.
final class RawClient: Sendable {
    private let channel: any Channel
    private let chunks: AsyncStream<[UInt8]>
    private let buffer = Mutex<[UInt8]>([])

    private final class Handler: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<[UInt8]>.Continuation

        init(_ continuation: AsyncStream<[UInt8]>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// - Parameters:
    ///   - reads: false = reads nothing until ``startReading()``, but for TLS's handshake.
    ///   - staysOpen: whether its own side stays open once the server has ended its.
    init(_ server: RPCServer, reads: Bool = true, staysOpen: Bool = false, tls: TLSContext? = nil) async throws {
        let address = server.addresses[0]
        let context = try tls ?? (address.isOfTLS ? TestCertificates.client() : nil)
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        chunks = stream
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .channelOption(.autoRead, value: reads || address.isOfTLS)
            .channelOption(.allowRemoteHalfClosure, value: staysOpen)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.prepare(for: address, context)
                    try channel.pipeline.syncOperations.addHandler(Handler(continuation))
                }
            }
        channel = try await bootstrap.connect(to: address).get()
        guard address.isOfTLS, !reads else { return }
        let channel = channel
        func isHandshakeDone() async throws -> Bool {
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: TLSHandler.self).isHandshakeDone
            }.get()
        }
        try await until(isHandshakeDone)
        try await channel.setOption(.autoRead, value: false).get()
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Without waiting for the bytes to leave.
    func push(_ bytes: [UInt8]) {
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func send(_ encode: (OutputBuffer) -> Void) async throws {
        let output = OutputBuffer()
        encode(output)
        try await send(Array(output.bytes))
    }

    func hello(_ hello: ClientHello = ClientHello()) async throws -> ServerHello? {
        try await send { $0.appendHello(hello) }
        guard let answer = try await next(), answer.type == .hello else { return nil }
        return try answer.decode(ServerHello.self)
    }

    /// The next frame; nil once the server has closed the connection.
    func next() async throws -> Received? {
        while true {
            if let frame = try parse() { return frame }
            guard let chunk = await nextChunk() else { return nil }
            buffer.withLock { $0 += chunk }
        }
    }

    /// Everything until the server closes.
    func rest() async -> [UInt8] {
        while let chunk = await nextChunk() { buffer.withLock { $0 += chunk } }
        return buffer.withLock { $0 }
    }

    func close() { channel.close(promise: nil) }

    private func nextChunk() async -> [UInt8]? {
        var iterator = chunks.makeAsyncIterator()
        return await iterator.next()
    }

    private func parse() throws -> Received? {
        try buffer.withLock { buffer in
            let frame = try buffer.withUnsafeBytes { bytes -> (Received, Int)? in
                guard let frame = try FrameParser(maximumLength: Limits.frameBytes).frame(in: bytes) else { return nil }
                let received = Received(
                    type: frame.type!, callID: frame.header.callID, code: frame.header.code,
                    metadata: Array(frame.metadata), payload: Array(frame.payload))
                return (received, frame.size)
            }
            guard let frame else { return nil }
            buffer.removeFirst(frame.1)
            return frame.0
        }
    }
}

/// A REQUEST's bytes.
func request(
    _ callID: UInt32, _ method: UInt16 = TestMethod.echo, to: String = "", body: String = "", key: String = ""
) -> [UInt8] {
    let output = OutputBuffer()
    let start = output.beginFrame()
    Array(key.utf8).withUnsafeBytes {
        var metadata = RequestMetadata()
        metadata.authorization = $0
        metadata.encode(into: output)
    }
    let metadataLength = output.count - start - Limits.frameHeaderBytes
    SendRequest(to: to, body: body).encode(into: output)
    output.endFrame(at: start, type: .request, callID: callID, code: method, metadataLength: metadataLength)
    return Array(output.bytes)
}
