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
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        if path.elementsEqual("/health".utf8) {
            self = .health
            return
        }
        let prefix = "/webhooks/".utf8
        guard path.starts(with: prefix) else {
            self = .unknown
            return
        }
        let name = path.dropFirst(prefix.count).prefix { $0 != UInt8(ascii: "/") }
        self = Self.isName(name) ? .webhook(provider: String(Substring(name))) : .unknown
    }

    private static func isName(_ text: Substring.UTF8View) -> Bool {
        (1...Limits.webhookNameBytes).contains(text.count)
            && text.allSatisfy { PublicURL.isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }

    /// In the order of the header `Allow`.
    var methods: [String] {
        switch self {
        case .webhook: Self.webhookMethods
        case .health: Self.healthMethods
        case .unknown: []
        }
    }

    private static let webhookMethods = ["GET", "HEAD", "POST"]
    private static let healthMethods = ["GET", "HEAD"]
}
