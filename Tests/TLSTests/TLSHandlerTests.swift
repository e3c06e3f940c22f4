import NIOCore
import NIOEmbedded
import NIOPosix
import SMSModel
import TLS
import Testing

/// The handler alone, in a channel without a socket.
@Suite(.timeLimit(.minutes(1))) struct TLSHandlerTests {
    init() async throws { try await Certificates.make() }

    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var errors: [TLSError] = []

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let error = error as? TLSError { errors.append(error) }
        }
    }

    private struct Side {
        let channel = EmbeddedChannel()
        let tls: TLSHandler
        let errors = Errors()

        init(_ context: TLSContext, handshakeTimeout: TimeAmount = .seconds(10)) throws {
            tls = TLSHandler(context, handshakeTimeout: handshakeTimeout)
            try channel.pipeline.syncOperations.addHandlers([tls, errors])
            channel.connect(to: try SocketAddress(unixDomainSocketPath: "/none"), promise: nil)
        }

        func write(_ count: Int) -> EventLoopFuture<Void> {
            channel.writeAndFlush(ByteBuffer(repeating: 9, count: count))
        }

        /// All plaintext that has come.
        func read() throws -> Int {
            var count = 0
            while let buffer = try channel.readInbound(as: ByteBuffer.self) { count += buffer.readableBytes }
            return count
        }
    }

    /// Carries bytes until nothing moves.
    private func exchange(_ a: Side, _ b: Side) throws {
        while true {
            var moved = false
            for (from, to) in [(a, b), (b, a)] {
                while let bytes = try from.channel.readOutbound(as: ByteBuffer.self) {
                    moved = true
                    try to.channel.writeInbound(bytes)
                }
            }
            if !moved { return }
        }
    }

    private func connected() throws -> (client: Side, server: Side) {
        let client = try Side(try Certificates.client())
        let server = try Side(try Certificates.server())
        try exchange(client, server)
        #expect(client.tls.isHandshakeDone && server.tls.isHandshakeDone)
        return (client, server)
    }

    @Test func whatIsWrittenEarlyWaits() throws {
        let client = try Side(try Certificates.client())
        let server = try Side(try Certificates.server())
        let written = client.write(1000)
        #expect(client.tls.pendingBytes == 1000)
        try exchange(client, server)
        try written.wait()
        #expect(client.tls.pendingBytes == 0)
        #expect(try server.read() == 1000)
    }

    @Test func whatWaitsForTheHandshakeIsBounded() throws {
        let client = try Side(try Certificates.client())
        let most = client.write(Limits.tlsPendingBytes)
        #expect(client.errors.errors == [] && client.tls.pendingBytes == Limits.tlsPendingBytes)
        let more = client.write(1)
        #expect(client.errors.errors.map(\.kind) == [.overflow])
        #expect(client.tls.pendingBytes == 0)
        #expect(throws: ChannelError.self) { try most.wait() }
        #expect(throws: ChannelError.self) { try more.wait() }
    }

    @Test func nothingIsEncryptedForAFullChannel() throws {
        let (client, server) = try connected()
        server.channel.isWritable = false
        let written = server.write(1_000_000)
        #expect(server.tls.pendingBytes == 1_000_000)
        #expect(try server.channel.readOutbound(as: ByteBuffer.self) == nil)
        server.channel.isWritable = true
        server.channel.pipeline.fireChannelWritabilityChanged()
        #expect(server.tls.pendingBytes == 0)
        try exchange(client, server)
        try written.wait()
        #expect(try client.read() == 1_000_000)
    }

    @Test func severalWritesLeaveInOneChunkAndInOrder() throws {
        let (client, server) = try connected()
        var futures: [EventLoopFuture<Void>] = []
        for byte in UInt8(0)..<100 {
            futures.append(server.channel.write(ByteBuffer(repeating: byte, count: 10)))
        }
        #expect(try server.channel.readOutbound(as: ByteBuffer.self) == nil)
        server.channel.flush()
        let chunk = try #require(try server.channel.readOutbound(as: ByteBuffer.self))
        #expect(try server.channel.readOutbound(as: ByteBuffer.self) == nil)
        for future in futures { try future.wait() }
        try client.channel.writeInbound(chunk)
        var all: [UInt8] = []
        while let buffer = try client.channel.readInbound(as: ByteBuffer.self) { all += buffer.readableBytesView }
        #expect(all == (UInt8(0)..<100).flatMap { [UInt8](repeating: $0, count: 10) })
    }

    @Test func theOutputIsClosedAfterWhatWaits() throws {
        let (client, server) = try connected()
        server.channel.isWritable = false
        let written = server.write(50_000)
        server.channel.close(mode: .output, promise: nil)
        #expect(try server.channel.readOutbound(as: ByteBuffer.self) == nil)
        server.channel.isWritable = true
        server.channel.pipeline.fireChannelWritabilityChanged()
        try written.wait()
        while let bytes = try server.channel.readOutbound(as: ByteBuffer.self) {
            try client.channel.writeInbound(bytes)
        }
        #expect(try client.read() == 50_000)
        #expect(!client.channel.isActive && client.errors.errors == [])
        #expect(throws: ChannelError.self) { try server.write(1).wait() }
    }

    @Test func anEndWithoutACloseNotifyIsATruncation() throws {
        let (client, server) = try connected()
        _ = server.write(10)
        try exchange(client, server)
        client.channel.pipeline.fireChannelInactive()
        #expect(client.errors.errors.map(\.kind) == [.truncated])
        // Once, however it is told; and the same where half-closure is allowed.
        client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(client.errors.errors.count == 1)
        server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(server.errors.errors.map(\.kind) == [.truncated])
    }

    @Test func aProperEndIsNone() throws {
        let (client, server) = try connected()
        _ = server.channel.close()
        while let bytes = try server.channel.readOutbound(as: ByteBuffer.self) {
            try client.channel.writeInbound(bytes)
        }
        #expect(!client.channel.isActive && client.errors.errors == [] && server.errors.errors == [])
    }

    @Test func aHandshakeThatStallsIsEnded() throws {
        let server = try Side(try Certificates.server(), handshakeTimeout: .seconds(10))
        let client = TLSSession(try Certificates.client())
        _ = try client.handshake()
        let hello = client.output()
        try server.channel.writeInbound(ByteBuffer(bytes: hello.dropLast()))
        server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(9_999))
        #expect(server.errors.errors == [])
        server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(server.errors.errors.map(\.kind) == [.timedOut])
        // What comes then is dropped.
        try server.channel.writeInbound(ByteBuffer(bytes: hello.suffix(1)))
        #expect(!server.tls.isHandshakeDone)
    }

    @Test func aDoneHandshakeHasNoDeadline() throws {
        let (client, server) = try connected()
        server.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(server.errors.errors == [] && client.errors.errors == [])
    }

    @Test func theDefaultIsTheLimit() throws {
        let side = EmbeddedChannel()
        let errors = Errors()
        try side.pipeline.syncOperations.addHandlers([TLSHandler(try Certificates.server()), errors])
        side.connect(to: try SocketAddress(unixDomainSocketPath: "/none"), promise: nil)
        side.embeddedEventLoop.advanceTime(by: .seconds(Int64(Limits.tlsHandshakeSeconds)) - .nanoseconds(1))
        #expect(errors.errors == [])
        side.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
        #expect(errors.errors.map(\.kind) == [.timedOut])
    }
}
