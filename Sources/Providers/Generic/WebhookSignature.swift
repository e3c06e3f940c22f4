internal import Cryptography
internal import HTTPTransport
internal import JSON

/// How it shows that a request to the webhook is the carrier's.
enum WebhookSignature: Sendable {
    /// Nothing but the token in it: a receipt without one isn't believed.
    case none
    /// RFC 7617, which the carrier was told with the URL.
    case basic(user: String, password: String)
    /// A secret in a header.
    case header(name: String, secret: String)
    case code(WebhookCode)
    case standard(StandardWebhookSignature)
    case bearer(BearerSignature)
    case vonage(VonageSignature)
    case plivo(PlivoSignature)
    case messageBird(MessageBirdSignature)

    /// What of a request is beyond doubt once the signature is.
    enum Coverage: Hashable, Sendable {
        case everything
        /// Not the URL.
        case body
        /// The parameters of the body, or of the query if there is no body.
        case parameters
        /// A body that is a form, and the URL.
        case formAndQuery
    }

    var coverage: Coverage {
        switch self {
        case .none, .basic, .header, .messageBird: .everything
        case .code(let code): code.signed.variables.contains(.url) ? .everything : .body
        case .bearer, .standard: .body
        case .vonage: .parameters
        case .plivo: .formAndQuery
        }
    }

    /// What raw bytes show, before anything of them is parsed. Takes as long for a wrong secret as for a right one.
    ///
    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: why the request isn't believed; nil if it is, as far as its bytes tell.
    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        switch self {
        case .none, .vonage: return nil
        case .basic(let user, let password):
            let wanted = "Basic " + CodeForm.base64.text(Array("\(user):\(password)".utf8))
            return Self.areSame(request.header("authorization"), wanted) ? nil : "its user or password is wrong"
        case .header(let name, let secret):
            return Self.areSame(request.header(name), secret) ? nil : "its header \(name) has not the secret"
        case .code(let code): return code.refusal(of: request, now: now)
        case .standard(let standard): return standard.refusal(of: request, now: now)
        case .bearer(let bearer): return bearer.refusal(of: request, now: now)
        case .plivo: return PlivoSignature.missing(of: request)
        case .messageBird(let messageBird): return messageBird.refusal(of: request, now: now)
        }
    }

    /// What fields show, where the signature is over them. Takes as long for a wrong secret as for a right one.
    ///
    /// - Returns: why the request isn't believed; nil if it is, or if ``refusal(of:now:)`` has told all.
    func refusal(of request: WebhookRequest, _ fields: WebhookFields, now: Int64) -> String? {
        switch self {
        case .none, .basic, .header, .code, .standard, .bearer, .messageBird: nil
        case .vonage(let vonage): vonage.refusal(of: fields, now: now)
        case .plivo(let plivo): plivo.refusal(of: request, fields)
        }
    }

    /// The webhook's URL with the user and password that the carrier is to show; empty if it is.
    func withPassword(_ url: String) -> String {
        guard case .basic(let user, let password) = self, let scheme = url.firstRange(of: "://") else { return url }
        func escaped(_ text: String) -> String {
            var bytes: [UInt8] = []
            FormWriter.append(escaped: text.utf8, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        return "\(url[..<scheme.upperBound])\(escaped(user)):\(escaped(password))@\(url[scheme.upperBound...])"
    }

    private static func areSame(_ given: String?, _ wanted: String) -> Bool {
        guard let given else { return false }
        // Hashes are compared, so that not even the length shows.
        return ConstantTime.areEqual(
            HashFunction.sha256.digest(Array(given.utf8)), HashFunction.sha256.digest(Array(wanted.utf8)))
    }
}
