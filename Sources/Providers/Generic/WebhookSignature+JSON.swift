internal import ConfigurationModel
internal import Cryptography
internal import SMSModel

extension WebhookSignature {
    private enum Scheme: String, CaseIterable {
        case none
        case basic
        case header
        case hmac
        case ed25519
        case standard = "standard-webhooks"
        case jwt
        case vonage = "vonage-sig"
        case plivo = "plivo-v3"
        case messageBird = "messagebird-jwt"
    }

    /// - Returns: nil if it is wrong, which the reader knows then.
    init?(_ reader: inout MemberReader, in scope: TemplateScope) {
        guard let scheme = reader.choice("scheme", or: Scheme?.none) else { return nil }
        switch scheme {
        case .none: self = .none
        case .basic:
            let user = reader.neededConstant("user", "the carrier was told it with the URL", in: scope)
            let password = reader.neededConstant("password", "the carrier was told it with the URL", in: scope)
            guard let user, let password else { return nil }
            self = .basic(user: user, password: password)
        case .header:
            let name = reader.needed("name", "it is the header") ? reader.headerName("name", or: nil) : nil
            let secret = reader.neededConstant("value", "it is the secret that the carrier sends", in: scope)
            guard let name, let secret else { return nil }
            self = .header(name: name.lowercased(), secret: secret)
        case .hmac:
            let hash = reader.choice("hash", or: HMACHash.sha256)
            let key = reader.key("key", "it checks signatures, such as {{secret.signature}}", or: .text, in: scope)
            let verifier = key.flatMap { key in hash.map { WebhookCode.Verifier.hmac($0.hash, key: key) } }
            guard let code = WebhookCode(&reader, verifier, or: .hex, in: scope) else { return nil }
            self = .code(code)
        case .ed25519:
            let bytes = reader.key("key", "it is the carrier's public key, in base64", or: .base64, in: scope)
            let key = bytes.flatMap(PublicKey.init(ed25519:))
            if bytes != nil, key == nil { reader.fault("key", "must be a public key of Ed25519, which has 32 bytes") }
            guard let code = WebhookCode(&reader, key.map(WebhookCode.Verifier.ed25519), or: .base64, in: scope) else {
                return nil
            }
            self = .code(code)
        case .standard:
            let key = reader.neededConstant("key", "it checks signatures, such as {{secret.signature}}", in: scope)
            let tolerance = WebhookTolerance(&reader)
            guard let key else { return nil }
            guard let standard = StandardWebhookSignature(key: key, tolerance: tolerance) else {
                reader.fault(
                    "key",
                    "must be whsec_ and a secret of 24 to 64 bytes in base64, or whpk_ and a public key in base64")
                return nil
            }
            self = .standard(standard)
        case .jwt:
            let key = Self.key(&reader, in: scope)
            let header = reader.headerName("header", or: "Authorization")
            let bodyClaim = reader.string("body_claim") ?? "payload_hash"
            let claims = reader.constants("claims", in: scope)
            let tolerance = WebhookTolerance(&reader)
            guard let key, let header else { return nil }
            self = .bearer(
                BearerSignature(
                    key: key, header: header.lowercased(), bodyClaim: bodyClaim, claims: claims,
                    tolerance: tolerance))
        case .vonage:
            let key = Self.key(&reader, in: scope)
            let method = reader.choice("method", or: VonageSignature.Method?.none)
            let tolerance = WebhookTolerance(&reader)
            guard let key, let method else { return nil }
            self = .vonage(VonageSignature(method: method, key: key, tolerance: tolerance))
        case .plivo:
            guard let key = Self.key(&reader, in: scope) else { return nil }
            self = .plivo(PlivoSignature(key: key))
        case .messageBird:
            guard let key = Self.key(&reader, in: scope) else { return nil }
            self = .messageBird(MessageBirdSignature(key: key))
        }
    }

    fileprivate static func key(_ reader: inout MemberReader, in scope: TemplateScope) -> [UInt8]? {
        reader.neededConstant("key", "it checks signatures, such as {{secret.signature}}", in: scope)
            .map { Array($0.utf8) }
    }
}

extension WebhookCode {
    fileprivate init?(
        _ reader: inout MemberReader, _ verifier: Verifier?, or usualForm: CodeForm, in scope: TemplateScope
    ) {
        let form = reader.choice("form", or: usualForm)
        let signed = reader.compiled(
            reader.string("signed") ?? "{{body}}", at: "signed", .none,
            in: scope.with(TemplateVariable.ofRequest.union([.nonce])))
        let header =
            reader.needed("header", "it is where the signature stands") ? reader.headerName("header", or: nil) : nil
        let prefix = reader.string("prefix") ?? ""
        let timestampHeader = reader.headerName("timestamp_header", or: nil)
        let nonceHeader = reader.headerName("nonce_header", or: nil)
        let tolerance = WebhookTolerance(&reader)
        guard let verifier, let form, let signed, let header else { return nil }
        if !signed.variables.contains(.body) {
            reader.fault("signed", "must have {{body}}: what is read has to be signed")
        }
        if signed.variables.contains(.timestamp) != (timestampHeader != nil) {
            reader.fault(
                "timestamp_header", "and {{timestamp}} in signed belong together: a time counts if it is signed")
        }
        if signed.variables.contains(.nonce) != (nonceHeader != nil) {
            reader.fault("nonce_header", "and {{nonce}} in signed belong together")
        }
        self.init(
            verifier: verifier, form: form, signed: signed, header: header.lowercased(), prefix: prefix,
            timestampHeader: timestampHeader?.lowercased(), nonceHeader: nonceHeader?.lowercased(),
            tolerance: tolerance)
    }
}
