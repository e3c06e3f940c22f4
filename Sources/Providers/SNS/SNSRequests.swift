package import HTTPTransport
internal import SMSModel

/// Makes the requests to SNS (Query protocol of 2010-03-31).
package struct SNSRequests: Sendable {
    private let options: SNSOptions
    private let url: String
    private let authentication: HTTPAuthentication

    private static let form = [
        HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    ]

    package init(_ options: SNSOptions) {
        self.options = options
        url = options.url
        authentication = .aws(options.credentials, region: options.region, service: "sns")
    }

    /// Asks for the account's settings of SMS, which changes nothing.
    package var check: HTTPRequest {
        var body = FormWriter()
        body.append("Action", "GetSMSAttributes")
        body.append("Version", "2010-03-31")
        return HTTPRequest(
            id: HTTPRequestID(number: 1), method: .post, url: url, headers: Self.form, body: body.bytes,
            authentication: authentication)
    }

    package func publish(_ item: Submission, of batch: Submissions) -> HTTPRequest {
        var body = FormWriter()
        body.append("Action", "Publish")
        body.append("Version", "2010-03-31")
        body.append("PhoneNumber", batch.bytes[item.recipient.range])
        body.append("Message", batch.bytes[item.body.range])
        var count = 0
        func attribute(_ name: String, _ value: some Collection<UInt8>, type: String = "String") {
            count += 1
            body.append("MessageAttributes.entry.\(count).Name", name)
            body.append("MessageAttributes.entry.\(count).Value.DataType", type)
            body.append("MessageAttributes.entry.\(count).Value.StringValue", value)
        }
        let sender = item.sender.isEmpty ? Array((options.sender ?? "").utf8)[...] : batch.bytes[item.sender.range]
        if Self.isNumber(sender) {
            attribute("AWS.MM.SMS.OriginationNumber", sender)
        } else if !sender.isEmpty {
            attribute("AWS.SNS.SMS.SenderID", sender)
        }
        attribute("AWS.SNS.SMS.SMSType", options.messageType.rawValue.utf8)
        if let price = options.maximumPrice { attribute("AWS.SNS.SMS.MaxPrice", price.utf8, type: "Number") }
        if let id = options.entityID { attribute("AWS.MM.SMS.EntityId", id.utf8) }
        if let id = options.templateID { attribute("AWS.MM.SMS.TemplateId", id.utf8) }
        return HTTPRequest(
            id: HTTPRequestID(number: item.id.rawValue, attempt: item.attempt), method: .post, url: url,
            headers: Self.form, body: body.bytes, authentication: authentication)
    }

    /// An own number: 5 to 14 digits, perhaps after a `+`.
    static func isNumber(_ text: some Collection<UInt8>) -> Bool {
        let digits = text.first == UInt8(ascii: "+") ? text.dropFirst() : text.dropFirst(0)
        return (5...14).contains(digits.count) && digits.allSatisfy { (48...57).contains($0) }
    }

    static func isSenderID(_ text: some Collection<UInt8>) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
        return (1...11).contains(text.count) && text.contains(where: isLetter)
            && text.allSatisfy { isLetter($0) || (48...57).contains($0) }
    }
}
