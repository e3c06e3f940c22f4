internal import FoundationEssentials
package import HTTPTransport
package import SMSModel

/// What an answer to the creation of a message says.
package enum TwilioAnswer {
    private struct Refused: Decodable {
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
        guard !response.isBodyCut,
            let answer = JSONMembers("sid", "status", "error_code", "error_message", of: response.body),
            let sid = answer["sid"]?.string, TwilioOptions.isSID(sid, "SM", "MM")
        else { return .unknown(code: "HTTP_\(response.status)") }
        // No callback tells the status that the answer tells already.
        switch answer["status"] {
        case .string("failed"), .string("undelivered"), .string("canceled"):
            return Outcome(
                .rejected(.route), code: answer["error_code"]?.integer.map(String.init) ?? "FAILED",
                message: answer["error_message"]?.string ?? "Twilio made the message and gave it up at once", response)
        case .string, .null, nil: return .accepted(providerID: sid, receipts: receipts)
        case .integer, .other: return .unknown(code: "HTTP_\(response.status)")
        }
    }

    private static func refused(_ response: HTTPResponse) -> Outcome {
        guard !response.isBodyCut, let refusal = try? JSONDecoder().decode(Refused.self, from: Data(response.body)),
            refusal.code != nil || refusal.status == response.status
        else { return Outcome(foreign: response) }
        return Outcome(
            TwilioErrors.meaning(code: refusal.code ?? 0, status: response.status),
            code: refusal.code.map(String.init) ?? "HTTP_\(response.status)",
            message: refusal.message ?? "Twilio refused it", response)
    }
}
