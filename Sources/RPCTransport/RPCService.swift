package import NIOCore
package import RPCWire
package import SMSModel

/// The owner of a connection or a request, as the service's authentication found.
package typealias RPCPrincipal = AnyObject & Sendable

/// The other end of a connection, as far as the connection itself tells.
package struct RPCPeer: Sendable {
    package var address: SocketAddress?
    /// Such as `TLSv1.3`; nil = not encrypted.
    package var tlsVersion: String?
    /// The subject (RFC 2253) of a client's certificate that was shown over TLS and found good.
    package var certificateSubject: String?
    /// Its alternative names, or its common name where it has none; empty without a certificate.
    package var certificateNames: [String] = []
    /// The user at the other end of a Unix socket, as the system knows it.
    package var uid: UInt32?

    package init(
        address: SocketAddress? = nil, tlsVersion: String? = nil, certificateSubject: String? = nil,
        certificateNames: [String] = [], uid: UInt32? = nil
    ) {
        self.address = address
        self.certificateSubject = certificateSubject
        self.certificateNames = certificateNames
        self.tlsVersion = tlsVersion
        self.uid = uid
    }
}

/// What became of a credential, at once or later.
package enum RPCAuthentication {
    case principal(any RPCPrincipal)
    /// ``RPCServerConnection/authenticated(_:)`` will tell. Until then the connection reads nothing more.
    case pending
}

/// What the server's connections hand requests to: one instance for each event loop, used only on it.
package protocol RPCService: AnyObject {
    /// Judges a credential from a HELLO or from a request's metadata; it isn't empty.
    ///
    /// - Parameter credential: borrowed for the call.
    /// - Throws: UNAUTHENTICATED or another refusal, as the peer gets to see it.
    func authenticate(
        _ credential: UnsafeRawBufferPointer, on connection: RPCServerConnection
    ) throws(GatewayError) -> RPCAuthentication

    /// Judges a peer whose HELLO has no credential, by what the connection itself proves.
    ///
    /// - Returns: nil = nobody: each request brings its own credential.
    func identify(_ peer: RPCPeer) -> (any RPCPrincipal)?

    /// The owner of a principal's connections, who has a share of them; nil = there is none.
    func owner(of principal: any RPCPrincipal) -> UInt64?

    /// A call came in. It is answered exactly once, now or later on the loop, by one of the connection's
    /// `respond` methods.
    ///
    /// - Parameter request: borrowed for the call; a deferred answer needs a copy of what it uses.
    func requestReceived(_ request: RPCRequest, on connection: RPCServerConnection)

    /// All connections that were readable have been read: what was gathered can be handed on. Called
    /// once in a turn of the event loop in which requests came; answers given here are flushed with the rest.
    func burstEnded()
}

extension RPCService {
    package func identify(_ peer: RPCPeer) -> (any RPCPrincipal)? { nil }
    package func owner(of principal: any RPCPrincipal) -> UInt64? { nil }
}

/// One call as it came in: borrowed, valid only during ``RPCService/requestReceived(_:on:)``.
package struct RPCRequest {
    package let callID: UInt32
    /// The method's number, known or not.
    package let method: UInt16
    package let metadata: RequestMetadata
    package let payload: UnsafeRawBufferPointer
    // Unowned, unchecked: the connection and its loop hold these for as long as the request is valid.
    /// The principal of the request's own credential, else of the connection's; nil without either.
    package unowned(unsafe) let principal: (any RPCPrincipal)?
    /// For decoding the payload; reset before the next request.
    package unowned(unsafe) let arena: MessageArena

    /// Decodes a Send; texts are borrowed like the request.
    @inline(__always)
    package func decodeSend() throws(GatewayError) -> SubmitRequest {
        try SubmitRequest(decoding: payload, metadata: metadata, arena: arena)
    }

    /// Decodes the payload as a message of that type.
    package func decode<Message: WireMessage>(_ type: Message.Type) throws(GatewayError) -> Message {
        try Message(decoding: payload, arena: arena)
    }
}

/// Where a late answer goes: a plain value that may travel between threads, back to ``RPCLoop/connection(_:)``.
package struct RPCConnectionID: Hashable, Sendable {
    package let slot: UInt32
    package let generation: UInt32

    package init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}
