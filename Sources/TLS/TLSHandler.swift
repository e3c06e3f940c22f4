package import NIOCore
internal import SMSModel

/// TLS between a socket's channel and the handler of a protocol: plaintext above, records below.
///
/// - What is flushed is encrypted only while the channel is writable; the rest waits here as it is, counted in
///   ``pendingBytes``. A writer that heeds the channel's writability needs no bound besides.
/// - Before the handshake is done at most `Limits.tlsPendingBytes` may wait.
/// - A failure is told above as a ``TLSError``, once; nothing more is read or written then, and the handler above closes
///   the channel. An alert that says why has been flushed.
/// - Closing the output sends what waits, then a close_notify. Closing the channel does not wait.
///
/// Sendable unchecked: all is touched on the channel's event loop alone.
package final class TLSHandler: ChannelDuplexHandler, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case handshaking
        case open
        /// Our close_notify was sent; the peer may go on.
        case outputClosed
        case closed
    }

    private struct PendingWrite {
        var buffer: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    private let session: TLSSession
    private let buffers: TLSBuffers
    private let handshakeTimeout: TimeAmount
    private var context: ChannelHandlerContext?
    private var state = State.handshaking
    private var hasBegun = false
    private var deadline: Scheduled<Void>?
    private var writes = CircularBuffer<PendingWrite>()
    /// How many of `writes`, from the first, were flushed.
    private var flushed = 0
    private var isEncrypting = false
    /// The output was closed while something still waited.
    private var closing: (isWanted: Bool, promise: EventLoopPromise<Void>?) = (false, nil)

    /// Plaintext that waits: for the handshake's end, or for the channel to become writable.
    package private(set) var pendingBytes = 0

    /// So much is handed to the channel at once.
    static let chunkBytes = 64 * 1024

    /// - Parameters:
    ///   - buffers: those of the channel's event loop.
    ///   - handshakeTimeout: from the channel's becoming active to the handshake's end.
    package init(
        _ tls: TLSContext, buffers: TLSBuffers = TLSBuffers(),
        handshakeTimeout: TimeAmount = .seconds(Int64(Limits.tlsHandshakeSeconds))
    ) {
        session = TLSSession(tls)
        self.buffers = buffers
        self.handshakeTimeout = handshakeTimeout
    }

    // MARK: The peer

    package var isHandshakeDone: Bool { state == .open || state == .outputClosed }
    /// What the peer showed and was found good; nil before the handshake is done, or if it showed none.
    package var peerCertificate: CertificateSummary? { isHandshakeDone ? session.peerCertificate : nil }
    package var isResumed: Bool { session.isResumed }
    /// Such as `TLSv1.3`.
    package var version: String { session.version }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin() }
    }

    package func channelActive(context: ChannelHandlerContext) {
        begin()
        context.fireChannelActive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if state == .handshaking {
            fail(TLSError(.truncated, "the peer closed the connection before the TLS handshake was done"))
        } else if state != .closed {
            fail(Self.truncated)
        }
        context.fireChannelInactive()
    }

    private static let truncated = TLSError(
        .truncated, "the connection ended without TLS's close_notify: something may be missing")

    private func begin() {
        guard !hasBegun, let context else { return }
        hasBegun = true
        deadline = context.eventLoop.scheduleTask(in: handshakeTimeout) { [weak self] in
            self?.fail(TLSError(.timedOut, "the TLS handshake was not done in time"))
        }
        do throws(TLSError) {
            if try session.handshake() { handshakeDone() }
            sendOutput()
        } catch {
            fail(error)
        }
    }

    private func handshakeDone() {
        state = .open
        deadline?.cancel()
        deadline = nil
    }

    // MARK: Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = unwrapInboundIn(data)
        do throws(TLSError) {
            // By pieces, so that OpenSSL's buffers stay small.
            while state != .closed, read.readableBytes > 0 {
                let piece = min(read.readableBytes, TLSSession.recordBytes)
                read.withUnsafeReadableBytes { session.feed(UnsafeRawBufferPointer(rebasing: $0.prefix(piece))) }
                read.moveReaderIndex(forwardBy: piece)
                if state == .handshaking {
                    guard try session.handshake() else { continue }
                    handshakeDone()
                    // Ours first: what waited was written before anything that is read now.
                    encrypt()
                }
                try decrypt(context)
            }
        } catch {
            return fail(error)
        }
        sendOutput()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // With half-closure allowed a FIN comes like this. After a close_notify the channel is closed already.
        if case .inputClosed? = event as? ChannelEvent {
            if state != .closed { fail(Self.truncated) }
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func decrypt(_ context: ChannelHandlerContext) throws(TLSError) {
        var plain = buffers.takePlain()
        var outcome = TLSSession.Read.needsMore
        var failure: TLSError?
        repeat {
            plain.reserveCapacity(minimumWritableBytes: TLSSession.recordBytes)
            plain.writeWithUnsafeMutableBytes(minimumWritableBytes: TLSSession.recordBytes) { space in
                do throws(TLSError) {
                    outcome = try session.read(into: space)
                } catch {
                    failure = error
                    outcome = .needsMore
                }
                if case .bytes(let count) = outcome { return count }
                return 0
            }
            guard case .bytes = outcome else { break }
        } while true
        // What came before a failure is good.
        if plain.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plain)) }
        buffers.giveBackPlain(&plain)
        if let failure { throw failure }
        if outcome == .closed, state != .closed { close(context: context, mode: .all, promise: nil) }
    }

    // MARK: Writing

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state == .handshaking || state == .open, !closing.isWanted else {
            promise?.fail(state == .closed ? ChannelError.ioOnClosedChannel : ChannelError.outputClosed)
            return
        }
        let buffer = unwrapOutboundIn(data)
        writes.append(PendingWrite(buffer: buffer, promise: promise))
        pendingBytes += buffer.readableBytes
        if state == .handshaking, pendingBytes > Limits.tlsPendingBytes {
            fail(TLSError(.overflow, "more than \(Limits.tlsPendingBytes) bytes wait for the TLS handshake"))
        }
    }

    package func flush(context: ChannelHandlerContext) {
        flushed = writes.count
        encrypt()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Before those above hear of it: what waits was written before what they will write.
        encrypt()
        context.fireChannelWritabilityChanged()
    }

    /// Encrypts what was flushed while the channel takes it.
    private func encrypt() {
        guard state == .open, !isEncrypting, flushed > 0 || closing.isWanted, let context else { return }
        isEncrypting = true
        defer { isEncrypting = false }
        while flushed > 0, state == .open {
            // Another write in the channel's buffer is none in the kernel's: see whether it takes that first.
            if !context.channel.isWritable { context.flush() }
            guard context.channel.isWritable else { return }
            do throws(TLSError) {
                try encryptChunk(context)
            } catch {
                return fail(error)
            }
        }
        context.flush()
        if flushed == 0, closing.isWanted, state == .open { closeOutput(context) }
    }

    private func encryptChunk(_ context: ChannelHandlerContext) throws(TLSError) {
        var chunk = buffers.takeRecords()
        var done: [EventLoopPromise<Void>] = []
        while flushed > 0, chunk.readableBytes < Self.chunkBytes {
            let first = writes.startIndex
            let taken = try encryptRecord(writes[first].buffer)
            writes[first].buffer.moveReaderIndex(forwardBy: taken)
            pendingBytes -= taken
            drainOutput(into: &chunk)
            if writes[first].buffer.readableBytes == 0 {
                flushed -= 1
                if let promise = writes.removeFirst().promise { done.append(promise) }
            }
        }
        context.write(wrapOutboundOut(chunk), promise: Self.joined(done, context.eventLoop))
        buffers.giveBackRecords(&chunk)
    }

    private func encryptRecord(_ buffer: ByteBuffer) throws(TLSError) -> Int {
        var failure: TLSError?
        let taken = buffer.withUnsafeReadableBytes { bytes -> Int in
            do throws(TLSError) {
                return try session.write(bytes)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return taken
    }

    private static func joined(
        _ promises: [EventLoopPromise<Void>], _ eventLoop: any EventLoop
    ) -> EventLoopPromise<Void>? {
        guard let first = promises.first else { return nil }
        guard promises.count > 1 else { return first }
        let all = eventLoop.makePromise(of: Void.self)
        for promise in promises { all.futureResult.cascade(to: promise) }
        return all
    }

    /// Sends what TLS itself has to say: handshakes, tickets, alerts.
    private func sendOutput() {
        guard let context, session.outputBytes > 0 else { return }
        var chunk = buffers.takeRecords()
        drainOutput(into: &chunk)
        context.writeAndFlush(wrapOutboundOut(chunk), promise: nil)
        buffers.giveBackRecords(&chunk)
    }

    private func drainOutput(into chunk: inout ByteBuffer) {
        let waiting = session.outputBytes
        guard waiting > 0 else { return }
        chunk.writeWithUnsafeMutableBytes(minimumWritableBytes: waiting) { session.takeOutput(into: $0) }
    }

    // MARK: Ending

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all:
            if state == .open { session.closeNotify() }
            sendOutput()
            end()
            context.close(mode: .all, promise: promise)
        case .output where state == .handshaking || state == .open:
            guard !closing.isWanted else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            closing = (true, promise)
            flushed = writes.count
            encrypt()
        case .output, .input:
            context.close(mode: mode, promise: promise)
        }
    }

    private func closeOutput(_ context: ChannelHandlerContext) {
        state = .outputClosed
        session.closeNotify()
        sendOutput()
        let promise = closing.promise
        closing.promise = nil
        context.close(mode: .output, promise: promise)
    }

    private func fail(_ error: TLSError) {
        guard state != .closed, let context else { return }
        sendOutput()
        end()
        context.fireErrorCaught(error)
    }

    /// Nothing more is read or written.
    private func end() {
        state = .closed
        deadline?.cancel()
        deadline = nil
        flushed = 0
        pendingBytes = 0
        let dropped = writes
        writes = []
        let promise = closing.promise
        closing = (false, nil)
        for write in dropped { write.promise?.fail(ChannelError.ioOnClosedChannel) }
        promise?.fail(ChannelError.ioOnClosedChannel)
    }
}

/// Memory that the TLS connections of one event loop work in, one after the other: an idle connection needs none.
package final class TLSBuffers {
    private var plain = ByteBuffer()
    private var records = ByteBuffer()

    package init() {}

    // Each is lent out; who asks while it is lent gets a new one.

    func takePlain() -> ByteBuffer { Self.take(&plain) }
    func takeRecords() -> ByteBuffer { Self.take(&records) }
    func giveBackPlain(_ buffer: inout ByteBuffer) { swap(&buffer, &plain) }
    func giveBackRecords(_ buffer: inout ByteBuffer) { swap(&buffer, &records) }

    private static func take(_ place: inout ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &place)
        // The same memory, unless the one who got the bytes has kept them.
        buffer.clear(minimumCapacity: TLSHandler.chunkBytes + TLSSession.recordBytes + 1024)
        return buffer
    }
}
