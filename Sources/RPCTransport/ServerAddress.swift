/// Where a server listens or a client connects: `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`.
package enum ServerAddress: Hashable, Sendable {
    case unix(path: String)
    /// An IPv6 address is written in brackets. Port 0 = any free one.
    case tcp(host: String, port: Int)
    /// TLS over TCP.
    case tls(host: String, port: Int)

    package enum ParseError: Error, Hashable, CustomStringConvertible {
        case malformed(String)

        package var description: String {
            switch self {
            case .malformed(let text):
                "\"\(text)\" is not an address: write unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, an IPv6 host in brackets"
            }
        }
    }

    /// The longest path of a Unix socket that Linux takes.
    package static let unixPathBytes = 107

    package init(parsing text: String) throws(ParseError) {
        guard let colon = text.firstIndex(of: ":") else { throw .malformed(text) }
        let rest = text[text.index(after: colon)...]
        switch text[..<colon] {
        case "unix":
            guard !rest.isEmpty, rest.utf8.count <= Self.unixPathBytes, !rest.utf8.contains(0) else {
                throw .malformed(text)
            }
            self = .unix(path: String(rest))
        case "tcp":
            guard let (host, port) = Self.hostAndPort(rest) else { throw .malformed(text) }
            self = .tcp(host: host, port: port)
        case "tls":
            guard let (host, port) = Self.hostAndPort(rest) else { throw .malformed(text) }
            self = .tls(host: host, port: port)
        default:
            throw .malformed(text)
        }
    }

    /// Splits `HOST:PORT`, an IPv6 host in brackets; nil if it is none.
    package static func hostAndPort(_ text: Substring) -> (String, Int)? {
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
}

extension ServerAddress {
    package var isOfTLS: Bool { if case .tls = self { true } else { false } }
    /// With TLS or without.
    package var isOfTCP: Bool { if case .unix = self { false } else { true } }
}

extension ServerAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(Self.text(host, port))"
        case .tls(let host, let port): "tls:\(Self.text(host, port))"
        }
    }

    /// `HOST:PORT`, an IPv6 host in brackets.
    package static func text(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
