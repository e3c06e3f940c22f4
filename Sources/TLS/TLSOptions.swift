/// The oldest version of TLS that is spoken.
package enum TLSVersion: String, CaseIterable, Hashable, Sendable {
    case v12 = "1.2"
    case v13 = "1.3"
}

/// Whether clients show a certificate.
package enum ClientCertificates: String, CaseIterable, Hashable, Sendable {
    /// They are not asked for one.
    case off
    /// They may; one that is shown must be good.
    case optional
    /// Without a good one there is no connection.
    case required
}

/// What a server needs for TLS. Files are PEM, named by their paths.
package struct TLSServerOptions: Hashable, Sendable {
    /// The server's certificate, then those between it and the root.
    package var certificate = ""
    /// RSA or ECDSA, not encrypted.
    package var key = ""
    /// The certificates that sign the clients'.
    package var clientCA = ""
    package var clientCertificates = ClientCertificates.off
    /// Certificates of clients that hold no more, one list for each authority of a chain; "" = none.
    package var revocationList = ""
    package var minimumVersion = TLSVersion.v12
    /// The protocols of ALPN (RFC 7301), the best first. A client that names only others is refused; one that names
    /// none is not.
    package var protocols: [String]

    package init(protocols: [String]) {
        self.protocols = protocols
    }

    /// The files that are used.
    package var files: [String] { [certificate, key, clientCA, revocationList].filter { !$0.isEmpty } }
}

/// What a client needs for TLS. Files are PEM, named by their paths.
package struct TLSClientOptions: Hashable, Sendable {
    /// The certificates that sign the server's; "" = those that the system trusts.
    package var ca = ""
    /// The client's own certificate with those between it and the root; "" = none.
    package var certificate = ""
    package var key = ""
    /// Certificates of servers that hold no more, one list for each authority of a chain; "" = none.
    package var revocationList = ""
    package var minimumVersion = TLSVersion.v12
    /// The protocols of ALPN (RFC 7301). The server must choose one of them.
    package var protocols: [String]

    package init(protocols: [String]) {
        self.protocols = protocols
    }
}
