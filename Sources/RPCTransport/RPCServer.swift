internal import Glibc
package import NIOCore
internal import NIOPosix
internal import SMSModel
internal import TLS

/// The listening side: sockets, and one ``RPCLoop`` for each event loop.
package final class RPCServer: Sendable {
    /// The protocol's name in TLS (ALPN, RFC 7301).
    package static let tlsProtocol = "apus/1"

    /// Where it listens, with the real ports.
    package let addresses: [ServerAddress]
    package let loops: [RPCLoop]
    private let channels: [any Channel]
    private let connections: SharedPlaces

    private init(
        addresses: [ServerAddress], loops: [RPCLoop], channels: [any Channel], connections: SharedPlaces
    ) {
        self.addresses = addresses
        self.loops = loops
        self.channels = channels
        self.connections = connections
    }

    /// Connections that are open now, over all loops.
    package var connectionCount: Int { connections.count }

    /// Binds every address and serves.
    ///
    /// - Parameter makeService: called once on each event loop.
    /// - Throws: the first address's error, also where it is of TLS and the options have none; what was bound before
    ///   it is closed again.
    package static func listen(
        on addresses: [ServerAddress], group: any EventLoopGroup, options: RPCServerOptions,
        makeService: @escaping @Sendable (RPCLoop) -> any RPCService
    ) async throws -> RPCServer {
        var loops: [RPCLoop] = []
        for eventLoop in group.makeIterator() {
            let loop = RPCLoop(eventLoop: eventLoop, options: options)
            try await eventLoop.submit { loop.start(makeService) }.get()
            loops.append(loop)
        }
        let connections = SharedPlaces(options.connectionBounds)
        var channels: [any Channel] = []
        do {
            for address in addresses {
                channels.append(
                    try await bind(address, group: group, loops: loops, options: options, connections: connections))
            }
        } catch {
            for channel in channels { try? await channel.close() }
            for loop in loops { try? await loop.eventLoop.submit { loop.stop() }.get() }
            throw error
        }
        let bound = zip(addresses, channels).map { $0.withPort($1.localAddress?.port) }
        return RPCServer(addresses: bound, loops: loops, channels: channels, connections: connections)
    }

    /// Stops listening, lets each connection finish its calls in flight, then closes it; after `grace` those
    /// that haven't are cut off.
    package func shutDown(reason: String, grace: TimeAmount) async {
        await stopListening()
        await withTaskGroup { group in
            for loop in loops {
                group.addTask { await Self.drain(loop, reason: reason, grace: grace) }
            }
        }
    }

    private static func drain(_ loop: RPCLoop, reason: String, grace: TimeAmount) async {
        // The grace begins once the loop has told its connections, however busy it is.
        try? await loop.eventLoop.flatSubmit {
            let drained = loop.drain(reason)
            let cutOff = loop.eventLoop.scheduleTask(in: grace) { loop.closeAll() }
            drained.whenComplete { _ in cutOff.cancel() }
            return drained
        }.get()
        try? await loop.eventLoop.submit { loop.stop() }.get()
    }

    /// Takes no new connections; those that are open go on.
    package func stopListening() async {
        for channel in channels { try? await channel.close() }
        for case .unix(let path) in addresses { unlink(path) }
    }

    private static func bind(
        _ address: ServerAddress, group: any EventLoopGroup, loops: [RPCLoop], options: RPCServerOptions,
        connections: SharedPlaces
    ) async throws -> any Channel {
        if address.isOfTLS, options.tls == nil {
            throw TLSError(.configuration, "there is no certificate for \(address)")
        }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Self.acceptPause)
                }
            }
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReadBufferSize())
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in
                let uid = address.isOfTCP ? nil : Self.peerUID(of: channel)
                let origin =
                    address.isOfTCP
                    ? channel.remoteAddress?.ipAddress.flatMap(PeerOrigin.init(address:)) ?? .others
                    : PeerOrigin(address: nil, uid: uid)
                guard let place = connections.opened(from: origin) else {
                    channel.close(promise: nil)
                    return channel.eventLoop.makeFailedFuture(NoPlace())
                }
                return channel.eventLoop.makeCompletedFuture {
                    let held = HeldPlace(place, in: connections)
                    channel.closeFuture.whenComplete { _ in held.giveBack() }
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("a connection on an event loop that isn't of the group")
                    }
                    if address.isOfTCP { try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
                    let tls = address.isOfTLS ? options.tls.map { loop.makeTLSHandler($0) } : nil
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
                    try channel.pipeline.syncOperations.addHandler(
                        RPCServerConnection(loop: loop, tls: tls, uid: uid, place: held))
                }
            }
        switch address {
        case .tcp(let host, let port), .tls(let host, let port):
            return try await bootstrap.bind(host: host, port: port).get()
        case .unix(let path):
            if options.replacesSocket { try await refuseIfServed(path, group: group) }
            let channel = try await bootstrap.bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: options.replacesSocket
            ).get()
            guard chmod(path, mode_t(options.socketMode)) == 0 else {
                let error = IOError(errnoCode: errno, reason: "chmod \(path)")
                try? await channel.close()
                throw error
            }
            return channel
        }
    }

    /// There is no place for a connection, nor for telling it so.
    private struct NoPlace: Error {}

    /// Without descriptors or memory for a connection it stays in the system's queue, and accepting goes on a little
    /// later: the listening socket would be ready again at once, and the loop do nothing else.
    private static var acceptPause: AcceptBackoffHandler {
        AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
            [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode)
                ? .milliseconds(Int64(Limits.acceptPauseMilliseconds)) : nil
        }
    }

    /// The kernel's `struct ucred`, which Glibc keeps to itself.
    private struct PeerCredentials {
        var processID: pid_t
        var uid: uid_t
        var gid: gid_t
    }

    /// The user who connected to a Unix socket; nil if the system doesn't tell. On the channel's loop, where it is told
    /// at once.
    private static func peerUID(of channel: any Channel) -> UInt32? {
        guard let options = channel as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        let found = NIOLoopBoundBox<UInt32?>(nil, eventLoop: channel.eventLoop)
        credentials.assumeIsolated().whenSuccess { found.value = $0.uid }
        return found.value
    }

    /// - Throws: EADDRINUSE if somebody answers at the socket: taking it away would cut that server off unseen.
    private static func refuseIfServed(_ path: String, group: any EventLoopGroup) async throws {
        do {
            let channel = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path).get()
            try? await channel.close()
        } catch let error as IOError where error.errnoCode == ECONNREFUSED || error.errnoCode == ENOENT {
            return
        }
        throw IOError(errnoCode: EADDRINUSE, reason: "another process serves \(path)")
    }
}

extension ServerAddress {
    fileprivate func withPort(_ port: Int?) -> ServerAddress {
        guard let port else { return self }
        switch self {
        case .unix: return self
        case .tcp(let host, _): return .tcp(host: host, port: port)
        case .tls(let host, _): return .tls(host: host, port: port)
        }
    }
}
