internal import HTTPTransport
internal import SMSModel

/// What a carrier's refusal means for the message. Each of them says that it was surely not taken.
enum Refusal: Hashable {
    case rejected(RejectionScope)
    case throttled(ThrottleScope = .request)
    /// The account as a whole is refused.
    case account
}

extension Outcome {
    /// The outcome of a request that got no answer; what was canceled in time was the gateway's own wish.
    init(notSent failure: HTTPFailure) {
        switch failure.reason {
        case .canceled: self = .returned
        case .tooManyWaiting: self = .throttled(retryAfterMilliseconds: nil)
        default: self = .unavailable(code: failure.reason.rawValue)
        }
    }

    /// - Parameter refusal: nil where the message may have been taken all the same.
    init(_ refusal: Refusal?, code: String, message: String, _ response: HTTPResponse) {
        switch refusal {
        case .rejected(let scope):
            self = .rejected(
                scope, code: code, message: String(message.prefix(Limits.providerMessageCharacters)))
        case .throttled(let scope):
            self = .throttled(retryAfterMilliseconds: response.retryAfterMilliseconds, scope: scope)
        case .account: self = .unavailable(code: code)
        case nil: self = .unknown(code: code)
        }
    }

    /// The outcome of an answer that isn't the carrier's own, such as the page of a proxy or a load balancer: it says
    /// nothing about what the carrier did. Only that it is too much at once is as good from anybody.
    init(foreign response: HTTPResponse) {
        self.init(response.status == 429 ? .throttled() : nil, code: "HTTP_\(response.status)", message: "", response)
    }
}

extension HTTPResponse {
    /// Which headers a carrier's session has to keep for this.
    static let headersForOutcomes = ["retry-after"]

    /// The time of `Retry-After` in whole seconds, at most a day; nil without it, or with a date.
    var retryAfterMilliseconds: UInt64? {
        guard let seconds = header("retry-after").flatMap({ UInt64($0) }) else { return nil }
        return min(seconds, 24 * 3600) * 1000
    }
}
