internal import HTTPTransport
internal import SMSModel
internal import Testing

@testable internal import Providers

@Suite struct SNSAnswerTests {
    private static let id = "94f20ce6-13c5-43a0-9a9e-ca52d816e90b"

    private func outcome(_ status: Int, _ body: String, headers: [HTTPHeader] = [], isCut: Bool = false) -> Outcome {
        SNSAnswer.outcome(
            .answered(HTTPResponse(status: status, headers: headers, body: Array(body.utf8), isBodyCut: isCut)))
    }

    private func refusal(_ code: String, _ status: Int, _ message: String = "why", inErrors: Bool = false) -> Outcome {
        let error = "<Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>"
        return outcome(
            status,
            """
            <ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
            \(inErrors ? "<Errors>\(error)</Errors>" : error)<RequestId>r</RequestId></ErrorResponse>
            """)
    }

    /// Throttling in its guises, whatever the status.
    @Test(arguments: [
        "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled",
        "RequestThrottledException", "TooManyRequestsException", "KMSThrottling", "SlowDown",
    ])
    func throttled(_ code: String) {
        for status in [400, 429, 503] {
            #expect(refusal(code, status) == .throttled(retryAfterMilliseconds: nil))
            #expect(refusal(code, status, inErrors: true) == .throttled(retryAfterMilliseconds: nil))
        }
    }

    /// What is about one sender says so in its text only.
    @Test(arguments: [
        "Rate exceeded for origination number +15017122661", "SenderID ACME: rate exceeded",
        "Invalid parameter: OriginationNumber Reason: too fast",
    ])
    func throttledBySender(_ message: String) {
        for (code, status) in [("Throttling", 400), ("ThrottledException", 429), ("New", 429)] {
            let body = """
                <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>
                <RequestId>r</RequestId></ErrorResponse>
                """
            #expect(outcome(status, body) == .throttled(retryAfterMilliseconds: nil, scope: .sender))
        }
    }

    @Test(arguments: [
        "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken", "IncompleteSignature",
        "ExpiredToken", "AuthorizationError", "AccessDenied", "OptInRequired", "InvalidSecurity", "UserError",
        "InvalidAction", "RequestExpired",
    ])
    func theAccounts(_ code: String) {
        for status in [400, 401, 403] { #expect(refusal(code, status) == .unavailable(code: code)) }
    }

    /// What may have been taken all the same.
    @Test func unknown() {
        for (code, status) in [
            ("InternalError", 500), ("InternalFailure", 500), ("ServiceUnavailable", 503), ("RequestTimeout", 400),
            ("New", 500), ("New", 502), ("New", 503), ("New", 504), ("New", 408), ("New", 302),
        ] { #expect(refusal(code, status) == .unknown(code: code)) }
    }

    @Test func rejected() {
        for (code, message, scope) in [
            (
                "InvalidParameter", "Invalid parameter: PhoneNumber Reason: +1 is not valid to publish to",
                RejectionScope.recipient
            ),
            ("ParameterValueInvalid", "The phone number is invalid", .recipient), ("OptedOut", "x", .optedOut),
            ("InvalidParameter", "Invalid parameter: SenderID Reason: x", .sender),
            ("InvalidParameter", "Invalid parameter: OriginationNumber", .sender),
            (
                "InvalidParameter",
                "Invalid parameter: AWS.MM.SMS.OriginationNumber Reason: it must be a phone number", .sender
            ),
            ("ValidationException", "The Sender ID is not registered for the country", .sender),
            ("InvalidParameter", "Invalid parameter: Message too long", .content),
            ("InvalidParameter", "Invalid parameter: MessageAttributes", .route),
            ("InvalidParameter", "Invalid parameter: TopicArn", .route), ("ValidationError", "x", .route),
            ("ValidationException", "x", .route), ("KMSDisabled", "x", .route), ("EndpointDisabled", "x", .route),
            ("NotFound", "x", .route), ("New", "x", .route),
        ] {
            #expect(
                refusal(code, code == "NotFound" ? 404 : 400, message) == .rejected(scope, code: code, message: message)
            )
        }
        #expect(refusal("New", 403) == .unavailable(code: "New"))
        #expect(refusal("New", 429) == .throttled(retryAfterMilliseconds: nil))
        let long = refusal("New", 400, String(repeating: "x", count: 5000))
        #expect(
            long
                == .rejected(
                    .route, code: "New", message: String(repeating: "x", count: Limits.providerMessageCharacters)))
    }

    @Test(arguments: ["<html><body>Bad Gateway<br></body></html>", "", "{}", "<ErrorResponse><Error><Code>Thrott"])
    func othersPages(_ body: String) {
        for status in [301, 400, 403, 404, 500, 502, 503] {
            #expect(outcome(status, body) == .unknown(code: "HTTP_\(status)"))
        }
        #expect(
            outcome(429, body, headers: [HTTPHeader("retry-after", "3")]) == .throttled(retryAfterMilliseconds: 3000))
        #expect(outcome(200, body) == .unknown(code: "HTTP_200"))
    }

    @Test func published() {
        func body(_ id: String) -> String {
            """
            <PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
            <MessageId>\(id)</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
            </PublishResponse>
            """
        }
        #expect(outcome(200, body(Self.id)) == .accepted(providerID: Self.id, receipts: false))
        #expect(outcome(200, body(Self.id), isCut: true) == .unknown(code: "HTTP_200"))
        for id in ["", "1", Self.id + "0", Self.id.replacing("-", with: "_")] {
            #expect(outcome(200, body(id)) == .unknown(code: "HTTP_200"))
        }
        #expect(outcome(200, String(body(Self.id).dropLast(3))) == .unknown(code: "HTTP_200"))
    }

    @Test func withoutAnAnswer() {
        #expect(SNSAnswer.outcome(.notSent(HTTPFailure(.canceled))) == .returned)
        #expect(SNSAnswer.outcome(.notSent(HTTPFailure(.tls))) == .unavailable(code: "TLS_FAILED"))
        #expect(SNSAnswer.outcome(.unknown(HTTPFailure(.timedOut))) == .unknown(code: "TIMED_OUT"))
    }
}
