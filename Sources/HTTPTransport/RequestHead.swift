internal import Cryptography

/// What mostly is the same for one request of a session after the other, so that it need not be set again: the headers,
/// and what they are made of.
struct RequestHead: Equatable {
    var headers: [HTTPHeader] = []
    var authentication = HTTPAuthentication.none
    /// The body's, in hexadecimal, if AWS is to have it; else empty.
    private var digest = ""

    init() {}

    init(_ request: HTTPRequest) {
        headers = request.headers
        authentication = request.authentication
        if case .aws = authentication { digest = Hexadecimal.encode(HashFunction.sha256.digest(request.body)) }
    }

    /// Its headers, but for those that libcurl adds.
    var lines: [String] {
        var lines = headers.map { "\($0.name): \($0.value)" }
        if case .aws(let credentials, _, _) = authentication {
            lines.append("x-amz-content-sha256: \(digest)")
            if let token = credentials.sessionToken { lines.append("x-amz-security-token: \(token)") }
        }
        return lines
    }
}
