package import NIOCore

extension RPCPeer {
    /// Where it is, without its port: `10.0.0.7`, or `unix` for a peer on this machine.
    package var host: String { address.map(\.host) ?? "unknown" }
    /// Where it is: `10.0.0.7:50312`, `[fd00::7]:50312`, or `unix`.
    package var name: String { address.map(\.peerName) ?? "unknown" }
}

extension SocketAddress {
    fileprivate var host: String { ipAddress ?? "unix" }

    /// The same as ``RPCPeer/name``.
    package var peerName: String {
        guard let ipAddress, let port else { return host }
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
