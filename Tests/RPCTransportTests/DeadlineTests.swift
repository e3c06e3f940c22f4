internal import GatewayTestKit
internal import NIOCore
internal import NIOPosix
internal import RPCWire
internal import SMSModel
internal import Synchronization
internal import Testing

@testable internal import RPCTransport

@Suite struct CallDeadlineTests {
    private func table(_ ids: UInt32...) -> CallTable {
        var table = CallTable()
        for id in ids { table.insert(id) }
        return table
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func theNearestCountsAndAnsweredCallsDoNot() {
        var deadlines = CallDeadlines()
        let calls = table(1, 2, 4)
        // Call 3 is answered meanwhile.
        let times: [(UInt32, Int64)] = [(1, 5), (2, 9), (3, 1), (4, 0)]
        let nearer = times.map { deadlines.add($0, deadline: start + .seconds($1), calls: calls) }
        #expect(nearer == [true, false, true, true])
        #expect(deadlines.next == start)
        var due = deadlines.due(at: start, calls: calls)
        #expect(due == [4])
        #expect(deadlines.next == start + .seconds(5))
        due = deadlines.due(at: start + .seconds(8), calls: calls)
        #expect(due == [1])
        due = deadlines.due(at: start + .seconds(9), calls: calls)
        #expect(due == [2])
        #expect(deadlines.next == nil)
    }

    @Test func nothingIsDueBeforeItsTime() {
        var deadlines = CallDeadlines()
        _ = deadlines.add(1, deadline: start + .nanoseconds(1), calls: table(1))
        let early = deadlines.due(at: start, calls: table(1))
        let late = deadlines.due(at: start + .nanoseconds(1), calls: table(1))
        #expect(early.isEmpty && late == [1])
    }

    @Test func answeredCallsDoNotGather() {
        var deadlines = CallDeadlines()
        for id in UInt32(1)...100_000 {
            _ = deadlines.add(id, deadline: start + .seconds(30), calls: table(id))
            #expect(deadlines.count <= 2 + 64)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    @Test func aCallIsAnsweredAtItsTimeOutOnceAndForAll() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            var metadata = RequestMetadata()
            metadata.timeoutMilliseconds = 5
            try await client.send {
                $0.appendRequest(callID: 1, method: .send, metadata: metadata, message: SendRequest(body: "held"))
            }
            let answer = try #require(try await client.next())
            #expect(answer.type == .response && answer.callID == 1)
            #expect(answer.error.code == .deadlineExceeded && !answer.error.notProcessed)
            // What it comes to later is dropped.
            try await client.send(request(2, TestMethod.release))
            let released = try #require(try await client.next())
            #expect(released.callID == 2 && released.code == 0)
        }
    }

    @Test func aCallWithoutATimeOutWaits() async throws {
        try await withServer { server, _ in
            let client = try await RawClient(server)
            _ = try await client.hello()
            var metadata = RequestMetadata()
            try await client.send {
                $0.appendRequest(callID: 1, method: .send, metadata: metadata, message: SendRequest(body: "held"))
            }
            metadata.timeoutMilliseconds = 5
            try await client.send {
                $0.appendRequest(callID: 2, method: .send, metadata: metadata, message: SendRequest(body: "held"))
            }
            #expect(try await client.next()?.callID == 2)
            try await client.send(request(3, TestMethod.release))
            #expect(try await client.next()?.callID == 1)
            #expect(try await client.next()?.callID == 3)
        }
    }
}

/// A server that says what a test tells it to, and keeps what it hears.
private final class SpeakingServer: Sendable {
    private let channel: any Channel
    private let heard: Heard

    private final class Heard: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let isClosed = Atomic<Bool>(false)
    }

    private final class Handler: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let words: [UInt8]
        let heard: Heard

        init(_ words: [UInt8], _ heard: Heard) {
            self.words = words
            self.heard = heard
        }

        func channelActive(context: ChannelHandlerContext) {
            context.channel.writeAndFlush(ByteBuffer(bytes: words), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            heard.bytes.withLock { $0 += bytes }
        }

        func channelInactive(context: ChannelHandlerContext) {
            heard.isClosed.store(true, ordering: .sequentiallyConsistent)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    init(_ speak: (OutputBuffer) -> Void) async throws {
        let output = OutputBuffer()
        output.appendHello(ServerHello(serverID: "s", serverAgent: "t", maximumFrameBytes: 1 << 20))
        speak(output)
        let (words, heard) = (Array(output.bytes), Heard())
        self.heard = heard
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.pipeline.addHandler(Handler(words, heard))
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func connect(_ configure: (inout RPCClientOptions) -> Void = { _ in }) async throws -> RPCClientConnection {
        var options = RPCClientOptions(userAgent: "tests/1")
        options.sweepInterval = .milliseconds(2)
        configure(&options)
        return try await RPCClientConnection.connect(
            to: .tcp(host: "127.0.0.1", port: channel.localAddress?.port ?? 0),
            on: MultiThreadedEventLoopGroup.singleton.next(), options: options
        ).get()
    }

    /// The last frame that came before the client closed.
    func lastWord() async throws -> GoAway? {
        try await until { heard.isClosed.load(ordering: .sequentiallyConsistent) }
        return try heard.bytes.withLock(\.self).withUnsafeBytes { bytes in
            var rest = bytes
            var last: GoAway?
            while let frame = try FrameParser(maximumLength: Limits.frameBytes).frame(in: rest) {
                last =
                    frame.type == .goAway ? try GoAway(decoding: frame.payload, arena: MessageArena()) : nil
                rest = UnsafeRawBufferPointer(rebasing: rest[frame.size...])
            }
            return last
        }
    }

    func stop() async throws { try await channel.close() }
}

@Suite(.timeLimit(.minutes(1))) struct ClientViolationTests {
    @Test func aServerThatBreaksTheRulesIsToldWhy() async throws {
        let violations: [(OutputBuffer) -> Void] = [
            { $0.appendRequest(callID: 1, method: .send, message: SendRequest()) },
            { $0.appendFrame(.cancel, callID: 1) },
            { output in [UInt8](repeating: 0, count: 16).withUnsafeBytes { output.append($0) } },
            { $0.appendResponse(callID: 9, message: HealthRequest(), maximumLength: 1000) },
        ]
        for violation in violations {
            let server = try await SpeakingServer(violation)
            let client = try? await server.connect()
            let word = try #require(try await server.lastWord())
            #expect(word.status == UInt32(StatusCode.invalidArgument.rawValue))
            #expect(!word.message.isEmpty)
            _ = client
            try await server.stop()
        }
    }

    @Test func aPeerThatFallsSilentIsNoticedWhileACallWaits() async throws {
        let server = try await SpeakingServer { _ in }
        let client = try await server.connect {
            $0.busyKeepalive = .milliseconds(10)
            $0.keepaliveTimeout = .milliseconds(10)
        }
        guard case .failure(let error) = await client.echo() else {
            Issue.record("a silent server answered")
            return
        }
        #expect(error.code == .unavailable && !error.notProcessed)
        try await server.stop()
    }
}
