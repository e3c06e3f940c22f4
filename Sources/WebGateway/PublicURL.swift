internal import SMSModel

/// What stands before the path in the URLs that carriers are given, such as `https://sms.example.com`.
///
/// Behind a proxy only the configuration knows it, and signatures of carriers are over the URL that they were given.
package struct PublicURL: Hashable, Sendable {
    /// Without a `/` at its end.
    package let text: String

    package struct ParseError: Error, Hashable, CustomStringConvertible {
        package var description: String {
            "must be http:// or https://, a host, and perhaps a port and a path: without user, query or `/` at the end"
        }
    }

    package init(parsing text: String) throws(ParseError) {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { throw ParseError() }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard Self.isAuthority(authority), !text.hasSuffix("/"),
            rest.dropFirst(authority.count).utf8.allSatisfy(Self.isOfPath)
        else { throw ParseError() }
        self.text = text
    }

    /// Whether the text is what a `Host` header has: a name or an address, and perhaps a port.
    static func isAuthority(_ text: some StringProtocol) -> Bool {
        let text = String(text)
        guard !text.isEmpty, text.utf8.allSatisfy(isOfHost) else { return false }
        let hasPort = text.hasPrefix("[") ? !text.hasSuffix("]") : text.contains(":")
        return HostAndPort.split((hasPort ? text : "\(text):80")[...]) != nil
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || ".-_:[]".utf8.contains(byte)
    }

    private static func isOfPath(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "/-._~%!$&'()*+,;=:@".utf8.contains(byte)
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
