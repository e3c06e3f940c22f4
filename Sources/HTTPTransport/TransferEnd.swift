internal import CCurl

/// What is known at the end of a transfer, and what follows from it.
struct TransferEnd {
    /// libcurl's result.
    var code: UInt32
    var detail = ""
    /// How often libcurl was about to send the request. The second time it was stopped: it had begun again by itself,
    /// on another connection.
    var sendings: Int
    /// Bytes of the request that were written.
    var sentBytes: Int
    /// The status of the last head that came; 0 = none.
    var status: Int
    /// The empty line after the headers came. Without it libcurl takes a head that was cut short for an answer.
    var isHeadWhole: Bool
    /// The body was stopped at the session's bound.
    var isBodyCut: Bool

    enum Conclusion: Hashable {
        case answered
        case notSent(HTTPFailure.Reason)
        case unknown(HTTPFailure.Reason)
    }

    /// libcurl's result does not say whether anything was sent, so this goes by ``sendings``.
    var conclusion: Conclusion {
        if sendings == 0 { return .notSent(reason) }
        if code == CURLE_ABORTED_BY_CALLBACK.rawValue {
            return sentBytes == 0 ? .notSent(.staleConnection) : .unknown(.connectionLost)
        }
        let isWhole = code == CURLE_OK.rawValue || (code == CURLE_WRITE_ERROR.rawValue && isBodyCut)
        guard isWhole else { return .unknown(reason) }
        guard isHeadWhole, (200...599).contains(status) else { return .unknown(.answerCutShort) }
        return .answered
    }

    private var reason: HTTPFailure.Reason {
        switch CURLcode(rawValue: code) {
        case CURLE_URL_MALFORMAT: .invalidRequest
        case CURLE_UNSUPPORTED_PROTOCOL: sendings == 0 ? .invalidRequest : .notHTTP
        case CURLE_WEIRD_SERVER_REPLY: .notHTTP
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotResolved
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: .notConnected
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .untrustedCertificate
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM: .tls
        case CURLE_GOT_NOTHING: .noAnswer
        // Before anything was sent it is a proxy that was lost, or that refused.
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR: sendings == 0 ? .notConnected : .connectionLost
        case CURLE_PARTIAL_FILE: .answerCutShort
        default: .other
        }
    }
}
