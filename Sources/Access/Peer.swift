internal import SMSModel

/// The other end of a connection, as far as the connection itself tells.
package struct Peer: Sendable {
    /// Where it is: `10.0.0.7:50312`, `[fd00::7]:50312`, or `unix` on this machine.
    package var name: String
    /// The same without its port.
    package var host: String
    /// Its address without the port; nil = it has none.
    package var address: String?
    /// The names of a client's certificate that was found good; empty without one.
    package var certificateNames: [String]
    /// The user at the other end of a Unix socket, as the system knows it.
    package var uid: UInt32?

    package init(
        name: String, host: String, address: String? = nil, certificateNames: [String] = [], uid: UInt32? = nil
    ) {
        self.name = name
        self.host = host
        self.address = address
        self.certificateNames = certificateNames
        self.uid = uid
    }

    /// The one whom its wrong guesses are counted against.
    var origin: PeerOrigin { PeerOrigin(address: address, uid: uid) }
}
