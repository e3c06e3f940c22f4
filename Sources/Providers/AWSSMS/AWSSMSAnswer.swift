internal import ConfigurationModel
package import HTTPTransport
internal import JSON
package import SMSModel

/// What an answer to `SendTextMessage` says.
package enum AWSSMSAnswer {
    package static func outcome(_ result: HTTPResult, receipts: Bool) -> Outcome {
        switch result {
        case .notSent(let failure): return Outcome(notSent: failure)
        case .unknown(let failure): return .unknown(code: failure.reason.rawValue)
        case .answered(let response):
            guard response.status == 200 else {
                guard let error = AWSSMSError(response) else { return Outcome(foreign: response) }
                return Outcome(
                    error.refusal(status: response.status), code: error.code, message: error.message, response)
            }
            let body = response.isBodyCut ? nil : try? JSONValue(response.body)
            guard let id = body?["MessageId"]?.string, (1...64).contains(id.utf8.count) else {
                return .unknown(code: "HTTP_200")
            }
            return .accepted(providerID: id, receipts: receipts)
        }
    }
}

/// An error of the service: what kind it is, and the reason, which decides.
struct AWSSMSError: Hashable {
    var kind: String
    var reason: String
    var message: String
    /// The fields of the request that are wrong.
    var fields: [String]
    /// What of the account is not there.
    var resource: String

    /// - Returns: nil if the answer is none of the service's.
    init?(_ response: HTTPResponse) {
        guard !response.isBodyCut, let body = try? JSONValue(response.body), let type = body["__type"]?.string,
            let name = type.split(separator: "#").last
        else { return nil }
        kind = String(name)
        reason = body["Reason"]?.string ?? ""
        message = (body["Message"] ?? body["message"])?.string ?? ""
        fields = (body["Fields"]?.array ?? []).compactMap { $0["Name"]?.string }
        resource = body["ResourceType"]?.string ?? ""
    }

    /// For timelines: the reason, or the kind where there is none.
    var code: String { String((reason.isEmpty ? kind : reason).prefix(Limits.providerMessageCharacters)) }

    /// - Returns: nil where the message may have been taken all the same.
    func refusal(status: Int) -> Refusal? {
        switch kind {
        case "ThrottlingException", "TooManyRequestsException": return .throttled()
        case "ServiceQuotaExceededException", "AccessDeniedException", "UnrecognizedClientException",
            "InvalidSignatureException", "SignatureDoesNotMatch", "InvalidClientTokenId", "ExpiredTokenException",
            "ExpiredToken", "IncompleteSignatureException", "MissingAuthenticationTokenException",
            "MissingAuthenticationToken", "OptInRequired", "NotAuthorized":
            return status < 500 ? .account : nil
        default: break
        }
        guard (400...499).contains(status), status != 408 else { return nil }
        switch kind {
        case "ConflictException": return .rejected(conflict)
        case "ValidationException": return .rejected(validation)
        case "ResourceNotFoundException":
            return .rejected(["phone-number", "sender-id", "pool"].contains(resource) ? .sender : .route)
        default:
            if status == 429 { return .throttled() }
            return status == 401 || status == 403 ? .account : .rejected(.route)
        }
    }

    private var conflict: RejectionScope {
        switch reason {
        case "DESTINATION_PHONE_NUMBER_OPTED_OUT": .optedOut
        case "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "VERIFIED_DESTINATION_NUMBER_NOT_VERIFIED",
            "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE":
            .recipient
        default: .route
        }
    }

    private var validation: RejectionScope {
        switch reason {
        case "SENDER_ID_NOT_REGISTERED", "SENDER_ID_NOT_SUPPORTED", "SENDER_ID_REQUIRES_REGISTRATION",
            "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY":
            .sender
        case "DESTINATION_COUNTRY_BLOCKED", "COUNTRY_NOT_ENABLED", "PRICE_OVER_THRESHOLD",
            "INTERNATIONAL_SENDING_NOT_SUPPORTED":
            .route
        default:
            if fields.contains("OriginationIdentity") {
                .sender
            } else if fields.contains("DestinationPhoneNumber") {
                .recipient
            } else {
                fields.contains("MessageBody") ? .content : .route
            }
        }
    }
}

/// What the answer to `DescribeAccountAttributes` says.
enum AWSSMSCheck {
    static func result(_ response: HTTPResponse, region: String) -> ProviderCheckResult {
        let body = response.isBodyCut ? nil : try? JSONValue(response.body)
        if response.status == 200, let attributes = body?["AccountAttributes"]?.array {
            let tier = attributes.first { $0["Name"]?.string == "ACCOUNT_TIER" }?["Value"]?.string
            let note = tier == "SANDBOX" ? "; the account is in the sandbox, and reaches verified numbers only" : ""
            return .passed(detail: "the credentials may use End User Messaging in \(region)\(note)")
        }
        guard let error = AWSSMSError(response) else {
            return .inconclusive(code: "HTTP_\(response.status)", detail: "the answer is not End User Messaging's")
        }
        // The key is good. Whether it may send is told by sending only.
        if error.kind == "AccessDeniedException", error.reason.isEmpty {
            return .inconclusive(
                code: error.code,
                detail: "\(error.message); allow sms-voice:DescribeAccountAttributes too, to test more")
        }
        return switch error.refusal(status: response.status) {
        case .account, .rejected: .refused(code: error.code, detail: error.message)
        case .throttled, nil: .inconclusive(code: error.code, detail: error.message)
        }
    }
}
