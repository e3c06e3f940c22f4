package import HTTPTransport
package import SMSModel

/// An account of AWS, and how messages are sent through its Simple Notification Service.
package struct SNSOptions: Hashable, Sendable {
    package enum MessageType: String, CaseIterable, Hashable, Sendable {
        case promotional = "Promotional"
        case transactional = "Transactional"
    }

    package var credentials: AWSCredentials
    /// Such as `eu-central-1`.
    package var region: String
    /// nil = that of the region.
    package var endpoint: String?
    /// The sender of messages that name none: 1 to 11 letters and digits, or an own number; nil = what AWS chooses.
    package var sender: String?
    package var messageType = MessageType.transactional
    /// In US dollars a message, such as `0.50`: dearer ones are not sent.
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
        return "https://sns.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")/"
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
                "options.sender", SNSRequests.isNumber(sender.utf8) || SNSRequests.isSenderID(sender.utf8),
                "must be 1 to 11 letters and digits, one letter at least, or a number of 5 to 14 digits")
        }
        if let maximumPrice {
            require(
                "options.maximum_price", Double(maximumPrice).map { $0 > 0 && $0 < 1000 } ?? false,
                "must be a number of dollars, such as \"0.50\"")
        }
        return wrong
    }
}
