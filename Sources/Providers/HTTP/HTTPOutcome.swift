internal import HTTPTransport
internal import SMSModel

extension Outcome {
    /// The outcome of a request that got no answer; what was canceled in time was the gateway's own wish.
    init(notSent failure: HTTPFailure) {
        switch failure.reason {
        case .canceled: self = .returned
        case .tooManyWaiting: self = .throttled(retryAfterMilliseconds: nil)
        default: self = .unavailable(code: failure.reason.rawValue)
        }
    }
}

extension HTTPResponse {
    /// Of `Retry-After` in whole seconds, at most a day; nil without it, or with a date.
    var retryAfterMilliseconds: UInt64? {
        guard let seconds = header("retry-after").flatMap({ UInt64($0) }) else { return nil }
        return min(seconds, 24 * 3600) * 1000
    }
}
