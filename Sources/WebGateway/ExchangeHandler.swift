internal import NIOCore
internal import NIOHTTP1
internal import SMSModel

/// The life of one connection of HTTP/1: it ends after an answer that says so, at a drain, or when it makes no step in
/// time. A step is a whole request that was read, or a whole answer that was written, which waits until the system has
/// room for it: a peer that sends or takes a byte now and then holds nothing for long. A body comes at a least rate.
///
/// After the last answer the output is closed, and what still comes is dropped for a moment: a connection closed with
/// unread bytes would be reset, and the answer lost with it.
///
/// Sendable unchecked: all is touched on the channel's event loop alone.
final class ExchangeHandler: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let stepTimeout: TimeAmount
    private let bodyGrace: TimeAmount
    private let bodyBytesPerSecond: Int
    private let linger: TimeAmount
    /// When the step under way must have been made.
    private var stepDeadline = NIODeadline.distantFuture
    /// The body that comes in: since when it is waited for, and how much of it came since then.
    private var body: (since: NIODeadline, bytes: Int)?
    /// When the connection ends if nothing happens.
    private var deadline = NIODeadline.distantFuture
    /// Looks at the deadline, then or earlier.
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    /// Whether the connection may go on after it, for each request not yet answered, the oldest first.
    private var requests = CircularBuffer<Bool>()
    private var isDraining = false
    /// The answer that is being written is the last.
    private var isLast = false
    private var isOutputClosed = false

    /// - Parameters:
    ///   - bodyGrace: what a body may take besides what its bytes take at `bodyBytesPerSecond`.
    init(stepTimeout: TimeAmount, bodyGrace: TimeAmount, bodyBytesPerSecond: Int, linger: TimeAmount) {
        self.stepTimeout = stepTimeout
        self.bodyGrace = bodyGrace
        self.bodyBytesPerSecond = bodyBytesPerSecond
        self.linger = linger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { stepMade(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        stepMade(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isLast else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            requests.append(head.isKeepAlive)
            body = (context.eventLoop.now, 0)
            awaitBody(context)
        case .body(let part):
            body?.bytes += part.readableBytes
            awaitBody(context)
        case .end:
            body = nil
            stepMade(context)
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        isDraining = true
        if requests.isEmpty { context.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            let goesOn = requests.isEmpty ? false : requests.removeFirst()
            isLast = !goesOn || isDraining || !head.isKeepAlive
            if isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where isLast:
            let taken = promise ?? context.eventLoop.makePromise(of: Void.self)
            taken.futureResult.assumeIsolated().whenSuccess { self.lastAnswerTaken(context) }
            context.write(data, promise: taken)
        case .end:
            // Without a promise of its own, which would be a write of its own.
            context.write(data, promise: promise)
            stepMade(context)
        default:
            context.write(data, promise: promise)
        }
    }

    private func lastAnswerTaken(_ context: ChannelHandlerContext) {
        guard !isOutputClosed else { return }
        isOutputClosed = true
        close(at: context.eventLoop.now + linger, context)
        context.close(mode: .output, promise: nil)
    }

    private func stepMade(_ context: ChannelHandlerContext) {
        guard !isOutputClosed else { return }
        stepDeadline = context.eventLoop.now + stepTimeout
        guard body != nil else { return close(at: stepDeadline, context) }
        // What came of it while the one before it was answered was not waited for.
        body = (context.eventLoop.now, 0)
        awaitBody(context)
    }

    /// A body that is behind a request not yet answered may not be read at all: it is waited for after that.
    private func awaitBody(_ context: ChannelHandlerContext) {
        guard let body, requests.count == 1, !isOutputClosed else { return }
        let milliseconds = Int64(body.bytes) * 1000 / Int64(bodyBytesPerSecond)
        close(at: min(stepDeadline, body.since + bodyGrace + .milliseconds(milliseconds)), context)
    }

    private func close(at time: NIODeadline, _ context: ChannelHandlerContext) {
        deadline = time
        // There are two steps a request, and nearly all are made in time: a timer that is early looks again.
        if let timer, timer.at <= deadline { return }
        timer?.task.cancel()
        watch(context)
    }

    private func watch(_ context: ChannelHandlerContext) {
        let at = deadline
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: at) {
            if self.deadline > at { self.watch(context) } else { context.close(promise: nil) }
        }
        timer = (task, at)
    }
}
