package import HTTPTransport
package import SMSModel

/// An account of Twilio, and how messages are sent through it.
package struct TwilioOptions: Hashable, Sendable {
    package enum Credential: Hashable, Sendable {
        case authToken(String)
        /// A key's SID, `SK…`, and its secret.
        case apiKey(sid: String, secret: String)
    }

    /// The sender of a message that names none itself.
    package enum Sender: Hashable, Sendable {
        /// A number in E.164, a short code or an alphanumeric sender.
        case number(String)
        /// The SID of a Messaging Service, `MG…`, which chooses one.
        case messagingService(String)

        var text: String {
            switch self {
            case .number(let text), .messagingService(let text): text
            }
        }
    }

    /// Where Twilio reports what became of a message.
    package struct StatusCallback: Hashable, Sendable {
        /// Absolute; the attempt's ``CorrelationToken`` is added to its query.
        package var url: String
        /// The token's key.
        package var key: [UInt8]

        package init(url: String, key: [UInt8]) {
            self.url = url
            self.key = key
        }
    }

    /// Behind the URL of a webhook, it asks Twilio to repeat a request five times, whatever has failed (connection
    /// overrides). Without it Twilio repeats once, and only where there was no connection. It is not sent.
    package static let repeatingFragment = "#rc=5&rp=all"

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

    /// What is wrong with them; fields are those of a provider's settings.
    package func violations() -> [FieldViolation] {
        var wrong: [FieldViolation] = []
        func require(_ field: String, _ condition: Bool, _ description: String) {
            if !condition { wrong.append(FieldViolation(field: field, description: description)) }
        }
        require(
            "options.account_sid", Self.isSID(accountSID, "AC"),
            "must be AC and 32 hexadecimal digits, as the console shows it")
        switch credential {
        case .authToken(let token): require("secrets.auth_token", !token.isEmpty, "is empty")
        case .apiKey(let sid, let secret):
            require("options.api_key_sid", Self.isSID(sid, "SK"), "must be SK and 32 hexadecimal digits")
            require("secrets.api_key_secret", !secret.isEmpty, "is empty")
        }
        switch sender {
        case .number(let number): require("options.sender", !number.isEmpty, "is empty")
        case .messagingService(let sid):
            require("options.messaging_service_sid", Self.isSID(sid, "MG"), "must be MG and 32 hexadecimal digits")
        }
        if let seconds = validitySeconds {
            require("options.validity_s", (1...36_000).contains(seconds), "must be 1 to 36000, it is \(seconds)")
        }
        let problem = CarrierURL.problem(withBase: baseURL)
        require("options.base_url", problem == nil, problem ?? "")
        if let statusCallback {
            let host = statusCallback.url.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
            require(
                "options.receipts", Self.isHTTP(statusCallback.url) && !host.isEmpty && !host.contains("_"),
                "need an absolute URL whose host has no underscore, it is \(statusCallback.url)")
            require(
                "options.receipts", statusCallback.key.count >= 16, "need a key for tokens of at least 16 bytes")
        }
        return wrong
    }

    private static func isHTTP(_ url: String) -> Bool { url.hasPrefix("https://") || url.hasPrefix("http://") }

    /// Whether it is two letters and 32 hexadecimal digits.
    static func isSID(_ text: String, _ prefix: String...) -> Bool {
        text.utf8.count == 34 && prefix.contains { text.utf8.starts(with: $0.utf8) }
            && text.utf8.dropFirst(2).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                    UInt8(ascii: "A")...UInt8(ascii: "F"):
                    true
                default: false
                }
            }
    }
}
