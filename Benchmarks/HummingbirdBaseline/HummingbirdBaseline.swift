internal import Glibc
internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import WebGateway

/// What a POST costs that is read whole and answered 204, nothing else: Hummingbird's server on one event loop, without
/// anything of `apusd`'s own. With `--on-loop` its connections' tasks run on that loop, as `apusd`'s do, instead of on
/// the shared pool of threads.
///
/// It prints `ready http=http:127.0.0.1:PORT` once it serves, and serves until it is killed.
@main
struct HummingbirdBaseline {
    /// The bytes that `apusd` takes too.
    private static let bodyBytes = 256 * 1024

    static func main() async throws {
        let channel = WithoutDelay(
            http: HTTP1Channel { request, writer, _ in
                _ = try await request.body.collect(upTo: bodyBytes)
                try await writer.writeResponse(HTTPResponse(status: .noContent))
            })
        var log = Logger(label: "hummingbird-baseline")
        log.logLevel = .warning
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let server = Server(
            childChannelSetup: channel,
            configuration: .init(address: .hostname("127.0.0.1", port: 0), backlog: 1024),
            onServerRunning: { channel in
                print("ready http=http:127.0.0.1:\(channel.localAddress?.port ?? 0)")
                fflush(nil)
            }, eventLoopGroup: loop, logger: log)
        let executor = CommandLine.arguments.contains("--on-loop") ? EventLoopExecutor(loop) : nil
        try await Task(executorPreference: executor) { try await server.run() }.value
    }
}

/// Sends an answer at once.
private struct WithoutDelay: ServerChildChannel {
    let http: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        }.flatMap {
            http.setup(channel: channel, logger: logger)
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
