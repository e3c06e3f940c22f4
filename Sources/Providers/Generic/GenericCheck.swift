internal import HTTPTransport
internal import SMSModel

/// A request that changes nothing and that only somebody with the right credentials gets an answer to.
struct CheckRules: Sendable {
    var request: RequestTemplate
    /// What an answer has that is the carrier's own.
    var conditions: [AnswerRule.Condition]
    /// What of it is shown.
    var detail: AnswerPlace?

    func result(_ response: HTTPResponse) -> ProviderCheckResult {
        let content = AnswerContent(response)
        let code = "HTTP_\(response.status)"
        if (200...299).contains(response.status), conditions.allSatisfy({ $0.holds(in: content) }) {
            let shown = detail.flatMap(content.text).map { ": \($0.prefix(Limits.providerMessageCharacters))" }
            return .passed(detail: "the carrier takes the credentials\(shown ?? "")")
        }
        return switch response.status {
        case 401, 403: .refused(code: code, detail: "the carrier refuses the credentials")
        case 404: .refused(code: code, detail: "the carrier knows no such account")
        default: .inconclusive(code: code, detail: "the answer is not as described")
        }
    }
}

/// Tries a carrier that is described by configuration: its access token, then the request that is described for it.
struct GenericCheck: ProviderCheck {
    var rules: CheckRules?
    var tokens: AccessTokens?
    var http: HTTPSessionOptions
    var client: HTTPClient
    var receiptKey: [UInt8]
    var now: @Sendable () -> Int64

    func run() async -> ProviderCheckResult {
        if let tokens {
            tokens.start(http, client: client)
            defer { tokens.stop() }
            let result = await withCheckedContinuation { waiting in tokens.need { waiting.resume(returning: $0) } }
            switch result {
            case .failure(let failure):
                return failure.isRefusal
                    ? .refused(code: failure.code, detail: "the carrier gives no access token")
                    : .inconclusive(code: failure.code, detail: "no access token can be had now")
            case .success: break
            }
            guard rules != nil else { return .passed(detail: "the carrier gives an access token") }
            return await ask()
        }
        return await ask()
    }

    private func ask() async -> ProviderCheckResult {
        guard let rules else { return .inconclusive(code: "NOT_DESCRIBED", detail: "the description has no test") }
        let request = rules.request.request(
            QuestionValues(receiptKey: receiptKey), id: HTTPRequestID(number: 1), now: now())
        return await HTTPCheck(client: client, http: http, request: request, judge: { rules.result($0) }).run()
    }
}
