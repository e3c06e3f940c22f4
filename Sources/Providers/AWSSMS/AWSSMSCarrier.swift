internal import ConfigurationModel
package import HTTPTransport
internal import JSON
package import SMSModel

/// AWS End User Messaging. It knows no idempotency key, and can't be asked: what it may have taken stays `unknown` until
/// an event comes.
package struct AWSSMSCarrier: HTTPCarrier {
    package let kind = "aws-sms"
    package let http: HTTPSessionOptions
    private let requests: AWSSMSRequests
    private let receipts: Bool

    /// - Parameters:
    ///   - receiptKey: the key of correlation tokens.
    ///   - receipts: whether events of messages reach the gateway.
    ///   - now: milliseconds since the Unix epoch.
    /// - Throws: ``InvalidProviderOptions`` with all that is wrong.
    package init(
        _ options: AWSSMSOptions, receiptKey: [UInt8], receipts: Bool, now: @escaping @Sendable () -> Int64
    ) throws(InvalidProviderOptions) {
        let violations = options.violations()
        guard violations.isEmpty else { throw InvalidProviderOptions(violations: violations) }
        var http = options.http
        http.responseHeaders = HTTPResponse.headersForOutcomes
        self.http = http
        self.receipts = receipts
        requests = AWSSMSRequests(options, receiptKey: receiptKey, now: now)
    }

    package func request(for item: Submission, of batch: Submissions) -> HTTPRequest {
        requests.send(item, of: batch)
    }

    package func outcome(of result: HTTPResult) -> Outcome { AWSSMSAnswer.outcome(result, receipts: receipts) }
}

/// Makes the requests to End User Messaging (JSON 1.0, `PinpointSMSVoiceV2`).
package struct AWSSMSRequests: Sendable {
    private let options: AWSSMSOptions
    private let receiptKey: [UInt8]
    private let now: @Sendable () -> Int64
    private let authentication: HTTPAuthentication

    /// The name of the pair of `Context` that holds the correlation token.
    static let contextName = "apus"
    /// What `TimeToLive` may be, in seconds.
    static let timeToLive: ClosedRange<Int64> = 5...259_200

    package init(_ options: AWSSMSOptions, receiptKey: [UInt8], now: @escaping @Sendable () -> Int64) {
        self.options = options
        self.receiptKey = receiptKey
        self.now = now
        authentication = .aws(options.credentials, region: options.region, service: "sms-voice")
    }

    /// Asks for the account's attributes, which changes nothing.
    package var check: HTTPRequest { request("DescribeAccountAttributes", HTTPRequestID(number: 1), .object([:])) }

    package func send(_ item: Submission, of batch: Submissions) -> HTTPRequest {
        let token = CorrelationToken(id: item.id, attempt: item.attempt).text(key: receiptKey)
        var members: [TextKey: JSONValue] = [
            "DestinationPhoneNumber": .string(batch.text(item.recipient)),
            "MessageBody": .string(batch.text(item.body)),
            "MessageType": .string(options.messageType.rawValue),
            "Context": .object(named: [Self.contextName: .string(token)]),
        ]
        let sender = item.sender.isEmpty ? options.sender : batch.text(item.sender)
        members["OriginationIdentity"] = sender.map(JSONValue.string)
        members["ConfigurationSetName"] = options.configurationSet.map(JSONValue.string)
        members["ProtectConfigurationId"] = options.protectConfiguration.map(JSONValue.string)
        members["Keyword"] = options.keyword.map(JSONValue.string)
        members["MaxPrice"] = options.maximumPrice.map(JSONValue.string)
        if item.expiresAt > 0 {
            let left = (item.expiresAt - now()) / 1000
            members["TimeToLive"] = .integer(min(max(left, Self.timeToLive.lowerBound), Self.timeToLive.upperBound))
        }
        var country: [TextKey: JSONValue] = [:]
        country["IN_ENTITY_ID"] = options.entityID.map(JSONValue.string)
        country["IN_TEMPLATE_ID"] = options.templateID.map(JSONValue.string)
        if !country.isEmpty { members["DestinationCountryParameters"] = .object(country) }
        return request(
            "SendTextMessage", HTTPRequestID(number: item.id.rawValue, attempt: item.attempt), .object(members))
    }

    private func request(_ operation: String, _ id: HTTPRequestID, _ body: JSONValue) -> HTTPRequest {
        HTTPRequest(
            id: id, method: .post, url: options.url,
            headers: [
                HTTPHeader("Content-Type", "application/x-amz-json-1.0"),
                HTTPHeader("X-Amz-Target", "PinpointSMSVoiceV2.\(operation)"),
            ],
            body: Array(body.text.utf8), authentication: authentication)
    }
}
