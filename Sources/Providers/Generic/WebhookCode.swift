internal import Cryptography
internal import HTTPTransport
internal import SMSModel

/// A signature over parts of the request, in a header.
struct WebhookCode: Sendable {
    /// What a signature is checked with.
    enum Verifier: Sendable {
        case hmac(HashFunction, key: [UInt8])
        case ed25519(PublicKey)

        /// Whether one of the signatures is the message's. Takes as long for a wrong one as for a right one.
        func accepts(_ signatures: [[UInt8]], of message: [UInt8]) -> Bool {
            switch self {
            case .hmac(let hash, let key):
                let code = HMAC.code(hash, key: key, message)
                return signatures.count { ConstantTime.areEqual($0, code) } > 0
            case .ed25519(let key): return signatures.contains { key.verifies($0, of: message, .ed25519) }
            }
        }
    }

    var verifier: Verifier
    var form: CodeForm
    var signed: Template
    /// In lower case. It may hold several signatures between commas or spaces, as while a secret is replaced.
    var header: String
    /// Before each signature, such as `sha256=`.
    var prefix: String
    /// Where the time stands that is signed too, in seconds since the Unix epoch.
    var timestampHeader: String?
    /// Where the nonce stands that is signed too.
    var nonceHeader: String?
    var tolerance: WebhookTolerance

    /// - Parameter now: milliseconds since the Unix epoch.
    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        guard let header = request.header(header) else { return "its header \(header) is missing, or there twice" }
        // Nothing of a request without a body would be signed.
        guard !request.body.isEmpty || signed.variables.contains(.url) else { return "it has no body" }
        var values = RequestValues(method: request.method, url: request.url, body: request.body, timestamp: "")
        if let timestampHeader {
            guard let text = request.header(timestampHeader), let seconds = Int64(text) else {
                return "its header \(timestampHeader) is no time in seconds"
            }
            guard tolerance.allows(seconds: Double(seconds), now: now) else { return "it is of another time" }
            values.timestamp = text
        }
        if let nonceHeader {
            guard let nonce = request.header(nonceHeader), !nonce.isEmpty else {
                return "its header \(nonceHeader) is missing, or there twice"
            }
            values.nonce = nonce
        }
        var message: [UInt8] = []
        signed.render(values, to: &message)
        let signatures = header.split(whereSeparator: { $0 == "," || $0 == " " })
            .filter { $0.hasPrefix(prefix) }
            .compactMap { form.octets(String($0.dropFirst(prefix.count))) }
        return verifier.accepts(signatures, of: message) ? nil : "its signature is wrong"
    }
}

/// The signature of the Standard Webhooks specification 1.0: over id, time and body, by a shared secret (`v1`) or by
/// Ed25519 (`v1a`).
struct StandardWebhookSignature: Sendable {
    var verifier: WebhookCode.Verifier
    var tolerance: WebhookTolerance

    /// - Parameter key: `whsec_` or `whpk_` and base64.
    /// - Returns: nil if it is neither a secret of 24 to 64 bytes nor a public key.
    init?(key: String, tolerance: WebhookTolerance) {
        self.tolerance = tolerance
        if key.hasPrefix("whsec_"), let secret = CodeForm.base64.octets(String(key.dropFirst("whsec_".count))),
            (24...64).contains(secret.count)
        {
            verifier = .hmac(.sha256, key: secret)
        } else if key.hasPrefix("whpk_"), let bytes = CodeForm.base64.octets(String(key.dropFirst("whpk_".count))),
            let publicKey = PublicKey(ed25519: bytes)
        {
            verifier = .ed25519(publicKey)
        } else {
            return nil
        }
    }

    private var version: String {
        switch verifier {
        case .hmac: "v1,"
        case .ed25519: "v1a,"
        }
    }

    func refusal(of request: WebhookRequest, now: Int64) -> String? {
        guard let id = request.header("webhook-id"), !id.isEmpty, let timestamp = request.header("webhook-timestamp"),
            let header = request.header("webhook-signature")
        else { return "its headers webhook-id, webhook-timestamp and webhook-signature are not there once each" }
        guard let seconds = Int64(timestamp) else { return "its webhook-timestamp is no time in seconds" }
        guard tolerance.allows(seconds: Double(seconds), now: now) else { return "it is of another time" }
        guard !request.body.isEmpty else { return "it has no body" }
        let signatures = header.split(separator: " ").filter { $0.hasPrefix(version) }
            .compactMap { CodeForm.base64.octets(String($0.dropFirst(version.count))) }
        let message = Array("\(id).\(timestamp).".utf8) + request.body
        return verifier.accepts(signatures, of: message) ? nil : "its signature is wrong"
    }
}
