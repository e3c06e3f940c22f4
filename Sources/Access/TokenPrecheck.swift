package import ConfigurationModel
internal import Cryptography
internal import JSON
internal import SMSModel

/// Why a JSON Web Token is refused: for tests. A caller is not told which it was.
package enum TokenProblem: Error, Hashable, Sendable {
    /// Not three parts of strict base64url, the first two of them JSON objects with claims of the right types.
    case malformed
    /// `crit` asks for what nobody here understands.
    case critical
    /// Not by the issuer's algorithm.
    case algorithm
    /// The issuer has no such key.
    case key
    case issuer
    case audience
    case expired
    /// `nbf` or `iat` lie ahead.
    case early
}

/// A JSON Web Token (RFC 7519, signed as by RFC 7515) as it claims to be: whether it is signed, and by whom, is not
/// known yet. Its form is checked more strictly than libraries do; there is one way to write a token, and no claim has
/// two values.
package struct TokenPrecheck: Hashable, Sendable {
    package let issuer: String
    package let subject: String?
    package let tenant: String?
    /// What the claims `scope`, `scopes` and `scp` leave: each of those that are there narrows down. nil = it has none
    /// of them. Words that are no scopes are others' affair.
    package let scopes: Scopes?
    /// nil = one that no issuer can have.
    private let algorithm: IssuerSettings.Algorithm?
    private let keyID: String?
    private let audiences: [String]?
    // Seconds since the Unix epoch, with fractions (NumericDate), and however large.
    private let expires: Double
    private let notBefore: Double?
    private let issuedAt: Double?

    package init(_ token: UnsafeRawBufferPointer) throws(TokenProblem) {
        guard token.count <= Limits.tokenBytes else { throw .malformed }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[2].isEmpty,
            Base64URL.decode(UnsafeRawBufferPointer(rebasing: parts[2])) != nil
        else { throw .malformed }
        let header = try Members(parts[0])
        let claims = try Members(parts[1])

        guard let algorithm = try header.text("alg") else { throw .malformed }
        self.algorithm = IssuerSettings.Algorithm(tokenName: algorithm)
        guard header["crit"] == nil else { throw .critical }
        keyID = try header.text("kid")
        guard let issuer = try claims.text("iss"), let expires = try claims.number("exp") else { throw .malformed }
        self.issuer = issuer
        self.expires = expires
        subject = try claims.text("sub")
        tenant = try claims.text("tenant")
        notBefore = try claims.number("nbf")
        issuedAt = try claims.number("iat")
        audiences = try claims.texts("aud") { [$0] }
        var scopes: Scopes?
        for name in Self.scopeClaims {
            let words = try claims.texts(name) { text in text.split(separator: " ").map(String.init) }
            guard let words else { continue }
            let claimed = words.reduce(into: Scopes()) { $0.formUnion(Scopes(name: $1) ?? []) }
            scopes = scopes?.intersection(claimed) ?? claimed
        }
        self.scopes = scopes
    }

    /// `scope` is RFC 8693's (section 4.2); identity providers write `scp` or `scopes` for the same.
    private static let scopeClaims = ["scope", "scopes", "scp"]

    /// Checks all but the signature.
    ///
    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: the key that must have signed it.
    package func check(_ settings: IssuerSettings, now: Int64) throws(TokenProblem) -> IssuerKey {
        guard issuer.hasSameBytes(as: settings.issuer) else { throw .issuer }
        guard algorithm == settings.algorithm else { throw .algorithm }
        guard
            let key = settings.keys.first(where: { key in
                switch (key.id, keyID) {
                case (nil, nil): true
                case (let id?, let keyID?): id.hasSameBytes(as: keyID)
                default: false
                }
            })
        else { throw .key }
        switch (audiences, settings.audience) {
        case (nil, nil): break
        case (let audiences?, let audience?) where audiences.contains(where: audience.hasSameBytes): break
        default: throw .audience
        }
        let now = Double(now) / 1000
        let leeway = Double(Limits.tokenLeewaySeconds)
        guard now < expires + leeway else { throw .expired }
        guard notBefore ?? now <= now + leeway, issuedAt ?? now <= now + leeway else { throw .early }
        return key
    }

    /// From when on it is refused, in milliseconds since the Unix epoch; the largest number if that is never.
    package var expiresAt: Int64 {
        let end = (expires + Double(Limits.tokenLeewaySeconds)) * 1000
        return end < 0x1p62 ? Int64(max(0, end.rounded(.up))) : .max
    }
}

/// The members of a JSON object, each with the type that it must have.
private struct Members {
    private let members: [TextKey: JSONValue]

    /// - Parameter part: the object in base64url.
    init(_ part: Slice<UnsafeRawBufferPointer>) throws(TokenProblem) {
        guard let text = Base64URL.decode(UnsafeRawBufferPointer(rebasing: part)), let json = try? JSONValue(text),
            let members = json.object
        else { throw .malformed }
        self.members = members
    }

    subscript(name: String) -> JSONValue? { members[name] }

    func text(_ name: String) throws(TokenProblem) -> String? {
        switch members[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed
        }
    }

    func number(_ name: String) throws(TokenProblem) -> Double? {
        switch members[name] {
        case nil: return nil
        case .integer(let number): return Double(number)
        case .real(let number): return number
        default: throw .malformed
        }
    }

    /// A list of texts, or one text that `parting` makes a list of.
    func texts(_ name: String, _ parting: (String) -> [String]) throws(TokenProblem) -> [String]? {
        switch members[name] {
        case nil: return nil
        case .string(let text): return parting(text)
        case .array(let values):
            let texts = values.compactMap(\.string)
            guard texts.count == values.count else { throw .malformed }
            return texts
        default: throw .malformed
        }
    }
}
