public import Logging
internal import RPCTransport
package import TLS

/// How a ``GatewayClient`` reaches its gateway.
public struct ClientConfiguration: Sendable {
    public var address: GatewayAddress
    /// The API key; nil where the gateway knows the caller by other means.
    public var key: String?
    /// Returns the credential, for one that expires, such as a token; it counts instead of ``key``. It is asked at each
    /// connect, and once more when the gateway answers UNAUTHENTICATED.
    public var credential: (@Sendable () async throws -> String)?
    /// For an address of TLS.
    public var tls = ClientTLS()
    /// What a call may take altogether: connecting, waiting and repeating included.
    public var timeout: Duration = .seconds(30)
    /// What one try to connect may take.
    public var connectTimeout: Duration = .seconds(10)
    /// Whether a call waits, up to its time-out, for a gateway that has not been reached yet. If not, it fails at
    /// once when the first try fails. A connection that was lost is always made again.
    public var waitsForGateway = true
    /// How long calls wait without a byte from the gateway before it is asked for a sign of life. Without one after the
    /// same time again the connection ends, and what may be repeated goes on over a new one.
    public var keepalive = Duration.seconds(5)
    /// Between tries.
    public var backoff = Backoff()
    /// For what becomes of the connection; nil = nothing is logged.
    public var logger: Logger?
    /// The caller's name for the gateway's logs; at most 256 bytes.
    public var userAgent = "ApusClient"

    public init(address: GatewayAddress, key: String? = nil) {
        self.address = address
        self.key = key
    }
}

/// The certificates that a client trusts, and what it shows of itself. Files are PEM, named by their paths, and read
/// when the client is made.
///
/// The gateway's certificate is always checked: that it was signed by one who is trusted, that it holds today, and that
/// it is the gateway's, by its name.
public struct ClientTLS: Hashable, Sendable {
    /// The certificates that sign the gateway's; nil = those that the system trusts.
    public var ca: String?
    /// The client's own certificate, with those between it and the root, for a gateway that asks for one.
    public var certificate: String?
    /// The certificate's key, not encrypted.
    public var key: String?
    /// Certificates that hold no more (a CRL), one list for each authority of a chain.
    public var revocationList: String?
    /// The name that the gateway's certificate must have, where that isn't the address's host.
    public var serverName: String?

    public init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}

extension ClientConfiguration {
    /// For connections to the address; nil without TLS.
    ///
    /// - Throws: FAILED_PRECONDITION naming the file that can't be used.
    package func tlsContext() throws(ApusError) -> TLSContext? {
        guard case .tls(let host, _) = address.server else { return nil }
        var options = TLSClientOptions(protocols: [RPCServer.tlsProtocol])
        options.ca = tls.ca ?? ""
        options.certificate = tls.certificate ?? ""
        options.key = tls.key ?? ""
        options.revocationList = tls.revocationList ?? ""
        do throws(TLSError) {
            return try TLSContext(client: options, serverName: tls.serverName ?? host)
        } catch {
            throw ApusError(.failedPrecondition, error.description, notProcessed: true)
        }
    }
}

/// The time between tries: it doubles from `first` to `longest`, and each is drawn from its upper half, so that many
/// clients don't come back at the same moment.
public struct Backoff: Hashable, Sendable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .milliseconds(50), longest: Duration = .seconds(5)) {
        self.first = first
        self.longest = longest
    }

    /// The time to wait after this many failures in a row.
    ///
    /// - Parameters:
    ///   - failures: from 1.
    ///   - random: from 0 to 1.
    package func delay(failures: Int, random: Double) -> Duration {
        let doublings = min(max(failures - 1, 0), 30)
        let whole = min(first * (1 << doublings), longest)
        return whole / 2 + whole / 2 * random
    }
}
