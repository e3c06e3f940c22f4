/// The form of a URL that requests are made of, checked when it is set: a request could fail at it for ever.
enum CarrierURL {
    /// What is wrong with a URL that paths are appended to; nil if nothing is.
    static func problem(withBase url: String) -> String? {
        guard let scheme = ["https://", "http://"].first(where: url.hasPrefix) else {
            return "must begin with https:// or http://, it is \(url)"
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard isAuthority(authority) else { return "has no host, or more than a host and a port: it is \(url)" }
        let isPath = rest.dropFirst(authority.count).utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && !"?#\\\"<>^`{|}".utf8.contains(byte)
        }
        return isPath ? nil : "has a query, a fragment, or characters that no path has: it is \(url)"
    }

    /// A host, perhaps with a port of 1 to 65535; without a user.
    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        let bracket = text.hasPrefix("[") ? text.lastIndex(of: "]") : text.startIndex
        guard let bracket else { return false }
        if let colon = text[bracket...].lastIndex(of: ":") {
            let port = text[text.index(after: colon)...]
            guard (1...5).contains(port.utf8.count), let number = UInt32(port), 1...65_535 ~= number else {
                return false
            }
            host = text[..<colon]
        }
        return !host.isEmpty
            && host.utf8.allSatisfy { byte in
                (byte | 0x20) &- 0x61 <= 25 || byte &- 0x30 <= 9 || "-._[]:".utf8.contains(byte)
            }
    }
}
