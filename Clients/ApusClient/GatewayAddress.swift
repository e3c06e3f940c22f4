internal import RPCTransport

/// Where a gateway listens.
public struct GatewayAddress: Hashable, Sendable, CustomStringConvertible {
    let server: ServerAddress

    /// Reads `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`; an IPv6 host is written in brackets.
    ///
    /// - Throws: INVALID_ARGUMENT with a sentence on what is wrong.
    public init(_ text: String) throws(ApusError) {
        do {
            server = try ServerAddress(parsing: text)
        } catch {
            throw ApusError(.invalidArgument, error.description, notProcessed: true)
        }
    }

    private init(server: ServerAddress) {
        self.server = server
    }

    /// A Unix socket; Linux takes paths of up to 107 bytes.
    public static func unix(path: String) -> GatewayAddress {
        GatewayAddress(server: .unix(path: path))
    }

    /// A TCP port; `host` is a name or an IPv4 or IPv6 address.
    public static func tcp(host: String, port: Int) -> GatewayAddress {
        GatewayAddress(server: .tcp(host: host, port: port))
    }

    /// A TCP port with TLS; the gateway's certificate must name `host`.
    public static func tls(host: String, port: Int) -> GatewayAddress {
        GatewayAddress(server: .tls(host: host, port: port))
    }

    public var description: String { server.description }
}
