internal import HTTPTransport

/// What the answer to `GetSMSAttributes` says.
enum SNSCheck {
    static func result(_ response: HTTPResponse, region: String) -> ProviderCheckResult {
        let texts = response.isBodyCut ? nil : XMLTexts(response.body)
        if response.status == 200, texts?["GetSMSAttributesResponse"] != nil {
            return .passed(detail: "the credentials may use SNS in \(region)")
        }
        func text(_ name: String) -> String? {
            texts?["ErrorResponse/Error/\(name)"] ?? texts?["ErrorResponse/Errors/Error/\(name)"]
        }
        guard let code = text("Code"), !code.isEmpty else {
            return .inconclusive(code: "HTTP_\(response.status)", detail: "the answer is not SNS'")
        }
        let message = text("Message") ?? ""
        // The key is good. Whether it may send is told by sending only.
        if ["AuthorizationError", "AccessDenied"].contains(code) {
            return .inconclusive(code: code, detail: "\(message); allow sns:GetSMSAttributes too, to test more")
        }
        return switch SNSErrors.meaning(code: code, message: message, status: response.status) {
        case .account, .rejected: .refused(code: code, detail: message)
        case .throttled, nil: .inconclusive(code: code, detail: message)
        }
    }
}
