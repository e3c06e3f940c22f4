internal import Cryptography
internal import HTTPTransport
internal import SMSModel
internal import Synchronization

/// How a request shows whose it is.
enum RequestAuthentication: Sendable {
    case none
    /// RFC 7617.
    case basic(user: String, password: String)
    case header(RequestTemplate.Header)
    case hmac(RequestHMAC)
    case token(RequestToken)
    /// A token that the carrier gives (RFC 6749, section 4.4).
    case access(AccessTokens)

    func authenticate(_ request: inout HTTPRequest, _ values: some TemplateValues, now: Int64) {
        switch self {
        case .none: break
        case .basic(let user, let password): request.authentication = .basic(user: user, password: password)
        case .header(let header):
            request.headers.append(HTTPHeader(header.name, header.value.text(values)))
        case .hmac(let hmac): hmac.sign(&request, now: now)
        case .token(let token):
            request.headers.append(HTTPHeader(token.header, token.prefix + token.text(values, now: now)))
        case .access(let tokens):
            // Without one the carrier refuses the request, which is surely not taken then.
            if let token = tokens.show(to: request.id) {
                request.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
            }
        }
    }

    /// The tokens that requests need before they can be sent; nil = none.
    var accessTokens: AccessTokens? {
        if case .access(let tokens) = self { tokens } else { nil }
    }
}

/// A code over parts of the request, in a header.
struct RequestHMAC: Sendable {
    var hash: HashFunction
    var key: [UInt8]
    var form: CodeForm
    /// What the code is over.
    var signed: Template
    var header: String
    /// What the header holds, around `{{signature}}`.
    var value: Template
    /// Where the time stands too, if it does.
    var timestampHeader: String?

    func sign(_ request: inout HTTPRequest, now: Int64) {
        var values = RequestValues(
            method: request.method == .get ? "GET" : "POST", url: request.url, body: request.body,
            timestamp: String(now / 1000))
        var message: [UInt8] = []
        signed.render(values, to: &message)
        values.signature = form.text(HMAC.code(hash, key: key, message))
        request.headers.append(HTTPHeader(header, value.text(values)))
        if let timestampHeader { request.headers.append(HTTPHeader(timestampHeader, values.timestamp)) }
    }
}

/// A JSON Web Token in a header. One that says nothing of the message serves many: half of its lifetime.
final class RequestToken: Sendable {
    let header: String
    /// Before the token, such as `Bearer `.
    let prefix: String
    private let key: TokenKey
    private let head: String
    /// Without times.
    private let claims: JSONTemplate
    private let lifetimeSeconds: Int64
    private let isShared: Bool
    private let kept = Mutex<(text: String, until: Int64)?>(nil)

    /// - Parameters:
    ///   - claims: an object; `iat` and `exp` are added to it.
    ///   - keyID: of the header `kid`.
    init(
        header: String, prefix: String, key: TokenKey, keyID: String?, claims: JSONTemplate, lifetimeSeconds: Int64
    ) {
        self.header = header
        self.prefix = prefix
        self.key = key
        self.claims = claims
        self.lifetimeSeconds = lifetimeSeconds
        isShared = claims.variables.isEmpty
        head = WebToken.head(algorithm: key.algorithm, keyID: keyID)
    }

    func text(_ values: some TemplateValues, now: Int64) -> String {
        guard isShared else { return make(values, now: now) }
        if let text = kept.withLock({ $0.flatMap { kept in now < kept.until ? kept.text : nil } }) { return text }
        let text = make(values, now: now)
        kept.withLock { $0 = (text, now + lifetimeSeconds * 500) }
        return text
    }

    private func make(_ values: some TemplateValues, now: Int64) -> String {
        var payload: [UInt8] = []
        claims.render(values, to: &payload)
        let seconds = now / 1000
        let times = "\"iat\":\(seconds),\"exp\":\(seconds + lifetimeSeconds)}"
        // In place of the closing brace.
        payload.removeLast()
        if payload.count > 1 { payload.append(UInt8(ascii: ",")) }
        payload += Array(times.utf8)
        let signed = "\(head).\(Base64URL.encode(payload))"
        return "\(signed).\(Base64URL.encode(key.signature(of: Array(signed.utf8))))"
    }
}

/// How a key is written.
enum KeyForm: String, CaseIterable, Hashable, Sendable {
    /// The bytes of the text are the key.
    case text
    case base64
    case hex
}

/// How a code is written.
enum CodeForm: String, CaseIterable, Hashable, Sendable {
    case hex
    case base64
    case base64URL = "base64url"
}
