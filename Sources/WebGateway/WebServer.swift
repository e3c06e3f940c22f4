package import GatewayCore
internal import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOPosix
package import SMSModel
internal import Synchronization
package import TLS

package struct WebServerOptions: Sendable {
    /// nil = what the Host header says.
    package var publicURL: PublicURL?
    /// For https addresses.
    package var tls: TLSServerCredentials?
    package var connections = Limits.webConnections
    package var connectionsRefused = Limits.webConnectionsRefused
    /// Connections of one address; proxies, and what comes from this machine, have no such bound.
    package var connectionsPerAddress = Limits.webConnectionsPerAddress
    /// Proxies whose `X-Forwarded-For` is believed.
    package var proxies: Set<PeerOrigin> = []
    package var webhooksInFlight = Limits.webhooksInFlight
    /// Bodies that are coming in, all together.
    package var bodyBytes = Limits.webBodyBytes
    /// What a body may take besides what its bytes take at the least rate.
    package var bodyGrace = TimeAmount.seconds(Int64(Limits.webBodySeconds))
    package var bodyBytesPerSecond = Limits.webBodyBytesPerSecond
    package var stepTimeout = TimeAmount.seconds(Int64(Limits.webStepSeconds))
    /// After a connection's last answer its peer's bytes are read and dropped for so long.
    package var linger = TimeAmount.seconds(Int64(Limits.lingerSeconds))

    package init() {}
}

/// The HTTP side of the gateway: carriers' webhooks, and its health.
package final class WebServer: Sendable {
    /// The protocol's name in TLS (ALPN, RFC 7301).
    package static let tlsProtocol = "http/1.1"

    /// Where it listens, with the real ports.
    package let addresses: [WebAddress]
    private let listeners: [Listener]
    private let connections: OpenConnections
    /// The thread that large bodies are proven on.
    private let bodies: MultiThreadedEventLoopGroup

    private init(
        addresses: [WebAddress], listeners: [Listener], connections: OpenConnections,
        bodies: MultiThreadedEventLoopGroup
    ) {
        self.addresses = addresses
        self.listeners = listeners
        self.connections = connections
        self.bodies = bodies
    }

    /// Connections that are open now.
    package var connectionCount: Int { connections.count }

    /// Binds every address and serves.
    ///
    /// - Throws: the first address's error, also where it is of https and the options have no certificate; what was
    ///   bound before it is closed again.
    package static func listen(
        on addresses: [WebAddress], eventLoop: any EventLoop, options: WebServerOptions,
        carriers: CarrierIngress, health: @escaping @Sendable () -> GatewayHealth, log: Logger
    ) async throws -> WebServer {
        let connections = OpenConnections(
            served: options.connections, refused: options.connectionsRefused,
            perAddress: options.connectionsPerAddress)
        let origins = ClientOrigin(proxies: options.proxies)
        let bodies = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let responder = WebResponder(
            options: options, carriers: carriers, origins: origins, bodies: EventLoopExecutor(bodies.next()),
            health: health)
        let buffers = try await eventLoop.submit { NIOLoopBound(TLSBuffers(), eventLoop: eventLoop) }.get()
        var listeners: [Listener] = []
        var bound: [WebAddress] = []
        do {
            for address in addresses {
                guard !address.isOfTLS || options.tls != nil else {
                    throw TLSError(.configuration, "there is no certificate for \(address)")
                }
                let channel = WebChannel(
                    tls: address.isOfTLS ? options.tls : nil, buffers: buffers, connections: connections,
                    origins: origins, options: options, responder: responder)
                let listener = try await Listener.start(channel, at: address, eventLoop: eventLoop, log: log)
                listeners.append(listener)
                bound.append(address.with(port: listener.port))
            }
        } catch {
            for listener in listeners { await listener.shutDown() }
            try? await bodies.shutdownGracefully()
            throw error
        }
        return WebServer(addresses: bound, listeners: listeners, connections: connections, bodies: bodies)
    }

    /// Takes no new connections, lets requests that are under way end with their answer, and cuts off what is left
    /// after `grace`.
    package func shutDown(grace: Duration) async {
        await withTaskGroup { group in
            group.addTask { [connections] in
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                connections.closeAll()
            }
            await withTaskGroup { drains in
                for listener in listeners { drains.addTask { await listener.shutDown() } }
            }
            group.cancelAll()
        }
        // All that was under way has ended with its connection's task.
        try? await bodies.shutdownGracefully()
    }
}

/// One address.
private struct Listener: Sendable {
    let port: Int
    private let server: Server<WebChannel>
    private let task: Task<Void, any Error>

    static func start(
        _ channel: WebChannel, at address: WebAddress, eventLoop: any EventLoop, log: Logger
    ) async throws -> Listener {
        let (ports, isBound) = AsyncStream<Int>.makeStream()
        let server = Server(
            childChannelSetup: channel,
            configuration: .init(address: .hostname(address.host, port: address.port), backlog: 1024),
            onServerRunning: { channel in
                isBound.yield(channel.localAddress?.port ?? address.port)
                isBound.finish()
            }, eventLoopGroup: eventLoop, logger: quiet(log))
        // Those of its connections too, which are its children.
        let task = Task(executorPreference: EventLoopExecutor(eventLoop)) {
            defer { isBound.finish() }
            try await server.run()
        }
        var port: Int?
        for await bound in ports { port = bound }
        guard let port else {
            try await task.value
            throw ChannelError.ioOnClosedChannel
        }
        return Listener(port: port, server: server, task: task)
    }

    /// Returns once all its connections are closed.
    func shutDown() async {
        try? await server.shutdownGracefully()
        try? await task.value
    }

    /// Where it listens is told once, by the daemon.
    private static func quiet(_ log: Logger) -> Logger {
        var log = log
        log.logLevel = max(log.logLevel, .warning)
        return log
    }
}
