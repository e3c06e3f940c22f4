internal import SMSModel

/// Where the web server listens: `http:HOST:PORT` or `https:HOST:PORT`.
package enum WebAddress: Hashable, Sendable {
    /// An IPv6 address is written in brackets. Port 0 = any free one.
    case http(host: String, port: Int)
    /// HTTP over TLS.
    case https(host: String, port: Int)

    package enum ParseError: Error, Hashable, CustomStringConvertible {
        case malformed(String)

        package var description: String {
            switch self {
            case .malformed(let text):
                "\"\(text)\" is no address of the web server: write http:HOST:PORT or https:HOST:PORT, an IPv6 host in brackets"
            }
        }
    }

    package init(parsing text: String) throws(ParseError) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let (host, port) = HostAndPort.split(parts[1]), !host.hasPrefix("/") else {
            throw .malformed(text)
        }
        switch parts[0] {
        case "http": self = .http(host: host, port: port)
        case "https": self = .https(host: host, port: port)
        default: throw .malformed(text)
        }
    }

    package var isOfTLS: Bool { if case .https = self { true } else { false } }

    package var host: String {
        switch self {
        case .http(let host, _), .https(let host, _): host
        }
    }

    package var port: Int {
        switch self {
        case .http(_, let port), .https(_, let port): port
        }
    }

    func with(port: Int) -> WebAddress {
        isOfTLS ? .https(host: host, port: port) : .http(host: host, port: port)
    }
}

extension WebAddress: CustomStringConvertible {
    package var description: String { "\(isOfTLS ? "https" : "http"):\(HostAndPort.text(host, port))" }
}
