import NIOCore
import NIOPosix
import Synchronization
import TLS

/// A client of TLS on a real socket: what it reads comes as texts, and its socket can be cut.
final class TLSClient: Sendable {
    private let channel: any Channel
    private let texts: AsyncStream<String>
    private let record: Record

    private final class Record: Sendable {
        let errors = Mutex<[TLSError]>([])
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<String>.Continuation
        let record: Record

        init(_ continuation: AsyncStream<String>.Continuation, _ record: Record) {
            self.continuation = continuation
            self.record = record
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(String(buffer: unwrapInboundIn(data)))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let error = error as? TLSError { record.errors.withLock { $0.append(error) } }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    }

    init(port: Int, _ context: TLSContext) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let record = Record()
        self.record = record
        texts = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TLSHandler(context), name: "tls")
                    try channel.pipeline.syncOperations.addHandler(Reader(continuation, record))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    var errors: [TLSError] { record.errors.withLock { $0 } }

    func writeAndFlush(_ buffer: ByteBuffer) -> EventLoopFuture<Void> { channel.writeAndFlush(buffer) }

    /// What comes next; nil once the connection has ended.
    func next() async -> String? {
        var iterator = texts.makeAsyncIterator()
        return await iterator.next()
    }

    func close() async throws { try await channel.close() }

    /// Closes the socket beneath TLS, which says nothing then.
    func cut() async throws {
        try await channel.eventLoop.flatSubmit { [channel] in
            let promise = channel.eventLoop.makePromise(of: Void.self)
            do {
                try channel.pipeline.syncOperations.context(name: "tls").close(mode: .all, promise: promise)
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }.get()
    }
}
