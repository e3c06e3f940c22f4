internal import HTTPTransport
internal import JSON
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
            let content = AnswerContent(response)
            guard let rule = rules.first(where: { $0.matches(content) }) else { return Outcome(foreign: response) }
            return rule.outcome(of: content, receipts: receipts)
        }
    }

    /// The headers that the rules read.
    var headers: [String] {
        rules.flatMap { rule in
            ([rule.id, rule.code, rule.text] + rule.conditions.map(\.place)).compactMap { $0?.headerName }
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
        case throttledSender = "throttled_sender"
        case throttledAccount = "throttled_account"
        case unavailable
        case account
        case unknown
        case optedOut = "opted_out"

        var refusal: Refusal? {
            switch self {
            case .accepted, .unknown: nil
            case .recipient: .rejected(.recipient)
            case .content: .rejected(.content)
            case .sender: .rejected(.sender)
            case .route: .rejected(.route)
            case .optedOut: .rejected(.optedOut)
            case .throttled: .throttled()
            case .throttledSender: .throttled(.sender)
            case .throttledAccount: .throttled(.account)
            // Both are the provider's trouble and none of the message.
            case .unavailable, .account: .account
            }
        }
    }

    struct Condition: Sendable {
        var place: AnswerPlace
        /// nil = anything, as long as it is there.
        var texts: Set<TextKey>?

        /// Whether an answer in which it holds is the carrier's own: any page of a proxy has some text and some headers.
        var isOwnWord: Bool {
            if texts != nil { return true }
            return switch place {
            case .json: true
            case .text(let before, let after): !before.isEmpty || !after.isEmpty
            case .header, .segment: false
            }
        }

        /// Whether something is there, and all of it is among the texts.
        func holds(in content: AnswerContent) -> Bool {
            let values = content.values(place)
            guard let texts else { return values.contains { $0 != .null } }
            return !values.isEmpty && values.allSatisfy { $0.scalarText.map { texts.contains(TextKey($0)) } ?? false }
        }
    }

    var statuses: [ClosedRange<Int>]
    var conditions: [Condition] = []
    /// Where none of the codes says anything else.
    var meaning: Meaning
    /// The place of an array with an element for each part of the message. Conditions, id and code stand in its elements.
    var parts: JSONPointer?
    /// The place of the message's id; or of its parts' ids, where several stand there.
    var id: AnswerPlace?
    var code: AnswerPlace?
    var text: AnswerPlace?
    var codes: [TextKey: Meaning] = [:]

    /// Whether the carrier may give each part of a message an id of its own.
    var namesParts: Bool { parts != nil || id?.isForSeveral ?? false }

    func matches(_ content: AnswerContent) -> Bool {
        guard statuses.contains(where: { $0.contains(content.response.status) }) else { return false }
        if let parts { return elements(parts, in: content).contains(where: holds) }
        return holds(in: content)
    }

    private func holds(in content: AnswerContent) -> Bool { conditions.allSatisfy { $0.holds(in: content) } }

    private func elements(_ parts: JSONPointer, in content: AnswerContent) -> [AnswerContent] {
        (content.json.flatMap { parts.values(in: $0).first?.array } ?? []).map(content.element)
    }

    func outcome(of content: AnswerContent, receipts: Bool) -> Outcome {
        let given = code.flatMap(content.text)
        let code = given ?? "HTTP_\(content.response.status)"
        let meaning = given.flatMap { codes[$0] } ?? self.meaning
        if meaning == .accepted {
            return accepted(content, receipts: receipts) ?? .unknown(code: code)
        }
        return Outcome(
            meaning.refusal, code: String(code.prefix(Limits.providerMessageCharacters)),
            message: text.flatMap(content.text) ?? "the carrier refused it", content.response)
    }

    /// - Returns: nil without an id: the message can't be followed then, and the answer may be none of the carrier's.
    private func accepted(_ content: AnswerContent, receipts: Bool) -> Outcome? {
        guard let id else { return nil }
        var ids: [String?]
        var refused: AnswerContent?
        if let parts {
            let elements = elements(parts, in: content)
            ids = elements.filter(holds).map { $0.text(id) }
            refused = elements.first { !holds(in: $0) }
        } else {
            ids = content.values(id).map(\.scalarText)
        }
        var known: [String] = []
        for text in ids {
            guard let text, 1...Limits.providerIDBytes ~= text.utf8.count else { return nil }
            if !known.contains(text) { known.append(text) }
        }
        guard let first = known.first, known.count <= Limits.segments else { return nil }
        let refusal = refused.map { part in
            String((code.flatMap(part.text) ?? "PART_REFUSED").prefix(Limits.providerMessageCharacters))
        }
        let parts =
            known.count > 1 || refusal != nil
            ? AcceptedParts(furtherIDs: Array(known.dropFirst()), refusal: refusal) : nil
        return .accepted(providerID: first, receipts: receipts, parts: parts)
    }

    /// Whether by the status alone an answer may say that a message was surely not taken: a request that was refused
    /// as such (4xx), but for a time-out. Any other status needs the carrier's own word besides it.
    static func isRefusal(_ status: Int) -> Bool { (400...499).contains(status) && status != 408 }
}
