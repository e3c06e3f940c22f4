internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel

/// An account of Twilio as the configuration has it.
struct TwilioSettings {
    var options: TwilioOptions
    /// What the account signs its requests with, the newest first; empty = nothing that it posts is believed.
    var tokens: [String]

    /// - Parameters:
    ///   - webhookURL: where Twilio reaches the gateway for this provider; nil = it doesn't.
    ///   - receiptKey: of the tokens in callbacks.
    init(_ reader: inout ProviderReader, webhookURL: String?, receiptKey: [UInt8]) {
        let token = reader.secrets.string("auth_token")
        let previous = reader.secrets.string("previous_auth_token")
        tokens = [token, previous].compactMap(\.self)
        let wantsReceipts = reader.options.bool("receipts")
        let isCalledBack = webhookURL != nil && wantsReceipts != false
        if wantsReceipts == true, webhookURL == nil {
            reader.options.fault(
                "receipts", "need the URL at which carriers reach the gateway, and the gateway was given none")
        }

        // The key authenticates requests, but what Twilio posts is signed by the account's token.
        let credential = Self.credential(&reader, token: token)
        if token == nil, isCalledBack, case .apiKey = credential {
            reader.secrets.fault(
                "auth_token", "is missing: receipts are signed by it; give it beside the key, or receipts = false")
        }
        options = TwilioOptions(
            accountSID: reader.options.option("account_sid") ?? "", credential: credential,
            sender: Self.sender(&reader.options))
        reader.options.require("account_sid")
        if let webhookURL, isCalledBack { options.statusCallback = .init(url: webhookURL, key: receiptKey) }
        options.validitySeconds = reader.options.integer("validity_s", 1...36_000).map(Int.init)
        options.baseURL = reader.options.option("base_url") ?? options.baseURL
        options.http = HTTPSessionOptions(&reader.options)
    }

    private static func credential(_ reader: inout ProviderReader, token: String?) -> TwilioOptions.Credential {
        let secret = reader.secrets.string("api_key_secret")
        guard let sid = reader.options.option("api_key_sid") else {
            if secret != nil { reader.secrets.fault("api_key_secret", "needs options.api_key_sid") }
            reader.secrets.require("auth_token")
            return .authToken(token ?? "")
        }
        reader.secrets.require("api_key_secret")
        return .apiKey(sid: sid, secret: secret ?? "")
    }

    private static func sender(_ reader: inout MemberReader) -> TwilioOptions.Sender {
        let number = reader.option("sender")
        let service = reader.option("messaging_service_sid")
        if number != nil, service != nil {
            reader.fault("messaging_service_sid", "does not fit sender: the service chooses one, so give one of both")
        }
        if number == nil, service == nil, reader.take("sender") == nil, reader.take("messaging_service_sid") == nil {
            reader.fault("sender", "is missing; give it, or a messaging_service_sid")
        }
        return service.map(TwilioOptions.Sender.messagingService) ?? .number(number ?? "")
    }
}
