internal import ConfigurationModel
internal import SMSModel

/// What somebody is known by. What it allows is asked of the ``TenantDirectory``, as of now.
enum Identity: Hashable, Sendable, CustomStringConvertible {
    case key(APIKey.ID)
    /// A name of the client's certificate.
    case certificate(String)
    /// The user at the other end of a Unix socket.
    case uid(UInt32)
    case token(TokenIdentity)

    /// The identity's name in the audit log.
    var description: String {
        switch self {
        case .key(let id): "key \(id)"
        case .certificate(let name): "certificate \(name)"
        case .uid(let uid): "uid \(uid)"
        case .token(let token): "token \(token.subject ?? "without subject") of \(token.issuer.issuer)"
        }
    }
}

/// A JSON Web Token whose signature was found good.
struct TokenIdentity: Hashable, Sendable {
    var tenant: TenantID
    /// The issuer as it was when the token was checked.
    var issuer: IssuerSettings
    /// The one that signed it.
    var key: IssuerKey
    var subject: String?
    /// nil = all that the issuer may give.
    var scopes: Scopes?
    /// Milliseconds since the Unix epoch.
    var expiresAt: Int64

    /// What the tenant's issuers of now let it do; nil if the one who issued it, or the key, is none of theirs.
    func scopes(by issuers: [IssuerSettings]) -> Scopes? {
        let current = issuers.first { current in
            // Other keys, and what it may give, can change without its tokens ending.
            var former = issuer
            (former.keys, former.scopes) = (current.keys, current.scopes)
            return former == current && current.keys.contains(key)
        }
        return current.map { $0.scopes.intersection(scopes ?? $0.scopes) }
    }
}

/// What a token says of itself, and who can tell whether it is true.
struct TokenClaim: Sendable {
    var identity: TokenIdentity
    var verifier: TokenVerifier
}

extension TenantDirectory {
    /// - Parameter now: milliseconds since the Unix epoch.
    /// - Returns: nil if no tenant has such an issuer, or the token is not right, no matter who signed it.
    func claim(of token: TokenPrecheck, now: Int64) -> TokenClaim? {
        guard let tenant = published.tenant(of: token) else { return nil }
        for verifier in tenant.verifiers {
            guard let key = try? token.check(verifier.issuer, now: now) else { continue }
            return TokenClaim(
                identity: TokenIdentity(
                    tenant: tenant.id, issuer: verifier.issuer, key: key, subject: token.subject,
                    scopes: token.scopes, expiresAt: token.expiresAt), verifier: verifier)
        }
        return nil
    }
}

/// What an identity may do.
struct Grant: Sendable {
    var tenant: Tenant
    var scopes: Scopes
    /// Milliseconds since the Unix epoch; the largest number = never.
    var expiresAt = Int64.max
    /// The key, if it is one: its uses are noted.
    var key: KnownKey?
}
