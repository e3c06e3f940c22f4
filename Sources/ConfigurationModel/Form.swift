internal import SMSModel

/// What texts of the configuration have to look like. Each check says in a clause what is wrong, or nil.
package enum Form {
    /// A tenant's name.
    package static func tenantName(_ name: String) -> String? {
        let isFine = name.utf8.allSatisfy { isLetter($0) || isDigit($0) || ".-_".utf8.contains($0) }
        guard isFine, 1...Limits.tenantNameCharacters ~= name.utf8.count else {
            return "a tenant's name has 1 to \(Limits.tenantNameCharacters) characters of a-z, A-Z, 0-9 and . _ -"
        }
        return nil
    }

    /// A provider's name.
    package static func providerName(_ name: String) -> String? {
        let isFine = name.utf8.allSatisfy { 0x61...0x7A ~= $0 || isDigit($0) || $0 == UInt8(ascii: "-") }
        guard isFine, 1...Limits.providerNameCharacters ~= name.utf8.count else {
            return "a provider's name has 1 to \(Limits.providerNameCharacters) characters of a-z, 0-9 and -"
        }
        return nil
    }

    /// A route's name.
    package static func routeName(_ name: String) -> String? {
        tenantName(name) == nil
            ? nil : "a route's name has 1 to \(Limits.tenantNameCharacters) characters of a-z, A-Z, 0-9 and . _ -"
    }

    /// What a provider calls one of its secrets.
    package static func secretName(_ name: String) -> String? {
        let isFine = name.utf8.allSatisfy { 0x61...0x7A ~= $0 || isDigit($0) || $0 == UInt8(ascii: "_") }
        guard isFine, 1...Limits.providerSecretNameCharacters ~= name.utf8.count else {
            return "a secret's name has 1 to \(Limits.providerSecretNameCharacters) characters of a-z, 0-9 and _"
        }
        return nil
    }

    /// A provider's secret, or such a one sealed.
    static func providerSecret(_ secret: String) -> String? {
        isSealed(secret) || 1...Limits.providerSecretBytes ~= secret.utf8.count
            ? nil : "must have 1 to \(Limits.providerSecretBytes) bytes"
    }

    /// A text for people or for comparing.
    static func text(_ text: String, upTo bytes: Int) -> String? {
        guard 1...bytes ~= text.utf8.count else { return "must have 1 to \(bytes) bytes" }
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return isPlain ? nil : "must have no control characters"
    }

    /// A sender: a number, a short code or a name. Admission checks more once it is used.
    static func sender(_ sender: String) -> String? {
        if sender.hasPrefix("+") { return digits(sender.dropFirst()) ? nil : "after + come 1 to 15 digits" }
        let isName = sender.utf8.allSatisfy { 0x20..<0x7F ~= $0 }
        guard isName, 1...Limits.alphanumericSenderCharacters ~= sender.utf8.count else {
            return "a sender is +NUMBER, a short code, or a name of at most \(Limits.alphanumericSenderCharacters) "
                + "characters"
        }
        return nil
    }

    /// A country by its code.
    static func country(_ country: String) -> String? {
        let isCountry = country.utf8.count == 2 && country.utf8.allSatisfy { 0x41...0x5A ~= $0 }
        return isCountry ? nil : "a country is two capital letters of ISO 3166-1, such as DE"
    }

    /// A country or a prefix of numbers.
    static func destination(_ destination: String) -> String? {
        let isPrefix = destination.hasPrefix("+") && digits(destination.dropFirst())
        return isPrefix || country(destination) == nil
            ? nil : "a destination is a country, such as DE, or the beginning of a number, such as +4915"
    }

    /// A key that signatures are checked with, in PEM.
    static func publicKey(_ key: String) -> String? {
        let (begin, end) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
        guard key.utf8.count <= Limits.publicKeyBytes else { return "has more than \(Limits.publicKeyBytes) bytes" }
        let lines = key.split(whereSeparator: \.isNewline)
        let content = lines.dropFirst().dropLast().joined()
        guard lines.first == begin[...], lines.last == end[...], !content.isEmpty,
            content.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "+/=".utf8.contains($0) })
        else { return "must be a public key in PEM, which begins with \(begin)" }
        return nil
    }

    /// A shared secret in base64url, or such a one sealed.
    static func secret(_ secret: String) -> String? {
        if isSealed(secret) { return nil }
        let (least, most) = (Limits.issuerSecretMinimumBytes, Limits.issuerSecretMaximumBytes)
        let isBase64 = secret.utf8.allSatisfy { isLetter($0) || isDigit($0) || "-_".utf8.contains($0) }
        let count = secret.utf8.count
        // Four characters are three bytes; one left over is none.
        guard isBase64, count % 4 != 1, least...most ~= count * 3 / 4 else {
            return "must be \(least) to \(most) bytes in base64url, without ="
        }
        guard !publicKeys.contains(where: secret.hasPrefix) else {
            return "is a key in PEM, or a public key, which others know: a secret is random bytes"
        }
        return nil
    }

    /// The beginnings of what is no secret, in base64url: `-----BEGIN`, and public keys of RSA, P-256 and Ed25519 in DER.
    private static let publicKeys = [
        "LS0tLS1CRUdJ", "MIGfMA0GCSqGSIb3", "MIIBIjANBgkqhkiG9w0B", "MIICIjANBgkqhkiG9w0B", "MFkwEwYHKoZIzj0C",
        "MCowBQYDK2Vw",
    ]

    /// Whether a secret is there as it is kept, encrypted. A colon is no character of base64url, and no carrier's
    /// credentials begin so.
    package static func isSealed(_ secret: String) -> Bool { secret.hasPrefix("sealed:") }

    private static func digits(_ text: Substring) -> Bool {
        1...Limits.phoneNumberDigits ~= text.utf8.count && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 <= 9 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 <= 25 }
}
