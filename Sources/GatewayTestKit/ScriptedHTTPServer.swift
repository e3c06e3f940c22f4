internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Synchronization
package import TLS

/// A server of HTTP/1.1 that answers, or fails to, as a test says. It listens on 127.0.0.1 at a port of its own and
/// takes all bytes of an answer from the script, so that they may be as wrong as wanted.
package final class ScriptedHTTPServer: Sendable {
    package struct Request: Sendable {
        /// From 1, in the order of their coming.
        package var connection = 0
        /// On its connection, from 1.
        package var number = 0
        package var method = ""
        package var target = ""
        /// Names in lower case.
        package var headers: [(name: String, value: String)] = []
        package var body: [UInt8] = []

        package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    /// What a request meets with.
    package struct Reaction: Sendable {
        package enum End: Sendable {
            case keep
            case close
            /// RST.
            case reset
        }

        package var bytes: [UInt8]
        package var end: End
        /// It waits for ``ScriptedHTTPServer/release()``.
        package var isHeld = false

        package init(_ bytes: [UInt8] = [], _ end: End = .keep) {
            self.bytes = bytes
            self.end = end
        }

        package static func raw(_ text: String, _ end: End = .keep) -> Reaction { Reaction(Array(text.utf8), end) }

        /// A whole answer.
        package static func answer(
            _ status: Int, _ body: String = "", type: String = "application/json", headers: [String] = []
        ) -> Reaction {
            let lines = ["HTTP/1.1 \(status) Reason", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)"]
            let text = (lines + headers).map { $0 + "\r\n" }.joined() + "\r\n" + body
            return Reaction(Array(text.utf8))
        }

        package static let silence = Reaction()
        package static let close = Reaction([], .close)
        package static let reset = Reaction([], .reset)
    }

    package struct Options: Sendable {
        package var tls: TLSContext?
        /// Ends each connection at its first bytes, before they are looked at.
        package var closesAtFirstByte = false

        package init(tls: TLSContext? = nil, closesAtFirstByte: Bool = false) {
            self.tls = tls
            self.closesAtFirstByte = closesAtFirstByte
        }
    }

    /// A thread of its own, so that other tests don't slow it.
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let log: Log

    package init(
        _ options: Options = Options(), react: @escaping @Sendable (Request) -> Reaction
    ) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls = options.tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
                    try channel.pipeline.syncOperations.addHandler(
                        RequestHandler(connection: log.connected(), options, log, react))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    package var port: Int { channel.localAddress?.port ?? 0 }
    package var connections: Int { log.state.withLock { $0.connections } }
    package var requests: [Request] { log.state.withLock { $0.requests } }

    /// Returns once the requests so far satisfy the condition.
    package func wait(until isDone: @escaping @Sendable ([Request]) -> Bool) async {
        while !isDone(requests) { try? await Task.sleep(for: .milliseconds(2)) }
    }

    /// Lets go of what is held, and holds nothing from now on.
    package func release() async {
        let held = log.held.withLock { held in
            defer { held = nil }
            return held ?? []
        }
        for (loop, perform) in held { loop.execute(perform) }
    }

    package func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }

    fileprivate final class Log: Sendable {
        let state = Mutex((connections: 0, requests: [Request]()))
        /// nil once nothing is held any more.
        let held = Mutex<[(loop: any EventLoop, perform: @Sendable () -> Void)]?>([])

        /// - Returns: false if nothing is held any more.
        func hold(_ perform: @escaping @Sendable () -> Void, on loop: any EventLoop) -> Bool {
            held.withLock { held in
                held?.append((loop, perform))
                return held != nil
            }
        }

        func connected() -> Int {
            state.withLock {
                $0.connections += 1
                return $0.connections
            }
        }
    }
}

/// A connection: cuts its bytes into requests, and does what the script says.
///
/// Sendable unchecked: all is touched on the channel's event loop alone.
private final class RequestHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Int
    private let options: ScriptedHTTPServer.Options
    private let log: ScriptedHTTPServer.Log
    private let react: @Sendable (ScriptedHTTPServer.Request) -> ScriptedHTTPServer.Reaction
    private var received: [UInt8] = []
    private var count = 0

    init(
        connection: Int, _ options: ScriptedHTTPServer.Options, _ log: ScriptedHTTPServer.Log,
        _ react: @escaping @Sendable (ScriptedHTTPServer.Request) -> ScriptedHTTPServer.Reaction
    ) {
        self.connection = connection
        self.options = options
        self.log = log
        self.react = react
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if options.closesAtFirstByte { return context.close(promise: nil) }
        received += unwrapInboundIn(data).readableBytesView
        while let request = takeRequest() {
            log.state.withLock { $0.requests.append(request) }
            perform(react(request), on: context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func perform(_ reaction: ScriptedHTTPServer.Reaction, on channel: any Channel) {
        if reaction.isHeld, log.hold({ self.perform(reaction, on: channel) }, on: channel.eventLoop) { return }
        if !reaction.bytes.isEmpty { channel.writeAndFlush(ByteBuffer(bytes: reaction.bytes), promise: nil) }
        switch reaction.end {
        case .keep: break
        case .close: channel.close(promise: nil)
        case .reset:
            let provider = channel as? any SocketOptionProvider
            provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// - Returns: nil until a whole request has come.
    private func takeRequest() -> ScriptedHTTPServer.Request? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        var request = ScriptedHTTPServer.Request()
        request.connection = connection
        request.method = String(words[0])
        request.target = String(words[1])
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            request.headers.append((line[..<colon].lowercased(), value))
        }
        let length = request.header("content-length").flatMap { Int($0) } ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        request.body = Array(received[end.upperBound..<end.upperBound + length])
        received.removeFirst(end.upperBound + length)
        count += 1
        request.number = count
        return request
    }
}
