internal import COpenSSL

/// AES-256 in Galois/counter mode (NIST SP 800-38D) by OpenSSL, with nonces of 12 bytes and tags of 16. That OpenSSL
/// refuses a step means that it has no memory left.
enum AES256GCM {
    static func encrypt(
        _ text: [UInt8], _ key: MasterKey, nonce: [UInt8], context: [UInt8]
    ) -> (text: [UInt8], tag: [UInt8]) {
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var output = [UInt8](repeating: 0, count: text.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        let isDone =
            key.withBytes { EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, $0.baseAddress, nonce) } == 1
            && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
            && EVP_EncryptUpdate(cipher, &output, &count, text, Int32(text.count)) == 1
            && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
        precondition(isDone, "OpenSSL does not encrypt")
        return (output, tag)
    }

    /// - Returns: nil if key, nonce, context, text and tag do not belong together.
    static func decrypt(
        _ text: [UInt8], _ key: MasterKey, nonce: [UInt8], context: [UInt8], tag: [UInt8]
    ) -> [UInt8]? {
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var output = [UInt8](repeating: 0, count: text.count)
        var tag = tag
        var count: Int32 = 0
        let isReady =
            key.withBytes { EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, $0.baseAddress, nonce) } == 1
            && EVP_DecryptUpdate(cipher, nil, &count, context, Int32(context.count)) == 1
            && EVP_DecryptUpdate(cipher, &output, &count, text, Int32(text.count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
        precondition(isReady, "OpenSSL does not decrypt")
        return EVP_DecryptFinal_ex(cipher, nil, &count) == 1 ? output : nil
    }
}
