/// A host and a port in one text: `HOST:PORT`, an IPv6 host in brackets.
package enum HostAndPort {
    /// Splits `HOST:PORT`, an IPv6 host in brackets; nil if it is none.
    package static func split(_ text: Substring) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(where: { ":[]".contains($0) }) {
            return nil
        }
        guard !host.isEmpty, !host.utf8.contains(0) else { return nil }
        return (String(host), port)
    }

    /// Puts them together.
    package static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
