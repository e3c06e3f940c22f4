/// What became of a request, told apart by whether the server may have acted on it.
package enum HTTPResult: Hashable, Sendable {
    /// A whole answer came, whatever its status.
    case answered(HTTPResponse)
    /// Surely not acted on: nothing of the request was sent.
    case notSent(HTTPFailure)
    /// Something of the request may have been sent, and no whole answer came.
    case unknown(HTTPFailure)
}

package struct HTTPResponse: Hashable, Sendable {
    /// 200 to 599.
    package var status: Int
    /// The headers that the session asked for, in their order.
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    /// The body was longer than the session's bound: these are its first bytes. Status and headers are whole.
    package var isBodyCut: Bool

    package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = [], isBodyCut: Bool = false) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isBodyCut = isBodyCut
    }

    /// The first header of this name, which is given in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

package struct HTTPFailure: Error, Hashable, Sendable {
    /// Raw values are for timelines and counters.
    package enum Reason: String, Hashable, Sendable {
        case canceled = "CANCELED"
        case tooManyWaiting = "TOO_MANY_WAITING"
        case invalidRequest = "INVALID_REQUEST"
        case nameNotResolved = "NAME_NOT_RESOLVED"
        case notConnected = "NOT_CONNECTED"
        case untrustedCertificate = "UNTRUSTED_CERTIFICATE"
        case tls = "TLS_FAILED"
        case timedOut = "TIMED_OUT"
        /// A connection kept from earlier had ended.
        case staleConnection = "STALE_CONNECTION"
        case connectionLost = "CONNECTION_LOST"
        case noAnswer = "NO_ANSWER"
        case answerCutShort = "ANSWER_CUT_SHORT"
        case notHTTP = "NOT_HTTP"
        case other = "HTTP_FAILED"
    }

    package var reason: Reason
    /// What libcurl says, for logs.
    package var detail: String

    package init(_ reason: Reason, _ detail: String = "") {
        self.reason = reason
        self.detail = detail
    }
}

/// A request's end.
package struct HTTPCompletion: Sendable {
    package var id: HTTPRequestID
    package var result: HTTPResult

    package init(id: HTTPRequestID, result: HTTPResult) {
        self.id = id
        self.result = result
    }
}
