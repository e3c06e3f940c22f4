internal import COpenSSL

/// A key that checks signatures of Ed25519 (RFC 8032).
///
/// Sendable unchecked: OpenSSL's keys may be used by several threads once they are made.
final class Ed25519PublicKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// - Parameter bytes: the 32 bytes of the key.
    /// - Returns: nil if they are not as many.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        else {
            ERR_clear_error()
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
