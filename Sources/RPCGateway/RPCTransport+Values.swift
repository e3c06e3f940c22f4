package import Access
package import Engine
internal import GatewayCore
internal import NIOCore
package import RPCTransport
internal import RPCWire
internal import SMSModel

extension RPCConnectionID {
    private var number: UInt64 { UInt64(slot) << 32 | UInt64(generation) }

    /// The connection as one that asks. Those of two loops may have the same id, and then share their turns.
    var asker: Asker { Asker(number) }

    /// The connection and the call, for the answer to find them again.
    @inline(__always)
    func token(_ callID: UInt32) -> ReplyToken { ReplyToken(number, UInt64(callID)) }
}

extension ReplyToken {
    /// The value of a token that ``RPCConnectionID/token(_:)`` made.
    @inline(__always)
    var connection: RPCConnectionID {
        RPCConnectionID(slot: UInt32(truncatingIfNeeded: high >> 32), generation: UInt32(truncatingIfNeeded: high))
    }

    @inline(__always)
    var callID: UInt32 { UInt32(truncatingIfNeeded: low) }
}

extension Peer {
    init(_ peer: RPCPeer) {
        self.init(
            name: peer.name, host: peer.host, address: peer.address?.ipAddress, certificateNames: peer.certificateNames,
            uid: peer.uid)
    }
}

extension GatewayLog {
    /// A HELLO was accepted.
    /// - Parameter principal: nil = nobody yet: each request brings its own credential.
    package func connectionOpened(_ peer: RPCPeer, _ principal: Principal?) {
        connectionOpened(
            peer.name, tlsVersion: peer.tlsVersion, tenant: principal?.tenant.name, actor: principal?.actor)
    }
}

extension MessageTrace {
    init(_ metadata: RequestMetadata) {
        self.init(requestID: metadata.requestID, traceparent: metadata.traceparent)
    }
}
