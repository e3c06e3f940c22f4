internal import HTTPTransport
internal import SMSModel

/// What Twilio posts: statuses of messages, and messages to the account's numbers.
package struct TwilioReceiver: WebhookReceiver {
    private let accountSID: String
    private let secrets: [String]
    private let receiptKey: [UInt8]

    /// - Parameters:
    ///   - secrets: what Twilio may sign with: the account's auth tokens and the secrets of shared keys, two of each
    ///     while one is replaced by the other.
    ///   - receiptKey: of the tokens in callbacks.
    package init(accountSID: String, secrets: [String], receiptKey: [UInt8]) {
        self.accountSID = accountSID
        self.secrets = secrets
        self.receiptKey = receiptKey
    }

    package nonisolated(nonsending) func receive(_ request: WebhookRequest, now: Int64) async -> WebhookResult {
        guard let signature = request.header("x-twilio-signature") else {
            return .refused(reason: "its header X-Twilio-Signature is missing, or there twice")
        }
        let content = Self.content(of: request)
        let callback = TwilioCallback(
            url: request.url, content: content, signature: signature,
            signatureSettings: request.header("x-twilio-webhooks-signature-settings"))
        guard callback.isSigned(by: secrets) else {
            return .refused(reason: "neither an auth token nor a shared key of the account made the signature")
        }
        guard let form = Self.parameters(of: request, content) else {
            return .unreadable(reason: "it is no form")
        }
        // Accounts have tokens of their own; one that was given to two of them is no reason to mix them up.
        guard form.only("AccountSid") == accountSID else { return .refused(reason: "it is another account's") }
        if let message = InboundMessage(form) {
            return .believed(
                [.inbound(message)], WebhookAnswer(status: 200, contentType: "text/xml", body: "<Response/>"))
        }
        guard let status = TwilioStatus(form) else {
            return .unreadable(reason: "it is neither a status nor a message")
        }
        let token = FormFields(decoding: request.query.utf8)?.only(CorrelationToken.parameter)
        let receipt = CarrierReceipt(
            attempt: token.flatMap { CorrelationToken($0, key: receiptKey) }, providerID: status.providerID,
            status: status.receipt)
        return .believed([.receipt(receipt)], WebhookAnswer())
    }

    private static func content(of request: WebhookRequest) -> TwilioCallback.Content {
        guard !request.body.isEmpty else { return .none }
        guard request.mediaType == "application/x-www-form-urlencoded",
            let form = FormFields(decoding: request.body)
        else { return .raw(request.body) }
        return .form(form)
    }

    /// With GET they are in the URL, which is signed as a whole.
    private static func parameters(of request: WebhookRequest, _ content: TwilioCallback.Content) -> FormFields? {
        if case .form(let form) = content { return form }
        return request.method == "GET" ? FormFields(decoding: request.query.utf8) : nil
    }
}

extension InboundMessage {
    /// - Returns: nil if it is no message to a number of the account.
    fileprivate init?(_ form: FormFields) {
        guard form.only("SmsStatus") == "received", let sid = form.only("MessageSid"),
            TwilioOptions.isSID(sid, "SM", "MM"), let sender = form.only("From"), let recipient = form.only("To"),
            let body = form.only("Body")
        else { return nil }
        self.init(providerID: sid, sender: sender, recipient: recipient, body: body)
        // With Advanced Opt-Out the account has words of its own.
        action = form.only("OptOutType").flatMap { OptOutAction(rawValue: $0.lowercased()) }
        service = form.only("MessagingServiceSid") ?? ""
        for place in 0..<Limits.inboundMedia {
            guard let url = form.only("MediaUrl\(place)") else { break }
            append(mediaURL: url, contentType: form.only("MediaContentType\(place)") ?? "")
        }
    }
}
