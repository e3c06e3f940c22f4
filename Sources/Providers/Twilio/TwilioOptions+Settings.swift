internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel

/// An account of Twilio as the configuration has it.
struct TwilioSettings {
    var options: TwilioOptions
    /// The secrets that Twilio may sign its requests with, the newest first: auth tokens, then those of shared keys.
    /// Empty = nothing that it posts is believed.
    var signingSecrets: [String]

    /// - Parameters:
    ///   - webhookURL: where Twilio reaches the gateway for this provider; nil = it doesn't.
    ///   - receiptKey: of the tokens in callbacks.
    init(_ reader: inout ProviderReader, webhookURL: String?, receiptKey: [UInt8]) {
        let token = reader.secrets.string("auth_token")
        let others = ["previous_auth_token", "shared_key_secret", "previous_shared_key_secret"]
            .compactMap { reader.secrets.string($0) }
        signingSecrets = [token].compactMap(\.self) + others
        let repeats = reader.options.bool("repeat_callbacks") ?? true
        let wantsReceipts = reader.options.bool("receipts")
        let isCalledBack = webhookURL != nil && wantsReceipts != false
        if wantsReceipts == true, webhookURL == nil {
            reader.options.fault(
                "receipts", "need the URL at which carriers reach the gateway, and the gateway was given none")
        }

        // The key authenticates requests, but what Twilio posts is signed by the account's token, or by a shared key.
        let credential = Self.credential(&reader, token: token)
        if signingSecrets.isEmpty, isCalledBack, case .apiKey = credential {
            reader.secrets.fault(
                "auth_token",
                "is missing: receipts are signed by it; give it (or a shared_key_secret) with the key, or receipts = "
                    + "false")
        }
        options = TwilioOptions(
            accountSID: reader.options.option("account_sid") ?? "", credential: credential,
            sender: Self.sender(&reader.options))
        reader.options.require("account_sid")
        if let webhookURL, isCalledBack {
            let fragment = repeats ? TwilioOptions.repeatingFragment : ""
            options.statusCallback = .init(url: webhookURL + fragment, key: receiptKey)
        }
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
