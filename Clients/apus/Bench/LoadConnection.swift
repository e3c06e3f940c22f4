internal import NIOCore
internal import NIOPosix
internal import RPCTransport
internal import RPCWire
internal import SMSModel
internal import TLS

/// One connection of the load: a fixed number of calls in flight, each answer followed by the next call. A burst of
/// answers is followed by one write.
///
/// Sendable unchecked: all state is touched on its event loop, as are all methods but `connect`.
final class LoadConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let eventLoop: any EventLoop
    private let meter: LoadMeter
    private let frame: LoadFrame
    private let credential: String
    /// Brought by the calls in turn; empty = they go by the connection's.
    private let credentials: [[UInt8]]
    private let slots: Int
    /// A call's id ends in its slot's number, which takes this many bits.
    private let slotBits: UInt32
    private var startedAt: [UInt64]
    private var lastCallID: UInt32 = 0
    private var keyPrefix = UInt64.random(in: 0...UInt64.max)
    private var issued: UInt64 = 0
    private var inFlight = 0
    private var isStopped = false

    private var context: ChannelHandlerContext?
    private var parser = FrameParser()
    private let arena = MessageArena()
    private var unparsed = ByteBuffer()
    private var output = ByteBufferAllocator().buffer(capacity: 64 * 1024)
    private var ready: EventLoopPromise<LoadConnection>?
    private var drained: EventLoopPromise<Void>?

    private init(
        eventLoop: any EventLoop, meter: LoadMeter, frame: LoadFrame, inFlight: Int, credential: String,
        credentials: [[UInt8]], ready: EventLoopPromise<LoadConnection>
    ) {
        self.eventLoop = eventLoop
        self.meter = meter
        self.frame = frame
        self.credential = credential
        self.credentials = credentials
        slots = inFlight
        slotBits = UInt32(Int.bitWidth - (inFlight - 1).leadingZeroBitCount)
        startedAt = Array(repeating: 0, count: inFlight)
        self.ready = ready
    }

    /// Connects and exchanges HELLOs. From any thread.
    static func connect(
        to address: ServerAddress, on eventLoop: any EventLoop, meter: LoadMeter, frame: LoadFrame, inFlight: Int,
        credential: String, credentials: [[UInt8]] = [], tls: TLSContext?
    ) -> EventLoopFuture<LoadConnection> {
        let ready = eventLoop.makePromise(of: LoadConnection.self)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 * 1024))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.prepare(for: address, tls)
                    try channel.pipeline.syncOperations.addHandler(
                        LoadConnection(
                            eventLoop: eventLoop, meter: meter, frame: frame, inFlight: inFlight,
                            credential: credential, credentials: credentials, ready: ready))
                }
            }
        let connected = bootstrap.connect(to: address)
        connected.whenFailure { error in
            ready.fail(
                RPCLoss(.unavailable, "can't connect to \(address): \(connectReason(error))", notProcessed: true))
        }
        return ready.futureResult
    }

    // MARK: The load

    /// Begins as many calls as are to be in flight.
    func start() {
        let now = LoadMeter.now()
        for slot in 0..<slots { begin(slot, now) }
        write()
    }

    /// Begins no more calls; the future is done when those in flight are answered.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        if inFlight == 0 { promise.succeed() }
        return promise.futureResult
    }

    var isIdle: Bool { inFlight == 0 }

    func close() {
        isStopped = true
        context?.close(promise: nil)
    }

    @inline(__always)
    private func begin(_ slot: Int, _ now: UInt64) {
        guard !isStopped else { return }
        if let budget = meter.budget {
            guard budget > 0 else { return }
            meter.budget = budget - frame.messages
        }
        // The next id that ends in the slot's number: ids last the longer for it.
        let slotMask = UInt32(1) << slotBits - 1
        var callID = lastCallID & ~slotMask | UInt32(slot)
        if callID <= lastCallID { callID &+= slotMask + 1 }
        lastCallID = callID
        startedAt[slot] = now
        inFlight += 1
        frame.append(
            to: &output, callID: callID, key: (keyPrefix, issued), index: issued * UInt64(frame.messages),
            credential: credentials.isEmpty ? [] : credentials[Int(issued % UInt64(credentials.count))])
        issued += 1
    }

    private func write() {
        guard let context, output.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        // The same memory again, if the kernel took all at once; else NIO keeps it, and this makes another.
        output.clear()
    }

    private func responseReceived(_ frame: Frame, _ now: UInt64) {
        let slot = Int(frame.header.callID & ((1 << slotBits) - 1))
        inFlight -= 1
        if frame.header.code != 0 {
            arena.reset()
            let error = GatewayError(status: frame.header.code, metadata: frame.metadata, arena: arena)
            meter.refused(self.frame.messages, "\(error.message) (\(error.code.name))")
        } else if self.frame.messages == 1 {
            meter.answered(messages: 1, nanoseconds: now - startedAt[slot])
        } else {
            bulkAnswered(frame, now - startedAt[slot])
        }
        begin(slot, now)
    }

    private func bulkAnswered(_ frame: Frame, _ nanoseconds: UInt64) {
        arena.reset()
        guard let response = try? BulkResponse(decoding: frame.payload, arena: arena) else {
            return meter.refused(self.frame.messages, "a Bulk's answer that can't be read")
        }
        meter.answered(messages: Int(response.accepted), nanoseconds: nanoseconds)
        let rest = self.frame.messages - Int(response.accepted)
        if rest > 0 { meter.refused(rest, response.refusals.first?.message ?? "duplicates") }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        let hello = OutputBuffer()
        hello.appendHello(ClientHello(userAgent: "apus bench", credential: credential))
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: hello.bytes)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = unwrapInboundIn(data)
        if unparsed.readableBytes > 0 {
            unparsed.writeBuffer(&read)
            let taken = unparsed.withUnsafeReadableBytes(handleFrames)
            unparsed.moveReaderIndex(forwardBy: taken)
            if unparsed.readableBytes == 0 { unparsed.clear() } else { unparsed.discardReadBytes() }
        } else {
            let taken = read.withUnsafeReadableBytes(handleFrames)
            read.moveReaderIndex(forwardBy: taken)
            if read.readableBytes > 0 { unparsed.writeBuffer(&read) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        write()
        if inFlight == 0, isStopped { drained?.succeed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the gateway closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end("\(error)")
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    private func end(_ reason: String) {
        ready?.fail(RPCLoss(.unavailable, reason, notProcessed: true))
        ready = nil
        if inFlight > 0 { meter.refused(inFlight * frame.messages, reason) }
        inFlight = 0
        isStopped = true
        drained?.succeed()
        drained = nil
    }

    private func handleFrames(in bytes: UnsafeRawBufferPointer) -> Int {
        let now = LoadMeter.now()
        var offset = 0
        do throws(FrameError) {
            while let frame = try parser.frame(in: UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
                offset += frame.size
                switch frame.type {
                case .response: responseReceived(frame, now)
                case .hello: helloReceived()
                case .goAway: goAwayReceived(frame)
                case .ping:
                    let pong = OutputBuffer()
                    pong.appendFrame(.pong, payload: frame.payload)
                    output.writeBytes(pong.bytes)
                default: break
                }
            }
        } catch {
            end(error.message)
            context?.close(promise: nil)
        }
        return offset
    }

    private func helloReceived() {
        parser.maximumLength = Limits.frameBytes
        ready?.succeed(self)
        ready = nil
    }

    private func goAwayReceived(_ frame: Frame) {
        arena.reset()
        let goAway = try? GoAway(decoding: frame.payload, arena: arena)
        let code = goAway.flatMap { UInt16(exactly: $0.status) }.flatMap(StatusCode.init) ?? .unavailable
        isStopped = true
        ready?.fail(RPCLoss(code == .ok ? .unavailable : code, goAway?.message ?? "goes away", notProcessed: true))
        ready = nil
    }
}
