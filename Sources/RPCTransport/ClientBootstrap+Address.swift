package import NIOCore
package import NIOPosix
package import TLS

extension ClientBootstrap {
    package func connect(to address: ServerAddress) -> EventLoopFuture<any Channel> {
        switch address {
        case .unix(let path): connect(unixDomainSocketPath: path)
        case .tcp(let host, let port), .tls(let host, let port): connect(host: host, port: port)
        }
    }
}

extension Channel {
    /// What a client's connection to that address needs beneath its own handler. On the channel's event loop.
    ///
    /// - Parameter tls: for an address of TLS.
    /// - Throws: ``TLSError`` if the address is of TLS and there is none.
    package func prepare(for address: ServerAddress, _ tls: TLSContext?) throws {
        if address.isOfTCP { try syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
        guard address.isOfTLS else { return }
        guard let tls else { throw TLSError(.configuration, "there is no TLS context for \(address)") }
        try pipeline.syncOperations.addHandler(TLSHandler(tls))
    }
}
