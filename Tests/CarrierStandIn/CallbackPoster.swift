internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Posts callbacks over a few connections that it keeps. What meets no answer, or a 5xx, is posted again.
///
/// Sendable unchecked: all is touched on the event loop alone.
final class CallbackPoster: @unchecked Sendable {
    struct Job {
        var callback: Callback
        var target: CallbackTarget
        var request: CallbackWriter.Request
        var attempts = 0
    }

    static let pauseMilliseconds: Int64 = 300
    /// Twilio waits so long for an answer.
    static let timeoutSeconds: Int64 = 15

    private let loop: any EventLoop
    private let attempts: Int
    private let connections: Int
    private var waiting: CircularBuffer<Job> = []
    private var idle: [any Channel] = []
    private var connectionCount = 0
    /// Told how each ended; nil = given up.
    var finished: (Job, _ status: Int?) -> Void = { _, _ in }

    init(on loop: any EventLoop, attempts: Int, connections: Int) {
        self.loop = loop
        self.attempts = attempts
        self.connections = connections
    }

    func post(_ job: Job) {
        waiting.append(job)
        work()
    }

    private func work() {
        while !waiting.isEmpty {
            if let channel = idle.popLast() {
                guard channel.isActive else { continue }
                guard channel.remoteAddress?.port == waiting.first?.target.port else {
                    // It leads to somebody else, and makes room.
                    channel.close(promise: nil)
                    continue
                }
                send(waiting.removeFirst(), over: channel)
            } else if connectionCount < connections {
                connect(for: waiting.removeFirst())
            } else {
                return
            }
        }
    }

    private func connect(for job: Job) {
        connectionCount += 1
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(5))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(CallbackConnection(poster: self))
                }
            }
            .connect(host: job.target.host, port: job.target.port)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.closeFuture.assumeIsolated().whenComplete { _ in self.closed(channel) }
                    self.send(job, over: channel)
                case .failure:
                    self.connectionCount -= 1
                    self.answered(job, nil)
                }
            }
    }

    private func closed(_ channel: any Channel) {
        connectionCount -= 1
        idle.removeAll { $0 === channel }
        work()
    }

    private func send(_ job: Job, over channel: any Channel) {
        do {
            try channel.pipeline.syncOperations.handler(type: CallbackConnection.self).send(job)
        } catch {
            answered(job, nil)
        }
    }

    fileprivate func released(_ channel: any Channel) {
        idle.append(channel)
        work()
    }

    fileprivate func answered(_ job: Job, _ status: Int?) {
        var job = job
        job.attempts += 1
        guard status.map({ $0 >= 500 }) ?? true, job.attempts < attempts else { return finished(job, status) }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(Self.pauseMilliseconds)) { [job] in self.post(job) }
    }
}

/// A connection to who wants to know, with at most one callback on it.
private final class CallbackConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let poster: CallbackPoster
    private var job: CallbackPoster.Job?
    private var status: Int?
    private var isKept = false
    private var deadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(poster: CallbackPoster) {
        self.poster = poster
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(_ job: CallbackPoster.Job) {
        guard let context, context.channel.isActive else { return poster.answered(job, nil) }
        self.job = job
        status = nil
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: job.target.path)
        head.headers.add(name: "Host", value: "\(job.target.host):\(job.target.port)")
        head.headers.add(name: "User-Agent", value: "TwilioProxy/1.1")
        head.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded; charset=UTF-8")
        head.headers.add(name: "Content-Length", value: String(job.request.body.utf8.count))
        if let signature = job.request.signature { head.headers.add(name: "X-Twilio-Signature", value: signature) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(string: job.request.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: .seconds(CallbackPoster.timeoutSeconds)) {
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            isKept = head.isKeepAlive
        case .body: break
        case .end:
            end(status)
            if isKept { poster.released(context.channel) } else { context.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end(nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func end(_ status: Int?) {
        deadline?.cancel()
        deadline = nil
        if let job = job.take() { poster.answered(job, status) }
    }
}
