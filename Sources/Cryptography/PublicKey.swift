internal import COpenSSL
internal import SMSModel

/// How a signature is made.
package enum SignatureAlgorithm: Hashable, Sendable {
    /// Ed25519 (RFC 8032) over the message itself; 64 bytes.
    case ed25519
    /// ECDSA (FIPS 186-5) over the message's hash, as an ASN.1 sequence of two numbers (RFC 3279, 2.2.3).
    case ecdsa(HashFunction)
    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) over the message's hash.
    case rsa(HashFunction)
}

/// A key that signatures are verified with: Ed25519, RSA of ``Limits/issuerKeyMinimumBits`` or more, or one on an
/// elliptic curve of 256 bits or more.
///
/// Sendable unchecked: OpenSSL's keys may be used by several threads once they are made.
package final class PublicKey: @unchecked Sendable {
    private enum Kind {
        case ed25519
        case ecdsa
        case rsa
    }

    private static let curveMinimumBits: Int32 = 256

    private let key: OpaquePointer
    private let kind: Kind

    /// - Parameter key: owned from now on, also if the result is nil.
    init?(owning key: OpaquePointer) {
        let bits = EVP_PKEY_get_bits(key)
        let kind: Kind? =
            switch EVP_PKEY_get_base_id(key) {
            case EVP_PKEY_ED25519: .ed25519
            case EVP_PKEY_EC where bits >= Self.curveMinimumBits: .ecdsa
            case EVP_PKEY_RSA where bits >= Limits.issuerKeyMinimumBits: .rsa
            default: nil
            }
        guard let kind else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
        self.kind = kind
    }

    /// - Parameter pem: a SubjectPublicKeyInfo (RFC 7468, section 13): `-----BEGIN PUBLIC KEY-----`.
    /// - Returns: nil if it is none, or a key of another kind or too short.
    package convenience init?(pem: String) {
        let bytes = Array(pem.utf8)
        guard let source = BIO_new_mem_buf(bytes, Int32(bytes.count)) else { return nil }
        defer {
            BIO_free(source)
            ERR_clear_error()
        }
        guard let key = PEM_read_bio_PUBKEY(source, nil, nil, nil) else { return nil }
        self.init(owning: key)
    }

    /// - Parameter der: a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), and nothing behind it.
    /// - Returns: nil if it is none, or a key of another kind or too short.
    package convenience init?(der: [UInt8]) {
        defer { ERR_clear_error() }
        let key = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            guard let begin = bytes.baseAddress else { return nil }
            var next: UnsafePointer<UInt8>? = begin
            guard let key = d2i_PUBKEY(nil, &next, bytes.count) else { return nil }
            if next == begin + bytes.count { return key }
            EVP_PKEY_free(key)
            return nil
        }
        guard let key else { return nil }
        self.init(owning: key)
    }

    /// - Parameter ed25519: the key's 32 bytes (RFC 8032, 5.1.5).
    /// - Returns: nil if there are not as many.
    package convenience init?(ed25519: [UInt8]) {
        defer { ERR_clear_error() }
        guard ed25519.count == 32,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, ed25519, ed25519.count)
        else { return nil }
        self.init(owning: key)
    }

    deinit { EVP_PKEY_free(key) }

    package var isRSA: Bool { kind == .rsa }

    /// Whether this key made the signature of the message. False where the algorithm is not the key's.
    package func verifies(_ signature: [UInt8], of message: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
        let hash: HashFunction?
        switch (kind, algorithm) {
        case (.ed25519, .ed25519): hash = nil
        case (.ecdsa, .ecdsa(let function)), (.rsa, .rsa(let function)): hash = function
        default: return false
        }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, hash?.type, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
