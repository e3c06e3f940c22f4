internal import COpenSSL

/// Seals secrets, so that they can be kept where others may read: AES-256-GCM with a random nonce.
///
/// A sealed text is `sealed:v1:` and, in base64url, the nonce (12 bytes), the encrypted secret and the tag (16 bytes).
/// It is sealed for a context, a text that says where it belongs, and opens nowhere else. Nonces are random, so one key
/// should seal no more than 2³² secrets (NIST SP 800-38D, 8.3).
package struct SecretBox: Sendable {
    package static let prefix = "sealed:v1:"
    private static let nonceBytes = 12
    private static let tagBytes = 16
    private let key: MasterKey

    package init(_ key: MasterKey) {
        self.key = key
    }

    /// - Throws: ``SecretError/noRandomness``.
    package func seal(_ secret: String, context: String) throws(SecretError) -> String {
        var nonce = [UInt8](repeating: 0, count: Self.nonceBytes)
        guard RAND_bytes(&nonce, Int32(nonce.count)) == 1 else { throw .noRandomness }
        return seal(secret, context: context, nonce: nonce)
    }

    /// - Parameter nonce: 12 bytes that this key has never been used with.
    func seal(_ secret: String, context: String, nonce: [UInt8]) -> String {
        precondition(nonce.count == Self.nonceBytes, "a nonce has \(Self.nonceBytes) bytes")
        let (text, tag) = AES256GCM.encrypt(Array(secret.utf8), key, nonce: nonce, context: Array(context.utf8))
        return Self.prefix + Base64URL.encode(nonce + text + tag)
    }

    /// - Throws: ``SecretError/notSealed`` or ``SecretError/notOpened``.
    package func open(_ sealed: String, context: String) throws(SecretError) -> String {
        guard sealed.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(Array(sealed.utf8.dropFirst(Self.prefix.utf8.count))),
            bytes.count >= Self.nonceBytes + Self.tagBytes
        else { throw .notSealed }
        let text = Array(bytes[Self.nonceBytes..<bytes.count - Self.tagBytes])
        guard
            let secret = AES256GCM.decrypt(
                text, key, nonce: Array(bytes.prefix(Self.nonceBytes)), context: Array(context.utf8),
                tag: Array(bytes.suffix(Self.tagBytes)))
        else { throw .notOpened }
        return String(decoding: secret, as: UTF8.self)
    }

    // MARK: Whether it is the right key

    private static let checkContext = "master key check"

    /// A text to be kept next to what is sealed: ``isRight(_:)`` tells by it whether a key is the same one.
    /// - Throws: ``SecretError/noRandomness``.
    package func makeCheck() throws(SecretError) -> [UInt8] {
        Array(try seal("", context: Self.checkContext).utf8)
    }

    /// - Parameter check: of ``makeCheck()``.
    package func isRight(_ check: [UInt8]) -> Bool {
        (try? open(String(decoding: check, as: UTF8.self), context: Self.checkContext)) != nil
    }
}
