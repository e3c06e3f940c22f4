package import HTTPTransport
internal import SMSModel

/// Makes the requests to Twilio's resource `Messages` (API of 2010-04-01).
package struct TwilioRequests: Sendable {
    private let options: TwilioOptions
    private let account: String
    private let url: String
    /// Escaped, for the form.
    private let callback: TokenURL?
    private let authentication: HTTPAuthentication

    /// What most forms fit in.
    private static let formBytes = 512

    private static let form = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")]

    package init(_ options: TwilioOptions) {
        self.options = options
        let base = options.baseURL.hasSuffix("/") ? String(options.baseURL.dropLast()) : options.baseURL
        account = "\(base)/2010-04-01/Accounts/\(options.accountSID)"
        url = "\(account)/Messages.json"
        callback = options.statusCallback.map { TokenURL($0.url).percentEscaped }
        authentication =
            switch options.credential {
            case .authToken(let token): .basic(user: options.accountSID, password: token)
            case .apiKey(let sid, let secret): .basic(user: sid, password: secret)
            }
    }

    /// Asks whether the account takes the credentials. A key that isn't the main one may not look at the account
    /// itself, but at its messages.
    package var check: HTTPRequest {
        let isKey = if case .apiKey = options.credential { true } else { false }
        return HTTPRequest(
            id: HTTPRequestID(number: 1), url: isKey ? "\(url)?PageSize=1" : "\(account).json",
            authentication: authentication)
    }

    /// Creates a message.
    package func create(_ item: Submission, of batch: Submissions) -> HTTPRequest {
        var body = FormWriter(capacity: Self.formBytes)
        body.append("To", batch.bytes[item.recipient.range])
        switch options.sender {
        case _ where !item.sender.isEmpty: body.append("From", batch.bytes[item.sender.range])
        case .number(let number): body.append("From", number)
        case .messagingService(let sid): body.append("MessagingServiceSid", sid)
        }
        body.append("Body", batch.bytes[item.body.range])
        if let callback, let key = options.statusCallback?.key {
            body.append("StatusCallback") {
                callback.append(CorrelationToken(id: item.id, attempt: item.attempt), key: key, to: &$0)
            }
        }
        if let seconds = options.validitySeconds { body.append("ValidityPeriod", String(seconds)) }
        return HTTPRequest(
            id: HTTPRequestID(number: item.id.rawValue, attempt: item.attempt), method: .post, url: url,
            headers: Self.form, body: body.bytes, authentication: authentication)
    }

    /// Fetches one message.
    package func fetch(number: UInt64, sid: String) -> HTTPRequest {
        HTTPRequest(
            id: HTTPRequestID(number: number), url: "\(account)/Messages/\(sid).json", authentication: authentication)
    }

    /// Lists the newest messages to a recipient.
    ///
    /// - Parameter since: milliseconds since the Unix epoch; of those sent on that day (UTC) or later.
    package func list(number: UInt64, to recipient: String, since: Int64) -> HTTPRequest {
        var query = FormWriter()
        query.append("To", recipient)
        query.append("DateSent>", "\(UTCDate(milliseconds: since).text)T00:00:00Z")
        query.append("PageSize", String(TwilioLookUp.pageMessages))
        return HTTPRequest(
            id: HTTPRequestID(number: number), url: "\(url)?\(String(decoding: query.bytes, as: UTF8.self))",
            authentication: authentication)
    }
}
