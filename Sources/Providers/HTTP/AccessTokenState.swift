internal import SMSModel

/// An access token on its way from one to the next (RFC 6749, section 4.4): fetched when it is needed, fetched again
/// before it expires, and dropped when the carrier refuses it. Pure; times are milliseconds since the Unix epoch.
struct AccessTokenState: Sendable {
    private struct Token {
        var text: String
        var serial: Int
        var renewAt: Int64
        var endsAt: Int64
    }

    enum Need: Hashable {
        /// There is one that holds.
        case use(serial: Int)
        /// The same, and the next is to be fetched besides.
        case useAndFetch(serial: Int)
        /// None is there: it is to be fetched, and waited for.
        case fetch
        /// It is being fetched.
        case wait
        /// The last request for one failed a moment ago.
        case failed(code: String)
    }

    private var token: Token?
    private var isFetching = false
    private var failure: (code: String, until: Int64)?
    private var lastSerial = 0

    /// A request is to be sent.
    mutating func needed(now: Int64) -> Need {
        if let token, now < token.endsAt {
            guard now >= token.renewAt, !isFetching, failure.map({ now >= $0.until }) ?? true else {
                return .use(serial: token.serial)
            }
            isFetching = true
            return .useAndFetch(serial: token.serial)
        }
        if isFetching { return .wait }
        if let failure, now < failure.until { return .failed(code: failure.code) }
        isFetching = true
        return .fetch
    }

    /// - Parameter seconds: for how long it holds.
    /// - Returns: its serial.
    @discardableResult
    mutating func received(_ text: String, seconds: Int64, now: Int64) -> Int {
        lastSerial += 1
        let lifetime = min(max(1, seconds), Limits.accessTokenSecondsMaximum) * 1000
        // What is on its way when it ends must be served still.
        token = Token(
            text: text, serial: lastSerial, renewAt: now + lifetime * 3 / 4,
            endsAt: now + lifetime - min(lifetime / 10, 30_000))
        isFetching = false
        failure = nil
        return lastSerial
    }

    mutating func failed(code: String, now: Int64) {
        isFetching = false
        failure = (code, now + Limits.accessTokenRetryMilliseconds)
    }

    /// The carrier has refused the token of this serial. A later one is left alone.
    mutating func refused(serial: Int) {
        if token?.serial == serial { token = nil }
    }

    /// The last that was received, unless it was refused.
    var current: (text: String, serial: Int)? { token.map { ($0.text, $0.serial) } }
}
