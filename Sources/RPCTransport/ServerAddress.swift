internal import SMSModel

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
            guard let (host, port) = HostAndPort.split(rest) else { throw .malformed(text) }
            self = .tcp(host: host, port: port)
        case "tls":
            guard let (host, port) = HostAndPort.split(rest) else { throw .malformed(text) }
            self = .tls(host: host, port: port)
        default:
            throw .malformed(text)
        }
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
        case .tcp(let host, let port): "tcp:\(HostAndPort.text(host, port))"
        case .tls(let host, let port): "tls:\(HostAndPort.text(host, port))"
        }
    }
}
