package import NIOCore
internal import RPCWire
internal import SMSModel
internal import TLS

/// What all connections of one event loop share: the service, memory to decode and encode in, and the
/// burst, which ends once in a turn of the loop.
///
/// Sendable unchecked: others may carry the reference, but all its state is touched on ``eventLoop`` alone.
package final class RPCLoop: @unchecked Sendable {
    package let eventLoop: any EventLoop
    let options: RPCServerOptions
    /// Set right after the loop is made, before its first connection.
    private(set) var service: (any RPCService)!
    let arena = MessageArena()

    private var connections: [RPCServerConnection?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [UInt32] = []
    package private(set) var connectionCount = 0

    private var dirty: [RPCServerConnection] = []
    private var flushing: [RPCServerConnection] = []
    private var burstIsOpen = false
    private var buffers: [OutputBuffer] = []
    private var sendBuffer: ByteBuffer
    private let tlsBuffers = TLSBuffers()
    /// Counts the sweeps: the clock of all time-outs of connections.
    package private(set) var now = 0
    private var sweeping: RepeatedTask?
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, options: RPCServerOptions) {
        self.eventLoop = eventLoop
        self.options = options
        sendBuffer = ByteBufferAllocator().buffer(capacity: Self.keptBytes)
    }

    /// Larger buffers aren't kept for the next burst.
    private static let keptBytes = 64 * 1024
    private static let keptBuffers = 64

    func start(_ makeService: (RPCLoop) -> any RPCService) {
        eventLoop.assertInEventLoop()
        service = makeService(self)
        sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: options.sweepInterval, delay: options.sweepInterval
        ) { [weak self] _ in self?.sweep() }
    }

    func stop() {
        sweeping?.cancel()
        sweeping = nil
    }

    /// The connection of that id, if it is still open. On the loop only.
    package func connection(_ id: RPCConnectionID) -> RPCServerConnection? {
        let slot = Int(id.slot)
        guard slot < generations.count, generations[slot] == id.generation else { return nil }
        return connections[slot]
    }

    /// Writes out what the connections have gathered, each once. It happens by itself at the end of a burst;
    /// a service that delivers late answers may call it to have them leave at once. On the loop only.
    package func flush() {
        guard flushing.isEmpty else { return }
        swap(&dirty, &flushing)
        for connection in flushing { connection.flushOutput() }
        flushing.removeAll(keepingCapacity: true)
    }

    // MARK: For connections

    func add(_ connection: RPCServerConnection) -> RPCConnectionID {
        connectionCount += 1
        if let slot = freeSlots.popLast() {
            connections[Int(slot)] = connection
            return RPCConnectionID(slot: slot, generation: generations[Int(slot)])
        }
        connections.append(connection)
        generations.append(0)
        return RPCConnectionID(slot: UInt32(connections.count - 1), generation: 0)
    }

    func remove(_ id: RPCConnectionID) {
        connections[Int(id.slot)] = nil
        generations[Int(id.slot)] &+= 1
        freeSlots.append(id.slot)
        connectionCount -= 1
        if connectionCount == 0 { drained?.succeed() }
    }

    func markDirty(_ connection: RPCServerConnection) {
        dirty.append(connection)
        openBurst()
    }

    /// The burst ends when this turn of the loop has read all that was readable.
    func openBurst() {
        guard !burstIsOpen else { return }
        burstIsOpen = true
        eventLoop.execute { self.endBurst() }
    }

    func makeTLSHandler(_ credentials: TLSServerCredentials) -> TLSHandler {
        TLSHandler(credentials.current, buffers: tlsBuffers, handshakeTimeout: options.tlsHandshake)
    }

    func takeBuffer() -> OutputBuffer { buffers.popLast() ?? OutputBuffer() }

    func giveBack(_ buffer: OutputBuffer) {
        guard buffers.count < Self.keptBuffers else { return }
        buffer.reset(keeping: Self.keptBytes)
        buffers.append(buffer)
    }

    /// The bytes as NIO wants them. The same memory is used again as long as the kernel takes it all at once.
    func wrap(_ bytes: UnsafeRawBufferPointer) -> ByteBuffer {
        guard bytes.count <= Self.keptBytes else { return ByteBuffer(bytes: bytes) }
        sendBuffer.clear()
        sendBuffer.writeBytes(bytes)
        return sendBuffer
    }

    // MARK: Turns and time

    private func endBurst() {
        burstIsOpen = false
        service.burstEnded()
        flush()
    }

    private func sweep() {
        now += 1
        for connection in connections { connection?.sweep(now) }
    }

    /// Sends each connection a GOAWAY; the future is done when all of them have ended.
    func drain(_ reason: String) -> EventLoopFuture<Void> {
        eventLoop.assertInEventLoop()
        let promise = drained ?? eventLoop.makePromise(of: Void.self)
        drained = promise
        if connectionCount == 0 {
            promise.succeed()
        } else {
            for connection in connections { connection?.drain(reason) }
        }
        return promise.futureResult
    }

    /// Closes every connection at once, with what was gathered for it.
    func closeAll() {
        flush()
        for connection in connections { connection?.abort() }
    }
}
