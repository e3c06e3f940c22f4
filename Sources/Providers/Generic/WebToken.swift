internal import Cryptography
internal import JSON
internal import SMSModel

/// JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, as carriers use them: one key, known beforehand.
enum WebToken {
    /// The first part.
    static func head(algorithm: String, keyID: String?) -> String {
        var members: [TextKey: JSONValue] = ["alg": .string(algorithm), "typ": .string("JWT")]
        if let keyID { members["kid"] = .string(keyID) }
        return Base64URL.encode(Array(JSONValue.object(members).text.utf8))
    }

    /// The claims of a token that the secret signed; times are not looked at.
    ///
    /// - Returns: nil if it is none, or signed by another secret or in another way than these.
    static func claims(
        of token: String, secret: [UInt8], hashes: [HashFunction]
    ) -> [TextKey: JSONValue]? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        guard token.utf8.count <= Limits.tokenBytes, parts.count == 3,
            let head = Base64URL.decode(parts[0]).flatMap({ try? JSONValue($0).object }),
            let signature = Base64URL.decode(parts[2]), head["crit"] == nil,
            // Never an algorithm that the token alone chooses.
            let hash = hashes.first(where: { algorithm(of: $0) == head["alg"]?.string })
        else { return nil }
        let code = HMAC.code(hash, key: secret, parts[0] + [UInt8(ascii: ".")] + parts[1])
        guard ConstantTime.areEqual(code, signature) else { return nil }
        return Base64URL.decode(parts[1]).flatMap { try? JSONValue($0).object }
    }

    private static func algorithm(of hash: HashFunction) -> String? {
        switch hash {
        case .sha256: "HS256"
        case .sha384: "HS384"
        case .sha512: "HS512"
        case .md5, .sha1: nil
        }
    }

    /// A time of a claim in seconds since the Unix epoch; nil if it is none.
    static func seconds(_ claim: JSONValue?) -> Double? {
        switch claim {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }
}

/// What signs tokens.
enum TokenKey: Sendable {
    /// HS256
    case secret([UInt8])
    /// RS256
    case rsa(RSASigningKey)

    var algorithm: String {
        switch self {
        case .secret: "HS256"
        case .rsa: "RS256"
        }
    }

    func signature(of message: [UInt8]) -> [UInt8] {
        switch self {
        case .secret(let secret): HMAC.code(.sha256, key: secret, message)
        case .rsa(let key): key.signature(of: message)
        }
    }
}
