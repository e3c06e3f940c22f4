internal import FoundationEssentials
package import HTTPTransport
package import SMSModel

/// What an answer to the creation of a message says.
package enum TwilioAnswer {
    private struct Created: Decodable {
        var sid: String
        var status: String?
        var error_code: Int?
        var error_message: String?
    }

    private struct Refusal: Decodable {
        var code: Int?
        var message: String?
        var status: Int?
    }

    /// - Parameter receipts: whether Twilio was told where to send them.
    package static func outcome(_ result: HTTPResult, receipts: Bool) -> Outcome {
        switch result {
        case .notSent(let failure): Outcome(notSent: failure)
        case .unknown(let failure): .unknown(code: failure.reason.rawValue)
        case .answered(let response) where (200...299).contains(response.status):
            created(response, receipts: receipts)
        case .answered(let response): refused(response)
        }
    }

    private static func created(_ response: HTTPResponse, receipts: Bool) -> Outcome {
        guard !response.isBodyCut, let answer = try? JSONDecoder().decode(Created.self, from: Data(response.body)),
            TwilioOptions.isSID(answer.sid, "SM", "MM")
        else { return .unknown(code: "HTTP_\(response.status)") }
        // No callback tells the status that the answer tells already.
        switch answer.status {
        case "failed", "undelivered", "canceled":
            return .rejected(
                .route, code: answer.error_code.map(String.init) ?? "FAILED",
                message: message(answer.error_message ?? "Twilio made the message and gave it up at once"))
        default: return .accepted(providerID: answer.sid, receipts: receipts)
        }
    }

    /// A page of a proxy or a load balancer says nothing about what Twilio did. Only that it is too much at once is as
    /// good from anybody.
    private static func refused(_ response: HTTPResponse) -> Outcome {
        let refusal = response.isBodyCut ? nil : try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
        let isTwilios = refusal.map { $0.code != nil || $0.status == response.status } ?? false
        let name = refusal?.code.map(String.init) ?? "HTTP_\(response.status)"
        let meaning =
            isTwilios
            ? TwilioErrors.meaning(code: refusal?.code ?? 0, status: response.status)
            : response.status == 429 ? .throttled : nil
        switch meaning {
        case .rejected(let scope):
            return .rejected(scope, code: name, message: message(refusal?.message ?? "Twilio refused it"))
        case .throttled: return .throttled(retryAfterMilliseconds: response.retryAfterMilliseconds)
        case .account: return .unavailable(code: name)
        case nil: return .unknown(code: name)
        }
    }

    private static func message(_ text: String) -> String { String(text.prefix(Limits.providerMessageCharacters)) }
}
