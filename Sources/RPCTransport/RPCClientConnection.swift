package import NIOCore
internal import NIOPosix
package import RPCWire
internal import SMSModel
internal import TLS

/// One connection on the client's side: many calls in flight, each with a completion that runs once.
///
/// Sendable unchecked: others may carry the reference, but everything not marked otherwise is called
/// on ``eventLoop`` alone, and completions run there.
package final class RPCClientConnection: ChannelInboundHandler, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer
    package typealias Completion = (RPCReply) -> Void

    private struct Call {
        let completion: Completion
        let deadline: NIODeadline?
    }

    package let eventLoop: any EventLoop
    /// Runs when no new call is taken any more: the connection closed, or the server drains. Once.
    package var onRetired: ((RPCLoss) -> Void)?
    /// Runs when the connection has closed. Once.
    package var onClosed: ((RPCLoss) -> Void)?

    private let options: RPCClientOptions
    private var session = ClientSession()
    private var parser = FrameParser()
    private var context: ChannelHandlerContext?
    private var unparsed: ByteBuffer?
    private var calls: [UInt32: Call] = [:]
    private let arena = MessageArena()
    private let output = OutputBuffer()
    private var flushIsScheduled = false
    private var opening: EventLoopPromise<RPCClientConnection>?
    private var loss: RPCLoss?
    private var sweeping: RepeatedTask?
    private var lastRead: NIODeadline
    private var pingSentAt: NIODeadline?
    private var pongs: [(RPCLoss?) -> Void] = []

    private init(eventLoop: any EventLoop, options: RPCClientOptions, opening: EventLoopPromise<RPCClientConnection>) {
        self.eventLoop = eventLoop
        self.options = options
        self.opening = opening
        lastRead = .now()
    }

    /// Connects and exchanges HELLOs. From any thread.
    ///
    /// The future fails with ``RPCLoss``: the server's status if it refused, else UNAVAILABLE.
    package static func connect(
        to address: ServerAddress, on eventLoop: any EventLoop, options: RPCClientOptions
    ) -> EventLoopFuture<RPCClientConnection> {
        if address.isOfTLS, options.tls == nil {
            let loss = RPCLoss(.failedPrecondition, "there is no TLS context for \(address)", notProcessed: true)
            return eventLoop.makeFailedFuture(loss)
        }
        let opening = eventLoop.makePromise(of: RPCClientConnection.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(options.connectTimeout)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 * 1024))
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.prepare(for: address, options.tls)
                    try channel.pipeline.syncOperations.addHandler(
                        RPCClientConnection(eventLoop: eventLoop, options: options, opening: opening))
                }
            }
        let connected = bootstrap.connect(to: address)
        connected.whenFailure { error in
            opening.fail(
                RPCLoss(.unavailable, "can't connect to \(address): \(connectReason(error))", notProcessed: true))
        }
        return opening.futureResult
    }

    // MARK: Calls

    /// What the server said; nil only before the future of `connect` is done.
    package var hello: ServerHello? { session.hello }
    /// Whether a call may begin now: the connection is open and fewer are in flight than the server takes.
    package var canCall: Bool {
        session.takesCalls && calls.count < Int(session.hello?.maximumCallsInFlight ?? 0)
    }
    /// No new call will ever be taken.
    package var isRetired: Bool { !session.takesCalls && !session.awaitsHello }
    package var callsInFlight: Int { calls.count }
    /// Whether the kernel takes more; while it doesn't, what is sent is kept in memory.
    package var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Begins a call; it leaves at the end of this turn of the loop, together with the others.
    ///
    /// - Parameters:
    ///   - metadata: borrowed for the call; its time-out is set from `timeout`.
    ///   - timeout: after it the call is cancelled and completes as lost with DEADLINE_EXCEEDED; nil = none.
    ///   - completion: runs once, on the loop; at once if the connection takes no call now.
    /// - Returns: the call's id, for ``cancel(_:)``; 0 if it didn't begin.
    @discardableResult
    package func call(
        _ method: RPCMethod, _ message: some WireMessage, metadata: RequestMetadata = RequestMetadata(),
        timeout: TimeAmount? = nil, completion: @escaping Completion
    ) -> UInt32 {
        guard canCall else {
            var loss = loss ?? RPCLoss(.unavailable, "the connection takes no more calls now", notProcessed: true)
            loss.notProcessed = true
            completion(.lost(loss))
            return 0
        }
        let start = output.count
        var metadata = metadata
        if let timeout { metadata.timeoutMilliseconds = Self.milliseconds(timeout) }
        let callID = session.callBegan()
        output.appendRequest(callID: callID, method: method, metadata: metadata, message: message)
        let length = output.count - start - Limits.frameHeaderBytes
        guard length <= parser.maximumLength else {
            output.truncate(to: start)
            completion(
                .refused(
                    GatewayError(
                        .invalidArgument,
                        "the request takes \(length) bytes, and a frame holds \(parser.maximumLength)",
                        notProcessed: true)))
            return 0
        }
        calls[callID] = Call(completion: completion, deadline: timeout.map { .now() + $0 })
        scheduleFlush()
        return callID
    }

    /// Ends a call as lost with CANCELLED and tells the server. What a Send has handed to the store stays accepted.
    package func cancel(_ callID: UInt32) {
        abandon(callID, RPCLoss(.cancelled, "cancelled by the caller", notProcessed: false))
    }

    /// Asks for a PONG; nil when it came.
    package func ping(_ completion: @escaping (RPCLoss?) -> Void) {
        if let loss, session.isClosed { return completion(loss) }
        pongs.append(completion)
        output.appendFrame(.ping)
        scheduleFlush()
    }

    /// Closes at once; calls in flight are lost.
    package func close() {
        end(RPCLoss(.unavailable, "the connection was closed here", notProcessed: false))
    }

    private func abandon(_ callID: UInt32, _ loss: RPCLoss) {
        guard let call = calls.removeValue(forKey: callID) else { return }
        output.appendFrame(.cancel, callID: callID)
        scheduleFlush()
        call.completion(.lost(loss))
    }

    /// Rounded up, so that it is never 0, which means none.
    private static func milliseconds(_ time: TimeAmount) -> UInt32 {
        UInt32(clamping: max(1, (time.nanoseconds + 999_999) / 1_000_000))
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func channelActive(context: ChannelHandlerContext) {
        lastRead = .now()
        output.appendHello(
            ClientHello(
                userAgent: options.userAgent, credential: options.credential,
                maximumFrameBytes: UInt32(options.maximumFrameBytes)))
        flush()
        sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: options.sweepInterval, delay: options.sweepInterval
        ) { [weak self] _ in self?.sweep() }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !session.isClosed else { return }
        lastRead = .now()
        pingSentAt = nil
        var read = unwrapInboundIn(data)
        if var waiting = unparsed {
            unparsed = nil
            waiting.writeBuffer(&read)
            unparsed = waiting.rest(after: handleFrames, isOurs: true)
        } else {
            unparsed = read.rest(after: handleFrames, isOurs: false)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end(RPCLoss(.unavailable, "the server closed the connection", notProcessed: false))
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError {
            let code = opening != nil && error.isFinal ? StatusCode.failedPrecondition : .unavailable
            return end(RPCLoss(code, error.description, notProcessed: false))
        }
        end(RPCLoss(.unavailable, "the connection broke: \(error)", notProcessed: false))
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end(RPCLoss(.unavailable, "the connection was closed", notProcessed: false))
        self.context = nil
    }

    // MARK: Frames

    private func handleFrames(in bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        do throws(FrameError) {
            if session.awaitsHello { try FrameParser.checkFirst(bytes) }
            while !session.isClosed,
                let frame = try parser.frame(in: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            {
                offset += frame.size
                handle(frame)
            }
        } catch {
            protocolViolated(error.message)
        }
        return offset
    }

    private func handle(_ frame: Frame) {
        arena.reset()
        switch frame.type {
        case nil: break
        case .response: responseReceived(frame)
        case .hello: helloReceived(frame)
        case .goAway: goAwayReceived(frame)
        case .ping:
            output.appendFrame(.pong, payload: frame.payload)
            scheduleFlush()
        case .pong: if !pongs.isEmpty { pongs.removeFirst()(nil) }
        case .item: break  // of a stream that was cancelled
        case .request, .cancel, .credit: protocolViolated("a server sends no frame of type \(frame.type!)")
        }
    }

    /// Says why, and ends.
    private func protocolViolated(_ what: String) {
        guard !session.isClosed else { return }
        output.appendGoAway(GoAway(status: .invalidArgument, message: what, lastCallID: 0))
        flush()
        end(RPCLoss(.unavailable, "the server broke the protocol: \(what)", notProcessed: false))
    }

    private func responseReceived(_ frame: Frame) {
        let callID = frame.header.callID
        guard let call = calls.removeValue(forKey: callID) else {
            // The answer to a call that was cancelled or timed out here.
            if callID <= session.lastCallID { return }
            return protocolViolated("an answer to call \(callID), which never was")
        }
        if frame.header.code == StatusCode.ok.rawValue {
            call.completion(.message(frame.payload, arena))
        } else {
            call.completion(
                .refused(GatewayError(status: frame.header.code, metadata: frame.metadata, arena: arena)))
        }
    }

    private func helloReceived(_ frame: Frame) {
        do throws(GatewayError) {
            let hello = try ServerHello(decoding: frame.payload, arena: arena)
            if let problem = session.helloReceived(hello) {
                return end(RPCLoss(.failedPrecondition, problem, notProcessed: true))
            }
            parser.maximumLength = min(Int(hello.maximumFrameBytes), Limits.frameBytes)
            let promise = opening
            opening = nil
            promise?.succeed(self)
        } catch {
            protocolViolated("the HELLO can't be read: \(error.message)")
        }
    }

    private func goAwayReceived(_ frame: Frame) {
        let goAway =
            (try? GoAway(decoding: frame.payload, arena: arena))
            ?? GoAway(status: .unavailable, message: "the server goes away", lastCallID: .max)
        let status = UInt16(exactly: goAway.status).flatMap(StatusCode.init) ?? .unknown
        let code = status == .ok ? .unavailable : status
        let lastTaken = session.goAwayReceived(goAway)
        if loss == nil { loss = RPCLoss(code, goAway.message, notProcessed: opening != nil) }
        loseCalls(above: lastTaken)
        retire()
        // A server that ends for a reason of its own says nothing more; one that drains closes when it is done.
        if status != .ok, let loss { end(loss) }
    }

    // MARK: Output and time

    private func scheduleFlush() {
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        eventLoop.execute { self.flush() }
    }

    private func flush() {
        flushIsScheduled = false
        guard let context, !output.isEmpty else { return }
        session.flushed()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: output.bytes)), promise: nil)
        output.reset()
    }

    private func sweep() {
        let now = NIODeadline.now()
        for (callID, call) in calls {
            if let deadline = call.deadline, deadline <= now {
                abandon(
                    callID,
                    RPCLoss(
                        .deadlineExceeded, "no answer came in time; the call may still have taken effect",
                        notProcessed: false))
            }
        }
        if session.awaitsHello {
            if now - lastRead > options.connectTimeout {
                end(RPCLoss(.unavailable, "the server sent no HELLO in time", notProcessed: true))
            }
        } else if let pingSentAt {
            if now - pingSentAt > options.keepaliveTimeout {
                end(RPCLoss(.unavailable, "the server doesn't answer any more", notProcessed: false))
            }
        } else if now - lastRead > (calls.isEmpty ? options.keepalive : options.busyKeepalive) {
            pingSentAt = now
            output.appendFrame(.ping)
            scheduleFlush()
        }
    }

    // MARK: Ending

    /// Ends everything once; the first reason counts.
    private func end(_ reason: RPCLoss) {
        guard !session.isClosed else { return }
        var loss = loss ?? reason
        // Before the server's HELLO no call can have begun.
        if opening != nil { loss.notProcessed = true }
        self.loss = loss
        let lastSent = session.closed()
        sweeping?.cancel()
        unparsed = nil
        context?.close(promise: nil)
        let promise = opening
        opening = nil
        promise?.fail(loss)
        loseCalls(above: lastSent)
        let rest = calls
        calls = [:]
        for call in rest.values { call.completion(.lost(loss)) }
        let unanswered = pongs
        pongs = []
        for pong in unanswered { pong(loss) }
        retire()
        let closed = onClosed
        onClosed = nil
        closed?(loss)
    }

    private func loseCalls(above lastTaken: UInt32) {
        var loss = loss ?? RPCLoss(.unavailable, "the connection ended", notProcessed: true)
        loss.notProcessed = true
        for callID in calls.keys.filter({ $0 > lastTaken }).sorted() {
            calls.removeValue(forKey: callID)?.completion(.lost(loss))
        }
    }

    private func retire() {
        let retired = onRetired
        onRetired = nil
        if let loss { retired?(loss) }
    }
}
