internal import SMSModel

/// Where a request wants to go, by its target as it came: nothing of it is decoded or tidied, for signatures are over
/// the raw text, and a path of ours needs no escapes.
enum WebRoute: Hashable {
    /// `/webhooks/NAME`, also with more behind a further `/`.
    case webhook(provider: String)
    case health
    case unknown

    /// - Parameter target: path and query.
    init(target: String) {
        let path = target.prefix { $0 != "?" }
        if path == "/health" {
            self = .health
            return
        }
        let prefix = "/webhooks/"
        guard path.hasPrefix(prefix) else {
            self = .unknown
            return
        }
        let name = path.dropFirst(prefix.count).prefix { $0 != "/" }
        self = Self.isName(name) ? .webhook(provider: String(name)) : .unknown
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...Limits.webhookNameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { PublicURL.isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }

    /// In the order of the header `Allow`.
    var methods: [String] {
        switch self {
        case .webhook: ["GET", "HEAD", "POST"]
        case .health: ["GET", "HEAD"]
        case .unknown: []
        }
    }
}
