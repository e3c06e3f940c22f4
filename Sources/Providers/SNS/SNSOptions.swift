package import HTTPTransport
internal import SMSModel

/// An account of AWS, and how messages are sent through its Simple Notification Service.
package struct SNSOptions: Hashable, Sendable {
    package enum MessageType: String, Hashable, Sendable {
        case promotional = "Promotional"
        case transactional = "Transactional"
    }

    package var credentials: AWSCredentials
    /// Such as `eu-central-1`.
    package var region: String
    /// nil = that of the region.
    package var endpoint: String?
    /// Of messages that name none: 1 to 11 letters and digits, or an own number; nil = what AWS chooses.
    package var sender: String?
    package var messageType = MessageType.transactional
    /// In US dollars a message, such as `0.50`: dearer ones are not sent.
    package var maximumPrice: String?
    /// Of India's register.
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

    /// What is wrong with them, in sentences.
    package func violations() -> [String] {
        var wrong: [String] = []
        func require(_ condition: Bool, _ sentence: String) { if !condition { wrong.append(sentence) } }
        func isPrintable(_ text: String) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        require(isPrintable(credentials.keyID), "the access key's id is empty, or has other than printable characters")
        require(isPrintable(credentials.secret), "the secret key is empty, or has other than printable characters")
        require(
            credentials.sessionToken.map(isPrintable) ?? true,
            "the session token is empty, or has other than printable characters")
        require(
            !region.isEmpty && region.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 },
            "the region must be of letters, digits and hyphens, such as eu-central-1")
        if let endpoint {
            require(
                (endpoint.hasPrefix("https://") || endpoint.hasPrefix("http://"))
                    && !endpoint.contains { "?#%".contains($0) },
                "the endpoint must begin with https:// or http://, and have neither a query nor escapes")
        }
        if let sender {
            require(
                SNSRequests.isNumber(sender.utf8) || SNSRequests.isSenderID(sender.utf8),
                "the sender must be 1 to 11 letters and digits, one letter at least, or a number of 5 to 14 digits")
        }
        if let maximumPrice {
            require(
                Double(maximumPrice).map { $0 > 0 && $0 < 1000 } ?? false,
                "the maximum price must be a number of dollars")
        }
        return wrong
    }
}
