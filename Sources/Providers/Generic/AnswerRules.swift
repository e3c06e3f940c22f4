internal import ConfigurationModel
internal import HTTPTransport
internal import SMSModel

/// What a carrier's answers say: the first rule that matches does. An answer that none matches is nobody's word, and
/// leaves open whether the message was taken.
struct AnswerRules: Sendable {
    var rules: [AnswerRule]
    /// Whether the carrier sends receipts.
    var receipts: Bool

    func outcome(of result: HTTPResult) -> Outcome {
        switch result {
        case .notSent(let failure): return Outcome(notSent: failure)
        case .unknown(let failure): return .unknown(code: failure.reason.rawValue)
        case .answered(let response):
            let body = response.isBodyCut ? nil : try? JSON(response.body)
            guard let rule = rules.first(where: { $0.matches(response.status, body) }) else {
                return Outcome(foreign: response)
            }
            return rule.outcome(of: response, body, receipts: receipts)
        }
    }
}

struct AnswerRule: Sendable {
    /// What an answer means for the message.
    enum Meaning: String, CaseIterable, Sendable {
        case accepted
        case recipient
        case content
        case sender
        case route
        case throttled
        case unavailable
        case account
        case unknown

        var refusal: Refusal? {
            switch self {
            case .accepted, .unknown: nil
            case .recipient: .rejected(.recipient)
            case .content: .rejected(.content)
            case .sender: .rejected(.sender)
            case .route: .rejected(.route)
            case .throttled: .throttled
            // Both are the provider's trouble and none of the message.
            case .unavailable, .account: .account
            }
        }
    }

    struct Condition: Sendable {
        var place: JSONPointer
        /// nil = anything, as long as it is there.
        var texts: Set<String>?

        /// Whether something is there, and all of it is among the texts.
        func holds(in body: JSON) -> Bool {
            let values = place.values(in: body)
            guard let texts else { return values.contains { $0 != .null } }
            return !values.isEmpty && values.allSatisfy { $0.scalarText.map(texts.contains) ?? false }
        }
    }

    var statuses: [ClosedRange<Int>]
    var conditions: [Condition] = []
    /// Where none of the codes says anything else.
    var meaning: Meaning
    /// Of the message's id.
    var id: JSONPointer?
    var code: JSONPointer?
    var text: JSONPointer?
    var codes: [String: Meaning] = [:]

    func matches(_ status: Int, _ body: JSON?) -> Bool {
        guard statuses.contains(where: { $0.contains(status) }) else { return false }
        guard !conditions.isEmpty else { return true }
        guard let body else { return false }
        return conditions.allSatisfy { $0.holds(in: body) }
    }

    func outcome(of response: HTTPResponse, _ body: JSON?, receipts: Bool) -> Outcome {
        func read(_ place: JSONPointer?) -> String? { body.flatMap { body in place?.text(in: body) } }
        let given = read(code)
        let code = given ?? "HTTP_\(response.status)"
        let meaning = given.flatMap { codes[$0] } ?? self.meaning
        if meaning == .accepted {
            // Without an id it can't be followed, and the answer may be no answer of the carrier's at all.
            guard let id = read(id), 1...Limits.providerIDBytes ~= id.utf8.count else { return .unknown(code: code) }
            return .accepted(providerID: id, receipts: receipts)
        }
        return Outcome(
            meaning.refusal, code: String(code.prefix(Limits.providerMessageCharacters)),
            message: read(text) ?? "the carrier refused it", response)
    }

    /// Whether by the status alone an answer may say that a message was surely not taken: a request that was refused
    /// as such (4xx), but for a time-out. Any other status needs the carrier's own word beside it.
    static func isRefusal(_ status: Int) -> Bool { (400...499).contains(status) && status != 408 }
}
