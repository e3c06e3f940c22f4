internal import ConfigurationModel
internal import Cryptography
internal import JSON
internal import SMSModel

extension RequestAuthentication {
    private enum Scheme: String, CaseIterable {
        case none
        case basic
        case bearer
        case header
        case hmac
        case jwt
        case access = "oauth2"
    }

    /// - Parameter now: milliseconds since the Unix epoch, for what expires.
    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader, in scope: TemplateScope, now: @escaping @Sendable () -> Int64) {
        guard let scheme = reader.choice("scheme", or: Scheme?.none) else { return nil }
        switch scheme {
        case .none: self = .none
        case .basic:
            let user = reader.neededConstant("user", "it is who asks", in: scope)
            let password = reader.constant("password", in: scope)
            guard let user else { return nil }
            guard !user.contains(":") else {
                reader.fault("user", "must have no colon, which ends it (RFC 7617)")
                return nil
            }
            self = .basic(user: user, password: password ?? "")
        case .bearer:
            guard let token = reader.neededConstant("token", "it is the credential", in: scope),
                let header = reader.header("Authorization", Template(constant: "Bearer \(token)"), at: "token")
            else { return nil }
            self = .header(header)
        case .header:
            guard let name = reader.headerName("name", or: "Authorization"),
                let value = reader.neededConstant("value", "it is the credential", in: scope),
                let header = reader.header(name, Template(constant: value), at: "value")
            else { return nil }
            self = .header(header)
        case .hmac:
            guard let hmac = RequestHMAC(&reader, in: scope) else { return nil }
            self = .hmac(hmac)
        case .jwt:
            guard let token = RequestToken(&reader, in: scope) else { return nil }
            self = .token(token)
        case .access:
            guard let endpoint = AccessTokenEndpoint(&reader, in: scope) else { return nil }
            self = .access(AccessTokens(endpoint, now: now))
        }
    }
}

extension AccessTokenEndpoint {
    fileprivate init?(_ reader: inout MemberReader, in scope: TemplateScope) {
        let url = reader.neededConstant("url", "it is where access tokens are given", in: scope)
        let id = reader.neededConstant("client_id", "it is who asks", in: scope)
        let secret = reader.neededConstant("client_secret", "it is the credential", in: scope)
        let credentials = reader.choice("credentials", or: Credentials.basic)
        let parameters = reader.constants("parameters", in: scope)
        guard let url, let id, let secret, let credentials else { return nil }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            reader.fault("url", "must be an absolute URL, https:// or http://")
            return nil
        }
        guard credentials == .form || !id.contains(":") else {
            reader.fault("client_id", "must have no colon, which ends it (RFC 7617)")
            return nil
        }
        self.init(url: url, clientID: id, clientSecret: secret, credentials: credentials, parameters: parameters)
    }
}

/// The hashes of codes that a configuration may name.
enum HMACHash: String, CaseIterable {
    case sha1
    case sha256
    case sha512

    var hash: HashFunction {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }
}

extension RequestHMAC {
    fileprivate init?(_ reader: inout MemberReader, in scope: TemplateScope) {
        let key = reader.key("key", "it signs", or: .text, in: scope)
        let hash = reader.choice("hash", or: HMACHash.sha256)
        let form = reader.choice("form", or: CodeForm.hex)
        let signed = reader.compiled(
            reader.string("signed") ?? "{{body}}", at: "signed", .none, in: scope.with(TemplateVariable.ofRequest))
        let headerName =
            reader.needed("header", "it is where the signature is sent") ? reader.headerName("header", or: nil) : nil
        let valueScope = scope.with([.signature, .timestamp])
        let value = reader.compiled(
            reader.string("value") ?? "{{signature}}", at: "value", .header, in: valueScope)
        let timestampHeader = reader.headerName("timestamp_header", or: nil)
        guard let key, let hash, let form, let signed, let headerName, let value else { return nil }
        if !value.variables.contains(.signature) { reader.fault("value", "must have {{signature}}") }
        self.init(
            hash: hash.hash, key: key, form: form, signed: signed, header: headerName, value: value,
            timestampHeader: timestampHeader)
    }
}

extension RequestToken {
    private enum Algorithm: String, CaseIterable {
        case hs256 = "HS256"
        case rs256 = "RS256"
    }

    fileprivate convenience init?(_ reader: inout MemberReader, in scope: TemplateScope) {
        let algorithm = reader.choice("algorithm", or: Algorithm?.none)
        let keyText = reader.neededConstant("key", "it signs", in: scope)
        let header = reader.headerName("header", or: "Authorization")
        let prefix = reader.string("prefix") ?? "Bearer "
        let keyID = reader.constant("key_id", in: scope)
        let lifetime = reader.integer("lifetime_seconds", 2...Limits.httpTokenSecondsMaximum)
        let claims = Self.claims(&reader, in: scope)
        if !prefix.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { reader.fault("prefix", "must be of ASCII") }
        guard let algorithm, let keyText, let header, let claims else { return nil }
        var key: TokenKey? = .secret(Array(keyText.utf8))
        if algorithm == .rs256 { key = RSASigningKey(pem: keyText).map(TokenKey.rsa) }
        guard let key else {
            reader.fault(
                "key",
                "must be a private key of RSA in PEM, not encrypted, of at least \(Limits.issuerKeyMinimumBits) bits")
            return nil
        }
        self.init(
            header: header, prefix: prefix, key: key, keyID: keyID, claims: claims,
            lifetimeSeconds: lifetime ?? Limits.httpTokenSeconds)
    }

    private static func claims(_ reader: inout MemberReader, in scope: TemplateScope) -> JSONTemplate? {
        let value = reader.take("claims") ?? .object([:])
        guard let members = value.object, members["iat"] == nil, members["exp"] == nil else {
            reader.fault("claims", "must be an object without iat and exp, which are set")
            return nil
        }
        var faults: [(place: String, description: String)] = []
        let template = JSONTemplate(value, in: scope) { faults.append(($0, $1)) }
        for fault in faults { reader.fault("claims\(fault.place)", fault.description) }
        return faults.isEmpty ? template : nil
    }
}
