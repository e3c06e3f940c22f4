internal import HTTPTransport
internal import JSON
internal import SMSModel
internal import Synchronization

/// How a carrier gives access tokens to clients that show their own credentials (RFC 6749, section 4.4).
struct AccessTokenEndpoint: Hashable, Sendable {
    enum Credentials: String, CaseIterable, Hashable, Sendable {
        /// Keyed by RFC 7617, in the header `Authorization`.
        case basic
        /// In the form, as `client_id` and `client_secret`.
        case form
    }

    var url: String
    var clientID: String
    var clientSecret: String
    var credentials = Credentials.basic
    /// Further fields of the form, such as `scope`.
    var parameters: [String: String] = [:]

    var request: HTTPRequest {
        var body = FormWriter()
        body.append("grant_type", "client_credentials")
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { body.append(name, value) }
        if credentials == .form {
            body.append("client_id", clientID)
            body.append("client_secret", clientSecret)
        }
        return HTTPRequest(
            id: HTTPRequestID(number: 1), method: .post, url: url,
            headers: [
                HTTPHeader("Content-Type", "application/x-www-form-urlencoded"),
                HTTPHeader("Accept", "application/json"),
            ],
            body: body.bytes,
            authentication: credentials == .basic ? .basic(user: clientID, password: clientSecret) : .none)
    }

    /// - Returns: the token and for how many seconds it holds; or why there is none.
    static func token(in result: HTTPResult) -> Result<(text: String, seconds: Int64), AccessTokenFailure> {
        switch result {
        case .notSent(let failure), .unknown(let failure):
            return .failure(AccessTokenFailure(code: "ACCESS_TOKEN_\(failure.reason.rawValue)", isRefusal: false))
        case .answered(let response):
            let body = response.isBodyCut ? nil : try? JSONValue(response.body)
            if response.status == 200, let text = body?["access_token"]?.string, isToken(text),
                body?["token_type"]?.string.map({ $0.lowercased() == "bearer" }) ?? true
            {
                let seconds = body?["expires_in"].flatMap { $0.integer ?? $0.string.flatMap { Int64($0) } }
                return .success((text, seconds ?? Limits.accessTokenSeconds))
            }
            let error = body?["error"]?.string.map { "ACCESS_TOKEN_\($0.uppercased())" }
            let code = String(
                (error ?? "ACCESS_TOKEN_HTTP_\(response.status)").prefix(Limits.providerMessageCharacters))
            return .failure(
                AccessTokenFailure(code: code, isRefusal: [400, 401, 403].contains(response.status)))
        }
    }

    /// RFC 6750, section 2.1.
    private static func isToken(_ text: String) -> Bool {
        1...Limits.accessTokenBytes ~= text.utf8.count && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// Why there is no access token.
struct AccessTokenFailure: Error, Hashable {
    /// For timelines.
    var code: String
    /// The carrier refuses the credentials.
    var isRefusal: Bool
}

/// The access tokens of one provider: one is fetched for all who need it, and kept as long as it holds.
final class AccessTokens: HTTPCompletionHandler {
    typealias Waiter = @Sendable (Result<Int, AccessTokenFailure>) -> Void

    private struct State {
        var tokens = AccessTokenState()
        var session: HTTPSession?
        /// The ones who have started and not stopped them.
        var users = 0
        var waiting: [Waiter] = []
        /// The serials of the tokens that requests on their way show, or will.
        var shown: [HTTPRequestID: Int] = [:]
    }

    private let endpoint: AccessTokenEndpoint
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameter now: milliseconds since the Unix epoch.
    init(_ endpoint: AccessTokenEndpoint, now: @escaping @Sendable () -> Int64) {
        self.endpoint = endpoint
        self.now = now
    }

    /// Lets tokens be fetched, until ``stop()`` has been called as often.
    func start(_ options: HTTPSessionOptions, client: HTTPClient) {
        var options = options
        options.connections = 1
        state.withLock { state in
            state.users += 1
            if state.session == nil { state.session = client.session(options, handler: self) }
        }
    }

    /// After the last user's, anyone who waits gets no answer any more.
    func stop() {
        let session = state.withLock { state -> HTTPSession? in
            state.users -= 1
            guard state.users == 0 else { return nil }
            state.waiting = []
            return state.session.take()
        }
        session?.close()
    }

    /// A request is handed on, and its answer will be asked for by ``answered(_:)``.
    /// - Parameter serial: the token that it shows, unless another is there by the time that it is built.
    func handedOn(_ request: HTTPRequestID, serial: Int) { state.withLock { $0.shown[request] = serial } }

    /// The token for a request that is being built; nil = there is none.
    func show(to request: HTTPRequestID) -> String? {
        state.withLock { state in
            guard let current = state.tokens.current else { return nil }
            if state.shown[request] != nil { state.shown[request] = current.serial }
            return current.text
        }
    }

    /// A request that was handed on is answered, or given up.
    /// - Returns: the serial of the token that it has shown.
    @discardableResult
    func answered(_ request: HTTPRequestID) -> Int? { state.withLock { $0.shown.removeValue(forKey: request) } }

    /// Makes sure that there is a token.
    ///
    /// - Parameter then: called once with its serial, at once if there is one, else on the client's thread; never after
    ///   ``stop()``.
    func need(_ then: @escaping Waiter) {
        let answer: Result<Int, AccessTokenFailure>? = state.withLock { state in
            guard let session = state.session else { return nil }
            switch state.tokens.needed(now: now()) {
            case .use(let serial): return .success(serial)
            case .useAndFetch(let serial):
                session.submit([endpoint.request])
                return .success(serial)
            case .fetch:
                session.submit([endpoint.request])
                state.waiting.append(then)
            case .wait: state.waiting.append(then)
            case .failed(let code): return .failure(AccessTokenFailure(code: code, isRefusal: false))
            }
            return nil
        }
        if let answer { then(answer) }
    }

    func refused(serial: Int) { state.withLock { $0.tokens.refused(serial: serial) } }

    func completed(_ completions: [HTTPCompletion]) {
        for completion in completions {
            let found = AccessTokenEndpoint.token(in: completion.result)
            let (waiting, answer) = state.withLock { state -> ([Waiter], Result<Int, AccessTokenFailure>) in
                defer { state.waiting = [] }
                switch found {
                case .success(let token):
                    let serial = state.tokens.received(token.text, seconds: token.seconds, now: now())
                    return (state.waiting, .success(serial))
                case .failure(let failure):
                    state.tokens.failed(code: failure.code, now: now())
                    return (state.waiting, .failure(failure))
                }
            }
            for waiter in waiting { waiter(answer) }
        }
    }
}
