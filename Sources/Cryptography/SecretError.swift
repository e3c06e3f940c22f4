/// Why a secret cannot be had. Descriptions are clauses for operators, and tell nothing of the secret.
package enum SecretError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is no master key.
    case noKey
    /// The text is not one that ``SecretBox`` has sealed.
    case notSealed
    /// Another key, another place, or a text that was changed: which of them cannot be told.
    case notOpened
    /// The system has no random bytes.
    case noRandomness

    package var description: String {
        switch self {
        case .noKey: "a master key is 32 bytes, as 64 hexadecimal digits or in base64: `openssl rand -hex 32` makes one"
        case .notSealed: "it is no sealed secret: those begin with \(SecretBox.prefix)"
        case .notOpened: "it was sealed with another master key or for another place, or it was changed since"
        case .noRandomness: "the system gives no random bytes"
        }
    }
}
