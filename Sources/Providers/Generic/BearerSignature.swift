internal import ConfigurationModel
internal import Cryptography
internal import HTTPTransport
internal import JSON
internal import SMSModel

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
        let hash = HashFunction.sha256.digest(request.body)
        guard let given = found[bodyClaim]?.string.flatMap(Hexadecimal.decode),
            ConstantTime.areEqual(given, hash)
        else { return "its body is not the one that its token was made for" }
        return nil
    }
}
