internal import FoundationEssentials
internal import HTTPTransport

/// What Twilio's answer to a look at the account says.
enum TwilioCheck {
    private struct Account: Decodable {
        var sid: String
        var status: String
    }

    private struct Page: Decodable {
        struct Message: Decodable {}
        var messages: [Message]
    }

    private struct Refused: Decodable {
        var code: Int
        var message: String?
    }

    static func result(_ response: HTTPResponse) -> ProviderCheckResult {
        let body = Data(response.body)
        if response.status == 200 {
            if let account = try? JSONDecoder().decode(Account.self, from: body) {
                guard account.status != "active" else {
                    return .passed(detail: "the account \(account.sid) is active")
                }
                return .refused(
                    code: "ACCOUNT_\(account.status.uppercased())",
                    detail: "the account \(account.sid) is \(account.status)")
            }
            if (try? JSONDecoder().decode(Page.self, from: body)) != nil {
                return .passed(detail: "the API key may use the account's messages")
            }
        }
        guard let refusal = try? JSONDecoder().decode(Refused.self, from: body) else {
            return .inconclusive(code: "HTTP_\(response.status)", detail: "the answer is not Twilio's")
        }
        let (code, detail) = (String(refusal.code), refusal.message ?? "Twilio refused it")
        return switch TwilioErrors.meaning(code: refusal.code, status: response.status) {
        case .account, .rejected: .refused(code: code, detail: detail)
        case .throttled, nil: .inconclusive(code: code, detail: detail)
        }
    }
}
