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
    package func text(key: [UInt8]) -> String { "\(id.rawValue)-\(attempt)-\(code(key))" }

    /// - Returns: nil if the key did not make this text.
    package init?(_ text: String, key: [UInt8]) {
        // A code may hold a `-` too.
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let id = UInt64(Substring(parts[0])), let attempt = Int(Substring(parts[1]))
        else { return nil }
        self.init(id: MessageID(rawValue: id), attempt: attempt)
        guard MessageAuthentication.areEqual(Array(text.utf8), Array(self.text(key: key).utf8)) else { return nil }
    }

    /// 128 bits of the HMAC.
    private func code(_ key: [UInt8]) -> String {
        let code = MessageAuthentication.code(.sha256, key: key, "\(id.rawValue)-\(attempt)".utf8)
        return Base64URL.encode(Array(code[..<16]))
    }

    /// The URL with the token in its query, before a fragment.
    package func added(to url: String, key: [UInt8]) -> String {
        let end = url.firstIndex(of: "#") ?? url.endIndex
        let separator = url[..<end].contains("?") ? "&" : "?"
        return "\(url[..<end])\(separator)\(Self.parameter)=\(text(key: key))\(url[end...])"
    }

    /// The name of the query's field.
    package static let parameter = "apus"
}
