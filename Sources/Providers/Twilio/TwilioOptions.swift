package import HTTPTransport
internal import SMSModel

/// An account of Twilio, and how messages are sent through it.
package struct TwilioOptions: Hashable, Sendable {
    package enum Credential: Hashable, Sendable {
        case authToken(String)
        /// A key's SID, `SK…`, and its secret.
        case apiKey(sid: String, secret: String)
    }

    /// Who a message is from that names no sender itself.
    package enum Sender: Hashable, Sendable {
        /// A number in E.164, a short code or an alphanumeric sender.
        case number(String)
        /// The SID of a Messaging Service, `MG…`, which chooses one.
        case messagingService(String)
    }

    /// Where Twilio reports what became of a message.
    package struct StatusCallback: Hashable, Sendable {
        /// Absolute; the attempt's ``CorrelationToken`` is added to its query.
        package var url: String
        /// Of the token.
        package var key: [UInt8]

        package init(url: String, key: [UInt8]) {
            self.url = url
            self.key = key
        }
    }

    package var accountSID: String
    package var credential: Credential
    package var sender: Sender
    /// Without it there are no receipts.
    package var statusCallback: StatusCallback?
    /// How long Twilio may keep a message in its own queue, in seconds; nil = as long as it does by itself.
    package var validitySeconds: Int?
    package var baseURL = "https://api.twilio.com"
    /// Twilio bounds the requests at once, not their rate: see `connections`.
    package var http = HTTPSessionOptions()

    package init(accountSID: String, credential: Credential, sender: Sender) {
        self.accountSID = accountSID
        self.credential = credential
        self.sender = sender
    }

    /// What is wrong with them, in sentences.
    package func violations() -> [String] {
        var wrong: [String] = []
        func require(_ condition: Bool, _ sentence: String) { if !condition { wrong.append(sentence) } }
        require(
            Self.isSID(accountSID, "AC"),
            "the account's SID must be AC and 32 hexadecimal digits, as the console shows it")
        switch credential {
        case .authToken(let token): require(!token.isEmpty, "the auth token is empty")
        case .apiKey(let sid, let secret):
            require(Self.isSID(sid, "SK"), "the API key's SID must be SK and 32 hexadecimal digits")
            require(!secret.isEmpty, "the API key's secret is empty")
        }
        switch sender {
        case .number(let number): require(!number.isEmpty, "the sender is empty")
        case .messagingService(let sid):
            require(Self.isSID(sid, "MG"), "the Messaging Service's SID must be MG and 32 hexadecimal digits")
        }
        if let seconds = validitySeconds {
            require((1...36_000).contains(seconds), "the validity must be 1 to 36000 seconds, it is \(seconds)")
        }
        require(Self.isHTTP(baseURL), "the base URL must begin with https:// or http://, it is \(baseURL)")
        if let statusCallback {
            let host = statusCallback.url.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
            require(
                Self.isHTTP(statusCallback.url) && !host.isEmpty && !host.contains("_"),
                "the status callback must be an absolute URL whose host has no underscore")
            require(statusCallback.key.count >= 16, "the status callback's key must have at least 16 bytes")
        }
        return wrong
    }

    private static func isHTTP(_ url: String) -> Bool { url.hasPrefix("https://") || url.hasPrefix("http://") }

    /// Whether it is two letters and 32 hexadecimal digits.
    static func isSID(_ text: String, _ prefix: String...) -> Bool {
        text.utf8.count == 34 && prefix.contains { text.hasPrefix($0) } && text.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
