internal import HTTPTransport
internal import SMSModel
internal import Synchronization

/// Asks a carrier that is described by configuration about messages. For the few: it has a session of its own, with few
/// connections.
final class GenericLookUp: MessageLookUp {
    private struct State {
        var session: HTTPSession?
        var lastNumber: UInt64 = 0
        /// The one who waits for the results of requests, by the requests' numbers.
        var asked: [UInt64: @Sendable (HTTPResult) -> Void] = [:]
    }

    private let rules: LookUpRules
    private let tokens: AccessTokens?
    private let receiptKey: [UInt8]
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    init(
        _ rules: LookUpRules, tokens: AccessTokens?, http: HTTPSessionOptions, client: HTTPClient, receiptKey: [UInt8],
        now: @escaping @Sendable () -> Int64
    ) {
        self.rules = rules
        self.tokens = tokens
        self.receiptKey = receiptKey
        self.now = now
        var http = http
        http.connections = Limits.lookUpsUnderWay + Limits.receiptLookUpsUnderWay
        let session = client.session(http, handler: self)
        state.withLock { $0.session = session }
    }

    func ask(_ question: LookUpQuestion, answer: @escaping @Sendable (LookUpAnswer) -> Void) {
        let (rules, receiptKey) = (rules, receiptKey)
        let values = QuestionValues(
            recipient: question.recipient, body: question.body, attempt: question.attempt,
            since: question.begun - LookUpRules.clockSkew, until: question.ended + LookUpRules.clockSkew,
            receiptKey: receiptKey)
        send(rules.search?.request, values) { answer(rules.answer(to: question, $0, receiptKey: receiptKey)) }
    }

    func askStatus(of providerID: String, answer: @escaping @Sendable (StatusAnswer) -> Void) {
        // It may stand in the URL's path, where it must not become a step.
        guard providerID != ".", providerID != "..", !providerID.isEmpty else { return answer(.unknown) }
        let rules = rules
        send(rules.status?.request, QuestionValues(providerID: providerID, receiptKey: receiptKey)) {
            answer(rules.answer($0))
        }
    }

    private func send(
        _ template: RequestTemplate?, _ values: QuestionValues, _ answered: @escaping @Sendable (HTTPResult) -> Void
    ) {
        guard let template else { return answered(.notSent(HTTPFailure(.invalidRequest, "not described"))) }
        guard let tokens else { return send(template, values, serial: nil, answered) }
        tokens.need { [self] result in
            switch result {
            case .success(let serial): send(template, values, serial: serial, answered)
            case .failure(let failure): answered(.notSent(HTTPFailure(.other, failure.code)))
            }
        }
    }

    private func send(
        _ template: RequestTemplate, _ values: QuestionValues, serial: Int?,
        _ answered: @escaping @Sendable (HTTPResult) -> Void
    ) {
        let time = now()
        state.withLock { state in
            state.lastNumber += 1
            let number = state.lastNumber
            state.asked[number] = { [tokens] result in
                if let serial, case .answered(let response) = result, response.status == 401 {
                    tokens?.refused(serial: serial)
                }
                answered(result)
            }
            state.session?.submit([template.request(values, id: HTTPRequestID(number: number), now: time)])
        }
    }

    func stop() {
        let session = state.withLock { state in
            state.asked.removeAll()
            return state.session.take()
        }
        session?.close()
    }
}

extension GenericLookUp: HTTPCompletionHandler {
    func completed(_ completions: [HTTPCompletion]) {
        for completion in completions {
            state.withLock { $0.asked.removeValue(forKey: completion.id.number) }?(completion.result)
        }
    }
}
