internal import COpenSSL

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
        if case .aws = authentication { digest = Self.sha256(request.body) }
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

    private static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        bytes.withUnsafeBytes { apus_sha256($0.baseAddress, $0.count, nil, 0, &digest) }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
