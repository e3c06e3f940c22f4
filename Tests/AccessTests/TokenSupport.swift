import Access
import ConfigurationModel
import SMSModel

/// Base64url of the octets, without padding.
func base64URL(_ octets: some Collection<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var text = ""
    var bits: UInt32 = 0
    var count = 0
    for octet in octets {
        bits = bits << 8 | UInt32(octet)
        count += 8
        while count >= 6 {
            count -= 6
            text.append(alphabet[Int(bits >> count & 63)])
        }
    }
    if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
    return text
}

/// A token of these JSON texts, which nobody has signed.
func unsigned(header: String = #"{"alg":"HS256"}"#, _ claims: String) -> String {
    "\(base64URL(header.utf8)).\(base64URL(claims.utf8)).\(base64URL([UInt8](repeating: 7, count: 32)))"
}

func precheck(_ token: String) throws(TokenProblem) -> TokenPrecheck {
    try Array(token.utf8).withUnsafeBufferPointer { (token) throws(TokenProblem) in
        try TokenPrecheck(UnsafeRawBufferPointer(token))
    }
}

extension IssuerSettings {
    /// The issuer `i` with an HS256 key that has no id.
    static func simple(audience: String? = nil, ids: [String?] = [nil]) -> IssuerSettings {
        let secret = base64URL("secret-secret-secret-secret-32by".utf8)
        return IssuerSettings(
            issuer: "i", audience: audience, algorithm: .hs256,
            keys: ids.map { IssuerKey(id: $0, material: secret) })
    }
}
