package import NIOCore
package import RPCWire
package import SMSModel
internal import TLS

/// One connection on the server's side: cuts what is read into frames, hands requests to the service,
/// gathers the answers. Belongs to its event loop.
package final class RPCServerConnection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package let loop: RPCLoop
    /// The principal of the HELLO's credential, else of what the connection proves; nil without either.
    package private(set) var principal: (any RPCPrincipal)?
    package private(set) var id = RPCConnectionID(slot: .max, generation: 0)
    /// What the connection has taken of its rate, for the service to count in.
    @exclusivity(unchecked) package var rate = RateBucket()
    /// The largest answer that the peer takes, metadata and payload together.
    package var maximumFrameBytes: Int { parser.maximumLength }

    // Unchecked exclusivity: all is touched on the loop, by methods that don't call back while they hold these; the
    // checks cost a tenth of a null call.
    @exclusivity(unchecked) private var session: ServerSession
    @exclusivity(unchecked) private var parser = FrameParser()
    private var context: ChannelHandlerContext?
    /// The start of a frame whose rest hasn't come, or what waits while reading is paused.
    private var unparsed: ByteBuffer?
    private var sawFirstBytes = false
    /// What is to be sent; taken from the loop's buffers while there is something.
    @exclusivity(unchecked) private var output: OutputBuffer?
    @exclusivity(unchecked) private var isPaused = false
    /// What waits for a credential to be judged; what comes after it isn't parsed.
    private var unauthenticated: Unauthenticated?
    private let place: HeldPlace
    private let tls: TLSHandler?
    private let uid: UInt32?
    /// The loop's own, where no reference has to be counted to reach them.
    private let service: any RPCService
    private let arena: MessageArena
    private var clock = ConnectionClock()
    private var deadlines = CallDeadlines()
    private var deadlineTimer: Scheduled<Void>?
    /// When the bytes came that are being looked at: time-outs count from it.
    private var readAt = NIODeadline.now()

    private enum Unauthenticated {
        case hello(maximumFrameBytes: Int)
        /// The REQUEST's frame.
        case request(ByteBuffer)
    }

    /// - Parameters:
    ///   - tls: the handler beneath, if the connection is one of TLS.
    ///   - uid: the peer's, if it is one of a Unix socket.
    init(loop: RPCLoop, tls: TLSHandler?, uid: UInt32?, place: HeldPlace) {
        self.loop = loop
        self.tls = tls
        self.uid = uid
        self.place = place
        service = loop.service
        arena = loop.arena
        session = ServerSession(maximumCalls: loop.options.callsInFlight)
    }

    package var callsInFlight: Int { session.callsInFlight }
    /// The peer as far as it is known by now; put together at each call.
    package var peer: RPCPeer {
        let certificate = tls?.peerCertificate
        return RPCPeer(
            address: context?.channel.remoteAddress, tlsVersion: tls?.version, certificateSubject: certificate?.subject,
            certificateNames: certificate?.names ?? [], uid: uid)
    }

    // MARK: Answering

    /// Answers a Send or Null. An answer to a call that was cancelled, or on a closed connection, is dropped.
    @inline(__always)
    package func respond(callID: UInt32, send response: SendResponse) {
        guard let output = answering(callID) else { return }
        let start = output.beginFrame()
        response.encode(into: output)
        output.endFrame(at: start, type: .response, callID: callID)
        answered()
    }

    /// Answers a call; a message that is larger than the peer takes is shortened, or becomes RESOURCE_EXHAUSTED.
    package func respond(callID: UInt32, _ message: some WireMessage) {
        guard let output = answering(callID) else { return }
        output.appendResponse(callID: callID, message: message, maximumLength: parser.maximumLength)
        // Late answers can be large: they are not left to gather until the next sweep.
        if output.count > loop.options.outputCeilingBytes { return abort() }
        answered()
    }

    package func respond(callID: UInt32, error: GatewayError) {
        guard let output = answering(callID) else { return }
        output.appendError(callID: callID, error)
        answered()
    }

    @inline(__always)
    private func answering(_ callID: UInt32) -> OutputBuffer? {
        session.answered(callID) ? writable() : nil
    }

    /// The buffer that this burst's frames go to.
    @inline(__always)
    private func writable() -> OutputBuffer {
        if let output { return output }
        let taken = loop.takeBuffer()
        output = taken
        loop.markDirty(self)
        return taken
    }

    @inline(__always)
    private func answered() {
        if session.isDrained { end() }
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        id = loop.add(self)
        clock.opened(at: loop.now)
    }

    package func channelActive(context: ChannelHandlerContext) {
        if place.isTold { refuse(.resourceExhausted, "the server has as many connections as it may have") }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        session.closed()
        self.context = nil
        unparsed = nil
        unauthenticated = nil
        if let output {
            self.output = nil
            loop.giveBack(output)
        }
        deadlineTimer?.cancel()
        deadlineTimer = nil
        loop.remove(id)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        clock.bytesRead(at: loop.now)
        readAt = .now()
        guard !session.isClosed else { return }
        var read = unwrapInboundIn(data)
        if var waiting = unparsed {
            unparsed = nil
            waiting.writeBuffer(&read)
            unparsed = waiting.rest(after: handleFrames, isOurs: true)
        } else {
            unparsed = read.rest(after: handleFrames, isOurs: false)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        loop.openBurst()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { loop.markDirty(self) }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? TLSError else { return context.close(promise: nil) }
        loop.options.tlsFailed?(context.channel.remoteAddress, error)
        guard !session.isClosed else { return context.close(promise: nil) }
        // An alert says why: it is left the time to arrive.
        session.closed()
        unparsed = nil
        unauthenticated = nil
        lastBytesSent()
    }

    // MARK: Frames

    /// - Returns: how many bytes were used.
    private func handleFrames(in bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        do throws(FrameError) {
            if !sawFirstBytes {
                try FrameParser.checkFirst(bytes)
                sawFirstBytes = bytes.count >= 2
            }
            while !pausesIfFull(),
                let frame = try parser.frame(in: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            {
                offset += frame.size
                handle(frame)
                if session.isClosed { break }
            }
        } catch {
            frameRuleBroken(error)
        }
        return offset
    }

    @inline(__always)
    private func handle(_ frame: Frame) {
        switch frame.type {
        case .request: requestReceived(frame)
        case .hello: helloReceived(frame)
        case nil: break
        case .some(let type): controlReceived(type, frame)
        }
    }

    private func controlReceived(_ type: FrameType, _ frame: Frame) {
        guard !session.awaitsHello else { return refuse(.invalidArgument, "a frame before the HELLO") }
        switch type {
        case .cancel:
            guard session.cancelReceived(frame.header.callID) else { return }
            writable().appendError(callID: frame.header.callID, GatewayError(.cancelled, "cancelled by the caller"))
            answered()
        case .ping: writable().appendFrame(.pong, payload: frame.payload)
        case .pong, .credit: break  // Any bytes count as life. There is no stream yet that could have credit.
        case .goAway: break  // The client asks for nothing more; it closes when it has its answers.
        case .response, .item, .request, .hello:
            refuse(.invalidArgument, "a client sends no frame of type \(type)")
        }
    }

    private func helloReceived(_ frame: Frame) {
        arena.reset()
        do throws(GatewayError) {
            let hello = try ClientHello(decoding: frame.payload, arena: arena)
            switch session.helloReceived(hello) {
            case .refuse(let status, let message): refuse(status, message)
            case .accept(let maximumFrameBytes):
                guard !hello.credential.isEmpty else { return try open(service.identify(peer), maximumFrameBytes) }
                switch try authenticate(hello.credential) {
                case .principal(let principal): try open(principal, maximumFrameBytes)
                case .pending: wait(.hello(maximumFrameBytes: maximumFrameBytes))
                }
            }
        } catch {
            refuse(error.code, error.message)
        }
    }

    private func authenticate(_ credential: String) throws(GatewayError) -> RPCAuthentication {
        let bytes = Array(credential.utf8)
        return try bytes.withUnsafeBufferPointer { (credential) throws(GatewayError) in
            try service.authenticate(UnsafeRawBufferPointer(credential), on: self)
        }
    }

    private func open(_ principal: (any RPCPrincipal)?, _ maximumFrameBytes: Int) throws(GatewayError) {
        if let principal { try identified(as: principal) }
        // Who has not said who it is gets no room for large frames.
        let maximumFrameBytes = principal == nil ? min(maximumFrameBytes, Limits.minimumFrameBytes) : maximumFrameBytes
        self.principal = principal
        session.opened()
        loop.options.opened?(peer, principal)
        parser.maximumLength = maximumFrameBytes
        writable().appendHello(
            ServerHello(
                serverID: loop.options.serverID, serverAgent: loop.options.serverAgent,
                maximumFrameBytes: UInt32(maximumFrameBytes),
                maximumCallsInFlight: UInt32(loop.options.callsInFlight),
                keepaliveMilliseconds: UInt32(loop.options.keepalive.nanoseconds / 1_000_000)))
    }

    /// The connection is the principal's owner's from now on.
    ///
    /// - Throws: RESOURCE_EXHAUSTED: that one has too many.
    private func identified(as principal: any RPCPrincipal) throws(GatewayError) {
        guard !place.identified(as: service.owner(of: principal)) else { return }
        throw GatewayError(
            .resourceExhausted, "this tenant has as many connections as one may have",
            retryAfterMilliseconds: 1000, notProcessed: true)
    }

    @inline(__always)
    private func requestReceived(_ frame: Frame) {
        let callID = frame.header.callID
        switch session.requestReceived(callID) {
        case .take: take(frame)
        case .ignore: break
        case .violation(let message): refuse(.invalidArgument, message)
        case .refuseTooMany:
            writable().appendError(
                callID: callID,
                GatewayError(
                    .resourceExhausted, "more than \(loop.options.callsInFlight) calls in flight on this connection",
                    retryAfterMilliseconds: 100,
                    quota: QuotaDetail(
                        limit: "calls_in_flight", maximum: UInt64(loop.options.callsInFlight), unit: "calls"),
                    notProcessed: true))
        }
    }

    @inline(__always)
    private func take(_ frame: Frame) {
        arena.reset()
        do throws(GatewayError) {
            let metadata = try RequestMetadata(decoding: frame.metadata, arena: arena)
            guard metadata.authorization.isEmpty else { return try authenticate(frame, metadata) }
            handOn(frame, metadata, principal: principal)
        } catch {
            respond(callID: frame.header.callID, error: error)
        }
    }

    private func authenticate(_ frame: Frame, _ metadata: RequestMetadata) throws(GatewayError) {
        switch try service.authenticate(metadata.authorization, on: self) {
        case .principal(let own):
            if place.isStranger { try identified(as: own) }
            withExtendedLifetime(own) { handOn(frame, metadata, principal: own) }
        case .pending: wait(.request(ByteBuffer(bytes: frame.bytes)))
        }
    }

    private func wait(_ waiting: Unauthenticated) {
        unauthenticated = waiting
        pauseReading()
    }

    /// A credential that was pending is judged: what came with it goes on, or is refused, and what came after it
    /// follows. Without effect if the connection has ended meanwhile. On the loop only.
    package func authenticated(_ result: Result<any RPCPrincipal, GatewayError>) {
        guard let waiting = unauthenticated else { return }
        unauthenticated = nil
        switch waiting {
        case .hello(let maximumFrameBytes):
            do throws(GatewayError) {
                try open(try result.get(), maximumFrameBytes)
            } catch {
                refuse(error.code, error.message)
            }
        case .request(let frame): frame.withUnsafeReadableBytes { take($0, as: result) }
        }
        guard !session.isClosed else { return }
        // The service may have gathered the call.
        loop.openBurst()
        resumeReading()
    }

    /// - Parameter bytes: of a REQUEST's frame that has been taken before.
    private func take(_ bytes: UnsafeRawBufferPointer, as result: Result<any RPCPrincipal, GatewayError>) {
        guard let frame = try? parser.frame(in: bytes) else { return }
        arena.reset()
        do throws(GatewayError) {
            let principal = try result.get()
            if place.isStranger { try identified(as: principal) }
            let metadata = try RequestMetadata(decoding: frame.metadata, arena: arena)
            withExtendedLifetime(principal) { handOn(frame, metadata, principal: principal) }
        } catch {
            respond(callID: frame.header.callID, error: error)
        }
    }

    @inline(__always)
    private func handOn(_ frame: Frame, _ metadata: RequestMetadata, principal: (any RPCPrincipal)?) {
        service.requestReceived(
            RPCRequest(
                callID: frame.header.callID, method: frame.header.code, metadata: metadata, payload: frame.payload,
                principal: principal, arena: arena),
            on: self)
        // Most calls that are answered at once never get here.
        let timeout = metadata.timeoutMilliseconds
        if timeout != 0, session.calls.contains(frame.header.callID) { limit(frame.header.callID, timeout) }
    }

    // MARK: Time-outs of calls

    /// Whether the call still waits for its answer: it is neither cancelled nor past its time.
    package func isInFlight(_ callID: UInt32) -> Bool {
        session.calls.contains(callID)
    }

    private func limit(_ callID: UInt32, _ timeoutMilliseconds: UInt32) {
        let deadline = readAt + .milliseconds(Int64(timeoutMilliseconds))
        if deadlines.add(callID, deadline: deadline, calls: session.calls) { setDeadlineTimer() }
    }

    private func setDeadlineTimer() {
        deadlineTimer?.cancel()
        guard let next = deadlines.next else {
            deadlineTimer = nil
            return
        }
        deadlineTimer = loop.eventLoop.scheduleTask(deadline: next) { [loop, id] in
            loop.connection(id)?.deadlinesPassed()
        }
    }

    private func deadlinesPassed() {
        for callID in deadlines.due(at: .now(), calls: session.calls) where session.timeOutPassed(callID) {
            writable().appendError(
                callID: callID,
                GatewayError(.deadlineExceeded, "the time-out passed; the call may still take effect"))
            answered()
        }
        guard context != nil else { return }
        setDeadlineTimer()
    }

    // MARK: Output and back-pressure

    /// Writes what was gathered, unless the channel is full: then it waits for the peer to read.
    func flushOutput() {
        guard let context, context.channel.isWritable else { return }
        if let output {
            self.output = nil
            clock.sent(output.count)
            context.writeAndFlush(wrapOutboundOut(loop.wrap(output.bytes)), promise: nil)
            loop.giveBack(output)
        }
        if session.isClosed { return lastBytesSent() }
        if isPaused, unauthenticated == nil, self.context?.channel.isWritable == true { resumeReading() }
    }

    /// Stops reading and parsing while more output waits than may.
    @inline(__always)
    private func pausesIfFull() -> Bool {
        guard let output, output.count > loop.options.outputBytes else { return isPaused }
        pauseReading()
        return true
    }

    private func pauseReading() {
        guard !isPaused else { return }
        isPaused = true
        try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    private func resumeReading() {
        isPaused = false
        if var waiting = unparsed {
            unparsed = nil
            unparsed = waiting.rest(after: handleFrames, isOurs: true)
            loop.openBurst()
        }
        guard !isPaused else { return }
        try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    // MARK: Ending

    /// Takes no more calls, and ends when those in flight are answered.
    func drain(_ reason: String) {
        guard session.drainStarted() else { return }
        writable().appendGoAway(GoAway(status: .ok, message: reason, lastCallID: session.lastCallID))
        if session.isDrained { end() }
    }

    /// Says why, and ends at once.
    private func refuse(_ status: StatusCode, _ message: String) {
        guard !session.isClosed else { return }
        writable().appendGoAway(GoAway(status: status, message: message, lastCallID: session.lastCallID))
        end()
    }

    private func frameRuleBroken(_ error: FrameError) {
        switch error {
        case .http: ForeignProtocol.httpAnswer(error.message).withUnsafeBytes { writable().append($0) }
        case .tls: ForeignProtocol.tlsAlert.withUnsafeBytes { writable().append($0) }
        case .tooLarge: return refuse(.resourceExhausted, error.message)
        default: return refuse(.invalidArgument, error.message)
        }
        end()
    }

    /// Nothing more is taken or answered; what was gathered still goes out.
    private func end() {
        guard !session.isClosed else { return }
        session.closed()
        unparsed = nil
        unauthenticated = nil
        clock.ended(at: loop.now)
        loop.markDirty(self)
    }

    /// Ends our side, and reads on for a while: closing with unread bytes would reset the connection,
    /// and the peer would never see why.
    private func lastBytesSent() {
        guard clock.outputShut(at: loop.now) else { return }
        if isPaused {
            isPaused = false
            try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
        }
        context?.close(mode: .output, promise: nil)
    }

    func abort() {
        context?.close(promise: nil)
    }

    /// Looks at the time-outs; once in each of the loop's sweeps.
    func sweep(_ now: Int) {
        guard let context else { return }
        var waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if let tls { waiting += tls.pendingBytes }
        let unsent = waiting + (output?.count ?? 0)
        if unsent > loop.options.outputCeilingBytes { return abort() }
        switch clock.sweep(
            now: now, waiting: waiting, unsent: unsent, awaitsHello: session.awaitsHello,
            isStranger: place.isStranger, isPaused: isPaused, options: loop.options)
        {
        case .nothing: break
        case .ping: writable().appendFrame(.ping, payload: nil)
        case .abort: abort()
        case .refuseStranger: refuse(.unauthenticated, "no credential came in time")
        case .refuseHandshake: refuse(.deadlineExceeded, "no HELLO came in time")
        }
    }
}
