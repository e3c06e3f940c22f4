internal import FoundationEssentials
package import SMSModel

/// A request that Twilio makes, to be believed only if ``isSigned(by:)``.
package struct TwilioCallback: Sendable {
    package enum Content: Sendable {
        case none
        case form(FormFields)
        /// Any other body, such as JSON.
        case raw([UInt8])
    }

    /// As Twilio was given it: scheme, host, port if it was written, path and query, nothing encoded anew.
    package var url: String
    package var content: Content
    /// The header `X-Twilio-Signature`.
    package var signature: String?
    /// The header `X-Twilio-Webhooks-Signature-Settings`.
    package var signatureSettings: String?

    package init(url: String, content: Content, signature: String?, signatureSettings: String? = nil) {
        self.url = url
        self.content = content
        self.signature = signature
        self.signatureSettings = signatureSettings
    }

    /// Whether one of the secrets made its signature: the account's auth token, or the shared key's secret where the
    /// settings name one, but never an API key's; two while one is replaced by the other. Takes as long for a wrong
    /// signature as for a right one.
    package func isSigned(by tokens: [String]) -> Bool {
        guard let hash, let given = signature.flatMap({ Data(base64Encoded: $0) }), hasWholeBody else { return false }
        let parameters = signedParameters
        var isSigned = false
        for token in tokens where !token.isEmpty {
            // Twilio has signed with and without the scheme's own port.
            for url in Self.portVariants(url) {
                let code = MessageAuthentication.code(hash, key: token.utf8, Array(url.utf8) + parameters)
                if MessageAuthentication.areEqual(code, Array(given)) { isSigned = true }
            }
        }
        return isSigned
    }

    /// nil for an algorithm that isn't known.
    private var hash: MessageAuthentication.Hash? {
        guard let signatureSettings else { return .sha1 }
        let algorithms = signatureSettings.split(separator: ",")
            .map { $0.trimmingPrefix { $0 == " " } }
            .filter { $0.hasPrefix("algorithm=") }
        return algorithms == ["algorithm=HMAC_SHA256"] ? .sha256 : nil
    }

    /// A body that is no form is covered by its hash in the signed URL.
    private var hasWholeBody: Bool {
        guard case .raw(let body) = content else { return true }
        guard
            let query = url.split(separator: "#", maxSplits: 1)[0].split(separator: "?", maxSplits: 1).dropFirst()
                .first,
            let given = FormFields(decoding: query.utf8)?.only("bodySHA256")
        else { return false }
        let hash = MessageAuthentication.sha256(body).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return MessageAuthentication.areEqual(Array(hash.joined().utf8), Array(given.utf8))
    }

    /// Names and values without anything between: names in the order of their bytes, of each the different values in
    /// the order of theirs.
    private var signedParameters: [UInt8] {
        guard case .form(let form) = content else { return [] }
        let pairs = Set(form.fields.map { Pair(name: Array($0.name.utf8), value: Array($0.value.utf8)) })
        return pairs.sorted().flatMap { $0.name + $0.value }
    }

    private struct Pair: Hashable, Comparable {
        var name: [UInt8]
        var value: [UInt8]

        static func < (one: Pair, other: Pair) -> Bool {
            one.name == other.name
                ? one.value.lexicographicallyPrecedes(other.value) : one.name.lexicographicallyPrecedes(other.name)
        }
    }

    /// The URL as it is, without its port, and with the scheme's own if it has none.
    private static func portVariants(_ url: String) -> [String] {
        guard let scheme = url.firstRange(of: "://") else { return [url] }
        let end = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        let authority = url[scheme.upperBound..<end]
        let port = authority.lastIndex(of: ":").flatMap { colon in
            authority[authority.index(after: colon)...].allSatisfy(\.isNumber) ? colon : nil
        }
        if let port { return [url, String(url[..<port] + url[end...])] }
        return [url, "\(url[..<end]):\(url[..<scheme.lowerBound] == "https" ? 443 : 80)\(url[end...])"]
    }
}

/// What a status callback says.
package struct TwilioStatus: Hashable, Sendable {
    package var providerID: String
    /// nil while the message is under way.
    package var receipt: ReceiptStatus?

    /// - Returns: nil if it is no status callback of Twilio.
    package init?(_ form: FormFields) {
        guard let sid = form.only("MessageSid"), TwilioOptions.isSID(sid, "SM", "MM"),
            let status = form.only("MessageStatus")
        else { return nil }
        providerID = sid
        switch status {
        case "delivered", "read": receipt = .delivered
        case "undelivered", "failed", "canceled":
            receipt = .undelivered(code: form.only("ErrorCode") ?? status.uppercased())
        default: receipt = nil
        }
    }
}
