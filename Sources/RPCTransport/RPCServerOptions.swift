package import NIOCore
internal import SMSModel
package import TLS

/// The server's name and bounds; the defaults are those of `Limits`.
package struct RPCServerOptions: Sendable {
    package var serverID: String
    package var serverAgent: String
    package var connections = Limits.connections
    /// Further ones of Unix sockets.
    package var unixConnections = Limits.unixConnections
    /// Connections beyond that are told so; still more are closed at once.
    package var connectionsTold = Limits.connectionsTold
    /// Connections over the network without a credential, and those of one address.
    package var strangers = Limits.connectionsWithoutCredential
    package var strangersOfAddress = Limits.connectionsWithoutCredentialOfAddress
    /// Connections of one owner of credentials; nil = all but an eighth.
    package var connectionsOfOwner: Int?
    package var callsInFlight = Limits.callsInFlightPerConnection
    /// Reading pauses while more than this waits to be sent.
    package var outputBytes = Limits.outputBytesPerConnection
    /// A connection with more than this unsent is closed.
    package var outputCeilingBytes = Limits.outputCeilingBytesPerConnection
    package var handshake = TimeAmount.seconds(Int64(Limits.handshakeSeconds))
    /// From the HELLO to the first good credential, where the HELLO has none.
    package var credential = TimeAmount.seconds(Int64(Limits.credentialSeconds))
    package var keepalive = TimeAmount.seconds(Int64(Limits.keepaliveSeconds))
    package var keepaliveTimeout = TimeAmount.seconds(Int64(Limits.keepaliveTimeoutSeconds))
    package var linger = TimeAmount.seconds(Int64(Limits.lingerSeconds))
    /// How often time-outs are looked at, which is also their resolution.
    package var sweepInterval = TimeAmount.seconds(1)
    /// For addresses of TLS; asked for again at each connection.
    package var tls: TLSServerCredentials?
    package var tlsHandshake = TimeAmount.seconds(Int64(Limits.tlsHandshakeSeconds))
    /// Told of each TLS connection that failed, on its event loop: for logs.
    package var tlsFailed: (@Sendable (SocketAddress?, TLSError) -> Void)?
    /// Told of each connection whose HELLO was accepted, on its event loop, and whose it is: for logs.
    package var opened: (@Sendable (RPCPeer, (any RPCPrincipal)?) -> Void)?
    /// The permissions of a Unix socket.
    package var socketMode: UInt32 = 0o600
    /// Whether a Unix socket that was left behind is replaced; one that is served never is.
    package var replacesSocket = false

    package init(serverID: String, serverAgent: String) {
        self.serverID = serverID
        self.serverAgent = serverAgent
    }

    var connectionBounds: ConnectionBounds {
        ConnectionBounds(
            all: connections, ofUnix: unixConnections, strangers: strangers, strangersOfOrigin: strangersOfAddress,
            ofOwner: connectionsOfOwner ?? connections - connections / 8, told: connectionsTold)
    }

    /// A time in sweeps, at least one.
    func sweeps(_ time: TimeAmount) -> Int {
        Int(max(1, time.nanoseconds / max(1, sweepInterval.nanoseconds)))
    }
}
