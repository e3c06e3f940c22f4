package import HTTPTransport
package import SMSModel

/// An account of AWS, and how messages are sent through its End User Messaging.
package struct AWSSMSOptions: Hashable, Sendable {
    package enum MessageType: String, CaseIterable, Hashable, Sendable {
        case promotional = "PROMOTIONAL"
        case transactional = "TRANSACTIONAL"
    }

    package var credentials: AWSCredentials
    /// Such as `eu-central-1`.
    package var region: String
    /// nil = that of the region.
    package var endpoint: String?
    /// The origination identity of messages that name none: a number, a sender id, a pool, or the ARN of one; nil = AWS
    /// chooses.
    package var sender: String?
    package var messageType = MessageType.transactional
    /// The one whose event destinations get the events of messages.
    package var configurationSet: String?
    package var protectConfiguration: String?
    package var keyword: String?
    /// In US dollars a segment, such as `0.50`: dearer messages are not sent.
    package var maximumPrice: String?
    /// The entity's id in India's register.
    package var entityID: String?
    package var templateID: String?
    package var http = HTTPSessionOptions()

    package init(credentials: AWSCredentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// With a path that is `/` or escapes nothing.
    var url: String {
        if let endpoint { return endpoint.hasSuffix("/") ? endpoint : "\(endpoint)/" }
        return "https://sms-voice.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")/"
    }

    /// What is wrong with them; fields are those of a provider's settings.
    package func violations() -> [FieldViolation] {
        var wrong: [FieldViolation] = []
        func require(_ field: String, _ condition: Bool, _ description: String) {
            if !condition { wrong.append(FieldViolation(field: field, description: description)) }
        }
        func isPrintable(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        let unprintable = "is empty, or has other than printable characters"
        require("secrets.access_key_id", isPrintable(credentials.keyID), unprintable)
        require("secrets.secret_access_key", isPrintable(credentials.secret), unprintable)
        require("secrets.session_token", credentials.sessionToken.map(isPrintable) ?? true, unprintable)
        require(
            "options.region",
            !region.isEmpty && region.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "must be of letters, digits and hyphens, such as eu-central-1")
        if let endpoint {
            require(
                "options.endpoint",
                CarrierURL.problem(withBase: endpoint) == nil && !endpoint.utf8.contains(UInt8(ascii: "%")),
                "must begin with https:// or http://, and have neither a query nor escapes")
        }
        if let sender {
            require(
                "options.sender", sender.wholeMatch(of: /[A-Za-z0-9_:\/+-]{1,256}/) != nil,
                "must be a number, a sender id, a pool, or the ARN of one, of at most 256 characters")
        }
        if let maximumPrice {
            require(
                "options.maximum_price", maximumPrice.wholeMatch(of: /[0-9]{0,2}\.[0-9]{1,5}/) != nil,
                "must be a number of dollars with a point, below 100, such as \"0.50\"")
        }
        return wrong
    }
}
