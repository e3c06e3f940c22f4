internal import GatewayCore
internal import NIOCore
internal import NIOPosix
internal import TLS
internal import WebGateway

extension Daemon {
    /// nil without an address.
    func serveWeb(
        _ addresses: [WebAddress], _ gateway: Gateway, _ tls: TLSServerCredentials?, connections: Int
    ) async throws -> WebServer? {
        guard !addresses.isEmpty else { return nil }
        var options = WebServerOptions()
        options.publicURL = try configuration.publicURL()
        options.proxies = try configuration.proxies()
        options.tls = tls
        options.connections = connections
        do {
            return try await WebServer.listen(
                on: addresses, eventLoop: MultiThreadedEventLoopGroup(numberOfThreads: 1).next(), options: options,
                carriers: gateway.carriers, health: { gateway.monitor.latestHealth }, log: log)
        } catch {
            throw listenFault(addresses.map { ListenAddress($0) }, error)
        }
    }
}

extension WebServer {
    /// The same certificate and key, of which carriers are asked for none.
    static func withoutClients(_ options: TLSServerOptions) -> TLSServerOptions {
        var own = TLSServerOptions(protocols: [tlsProtocol])
        own.certificate = options.certificate
        own.key = options.key
        own.minimumVersion = options.minimumVersion
        return own
    }
}
