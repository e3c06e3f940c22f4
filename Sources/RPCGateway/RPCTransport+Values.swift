package import Access
package import Engine
internal import GatewayCore
internal import NIOCore
package import RPCTransport
internal import RPCWire
internal import SMSModel

extension RPCConnectionID {
    /// The connection as one that asks. Those of two loops may have the same id, and then share their turns.
    var asker: Asker { Asker(UInt64(slot) << 32 | UInt64(generation)) }
}

extension PeerOrigin {
    init(_ peer: RPCPeer) { self.init(address: peer.address?.ipAddress, uid: peer.uid) }
}

extension GatewayLog {
    /// A HELLO was accepted.
    /// - Parameter principal: nil = nobody yet: each request brings its own credential.
    package func connectionOpened(_ peer: RPCPeer, _ principal: Principal?) {
        connectionOpened(
            peer.name, tlsVersion: peer.tlsVersion, tenant: principal?.tenant.name, actor: principal?.actor)
    }

    func authenticationFailed(_ peer: RPCPeer, reason: String) {
        authenticationFailed(peer.name, host: peer.host, reason: reason)
    }
}

extension MessageTrace {
    init(_ metadata: RequestMetadata) {
        self.init(requestID: metadata.requestID, traceparent: metadata.traceparent)
    }
}
