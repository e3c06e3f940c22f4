internal import HTTPTransport
internal import JSON
internal import SMSModel

/// How a carrier is asked about messages, and what its answers say. Pure.
struct LookUpRules: Sendable {
    /// What finds a message whose answer was lost.
    struct Search: Sendable {
        var request: RequestTemplate
        /// The statuses of answers that count.
        var status = 200
        /// The place of the array of messages; nil = the answer is one message.
        var items: JSONPointer?
        /// The places in a message.
        var id: JSONPointer
        var match: Match
        var statusPlace: JSONPointer?
        var error: JSONPointer?
    }

    /// Keyed by what a message is known to be the one.
    enum Match: Sendable {
        /// Keyed by the token that the carrier was given with it: beyond doubt.
        case token(JSONPointer)
        /// Keyed by recipient, text, and the time at which the carrier took it.
        case content(to: JSONPointer, text: JSONPointer, at: JSONPointer?)
    }

    /// What says what became of a message.
    struct Status: Sendable {
        var request: RequestTemplate
        var status: JSONPointer
        var error: JSONPointer?
    }

    var search: Search?
    var status: Status?
    /// The meanings of statuses in lower case.
    var meanings: [TextKey: GenericWebhook.ReceiptFields.Meaning]

    /// Between our clock and the carrier's, in milliseconds.
    static let clockSkew: Int64 = 60_000

    // MARK: A lost answer

    func answer(to question: LookUpQuestion, _ result: HTTPResult, receiptKey: [UInt8]) -> LookUpAnswer {
        guard let search else { return .failed(code: "NOT_DESCRIBED") }
        switch result {
        case .notSent(let failure), .unknown(let failure): return .failed(code: failure.reason.rawValue)
        case .answered(let response):
            let failed = LookUpAnswer.failed(code: "HTTP_\(response.status)")
            if response.status == 404, search.items == nil { return .nothing }
            guard response.status == 200, let json = AnswerContent(response).json else { return failed }
            guard let items = search.items else { return answer(to: question, [json], search, receiptKey) }
            guard let values = items.values(in: json).first?.array else { return failed }
            return answer(to: question, values, search, receiptKey)
        }
    }

    private func answer(
        to question: LookUpQuestion, _ messages: [JSONValue], _ search: Search, _ receiptKey: [UInt8]
    ) -> LookUpAnswer {
        var found: [(id: String, status: ReceiptStatus?)] = []
        var similar: [String] = []
        for message in messages {
            guard let id = search.id.text(in: message), 1...Limits.providerIDBytes ~= id.utf8.count,
                !question.knownIDs.contains(id)
            else { continue }
            switch sameness(message, question, search.match, receiptKey) {
            case .same: found.append((id, receiptStatus(search.statusPlace, search.error, in: message)))
            case .similar: similar.append(id)
            case .other: continue
            }
        }
        if found.count == 1 { return .found(providerID: found[0].id, status: found[0].status) }
        let candidates = found.map(\.id) + similar
        return candidates.isEmpty ? .nothing : .ambiguous(providerIDs: candidates)
    }

    private enum Sameness {
        case same
        /// It may be it with another text.
        case similar
        case other
    }

    private func sameness(
        _ message: JSONValue, _ question: LookUpQuestion, _ match: Match, _ receiptKey: [UInt8]
    ) -> Sameness {
        switch match {
        case .token(let place):
            let token = place.text(in: message).flatMap { CorrelationToken($0, key: receiptKey) }
            return token != nil && token == question.attempt ? .same : .other
        case .content(let to, let text, let at):
            func digits(_ number: String) -> String { number.hasPrefix("+") ? String(number.dropFirst()) : number }
            guard to.text(in: message).map(digits) == digits(question.recipient) else { return .other }
            // A message without a time that can be read may be it.
            if let time = at?.text(in: message).flatMap(UTCDate.milliseconds(rfc3339:)) {
                let (begin, end) = (question.begun - Self.clockSkew, question.ended + Self.clockSkew)
                guard (begin...max(begin, end)).contains(time) else { return .other }
            }
            return text.text(in: message) == question.body ? .same : .similar
        }
    }

    // MARK: What became of a message

    func answer(_ result: HTTPResult) -> StatusAnswer {
        guard let status else { return .failed(code: "NOT_DESCRIBED") }
        switch result {
        case .notSent(let failure), .unknown(let failure): return .failed(code: failure.reason.rawValue)
        case .answered(let response):
            if response.status == 404 { return .unknown }
            guard response.status == 200, let json = AnswerContent(response).json else {
                return .failed(code: "HTTP_\(response.status)")
            }
            switch receiptStatus(status.status, status.error, in: json) {
            case .taken: return .pending
            case let ended?: return .ended(ended)
            case nil: return .failed(code: "STATUS_NOT_DESCRIBED")
            }
        }
    }

    private func receiptStatus(_ place: JSONPointer?, _ error: JSONPointer?, in message: JSONValue) -> ReceiptStatus? {
        guard let text = place?.text(in: message) else { return nil }
        switch meanings[text.lowercased()] {
        case .delivered: return .delivered
        case .undelivered:
            let code = error?.text(in: message).flatMap { ["0", "000", ""].contains($0) ? nil : $0 }
            return .undelivered(code: String((code ?? text.uppercased()).prefix(Limits.providerMessageCharacters)))
        case .pending: return .taken
        case nil: return nil
        }
    }
}

/// The values of a question about a message.
struct QuestionValues: TemplateValues {
    var recipient = ""
    var body = ""
    var attempt: CorrelationToken?
    var providerID = ""
    /// Milliseconds since the Unix epoch.
    var since: Int64 = 0
    var until: Int64 = 0
    var receiptKey: [UInt8]

    var encoding: Encoding { .gsm7 }

    func bytes(of variable: TemplateVariable) -> ArraySlice<UInt8> {
        let text: String? =
            switch variable {
            case .to: recipient
            case .toDigits: recipient.hasPrefix("+") ? String(recipient.dropFirst()) : recipient
            case .text: body
            case .id: attempt.map { String($0.id.rawValue) }
            case .attempt: attempt.map { String($0.attempt) }
            case .token: attempt?.text(key: receiptKey)
            case .providerID: providerID
            case .since: UTCDate.rfc3339(milliseconds: since)
            case .until: UTCDate.rfc3339(milliseconds: until)
            default: nil
            }
        return Array((text ?? "").utf8)[...]
    }
}
