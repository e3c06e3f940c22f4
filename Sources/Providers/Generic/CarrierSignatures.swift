internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel

/// The signature of Vonage's SMS API: a parameter `sig` over all the others, of which `timestamp` is one.
struct VonageSignature: Sendable {
    enum Method: String, CaseIterable, Sendable {
        /// MD5 over the parameters and the secret behind them.
        case md5hash
        case md5
        case sha1
        case sha256
        case sha512
    }

    var method: Method
    var key: [UInt8]
    var tolerance: WebhookTolerance

    func refusal(of fields: WebhookFields, now: Int64) -> String? {
        guard let parameters = fields.parameters else { return "not all of its parameters are texts" }
        guard Set(parameters.map(\.name)).count == parameters.count else { return "it has a parameter twice" }
        guard let sig = parameters.first(where: { $0.name == "sig" }), let given = Hexadecimal.decode(sig.value) else {
            return "it is not signed"
        }
        guard let timestamp = parameters.first(where: { $0.name == "timestamp" }).flatMap({ Int64($0.value) }) else {
            return "it has no timestamp"
        }
        guard ConstantTime.areEqual(code(of: parameters), given) else { return "its signature is wrong" }
        return tolerance.allows(seconds: Double(timestamp), now: now) ? nil : "it is of another time"
    }

    /// `&name=value` of each but `sig`, in the order of their names.
    static func message(of parameters: [FormFields.Field]) -> [UInt8] {
        let sorted = parameters.filter { $0.name != "sig" }
            .sorted { $0.name < $1.name }
        return sorted.flatMap { field in
            // These two would make one list look like another.
            let value = field.value.utf8.map { byte in
                byte == UInt8(ascii: "&") || byte == UInt8(ascii: "=") ? UInt8(ascii: "_") : byte
            }
            return Array("&\(field.name)=".utf8) + value
        }
    }

    func code(of parameters: [FormFields.Field]) -> [UInt8] {
        let message = Self.message(of: parameters)
        return switch method {
        case .md5hash: HashFunction.md5.digest(message + key)
        case .md5: HMAC.code(.md5, key: key, message)
        case .sha1: HMAC.code(.sha1, key: key, message)
        case .sha256: HMAC.code(.sha256, key: key, message)
        case .sha512: HMAC.code(.sha512, key: key, message)
        }
    }
}

/// Plivo's third signature: HMAC-SHA256 over the URL, the form's fields and a nonce. It has no time, so that a request
/// can be posted again by anyone who saw it: it says the same again.
struct PlivoSignature: Sendable {
    /// The auth token.
    var key: [UInt8]

    /// Why it can't be signed at all, or nil.
    static func missing(of request: WebhookRequest) -> String? {
        let nonce = request.header("x-plivo-signature-v3-nonce") ?? ""
        return request.header("x-plivo-signature-v3") == nil || nonce.isEmpty
            ? "its headers X-Plivo-Signature-V3 and -Nonce are missing, or there twice" : nil
    }

    func refusal(of request: WebhookRequest, _ fields: WebhookFields) -> String? {
        guard let given = request.header("x-plivo-signature-v3"),
            let nonce = request.header("x-plivo-signature-v3-nonce")
        else { return Self.missing(of: request) }
        // Of other bodies nothing is signed.
        guard request.body.isEmpty || fields.form != nil else { return "its body is no form" }
        let message = Self.message(of: request, fields, nonce: nonce)
        let code = HMAC.code(.sha256, key: key, message)
        var isSigned = false
        for part in given.split(separator: ",") {
            let text = part.filter { $0 != " " }
            if let octets = CodeForm.base64.octets(text), ConstantTime.areEqual(octets, code) {
                isSigned = true
            }
        }
        return isSigned ? nil : "its signature is wrong"
    }

    static func message(of request: WebhookRequest, _ fields: WebhookFields, nonce: String) -> [UInt8] {
        let url = request.url.split(separator: "#", maxSplits: 1)[0].split(separator: "?", maxSplits: 1)[0]
        let form = sorted(fields.form)
        let query = sorted(fields.query).map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        var message = String(url)
        if !query.isEmpty || !form.isEmpty { message += "?" + query }
        if !query.isEmpty, !form.isEmpty { message += "." }
        message += form.map { "\($0.name)\($0.value)" }.joined()
        return Array("\(message).\(nonce)".utf8)
    }

    private static func sorted(_ fields: FormFields?) -> [FormFields.Field] {
        (fields?.fields ?? []).sorted { one, other in
            one.name == other.name
                ? one.value.utf8.lexicographicallyPrecedes(other.value.utf8) : one.name < other.name
        }
    }
}

/// MessageBird's signature: a JSON Web Token over the hashes of URL and body.
struct MessageBirdSignature: Sendable {
    /// The signing key, which is not the access key.
    var key: [UInt8]

    /// Between our clock and MessageBird's.
    static let leewaySeconds = 1.0

    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        guard let token = request.header("messagebird-signature-jwt") else {
            return "its header MessageBird-Signature-JWT is missing, or there twice"
        }
        guard let claims = WebToken.claims(of: token, secret: key, hashes: [.sha256, .sha384, .sha512]) else {
            return "its token is not signed with the key"
        }
        let seconds = Double(now) / 1000
        guard claims["iss"]?.string == "MessageBird" else { return "its token is of another issuer" }
        guard let begin = WebToken.seconds(claims["nbf"]), let end = WebToken.seconds(claims["exp"]),
            begin <= seconds + Self.leewaySeconds, seconds < end + Self.leewaySeconds
        else { return "its token has expired, or is not valid yet" }
        guard Self.isHash(claims["url_hash"], of: Array(request.url.utf8)) else {
            return "its URL is not the one that its token was made for"
        }
        let isWhole =
            request.body.isEmpty ? claims["payload_hash"] == nil : Self.isHash(claims["payload_hash"], of: request.body)
        return isWhole ? nil : "its body is not the one that its token was made for"
    }

    private static func isHash(_ claim: JSONValue?, of message: [UInt8]) -> Bool {
        guard let given = claim?.string.flatMap(Hexadecimal.decode) else { return false }
        return ConstantTime.areEqual(given, HashFunction.sha256.digest(message))
    }
}
