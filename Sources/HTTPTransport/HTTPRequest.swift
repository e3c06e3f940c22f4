/// What the caller knows a request by; only compared here.
package struct HTTPRequestID: Hashable, Sendable {
    package var number: UInt64
    package var attempt: Int

    package init(number: UInt64, attempt: Int = 1) {
        self.number = number
        self.attempt = attempt
    }
}

package enum HTTPMethod: Hashable, Sendable {
    case get
    case post
}

package struct HTTPHeader: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

package enum HTTPAuthentication: Hashable, Sendable {
    case none
    /// RFC 7617. The user has no colon.
    case basic(user: String, password: String)
    /// Signature Version 4 of AWS, in headers. The URL must have no query and no escaped path, no header's name may
    /// begin with another's whole name, and none is `X-Amz-Date` or `X-Amz-Content-Sha256`.
    case aws(AWSCredentials, region: String, service: String)
}

package struct AWSCredentials: Hashable, Sendable {
    package var keyID: String
    package var secret: String
    /// The token of temporary credentials.
    package var sessionToken: String?

    package init(keyID: String, secret: String, sessionToken: String? = nil) {
        self.keyID = keyID
        self.secret = secret
        self.sessionToken = sessionToken
    }
}

/// One request of HTTP/1.1.
package struct HTTPRequest: Sendable {
    package var id: HTTPRequestID
    package var method: HTTPMethod
    /// Absolute, `http` or `https`, escaped.
    package var url: String
    /// Each with a value; `Host` and `Content-Length` are added.
    package var headers: [HTTPHeader]
    /// The body of a POST.
    package var body: [UInt8]
    package var authentication: HTTPAuthentication

    package init(
        id: HTTPRequestID, method: HTTPMethod = .get, url: String, headers: [HTTPHeader] = [], body: [UInt8] = [],
        authentication: HTTPAuthentication = .none
    ) {
        self.id = id
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.authentication = authentication
    }

    var isMethodRight: Bool { method == .post || body.isEmpty }

    // Whether its texts can stand in a request's head as they are. Anything else would let one header hold another, or
    // would be cut short at a zero byte.

    static func isWellFormed(url: String) -> Bool { url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } }

    static func isWellFormed(_ headers: [HTTPHeader], _ authentication: HTTPAuthentication) -> Bool {
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isToken),
                !header.value.isEmpty, header.value.utf8.allSatisfy(Self.isFieldContent)
            else { return false }
        }
        switch authentication {
        case .none: return true
        case .basic(let user, let password):
            return user.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: ":") } && !password.utf8.contains(0)
        case .aws(let credentials, let region, let service):
            return [credentials.keyID, credentials.secret, region, service, credentials.sessionToken ?? "-"]
                .allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
        }
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// RFC 9110, section 5.5.
    private static func isFieldContent(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }
}
