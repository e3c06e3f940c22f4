internal import COpenSSL
internal import SMSModel

/// A private key that signs by RSASSA-PKCS1-v1_5 with SHA-256.
///
/// Sendable unchecked: OpenSSL's keys may be used by several threads once they are made.
package final class RSASigningKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// - Parameter pem: PKCS #8 or PKCS #1, not encrypted.
    /// - Returns: nil if it is none of RSA, of ``Limits/issuerKeyMinimumBits`` or more.
    package init?(pem: String) {
        let bytes = Array(pem.utf8)
        guard let source = BIO_new_mem_buf(bytes, Int32(bytes.count)) else { return nil }
        defer { BIO_free(source) }
        // An encrypted key must not make OpenSSL ask the terminal for a password.
        guard let key = PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil) else {
            ERR_clear_error()
            return nil
        }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, EVP_PKEY_get_bits(key) >= Limits.issuerKeyMinimumBits else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    package func signature(of message: [UInt8]) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a signature") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var count = signature.count
        let isSigned =
            EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        precondition(isSigned, "no memory for a signature")
        return Array(signature[..<count])
    }
}
