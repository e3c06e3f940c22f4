package import HTTPTransport
package import SMSModel

/// What an answer to `Publish` says.
package enum SNSAnswer {
    package static func outcome(_ result: HTTPResult) -> Outcome {
        switch result {
        case .notSent(let failure): Outcome(notSent: failure)
        case .unknown(let failure): .unknown(code: failure.reason.rawValue)
        case .answered(let response):
            (200...299).contains(response.status) ? published(response) : refused(response)
        }
    }

    /// SNS sends no receipts for messages to numbers.
    private static func published(_ response: HTTPResponse) -> Outcome {
        guard !response.isBodyCut, let id = XMLTexts(response.body)?["PublishResponse/PublishResult/MessageId"],
            id.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
        else { return .unknown(code: "HTTP_\(response.status)") }
        return .accepted(providerID: id, receipts: false)
    }

    private static func refused(_ response: HTTPResponse) -> Outcome {
        let texts = response.isBodyCut ? nil : XMLTexts(response.body)
        func text(_ name: String) -> String? {
            texts?["ErrorResponse/Error/\(name)"] ?? texts?["ErrorResponse/Errors/Error/\(name)"]
        }
        guard let code = text("Code"), !code.isEmpty else { return Outcome(foreign: response) }
        let message = text("Message") ?? ""
        let refusal = SNSErrors.meaning(code: code, message: message, status: response.status)
        return Outcome(refusal, code: code, message: message, response)
    }
}

/// What the codes of AWS mean for a message.
enum SNSErrors {
    /// The meaning of an error, by its code first: throttling comes with the statuses 400, 429 and 503.
    /// - Returns: nil where the message may have been taken all the same.
    static func meaning(code: String, message: String, status: Int) -> Refusal? {
        switch code {
        case "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled",
            "RequestThrottledException", "TooManyRequestsException", "KMSThrottling", "KMSThrottlingException",
            "SlowDown":
            return .throttled(isOfSender(message) ? .sender : .request)
        case "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken", "IncompleteSignature",
            "ExpiredToken", "AuthorizationError", "AccessDenied", "OptInRequired", "InvalidSecurity", "UserError",
            "InvalidAction", "RequestExpired":
            return .account
        case "OptedOut": return .rejected(.optedOut)
        case "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError",
            "ValidationException":
            return .rejected(scope(ofParameter: message))
        case "InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout": return nil
        default: break
        }
        switch status {
        case 429: return .throttled(isOfSender(message) ? .sender : .request)
        case 401, 403: return .account
        case 408: return nil
        case 400...499: return .rejected(.route)
        default: return nil
        }
    }

    /// Whether a message names the sender: as a parameter, or in words.
    private static func isOfSender(_ message: String) -> Bool {
        ["senderid", "sender id", "originationnumber", "origination number", "origination identity"]
            .contains(where: message.containsIgnoringCase)
    }

    /// The scope by the parameter that the message names, such as `Invalid parameter: PhoneNumber Reason: …`.
    private static func scope(ofParameter message: String) -> RejectionScope {
        // Before the recipient: what is wrong with an origination number may be that it is no phone number.
        if isOfSender(message) { return .sender }
        if message.containsIgnoringCase("phonenumber") || message.containsIgnoringCase("phone number") {
            return .recipient
        }
        if message.hasPrefix("Invalid parameter: Message ") || message.hasPrefix("Invalid parameter: Message:") {
            return .content
        }
        return .route
    }
}

extension String {
    fileprivate func containsIgnoringCase(_ word: String) -> Bool { lowercased().contains(word) }
}
