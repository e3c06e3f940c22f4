internal import FoundationEssentials
package import HTTPTransport
internal import SMSModel

/// What Twilio's resource of one message says.
package enum TwilioResource {
    private struct Message: Decodable {
        var status: String
        var errorCode: Int?

        enum CodingKeys: String, CodingKey {
            case status
            case errorCode = "error_code"
        }
    }

    package static func status(in result: HTTPResult) -> StatusAnswer {
        switch result {
        case .notSent(let failure), .unknown(let failure): return .failed(code: failure.reason.rawValue)
        case .answered(let response):
            if response.status == 404 { return .unknown }
            guard response.status == 200, !response.isBodyCut,
                let message = try? JSONDecoder().decode(Message.self, from: Data(response.body))
            else { return .failed(code: "HTTP_\(response.status)") }
            let receipt = TwilioStatus.receipt(message.status, errorCode: message.errorCode.map(String.init))
            return receipt == .taken ? .pending : .ended(receipt)
        }
    }
}
