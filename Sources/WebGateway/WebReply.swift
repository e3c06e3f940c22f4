internal import GatewayCore
internal import Providers
internal import SMSModel

/// The answer to a request.
struct WebReply: Hashable, Sendable {
    /// 200 to 599.
    var status: Int
    /// "" = none, and no body.
    var contentType = ""
    var body = ""
    /// With 429 or 503: when to ask again.
    var retryAfterSeconds: Int?

    static let json = "application/json"

    init(status: Int, contentType: String, body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// An error in JSON.
    ///
    /// - Parameter text: words that need no escapes, and hold nothing of the request.
    init(status: Int, error text: StaticString) {
        self.init(status: status, contentType: Self.json, body: #"{"error":"\#(text)"}"#)
        if status == 503 { retryAfterSeconds = Limits.webRetryAfterSeconds }
    }

    /// What a carrier is answered: carriers post again after 503, and after nothing else.
    init(_ result: IngressResult) {
        switch result {
        case .taken(let answer):
            self.init(status: answer.status, contentType: answer.contentType, body: answer.body)
        case .noProvider: self = .noProvider
        case .refused: self.init(status: 403, error: "not proven to be the carrier's")
        case .unreadable: self.init(status: 400, error: "not readable")
        case .undecided: self.init(status: 503, error: "not decided yet")
        case .understoodInPart: self.init(status: 503, error: "not all of it is understood")
        case .notStored: self.init(status: 503, error: "nothing can be stored now")
        }
    }

    static let noProvider = WebReply(status: 404, error: "no provider of this name takes webhooks")
    static let tooLarge = WebReply(status: 413, error: "the body is too large")
    static let tooMuch = WebReply(status: 503, error: "too much at once, try again later")
}
