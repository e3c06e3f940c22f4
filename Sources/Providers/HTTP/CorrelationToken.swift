internal import Cryptography
package import SMSModel

/// Names an attempt to a carrier, which hands it back with the receipt: `ID-ATTEMPT-MAC`, of letters, digits and
/// `-_`. The code keeps others from making up receipts for messages that they don't know.
package struct CorrelationToken: Hashable, Sendable {
    package var id: MessageID
    package var attempt: Int

    package init(id: MessageID, attempt: Int) {
        self.id = id
        self.attempt = attempt
    }

    /// - Parameter key: at least 16 random bytes, kept as long as receipts may come.
    package func text(key: [UInt8]) -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, key: key)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes the text behind `bytes`: none of its characters has to be escaped anywhere.
    package func append(to bytes: inout [UInt8], key: [UInt8]) {
        let start = bytes.count
        Self.append(id.rawValue, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        if attempt < 0 { bytes.append(UInt8(ascii: "-")) }
        Self.append(UInt64(attempt.magnitude), to: &bytes)
        let code = HMAC.code(.sha256, key: key, bytes[start...])
        bytes.append(UInt8(ascii: "-"))
        // 128 bits of it.
        Base64URL.append(code[..<16], to: &bytes)
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: digits[start...])
        }
    }

    /// - Returns: nil if the key did not make this text.
    package init?(_ text: String, key: [UInt8]) {
        // A code may hold a `-` too.
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let id = UInt64(Substring(parts[0])), let attempt = Int(Substring(parts[1]))
        else { return nil }
        self.init(id: MessageID(rawValue: id), attempt: attempt)
        guard ConstantTime.areEqual(Array(text.utf8), Array(self.text(key: key).utf8)) else { return nil }
    }

    /// The name of the query's field.
    package static let parameter = "apus"
}

/// A URL that takes an attempt's token into its query, before a fragment: it is taken apart once, for many messages.
package struct TokenURL: Hashable, Sendable {
    private var head: [UInt8]
    private var tail: [UInt8]

    package init(_ url: String) {
        let bytes = Array(url.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.endIndex
        let separator = bytes[..<end].contains(UInt8(ascii: "?")) ? "&" : "?"
        head = bytes[..<end] + Array("\(separator)\(CorrelationToken.parameter)=".utf8)
        tail = Array(bytes[end...])
    }

    /// The same as it stands in a form.
    package var percentEscaped: TokenURL {
        var escaped = self
        (escaped.head, escaped.tail) = ([], [])
        FormWriter.append(escaped: head, to: &escaped.head)
        FormWriter.append(escaped: tail, to: &escaped.tail)
        return escaped
    }

    /// Writes the URL with a token behind `bytes`.
    package func append(_ token: CorrelationToken, key: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: head)
        token.append(to: &bytes, key: key)
        bytes.append(contentsOf: tail)
    }

    package func bytes(_ token: CorrelationToken, key: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(token, key: key, to: &bytes)
        return bytes
    }
}
