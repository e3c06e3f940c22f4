internal import ConfigurationModel
internal import HTTPTransport

/// How it shows that a request to the webhook is the carrier's.
enum WebhookSignature: Sendable {
    /// By nothing but the token in it: a receipt without one isn't believed.
    case none
    /// RFC 7617, which the carrier was told with the URL.
    case basic(user: String, password: String)
    /// A secret in a header.
    case header(name: String, secret: String)
    case hmac(WebhookHMAC)
    case bearer(BearerSignature)
    case vonage(VonageSignature)
    case plivo(PlivoSignature)
    case messageBird(MessageBirdSignature)

    /// What of a request is beyond doubt once the signature is.
    enum Coverage: Hashable, Sendable {
        case everything
        /// Not the URL.
        case body
        /// Those of the body, or of the query if there is no body.
        case parameters
        /// A body that is a form, and the URL.
        case formAndQuery
    }

    var coverage: Coverage {
        switch self {
        case .none, .basic, .header, .messageBird: .everything
        case .hmac(let hmac): hmac.signed.variables.contains(.url) ? .everything : .body
        case .bearer: .body
        case .vonage: .parameters
        case .plivo: .formAndQuery
        }
    }

    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: why the request isn't believed; nil if it is. Takes as long for a wrong secret as for a right one.
    func refusal(of request: WebhookRequest, _ fields: WebhookFields, now: Int64) -> String? {
        switch self {
        case .none: return nil
        case .basic(let user, let password):
            let wanted = "Basic " + CodeForm.base64.text(Array("\(user):\(password)".utf8))
            return Self.areSame(request.header("authorization"), wanted) ? nil : "its user or password is wrong"
        case .header(let name, let secret):
            return Self.areSame(request.header(name), secret) ? nil : "its header \(name) has not the secret"
        case .hmac(let hmac): return hmac.refusal(of: request, now: now)
        case .bearer(let bearer): return bearer.refusal(of: request, now: now)
        case .vonage(let vonage): return vonage.refusal(of: fields, now: now)
        case .plivo(let plivo): return plivo.refusal(of: request, fields)
        case .messageBird(let messageBird): return messageBird.refusal(of: request, now: now)
        }
    }

    private static func areSame(_ given: String?, _ wanted: String) -> Bool {
        guard let given else { return false }
        // Of their hashes, so that not even the length shows.
        return MessageAuthentication.areEqual(
            MessageAuthentication.sha256(Array(given.utf8)), MessageAuthentication.sha256(Array(wanted.utf8)))
    }

}

/// A code over parts of the request, in a header.
struct WebhookHMAC: Sendable {
    var hash: MessageAuthentication.Hash
    var key: [UInt8]
    var form: CodeForm
    var signed: Template
    /// In lower case. It may hold several codes between commas or spaces, as while a secret is replaced.
    var header: String
    /// Before each code, such as `sha256=`.
    var prefix: String
    /// Where the time stands that is signed too, in seconds since the Unix epoch.
    var timestampHeader: String?
    var tolerance: WebhookTolerance

    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        guard let header = request.header(header) else { return "its header \(header) is missing, or there twice" }
        // Of a request without a body nothing would be signed.
        guard !request.body.isEmpty || signed.variables.contains(.url) else { return "it has no body" }
        var timestamp = ""
        if let timestampHeader {
            guard let text = request.header(timestampHeader), let seconds = Int64(text) else {
                return "its header \(timestampHeader) is no time in seconds"
            }
            guard tolerance.allows(seconds: Double(seconds), now: now) else { return "it is of another time" }
            timestamp = text
        }
        var message: [UInt8] = []
        signed.render(
            RequestValues(method: request.method, url: request.url, body: request.body, timestamp: timestamp),
            to: &message)
        let code = MessageAuthentication.code(hash, key: key, message)
        var isSigned = false
        for part in header.split(whereSeparator: { $0 == "," || $0 == " " }) where part.hasPrefix(prefix) {
            if let given = form.octets(String(part.dropFirst(prefix.count))),
                MessageAuthentication.areEqual(given, code)
            {
                isSigned = true
            }
        }
        return isSigned ? nil : "its signature is wrong"
    }
}

/// A JSON Web Token (HS256) in a header, with the body's SHA-256 among its claims. Vonage signs so.
struct BearerSignature: Sendable {
    var key: [UInt8]
    /// In lower case.
    var header: String
    /// The claim that holds the body's hash in hexadecimal digits.
    var bodyClaim: String
    /// What other claims have to be.
    var claims: [String: String]
    var tolerance: WebhookTolerance

    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        guard var token = request.header(header) else { return "its header \(header) is missing, or there twice" }
        if token.lowercased().hasPrefix("bearer ") { token = String(token.dropFirst("bearer ".count)) }
        guard let found = WebToken.claims(of: token, secret: key, hashes: [.sha256]) else {
            return "its token is not signed with the secret"
        }
        let seconds = Double(now) / 1000
        guard let issued = WebToken.seconds(found["iat"]),
            tolerance.allows(seconds: issued, now: now)
        else { return "its token is of another time" }
        for (claim, isLate) in [("exp", true), ("nbf", false)] {
            guard let value = found[claim] else { continue }
            guard let time = WebToken.seconds(value), isLate ? seconds < time : time <= seconds + 1 else {
                return "its token has expired, or is not valid yet"
            }
        }
        for (name, wanted) in claims where found[name]?.scalarText != wanted {
            return "its token has another \(name)"
        }
        // A request without a body would be covered by nothing.
        guard !request.body.isEmpty else { return "it has no body, which its token could cover" }
        let hash = MessageAuthentication.sha256(request.body)
        guard let given = found[bodyClaim]?.string.flatMap(Hexadecimal.octets),
            MessageAuthentication.areEqual(given, hash)
        else { return "its body is not the one that its token was made for" }
        return nil
    }
}
