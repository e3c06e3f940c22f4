internal import Cryptography
internal import FoundationEssentials
internal import JSON
package import SMSModel

/// A request that Twilio makes, to be believed only if ``isSigned(by:)``.
package struct TwilioCallback: Sendable {
    package enum Content: Sendable {
        case none
        case form(FormFields)
        /// Any other body, such as JSON.
        case raw([UInt8])
    }

    /// The value as Twilio was given it: scheme, host, port if it was written, path and query, nothing encoded twice.
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

    /// Whether one of the secrets made its signature: the account's auth token, or a shared key's secret, which signs
    /// in its stead where the settings name one, but never an API key's; two while one is replaced by the other. Takes
    /// as long for one wrong signature as for another.
    package func isSigned(by secrets: [String]) -> Bool {
        guard let hash, let given = signature.flatMap({ Data(base64Encoded: $0) }), hasWholeBody else { return false }
        let signature = Array(given)
        let parameters = signedParameters
        func isSigned(_ url: String) -> Bool {
            let text = Array(url.utf8) + parameters
            return secrets.contains { secret in
                guard !secret.isEmpty else { return false }
                let code = HMAC.code(hash, key: secret.utf8, text)
                return ConstantTime.areEqual(code, signature)
            }
        }
        // Twilio has signed with and without the scheme's own port. Whether it signs the fragment too, which it was
        // given with the URL and doesn't send, is not known.
        return [url, Self.portVariant(url)].compactMap(\.self).contains { url in
            isSigned(url) || isSigned(url + TwilioOptions.repeatingFragment)
        }
    }

    /// The algorithm that the settings name, SHA-1 where they name none; nil for one that isn't known, and for two.
    private var hash: HashFunction? {
        let algorithms = (signatureSettings ?? "").split(separator: ",").compactMap { part in
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.filter { $0 != " " } }
            return words.count == 2 && words[0] == "algorithm" && !words[1].isEmpty ? words[1].uppercased() : nil
        }
        return switch algorithms {
        case [], ["HMAC_SHA1"]: .sha1
        case ["HMAC_SHA256"]: .sha256
        default: nil
        }
    }

    /// A body that is no form is covered by its hash in the signed URL.
    private var hasWholeBody: Bool {
        guard case .raw(let body) = content else { return true }
        guard
            let query = url.split(separator: "#", maxSplits: 1)[0].split(separator: "?", maxSplits: 1).dropFirst()
                .first,
            let given = FormFields(decoding: query.utf8)?.only("bodySHA256")
        else { return false }
        let hash = Hexadecimal.encode(HashFunction.sha256.digest(body))
        return ConstantTime.areEqual(Array(hash.utf8), Array(given.utf8))
    }

    /// Names and values without anything between: names in the order of their bytes, of each the different values in
    /// the order of theirs.
    private var signedParameters: [UInt8] {
        guard case .form(let form) = content else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(form.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count })
        var last: FormFields.Field?
        for field in form.fields.sorted(by: Self.precedes) {
            if let last, !Self.precedes(last, field) { continue }
            bytes += field.name.utf8
            bytes += field.value.utf8
            last = field
        }
        return bytes
    }

    /// Compares the bytes: texts that Unicode takes for equal may have different ones.
    private static func precedes(_ one: FormFields.Field, _ other: FormFields.Field) -> Bool {
        one.name == other.name
            ? one.value.utf8.lexicographicallyPrecedes(other.value.utf8) : one.name < other.name
    }

    /// The URL without its port, or with the scheme's own if it has none.
    private static func portVariant(_ url: String) -> String? {
        let bytes = url.utf8
        guard let scheme = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[scheme...].starts(with: "://".utf8)
        else { return nil }
        let rest = bytes[bytes.index(scheme, offsetBy: 3)...]
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let end = authority.endIndex
        let port = authority.lastIndex(of: UInt8(ascii: ":")).flatMap { colon in
            authority[colon...].dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                ? colon : nil
        }
        if let port { return String(url[..<port] + url[end...]) }
        return "\(url[..<end]):\(url[..<scheme] == "https" ? 443 : 80)\(url[end...])"
    }
}

/// What a status callback says.
package struct TwilioStatus: Hashable, Sendable {
    package var providerID: String
    package var receipt: ReceiptStatus

    /// - Returns: nil if it is no status callback of Twilio.
    package init?(_ form: FormFields) {
        guard let sid = form.only("MessageSid"), TwilioOptions.isSID(sid, "SM", "MM"),
            let status = form.only("MessageStatus")
        else { return nil }
        providerID = sid
        receipt = Self.receipt(status, errorCode: form.only("ErrorCode"))
    }

    /// What Twilio's statuses say, in callbacks as in its resources. A message that has any was taken.
    static func receipt(_ status: String, errorCode: String?) -> ReceiptStatus {
        switch status {
        case "delivered", "read": .delivered
        case "undelivered", "failed", "canceled": .undelivered(code: errorCode ?? status.uppercased())
        default: .taken
        }
    }
}
