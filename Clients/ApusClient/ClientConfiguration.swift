/// How a ``GatewayClient`` reaches its gateway.
public struct ClientConfiguration: Sendable {
    public var address: GatewayAddress
    /// The API key; nil where the gateway knows the caller by other means.
    public var key: String?
    /// What a call may take altogether: connecting, waiting and repeating included.
    public var timeout: Duration = .seconds(30)
    /// What one try to connect may take.
    public var connectTimeout: Duration = .seconds(10)
    /// Whether a call waits, up to its time-out, for a gateway that has not been reached yet. If not, it fails at
    /// once when the first try fails. A connection that was lost is always made anew.
    public var waitsForGateway = true
    /// Between tries.
    public var backoff = Backoff()
    /// Who calls, for the gateway's logs; at most 256 bytes.
    public var userAgent = "ApusClient"

    public init(address: GatewayAddress, key: String? = nil) {
        self.address = address
        self.key = key
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

    /// The time to wait after so many failures in a row.
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
